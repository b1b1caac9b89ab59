"""What a restored log changes in a plan: the names of parts, and what may have been shown before.

The rules:

- A part is sent under the name of its epoch, so that no platform takes it for another one of the
  same number.
- What stood in the log when it was copied, and was not shown by then, may have been shown before
  the restore. So may what people said after the copy and is heard again. It is shown, and marked.
"""

from collections.abc import Sequence
from dataclasses import replace

from bridge.cutting import marked
from bridge.epoch import Epoch
from bridge.events import Event, MessageReceived
from bridge.ids import Seq
from bridge.parts import Part
from bridge.steps import Resolve, Show, Step


def in_epoch(steps: Sequence[Step], events: Sequence[Event], epoch: Epoch) -> tuple[Step, ...]:
    """Return the steps of a plan for these events as they are to be done in this epoch."""
    doubtful = frozenset(event.seq for event in events if may_be_shown(event, epoch))
    return tuple(_step(step, doubtful, epoch) for step in steps)


def may_be_shown(event: Event, epoch: Epoch) -> bool:
    """Say whether places may have been shown an event in an earlier epoch."""
    is_old = isinstance(event.body, MessageReceived) and event.body.before_restore
    return is_old or epoch.is_older(event.at)


def _step(step: Step, doubtful: frozenset[Seq], epoch: Epoch) -> Step:
    match step:
        case Show(part=part, tries=tries):
            named = replace(part, epoch=epoch.id)
            repeats = tries == 1 and not part.repeat and _is_first(part)
            covers = doubtful.intersection(range(part.source, part.upto + 1))
            return replace(step, part=marked(named) if repeats and covers else named)
        case Resolve(part=part):
            return replace(step, part=replace(part, epoch=epoch.id))
        case _:
            return step


def _is_first(part: Part) -> bool:
    """Say whether it begins what it shows, as a message of its own."""
    return part.edits is None and part.span.start == 0
