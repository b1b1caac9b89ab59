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

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile

from bridge import retry, texts
from bridge.events import Draft, Event, Pushed, RunFinished, Source
from bridge.ids import PartId, Seq
from bridge.session import RINGS_KEPT, Session
from bridge.showing import BRIDGE, Place, Scene, Showing, show
from bridge.shown import Shown, part_id

QUESTIONS_AT_ONCE = 5
HOLD = timedelta(seconds=20)
LONGEST_HOLD = timedelta(minutes=5)
HOUR = timedelta(hours=1)

FOLDED = "folded:"
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
    lately = sum(abs(now - at) < HOUR for at in session.rings)  # the clock may be set back
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
    events: Sequence[Event], at: int, place: Place, shown: Shown, scene: Scene
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
    is_over = retry.is_over(_until(folded), now=scene.now, since=folded[-1].at)
    return None if is_last and not is_over else found


def _goes_along(event: Event, place: Place, shown: Shown, scene: Scene) -> bool:
    """Say whether an event is folded for this place, or shows nothing and ends nothing."""
    look = show(event, place, scene)
    if is_folded(event):
        return isinstance(look, Showing) and part_id(event.seq, 0) not in shown.receipts
    return look is None and not isinstance(event.body, RunFinished)


def summary(together: Sequence[Event]) -> str:
    """Return the text that stands for what is shown together."""
    folded = [event for event in together if is_folded(event)]
    return texts.folded([name_of(event) for event in folded[:NAMED]], len(folded))


def look_again(events: Sequence[Event], now: datetime) -> datetime | None:
    """Return when what waits here is to be shown, if anything does."""
    folded = [event for event in events if is_folded(event)]
    return max(_until(folded), now + timedelta(seconds=1)) if folded else None


def _until(batch: Sequence[Event]) -> datetime:
    return min(batch[-1].at + HOLD, batch[0].at + LONGEST_HOLD)
