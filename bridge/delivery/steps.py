"""What a plan of delivery is made of: one step after the other, done by the courier.

A restored log changes a plan: what may have been shown before is marked. That is what stood in the
log when it was copied, and was not shown by then. So may be what people said after the copy and is
heard again, and what a schedule said that was due by then. It is shown all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.delivery.part_splitter import marked
from bridge.domain.epoch import Epoch
from bridge.domain.events import Event, MessageReceived, Pushed
from bridge.domain.ids import MessageId, Seq
from bridge.domain.parts import Part, Receipt
from bridge.domain.records import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Attempt the part and send it; or change the message `part.edits` into it.

    `code`: why it is shown in less than was meant, in the platform's words; or that it is shown
    without a ring (`bridge.delivery.shown_receipts.SILENT`).
    """

    part: Part
    tries: int = 1
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """Find out what became of the part."""

    part: Part
    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Retract:
    """Take the message back, then record the receipt. A repeat is a success."""

    message: MessageId
    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class React:
    """Let `emoji` be the bridge's own on a message, and `gone` no more; then record the receipt.

    It is tried once: it holds up nothing.
    """

    message: MessageId
    emoji: tuple[str, ...]
    gone: tuple[str, ...]
    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Record the receipt; nothing is to be sent."""

    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Move the cursor: everything up to `to` is settled."""

    to: Seq


Step = Show | Resolve | Retract | React | Note | Advance


def in_epoch(steps: Sequence[Step], events: Sequence[Event], epoch: Epoch) -> tuple[Step, ...]:
    """Return the steps of a plan for these events as they are to be done in this epoch."""
    if epoch.began is None and epoch.heard is None:
        return tuple(steps)
    doubtful = frozenset(event.seq for event in events if may_be_shown(event, epoch))
    return tuple(_marked(step, doubtful) for step in steps) if doubtful else tuple(steps)


def may_be_shown(event: Event, epoch: Epoch) -> bool:
    """Say whether places may have been shown an event in an earlier epoch."""
    body = event.body
    is_old = isinstance(body, MessageReceived) and body.before_restore
    was_due = isinstance(body, Pushed) and epoch.may_have_heard(body.source.slot)
    return is_old or was_due or epoch.is_older(event.at)


def _marked(step: Step, doubtful: frozenset[Seq]) -> Step:
    match step:
        case Show(part=part, tries=1) if not part.repeat and _is_first(part):
            covers = doubtful.intersection(range(part.source, part.upto + 1))
            return replace(step, part=marked(part)) if covers else step
        case Show() | Resolve() | Retract() | React() | Note() | Advance():
            return step


def _is_first(part: Part) -> bool:
    """Say whether it begins what it shows, as a message of its own."""
    return part.edits is None and part.span.start == 0
