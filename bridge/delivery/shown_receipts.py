"""What a lane's receipts say that people have seen there, sans I/O."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.ids import MessageId, PartId, RunId, Seq
from bridge.domain.parts import SETTLED, SHOWN, Receipt, ReceiptState

PREVIEW = "preview:"
LOST = ":lost"
UNSEEN = "unseen"
"""The code of an owed receipt of which the platform said that it shows none of its attempts."""

SILENT = "silent"
"""The code of what was shown without a ring although it is of a kind that rings."""


def preview_id(run: RunId) -> PartId:
    return PartId(f"{PREVIEW}{run}")


def part_id(seq: Seq, start: int) -> PartId:
    return PartId(f"{seq}:{start}")


def loss_id(seq: Seq) -> PartId:
    """Return the id of the line that says what could not be shown of an event."""
    return PartId(f"{seq}{LOST}")


def loss_of(receipt: Receipt) -> PartId:
    """Return the id of the line that says that a part is missing: its event's, or its own."""
    if is_loss(receipt.part):
        return receipt.part
    if receipt.part.startswith(f"{receipt.source}:"):
        return loss_id(receipt.source)
    return PartId(f"{receipt.part}{LOST}")


def is_loss(part: PartId) -> bool:
    return part.endswith(LOST)


def is_unseen(receipt: Receipt) -> bool:
    """Say whether the platform has said that it shows nothing of a part that is owed."""
    return receipt.state == "owed" and receipt.code == UNSEEN


def is_preview(receipt: Receipt) -> bool:
    return receipt.part.startswith(PREVIEW)


def may_be_seen(receipt: Receipt) -> bool:
    """Say whether people see, or may see, something of an event by this part of its own."""
    if is_loss(receipt.part) or not receipt.part.startswith(f"{receipt.source}:"):
        return False
    in_doubt = receipt.state == "owed" and receipt.tries > 0 and not is_unseen(receipt)
    return in_doubt or receipt.state in SHOWN or receipt.state in {"attempted", "unknown"}


def owed_before(receipts: Sequence[Receipt], cursor: Seq) -> Sequence[Seq]:
    """Return the events up to a cursor that are planned next, as something of them is owed.

    A part that stands for several events is planned with all of them, and by itself.
    """
    owed = [
        each
        for each in receipts
        if each.source <= cursor and each.state not in SETTLED and not is_preview(each)
    ]
    first = min((each.source for each in owed if each.upto > each.source), default=None)
    alone = sorted({each.source for each in owed if first is None or each.source < first})
    if first is None or alone:
        return alone
    last = max(each.upto for each in owed if each.source == first)
    return range(first, min(last, cursor) + 1)


def left_over(receipt: Receipt) -> ReceiptState:
    """Return what becomes of a part that is not sent any more, though it was begun."""
    in_doubt = receipt.state == "attempted" or (receipt.tries > 0 and not is_unseen(receipt))
    return "unknown" if in_doubt else "skipped"


def live_preview(receipts: Sequence[Receipt]) -> Receipt | None:
    """Return the receipt of the lane's preview message, if one is shown or may be."""
    live = [each for each in receipts if is_preview(each) and each.state not in SETTLED]
    return max(live, key=lambda each: each.source, default=None)


def was_shown(receipts: Sequence[Receipt], seq: Seq) -> bool:
    """Say whether all that was sent of an event is seen in its place, or may just be."""
    parts = [
        each
        for each in receipts
        if each.source == seq and each.part.startswith(f"{seq}:") and not is_loss(each.part)
    ]
    return bool(parts) and all(each.state in SHOWN or each.state == "attempted" for each in parts)


def last_message(receipts: Sequence[Receipt], seq: Seq) -> MessageId | None:
    """Return the message that shows the end of an event, which has its buttons; None where none."""
    parts = [
        each
        for each in receipts
        if each.source == seq and each.part.startswith(f"{seq}:") and not is_loss(each.part)
        if each.message is not None and each.state in SHOWN
    ]
    last = max(parts, default=None, key=lambda each: each.span.start)
    return last.message if last is not None else None


@dataclass(frozen=True, slots=True)
class ShownReceipts:
    """Some receipts of one lane, by their parts."""

    receipts: Mapping[PartId, Receipt]

    def resume_at(self, seq: Seq, length: int) -> int | None:
        """Return where in an event's text of this length to go on; None: all of it is settled."""
        start = 0
        while (receipt := self.receipts.get(part_id(seq, start))) and receipt.state in SETTLED:
            if receipt.state == "skipped" or receipt.span.end in {start, length}:
                return None
            start = receipt.span.end
        return start

    def doubt(self, seq: Seq, start: int) -> Receipt | None:
        """Return the receipt of a part of unknown outcome, if one begins here in the text."""
        receipt = self.receipts.get(part_id(seq, start))
        if receipt is None or receipt.state not in {"attempted", "owed"} or is_unseen(receipt):
            return None
        return receipt if receipt.message is None and receipt.tries > 0 else None

    def lacks(self, seq: Seq, start: int) -> bool:
        """Say whether something of an event before this position is not seen here."""
        return any(
            each.state not in SHOWN
            for each in self.receipts.values()
            if each.source == seq and each.part.startswith(f"{seq}:") and each.span.start < start
            if not is_loss(each.part)
        )

    def copies(self, target: Seq, *, upto: int | None = None) -> Sequence[Receipt]:
        """Return the receipts of what shows an event here and is ours to change.

        With `upto` only what shows something of the positions before it.
        """
        return [
            each
            for each in self.receipts.values()
            if each.source == target and each.message is not None and each.state in SHOWN
            if each.part.startswith(f"{target}:") and each.part != loss_id(target)
            if upto is None or each.span.start < max(1, upto)
        ]

    def stuck(self, targets: Collection[Seq]) -> Receipt | None:
        """Return the receipt of a copy that was to be taken back, and is still seen here."""
        left = (
            each
            for each in self.receipts.values()
            if each.source in targets and each.state == "failed" and each.why == "unchanged"
        )
        return next(left, None)

    def has_lost(self, line: PartId) -> bool:
        """Say whether something that a line is to tell of was given up, its outcome unknown."""
        return next(self._told_by(line, "unknown"), None) is not None

    def was_shown(self, target: Seq) -> bool:
        """Say whether an event was shown here, whatever became of it."""
        return any(
            each.source == target and each.state in {*SHOWN, "deleted"}
            for each in self.receipts.values()
        )

    def refusal(self, line: PartId) -> Receipt | None:
        """Return the receipt of something that a line is to tell of, refused in every form."""
        refused = (each for each in self._told_by(line, "failed") if each.why != "forbidden")
        return next(refused, None)

    def _told_by(self, line: PartId, state: ReceiptState) -> Iterator[Receipt]:
        """Yield the receipts in a state of what a line tells of where that is missing."""
        for each in self.receipts.values():
            if each.state == state and loss_of(each) == line != each.part and not is_preview(each):
                yield each

    def first_message(self, target: Seq | None) -> MessageId | None:
        """Return the first message that shows an event here, or is its original."""
        if target is None:
            return None
        found = (
            each.message
            for each in self.receipts.values()
            if each.source == target and each.message is not None
            if each.state != "deleted" and not is_preview(each)
        )
        return next(found, None)

    def messages(self) -> set[MessageId | None]:
        """Return the messages that show something durable."""
        return {
            each.message
            for each in self.receipts.values()
            if each.state in SHOWN and not is_preview(each)
        }

    def is_covered(self, preview: Receipt) -> bool:
        """Say whether anything may have been shown since a preview began."""
        return any(
            each.source > preview.source
            and (each.message is not None or each.state in {"attempted", "unknown"})
            for each in self.receipts.values()
        )
