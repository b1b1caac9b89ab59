"""The recap of what a place missed, sans I/O: one message instead of a flood.

The rules:

- A lane with more than RECAP_EVENTS to show, or with more than RECAP_LATEST of which the oldest is
  older than RECAP_AGE, gets a recap: counts and the last few.
- Once begun, its receipt fixes the range it covers.
- Questions still open are not summed up: they come whole, with their buttons. So does one that is
  closed, but may have been shown in part: it is finished, so that its end can be seen. What changes
  copies that were shown before (an edit, an answer, a deletion) is done all the same.
- A lane in the middle of something finishes that first.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bridge import texts
from bridge.delivery.notify import is_folded
from bridge.delivery.rendering import (
    Amending,
    Muted,
    Place,
    Reacting,
    Retracting,
    Scene,
    Showing,
    show,
)
from bridge.delivery.shown_receipts import may_be_seen
from bridge.domain.events import Event, MessageComposed, MessageReceived, QuestionAsked
from bridge.domain.ids import PartId, Seq
from bridge.domain.parts import Receipt

RECAP_EVENTS = 20
RECAP_AGE = timedelta(hours=1)
RECAP_LATEST = 3
RECAP_LINE = 300
"""Characters of each of the latest that a recap shows at most."""

RECAP = "recap:"

Receipts = Mapping[PartId, Receipt]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recap:
    """A text that stands for the events `first` to `upto`, but for those that come whole."""

    first: Seq
    upto: Seq
    text: str
    whole: tuple[Event, ...]


def recap_part(first: Seq) -> PartId:
    return PartId(f"{RECAP}{first}")


def digest(
    place: Place, events: Sequence[Event], receipts: Receipts, scene: Scene
) -> Recap | Sequence[Event]:
    """Return the recap that these events past the cursor call for, or what to show whole now."""
    begun = receipts.get(recap_part(events[0].seq)) if events and receipts else None
    if begun is not None:
        covered = [event for event in events if event.seq <= begun.upto]
        return _recap(covered, place, receipts, scene)
    if len(events) <= RECAP_LATEST:
        return events
    visible = _visible(place, events, receipts, scene)
    if not _far_behind([each for each in visible if not is_folded(each[0])], scene):
        return events
    return _under_way(events, receipts) or _recap(events, place, receipts, scene)


def _visible(
    place: Place, events: Sequence[Event], receipts: Receipts, scene: Scene
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


def _under_way(events: Sequence[Event], receipts: Receipts) -> Sequence[Event]:
    """Return the events up to the last one that was begun to be shown by itself."""
    begun = {
        each.source
        for each in receipts.values()
        if each.part.startswith(f"{each.source}:") and each.state != "skipped"
    }
    last = max((event.seq for event in events if event.seq in begun), default=0)
    return [event for event in events if event.seq <= last]


def _recap(events: Sequence[Event], place: Place, receipts: Receipts, scene: Scene) -> Recap:
    visible = _visible(place, events, receipts, scene)
    bodies = [event.body for event, _ in visible]
    begun = {each.source for each in receipts.values() if may_be_seen(each)}
    latest = [look for _, look in visible if look.priority != "question"][-RECAP_LATEST:]
    return Recap(
        first=events[0].seq,
        upto=events[-1].seq,
        text=texts.recap(
            people=sum(isinstance(body, MessageReceived) for body in bodies),
            answers=sum(isinstance(body, MessageComposed) for body in bodies),
            latest=[_line(look) for look in latest],
        ),
        whole=tuple(event for event in events if _comes_whole(event, place, scene, begun)),
    )


def _comes_whole(event: Event, place: Place, scene: Scene, begun: Collection[Seq]) -> bool:
    match show(event, place, scene):
        case Showing():
            open_at = {each.asked for each in place.session.questions.values()}
            is_due = event.seq in open_at or event.seq in begun
            return isinstance(event.body, QuestionAsked) and is_due
        case Amending() | Retracting() | Reacting():
            return True
        case Muted() | None:
            return False


def _line(look: Showing) -> str:
    words = " ".join(look.text.split()) or ", ".join(each.name for each in look.attachments)
    if len(words) > RECAP_LINE:
        words = words[: RECAP_LINE - 1].rstrip("\\") + "…"
    return f"**{look.speaker}:** {words}" if look.speaker else words
