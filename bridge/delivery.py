"""What a place has still to be shown, sans I/O: a pure plan from the log and the receipts.

The rules:

- A lane shows the events past its cursor in their order, each in one or more parts. A part's id is
  "{seq}:{start}": the event, and where in its text the part begins. A settled part is never sent
  again, and planning resumes where the last settled part ended, so that a changed splitter neither
  loses nor repeats text.
- A part whose receipt says `attempted` may or may not have been shown. A channel that can find out
  is asked, for UNRESOLVED_LIMIT at most; else it is sent once more and marked; after that it is
  `unknown` for good. Changing a message is the same done twice, so it is simply done again.
- What was said in a place is not shown there again: its origin receipt is settled.
- A lane's one preview message is kept `attempted` as "preview:{run}" while it lives, whichever run
  writes it. The final text takes its place by an edit if the run was short and nothing was shown
  since; else it arrives as a new message, and the preview is taken back.
- Far behind (see `bridge.recap`), a lane gets one recap whose receipt covers the range.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bridge import texts
from bridge.events import (
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    QuestionClosed,
    Redacted,
    RunFinished,
)
from bridge.ids import MessageId, PartId, RunId, Seq
from bridge.parts import SETTLED, SHOWN, Part, Receipt, ReceiptState, Span, Why
from bridge.recap import Recap, recap, recap_part
from bridge.retry import UNRESOLVED_LIMIT
from bridge.showing import Amending, Muted, Place, Retracting, Scene, Showing, show
from bridge.splitting import split

SHORT_RUN = timedelta(seconds=10)
"""How long a run may take for its answer to replace its preview: people are still looking."""

MAX_ATTEMPTS = 2
"""How often a part of unknown outcome is sent, at most."""

UNRESOLVED = "unresolved"
"""The code of an attempted receipt since, at its `at`, the channel could not find out."""

PREVIEW = "preview:"

MARGIN = 40
"""Characters of a part kept free for what stands around its text: a label, a mark."""

# -- what a plan is made of -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Attempt the part and send it; or change the message `part.edits` into it."""

    part: Part
    tries: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """Find out what became of the part."""

    part: Part
    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Retract:
    """Take the message back, then record the receipt."""

    message: MessageId
    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Record the receipt; nothing is to be sent."""

    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Move the cursor: everything up to `to` is settled."""

    to: Seq


Step = Show | Resolve | Retract | Note | Advance


def preview_id(run: RunId) -> PartId:
    return PartId(f"{PREVIEW}{run}")


def part_id(seq: Seq, start: int) -> PartId:
    return PartId(f"{seq}:{start}")


def is_preview(receipt: Receipt) -> bool:
    return receipt.part.startswith(PREVIEW)


def live_preview(receipts: Sequence[Receipt]) -> Receipt | None:
    """Return the receipt of the lane's preview message, if one is shown or may be."""
    live = [
        each for each in receipts if each.part.startswith(PREVIEW) and each.state not in SETTLED
    ]
    return max(live, key=lambda each: each.source, default=None)


def referred(events: Sequence[Event]) -> frozenset[Seq]:
    """Return the earlier events that these change, close or answer."""
    found: set[Seq] = set()
    for event in events:
        match event.body:
            case (
                MessageEdited(target=seq)
                | MessageDeleted(target=seq)
                | Redacted(target=seq)
                | QuestionClosed(asked=seq)
                | MessageReceived(reply_to=int(seq))
            ):
                found.add(seq)
            case _:
                pass
    return frozenset(found)


# -- the plan -------------------------------------------------------------------------------------


def plan(
    place: Place, events: Sequence[Event], receipts: Sequence[Receipt], scene: Scene
) -> tuple[Step, ...]:
    """Return what to do, in order, so that the place has been shown these events.

    `events` are those past the cursor; `receipts` those of these events, of what they refer to, of
    everything since the live preview began, and every unsettled one of the lane. Asked again after
    any of the steps, it returns the rest.
    """
    planner = _Planner(place, scene, receipts)
    summary = recap(place, events, planner.receipts, scene)
    steps = planner.recap(summary) if summary is not None else planner.events(events)
    return tuple(steps)


class _Planner:
    """One planning. It keeps what its own steps will have changed by the time they are done."""

    def __init__(self, place: Place, scene: Scene, receipts: Sequence[Receipt]) -> None:
        self.place = place
        self.scene = scene
        self.receipts: Mapping[PartId, Receipt] = {each.part: each for each in receipts}
        self.preview = live_preview(receipts)
        self.claimed = {each.message for each in receipts if each.message and not is_preview(each)}
        self.covered = self.preview is not None and any(
            each.message and each.source > self.preview.source and each != self.preview
            for each in receipts
        )

    def events(self, events: Sequence[Event]) -> Iterator[Step]:
        for event in events:
            steps = list(self._event(event))
            yield from steps
            if steps or event is events[-1]:
                yield Advance(to=event.seq)
        session = self.place.session
        if session.open_run is None and session.wanted <= session.position:
            yield from self._drop_preview()

    def recap(self, summary: Recap) -> Iterator[Step]:
        span = Span(start=0, end=len(summary.text))
        showing = Showing(text=summary.text, priority="notice")
        part = self._part(recap_part(summary.first), summary.first, showing, span)
        limit = self._room(showing)
        yield from self._attend(replace(part, upto=summary.upto, text=summary.text[:limit]))
        for question in summary.questions:
            yield from self._event(question)
        yield Advance(to=summary.upto)

    # -- one event

    def _event(self, event: Event) -> Iterator[Step]:
        match show(event, self.place, self.scene):
            case Showing() as showing:
                yield from self._message(event, showing)
            case Amending() as amending:
                yield from self._amendment(event, amending)
            case Retracting(target=target):
                yield from self._retraction(target)
            case Muted():
                yield from self._skip(event.seq, "muted")
            case None:
                pass
        match event.body:
            case RunFinished(outcome="completed" | "paused" | "silent" | "cancelled"):
                yield from self._drop_preview()
            case _:
                pass

    def _message(self, event: Event, showing: Showing) -> Iterator[Step]:
        start = self._resume_at(event.seq, len(showing.text))
        if start is None:
            return
        pieces = [(each.span, each.text) for each in split(
            showing.text, self._room(showing), start=start
        )] or [(Span(start=start, end=start), "")]  # fmt: skip
        for span, text in pieces:
            first, last = span.start == 0, span is pieces[-1][0]
            part = replace(
                self._part(part_id(event.seq, span.start), event.seq, showing, span),
                text=text,
                attachments=showing.attachments if first else (),
                buttons=showing.buttons if last else (),
                edits=self._preview_to_replace(event, showing) if first else None,
            )
            yield from self._attend(part)

    def _resume_at(self, seq: Seq, length: int) -> int | None:
        """Return where in the event's text to go on; None when all of it is settled."""
        start = 0
        while (receipt := self.receipts.get(part_id(seq, start))) and receipt.state in SETTLED:
            if receipt.state == "skipped" or receipt.span.end >= length:
                return None
            start = receipt.span.end
        return start

    def _amendment(self, event: Event, amending: Amending) -> Iterator[Step]:
        copies = self._copies(amending.target)
        if not copies:
            return
        fits = len(amending.to.text) <= self._room(amending.to)
        if len(copies) == 1 and fits and self.place.capabilities.edits:
            span = Span(start=0, end=len(amending.to.text))
            part = self._part(part_id(event.seq, 0), event.seq, amending.to, span)
            yield from self._attend(replace(part, edits=copies[0].message))
        elif amending.instead is not None:
            yield from self._message(event, amending.instead)
        else:
            yield from self._skip(event.seq, "unsupported")

    def _retraction(self, target: Seq) -> Iterator[Step]:
        if not self.place.capabilities.deletes:
            return
        for copy in self._copies(target):
            if copy.message is not None:
                yield Retract(message=copy.message, receipt=self._became(copy, "deleted"))

    def _copies(self, target: Seq) -> list[Receipt]:
        """Return the receipts of what shows an event here and is ours to change."""
        return [
            each
            for each in self.receipts.values()
            if each.source == target
            and each.message is not None
            and each.state in SHOWN
            and each.part.startswith(f"{target}:")
        ]

    def _skip(self, seq: Seq, why: Why) -> Iterator[Step]:
        part = part_id(seq, 0)
        if part not in self.receipts:
            yield Note(receipt=self._receipt(part, seq, why))

    # -- the preview

    def _preview_to_replace(self, event: Event, showing: Showing) -> MessageId | None:
        preview = self.preview
        if not showing.closes or preview is None or self.covered:
            return None
        short = event.at - preview.at < SHORT_RUN
        return preview.message if short and self.place.capabilities.edits else None

    def _drop_preview(self) -> Iterator[Step]:
        preview, self.preview = self.preview, None
        if preview is None:
            return
        if preview.message is None:
            yield Note(receipt=self._became(preview, "unknown"))
        elif preview.message in self.claimed:
            yield Note(receipt=replace(self._became(preview, "skipped"), why="edited"))
        else:
            yield Retract(message=preview.message, receipt=self._became(preview, "deleted"))

    # -- one part

    def _attend(self, part: Part) -> Iterator[Step]:
        """Yield what a part needs, by what is known of it."""
        receipt = self.receipts.get(part.id)
        if receipt is not None and receipt.state in SETTLED:
            return
        if receipt is not None and receipt.state == "attempted":
            yield self._again(part, receipt)
        else:
            yield self._shown(part, tries=(receipt.tries if receipt else 0) + 1)

    def _again(self, part: Part, receipt: Receipt) -> Step:
        edits = receipt.message or part.edits
        if edits is not None:
            return self._shown(replace(part, edits=edits), tries=receipt.tries)
        if self.place.capabilities.resolves and not self._unresolvable(receipt):
            self.covered = True
            return Resolve(part=part, receipt=receipt)
        if receipt.tries >= MAX_ATTEMPTS:
            return Note(receipt=self._became(receipt, "unknown"))
        marked = f"{part.text}\n\n{texts.REPEATED}" if part.text else texts.REPEATED
        return self._shown(replace(part, text=marked, repeat=True), tries=receipt.tries + 1)

    def _shown(self, part: Part, *, tries: int) -> Show:
        if part.edits is not None:
            self.claimed.add(part.edits)
        else:
            self.covered = True
        return Show(part=part, tries=tries)

    def _unresolvable(self, receipt: Receipt) -> bool:
        waited = self.scene.now - receipt.at
        return receipt.code == UNRESOLVED and waited >= UNRESOLVED_LIMIT

    def _room(self, showing: Showing) -> int:
        return max(1, self.place.capabilities.max_chars - MARGIN - len(showing.speaker))

    def _part(self, part: PartId, seq: Seq, showing: Showing, span: Span) -> Part:
        copies = self._copies_or_origin(showing.reply_to)
        return Part(
            id=part,
            session=self.place.session.id,
            conversation=self.place.conversation.id,
            source=seq,
            upto=seq,
            span=span,
            text=showing.text,
            speaker=showing.speaker,
            reply_to=copies[0] if copies else None,
            priority=showing.priority,
            silent=showing.silent,
        )

    def _copies_or_origin(self, target: Seq | None) -> list[MessageId]:
        return [
            each.message
            for each in self.receipts.values()
            if target is not None and each.source == target and each.message is not None
        ]

    def _receipt(self, part: PartId, seq: Seq, why: Why) -> Receipt:
        return Receipt(
            session=self.place.session.id,
            conversation=self.place.conversation.id,
            part=part,
            source=seq,
            upto=seq,
            span=Span(start=0, end=0),
            state="skipped",
            at=self.scene.now,
            why=why,
        )

    def _became(self, receipt: Receipt, state: ReceiptState) -> Receipt:
        return replace(receipt, state=state, at=self.scene.now)
