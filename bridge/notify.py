"""How often people's phones ring for what nobody asked for, sans I/O.

The rules:

- Pushes ring, up to `per_run` of one run and `per_hour` of one session, and so of any place that
  follows it, within any 60 minutes. What exceeds them is appended like the others, `folded`.
- A place shows folded pushes together, in one silent message that names them and says how many
  there are. It waits until nothing more has come for `HOLD`, something else is to be shown, or
  their run ends; `LONGEST_HOLD` at most.
- A run stops on `QUESTIONS_AT_ONCE` at most. More are refused: whoever asks can read why.
- What the bridge itself has to tell its owner is never folded; that is little, and keyed by day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile

from bridge.events import Draft, Event, Pushed, RunFinished, Source
from bridge.ids import PartId, Seq
from bridge.parts import Receipt
from bridge.session import RINGS_KEPT, Session
from bridge.showing import Place, Scene, Showing, show

QUESTIONS_AT_ONCE = 5
HOLD = timedelta(seconds=20)
LONGEST_HOLD = timedelta(minutes=5)
HOUR = timedelta(hours=1)
BRIDGE = "bridge"
"""Who speaks where it is the bridge itself."""

FOLDED = "folded:"

Receipts = Mapping[PartId, Receipt]

NAMED, WORDS = 5, 80
"""How many folded pushes are named, with how many characters of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rings:
    """How many pushes ring."""

    per_run: int = 10
    per_hour: int = 30


def rung(
    session: Session, drafts: Sequence[Draft], now: datetime, most: Rings
) -> tuple[Draft, ...]:
    """Return the drafts, with the pushes that exceed what may ring folded."""
    return tuple(
        replace(each, body=replace(each.body, folded=True))
        if isinstance(each.body, Pushed) and _exceeds(session, each.body, now, most)
        else each
        for each in drafts
    )


def _exceeds(session: Session, pushed: Pushed, now: datetime, most: Rings) -> bool:
    if _is_ours(pushed.source):
        return False
    run = session.open_run
    lately = sum(now - at < HOUR for at in session.rings)
    by_run = run is not None and pushed.source.kind == "background"
    return lately >= min(most.per_hour, RINGS_KEPT) or (
        by_run and run is not None and run.rings >= most.per_run
    )


def _is_ours(source: Source) -> bool:
    return (source.kind, source.name) == ("background", BRIDGE)


def is_folded(event: Event) -> bool:
    return isinstance(event.body, Pushed) and event.body.folded


def name_of(event: Event) -> str:
    """Return the beginning of what a push says, or the names of its files, in one line."""
    if not isinstance(event.body, Pushed):
        return ""
    content = event.body.content
    said = content.text.strip() or ", ".join(each.name for each in content.attachments)
    line = " ".join(said[: 4 * WORDS].split())
    return line if len(line) <= WORDS else f"{line[: WORDS - 1]}…"


# -- what a place shows of them -------------------------------------------------------------------


def folded_part(first: Seq) -> PartId:
    return PartId(f"{FOLDED}{first}")


def batch(
    events: Sequence[Event], place: Place, receipts: Receipts, scene: Scene
) -> Sequence[Event]:
    """Return what is shown in one message, from the first event on; empty: it stands alone."""
    begun = receipts.get(folded_part(events[0].seq))
    if begun is not None:
        return [event for event in events if event.seq <= begun.upto]
    if not is_folded(events[0]) or not _goes_along(events[0], place, receipts, scene):
        return ()
    found = list(takewhile(lambda each: _goes_along(each, place, receipts, scene), events))
    while not is_folded(found[-1]):
        found.pop()
    return found


def _goes_along(event: Event, place: Place, receipts: Receipts, scene: Scene) -> bool:
    """Say whether an event is folded for this place, or shows nothing and ends nothing."""
    look = show(event, place, scene)
    if is_folded(event):
        return isinstance(look, Showing) and PartId(f"{event.seq}:0") not in receipts
    return look is None and not isinstance(event.body, RunFinished)


def is_waiting(
    together: Sequence[Event],
    events: Sequence[Event],
    place: Place,
    receipts: Receipts,
    scene: Scene,
) -> bool:
    """Say whether more may come that belongs into the same message."""
    if folded_part(together[0].seq) in receipts:
        return False
    rest = events[len(together) :]
    is_last = all(_goes_along(event, place, receipts, scene) for event in rest)
    return is_last and scene.now < _until([each for each in together if is_folded(each)])


def look_again(events: Sequence[Event], now: datetime) -> datetime | None:
    """Return when what waits here is to be shown, if anything does."""
    folded = [event for event in events if is_folded(event)]
    return max(_until(folded), now + timedelta(seconds=1)) if folded else None


def _until(batch: Sequence[Event]) -> datetime:
    return min(batch[-1].at + HOLD, batch[0].at + LONGEST_HOLD)
