"""What a restored log changes in a plan: the names of parts, and what may have been shown before.

The rules:

- A part is sent under the name of its epoch, so that no platform takes it for another one of the
  same number.
- What stood in the log when it was copied, and was not shown by then, may have been shown before
  the restore. It is shown, and marked. (What people said after the copy and is heard again is
  overheard, and so shown nowhere else.)
"""

from collections.abc import Sequence
from dataclasses import replace

from bridge.delivery import Resolve, Show, Step, marked
from bridge.epoch import Epoch
from bridge.events import Event
from bridge.ids import Seq
from bridge.parts import Part


def in_epoch(steps: Sequence[Step], events: Sequence[Event], epoch: Epoch) -> tuple[Step, ...]:
    """Return the steps of a plan for these events as they are to be done in this epoch."""
    doubtful = frozenset(event.seq for event in events if epoch.is_older(event.at))
    return tuple(_step(step, doubtful, epoch) for step in steps)


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
