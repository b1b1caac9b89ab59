"""What a session's log folds to: values without behaviour, and without any message text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bridge.domain.content import Option
from bridge.domain.events import Closing, PlannedCall, QuestionKind, Role, ScheduleSet, Scope, Usage
from bridge.domain.ids import (
    START,
    ConversationId,
    NoteId,
    ParticipantId,
    QuestionId,
    RunId,
    ScheduleId,
    Seq,
    SessionId,
)
from bridge.domain.reactions import Mark
from bridge.domain.usage import NOTHING, Used

CallKind = Literal["answer", "question", "push"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """The run that may speak; it began with event `started`, in the process `node`.

    `usage` is what it is known to have used so far. `alone`: it began with one message at most,
    `rings`: how many of its pushes rang.
    """

    run: RunId
    agent: str
    started: Seq
    upto: Seq
    node: str
    asker: ParticipantId | None = None
    payer: ParticipantId | None = None
    usage: Usage | None = None
    alone: bool = False
    rings: int = 0

    @property
    def counts_for(self) -> ParticipantId | None:
        """Return the person whose budget it counts against."""
        return self.asker or self.payer


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    asked: Seq
    run: RunId
    kind: QuestionKind
    options: tuple[Option, ...]
    to: tuple[ParticipantId, ...]
    expires_at: datetime | None
    call: PlannedCall | None = None
    agent: str = ""
    asked_at: datetime | None = None
    by: ParticipantId | None = None
    background: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a child session does in the background since event `started`, for `by`.

    `questions` are those of its that were asked here, each with the event that closed it; `START`:
    it is open. `over` is where the work ended, `START` while it goes on.
    """

    started: Seq
    at: datetime
    agent: str = ""
    by: ParticipantId | None = None
    questions: Mapping[QuestionId, Seq] = field(default_factory=dict)
    over: Seq = START
    ended_at: datetime | None = None
    stopped: bool = False

    @property
    def is_over(self) -> bool:
        return self.over != START


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """Someone began at `since` to say something in several messages; the last of them came `at`."""

    by: ParticipantId
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoke:
    """Someone spoke in one place from event `since` to event `last`, and in no other meanwhile."""

    place: ConversationId
    since: Seq
    last: Seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An event that is to ring. `to` empty: for everyone. `asker` called for the run it is of.

    `places`: those alone that are shown it; empty: all. `urgent`: it may ring in quiet hours.
    """

    seq: Seq
    at: datetime
    kind: CallKind
    to: tuple[ParticipantId, ...] = ()
    asker: ParticipantId | None = None
    places: tuple[ConversationId, ...] = ()
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A message asked the agent from a place; how far the bridge is with it, and since when."""

    seq: Seq
    place: ConversationId
    mark: Mark
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What was asked from event `first` on, while nothing else went on; `by` one person alone."""

    first: Seq
    by: ParticipantId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Someone's emoji, given from a place."""

    by: ParticipantId
    place: ConversationId
    emoji: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a log folds to. `conversations` says on whose behalf each place was linked.

    `asker` is who called for the agent last; None where it was no person, and `payer` then the one
    whose program it was, if it was anyone's. `spoken` is when a person
    last did, `called` when anybody or anything last did but the agent itself and its background
    work, `unfinished` what they may go on with. `refusal` is why the last run was refused,
    until one begins. `used` is what all of its runs used; `over` how the last few questions ended.
    `unread` are the events past the position that call for the agent, in blocks. `failures` are
    those in a row at this position, `troubles` those since a run went well, the last at event
    `failed`; `worked`: a tool was called since the position moved. `given_up` is what `/retry`
    takes up again, `rings` when the last pushes rang, `whispers` when the last came that
    never do, `asks` when each one's programs asked. `put_out` were made to leave by someone else:
    they come back only when they are let in again. `left_viewing` left as viewers. `set_by` says
    who set each of the session's own settings, where a person did. `spoke` is where each person
    spoke, `calls` what was to ring: of each the last few, the latest last. `notes` is where they
    stand in the log, `summary` where the one stands that reaches furthest, up to `summed_up`.
    `hidden` says up to which event the log is hidden from those who came later, `linked` since
    which each place follows (`bridge.session.visible`). `asked` are the last messages that asked it
    (`bridge.session.marks`), `asked_by` the unread events that a schedule asked, `failing` how
    often one failed in a row, and since which of them. `exchanges` are the last ones that can be
    undone, `rested` is where the last run ended, `undone` where one was undone last. `reactions`
    are those on the last events that have any. `merged` says whom ids of before stand for that
    turned out to be one person. `parent` is the session that it works for in the background, and
    `background` what works so for it, or did lately (`bridge.session.background`).
    """

    id: SessionId
    head: Seq = START
    title: str = ""
    archived: bool = False
    position: Seq = START
    wanted: Seq = START
    spoken: Seq = START
    called: Seq = START
    asker: ParticipantId | None = None
    payer: ParticipantId | None = None
    unfinished: Unfinished | None = None
    refusal: str = ""
    open_run: OpenRun | None = None
    unread: tuple[tuple[Seq, ...], ...] = ()
    failures: int = 0
    troubles: int = 0
    failed: Seq = START
    failed_at: datetime | None = None
    worked: bool = False
    given_up: tuple[Seq, ...] = ()
    used: Used = NOTHING
    questions: Mapping[QuestionId, OpenQuestion] = field(default_factory=dict)
    over: Mapping[QuestionId, Closing] = field(default_factory=dict)
    participants: Mapping[ParticipantId, Role] = field(default_factory=dict)
    put_out: frozenset[ParticipantId] = frozenset()
    left_viewing: frozenset[ParticipantId] = frozenset()
    conversations: Mapping[ConversationId, ParticipantId | None] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    set_by: Mapping[str, ParticipantId] = field(default_factory=dict)
    schedules: Mapping[ScheduleId, ScheduleSet] = field(default_factory=dict)
    asked_by: Mapping[Seq, ScheduleId] = field(default_factory=dict)
    failing: Mapping[ScheduleId, tuple[int, Seq]] = field(default_factory=dict)
    rings: tuple[datetime, ...] = ()
    whispers: tuple[datetime, ...] = ()
    asks: Mapping[ParticipantId, tuple[datetime, ...]] = field(default_factory=dict)
    spoke: Mapping[ParticipantId, tuple[Spoke, ...]] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    notes: Mapping[NoteId, Seq] = field(default_factory=dict)
    summary: Seq = START
    summed_up: Seq = START
    hidden: Mapping[ParticipantId, Seq] = field(default_factory=dict)
    linked: Mapping[ConversationId, Seq] = field(default_factory=dict)
    asked: tuple[Asked, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    rested: Seq = START
    undone: Seq = START
    reactions: Mapping[Seq, tuple[Given, ...]] = field(default_factory=dict)
    merged: Mapping[ParticipantId, ParticipantId] = field(default_factory=dict)
    parent: SessionId | None = None
    background: Mapping[SessionId, Work] = field(default_factory=dict)

    def people(self, logged: tuple[ParticipantId, ...]) -> tuple[ParticipantId, ...]:
        """Return whom the ids of an event stand for by now."""
        return tuple(self.merged.get(each, each) for each in logged) if self.merged else logged

    @property
    def is_at_rest(self) -> bool:
        """Say whether no run is open or due, and nobody is asked anything but by its children."""
        is_asked = any(each.background is None for each in self.questions.values())
        return self.open_run is None and self.wanted <= self.position and not is_asked

    @property
    def counts_for(self) -> ParticipantId | None:
        """Return the person whose budget the next run counts against."""
        return self.asker or self.payer


def setting_key(scope: Scope, of: str, name: str) -> str:
    return f"{scope}:{of}:{name}"
