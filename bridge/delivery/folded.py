"""What a place shows of the pushes that exceed what may ring, sans I/O.

A place shows folded pushes together, in one silent message that names them and says how many there
are. It waits until nothing more has come for `HOLD`, something else is to be shown, or their run
ends; `LONGEST_HOLD` at most. Which are folded is decided in `bridge.delivery.notify`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from bridge import texts
from bridge.delivery.notify import is_folded
from bridge.delivery.rendering import Place, Scene, Showing, show
from bridge.delivery.shown_receipts import ShownReceipts, part_id
from bridge.domain import literal
from bridge.domain.events import Event, Pushed, RunFinished
from bridge.domain.ids import PartId, Seq
from bridge.domain.waits import is_over

HOLD = timedelta(seconds=20)
LONGEST_HOLD = timedelta(minutes=5)

FOLDED = "folded:"
NAMED, WORDS = 5, 80
"""How many folded pushes are named, with how many characters of each."""


def name_of(event: Event) -> str:
    """Return the beginning of what a push says, or the names of its files, in one line."""
    if not isinstance(event.body, Pushed):
        return ""
    content = event.body.content
    said = content.text.strip() or ", ".join(each.name for each in content.attachments)
    line = " ".join(said[: 4 * WORDS].split())
    return line if len(line) <= WORDS else f"{line[: WORDS - 1]}…"


def folded_part(first: Seq) -> PartId:
    return PartId(f"{FOLDED}{first}")


def batch(
    events: Sequence[Event], at: int, place: Place, shown: ShownReceipts, scene: Scene
) -> Sequence[Event] | None:
    """Return what is shown in one message, from the event at this index on.

    Empty: it stands alone. None: more may come that belongs into the same message.
    """
    begun = shown.receipts.get(folded_part(events[at].seq))
    if begun is not None:
        return [event for event in events[at:] if event.seq <= begun.upto]
    if not is_folded(events[at]) or not _goes_along(events[at], place, shown, scene):
        return ()
    found = list(takewhile(lambda each: _goes_along(each, place, shown, scene), events[at:]))
    is_last = len(found) == len(events) - at
    while not is_folded(found[-1]):
        found.pop()
    folded = [event for event in found if is_folded(event)]
    is_done = is_over(_until(folded), now=scene.now, since=folded[-1].at)
    return None if is_last and not is_done else found


def _goes_along(event: Event, place: Place, shown: ShownReceipts, scene: Scene) -> bool:
    """Say whether an event is folded for this place, or shows nothing and ends nothing."""
    look = show(event, place, scene)
    if is_folded(event):
        return isinstance(look, Showing) and part_id(event.seq, 0) not in shown.receipts
    return look is None and not isinstance(event.body, RunFinished)


def summary(together: Sequence[Event], place: Place, scene: Scene) -> str:
    """Return the text that stands for what is shown together; each with what brought it."""
    folded = [event for event in together if is_folded(event)]
    return texts.folded([_line(each, place, scene) for each in folded[:NAMED]], len(folded))


def _line(event: Event, place: Place, scene: Scene) -> str:
    """Return the beginning of a push as it is, in which nothing is a mark or names a speaker."""
    look, words = show(event, place, scene), literal.escaped(scene.words(name_of(event)))
    speaker = look.speaker if isinstance(look, Showing) else ""
    return f"**{speaker}:** {words}" if speaker else words


def look_again(events: Sequence[Event], now: datetime) -> datetime | None:
    """Return when what waits here is to be shown, if anything does."""
    folded = [event for event in events if is_folded(event)]
    return max(_until(folded), now + timedelta(seconds=1)) if folded else None


def _until(batch: Sequence[Event]) -> datetime:
    return min(batch[-1].at + HOLD, batch[0].at + LONGEST_HOLD)
