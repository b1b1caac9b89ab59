"""The recap of what a place missed, sans I/O: one message instead of a flood.

A lane that is more than RECAP_EVENTS behind, or whose oldest event to show is older than RECAP_AGE
with more than RECAP_LATEST to show, gets a recap: counts and the last few. Once begun, its receipt
fixes the range. Questions still open are not summed up; they come whole, with their buttons. A lane
with a part in flight finishes that first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bridge import texts
from bridge.events import Event, MessageComposed, MessageReceived, QuestionAsked
from bridge.ids import PartId, Seq
from bridge.parts import SETTLED, Receipt
from bridge.showing import Place, Scene, Showing, show

RECAP_EVENTS = 20
RECAP_AGE = timedelta(hours=1)
RECAP_LATEST = 3
RECAP_LINE = 300
"""Characters of each of the latest that a recap shows at most."""

RECAP = "recap:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recap:
    """A text that stands for the events `first` to `upto`, and the questions that come whole."""

    first: Seq
    upto: Seq
    text: str
    questions: tuple[Event, ...]


def recap_part(first: Seq) -> PartId:
    return PartId(f"{RECAP}{first}")


def recap(
    place: Place, events: Sequence[Event], receipts: Mapping[PartId, Receipt], scene: Scene
) -> Recap | None:
    """Return the recap that these events past the cursor call for, if they do."""
    if not events:
        return None
    begun = receipts.get(recap_part(events[0].seq))
    if begun is not None:
        covered = [event for event in events if event.seq <= begun.upto]
        return _recap(covered, _visible(place, covered, receipts, scene), place)
    visible = _visible(place, events, receipts, scene)
    if not _far_behind(visible, scene) or _in_flight(events, receipts):
        return None
    return _recap(events, visible, place)


def _visible(
    place: Place, events: Sequence[Event], receipts: Mapping[PartId, Receipt], scene: Scene
) -> list[tuple[Event, Showing]]:
    found = []
    for event in events:
        look = show(event, place, scene)
        if isinstance(look, Showing) and PartId(f"{event.seq}:0") not in receipts:
            found.append((event, look))
    return found


def _far_behind(visible: Sequence[tuple[Event, Showing]], scene: Scene) -> bool:
    if len(visible) <= RECAP_LATEST:
        return False
    return len(visible) > RECAP_EVENTS or scene.now - visible[0][0].at > RECAP_AGE


def _in_flight(events: Sequence[Event], receipts: Mapping[PartId, Receipt]) -> bool:
    seqs = {event.seq for event in events}
    return any(each.source in seqs and each.state not in SETTLED for each in receipts.values())


def _recap(
    events: Sequence[Event], visible: Sequence[tuple[Event, Showing]], place: Place
) -> Recap:
    open_at = {each.asked for each in place.session.questions.values()}
    bodies = [event.body for event, _ in visible]
    latest = [look for _, look in visible if look.priority != "question"][-RECAP_LATEST:]
    return Recap(
        first=events[0].seq,
        upto=events[-1].seq,
        text=texts.recap(
            people=sum(isinstance(body, MessageReceived) for body in bodies),
            answers=sum(isinstance(body, MessageComposed) for body in bodies),
            latest=[_line(look) for look in latest],
        ),
        questions=tuple(
            event
            for event, _ in visible
            if isinstance(event.body, QuestionAsked) and event.seq in open_at
        ),
    )


def _line(look: Showing) -> str:
    words = " ".join(look.text.split())
    if len(words) > RECAP_LINE:
        words = words[: RECAP_LINE - 1] + "…"
    return f"**{look.speaker}:** {words}" if look.speaker else words
