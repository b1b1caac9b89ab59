"""Which rows beside the log follow from an event; every store applies them with the append.

The events are the truth: each of these rows could be folded from the log again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_type

from bridge.domain.events import (
    BackgroundEvent,
    Body,
    ConversationLinked,
    ConversationUnlinked,
    MemoryEvent,
    MessageComposed,
    MessageEvent,
    PeopleEvent,
    PushClosed,
    Pushed,
    QuestionEvent,
    RunFinished,
    RunStarted,
    ScheduleRemoved,
    ScheduleSet,
    SessionArchived,
    SessionForked,
    SettingChanged,
    Source,
    ToolEvent,
    Triggered,
    Usage,
    UsageReported,
)
from bridge.domain.ids import ConversationId, ParticipantId, RunId, ScheduleId


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneOpened:
    """The conversation follows this session from this event on: its cursor is the event's seq.

    With `welcome` the cursor stands right before it, so that the event itself is shown. It ends
    whatever it followed before.
    """

    conversation: ConversationId
    welcome: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneClosed:
    """The conversation no longer follows this session; its lane here is dropped."""

    conversation: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSet:
    """The schedule is next due at `at`; None: never again."""

    schedule: ScheduleId
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleSet:
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedSet:
    """A copy of what was archived is not."""

    archived: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageKept:
    """What a run used counts, once, for the event's day, its session, the person and the agent."""

    run: RunId
    participant: ParticipantId | None
    agent: str
    usage: Usage


_NeverChangesRow = (
    MessageEvent
    | RunStarted
    | MessageComposed
    | ToolEvent
    | QuestionEvent
    | PushClosed
    | PeopleEvent
    | BackgroundEvent
    | MemoryEvent
)
_ChangesNoRow = RunFinished | Pushed | Triggered | SettingChanged
"""These change one, but not always."""

Projection = LaneOpened | LaneClosed | SlotSet | TitleSet | ArchivedSet | UsageKept


def project(body: Body) -> Projection | None:
    """Return the change of row that this body brings with it, if any."""
    if isinstance(body, _NeverChangesRow):  # most of a log
        return None
    match body:
        case ConversationLinked(conversation=conversation, welcome=welcome):
            return LaneOpened(conversation=conversation, welcome=welcome)
        case ConversationUnlinked(conversation=conversation):
            return LaneClosed(conversation=conversation)
        case ScheduleSet(schedule=schedule, first=first):
            return SlotSet(schedule=schedule, at=first)
        case ScheduleRemoved(schedule=schedule):
            return SlotSet(schedule=schedule, at=None)
        case (
            Triggered(source=Source(kind="schedule", slot=datetime()) as source)
            | Pushed(source=Source(kind="schedule", slot=datetime()) as source)
        ):  # one that was run now has no slot: it is due when it was
            return SlotSet(schedule=ScheduleId(source.name), at=source.next_slot)
        case SettingChanged(scope="session", name="title", value=title):
            return TitleSet(title=title)
        case SessionArchived() | SessionForked():
            return ArchivedSet(archived=isinstance(body, SessionArchived))
        case (
            RunFinished(run=run, agent=agent, asker=asker, usage=Usage() as usage)
            | UsageReported(run=run, agent=agent, asker=asker, usage=usage)
        ):
            return UsageKept(run=run, participant=asker, agent=agent, usage=usage)
        case RunFinished(run=run, agent=agent, asker=asker, usage=None) if agent:
            return UsageKept(run=run, participant=asker, agent=agent, usage=Usage())
        case rest:
            assert_type(rest, _ChangesNoRow)
            return None
