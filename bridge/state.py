"""What a session's log folds to: values without behaviour, and without any message text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bridge.content import Option
from bridge.events import Closing, PlannedCall, QuestionKind, Role, ScheduleSet, Scope, Usage
from bridge.ids import (
    START,
    ConversationId,
    ParticipantId,
    QuestionId,
    RunId,
    ScheduleId,
    Seq,
    SessionId,
)
from bridge.usage import NOTHING, Used


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
    usage: Usage | None = None
    alone: bool = False
    rings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    asked: Seq
    run: RunId
    kind: QuestionKind
    options: tuple[Option, ...]
    to: tuple[ParticipantId, ...]
    expires_at: datetime | None
    call: PlannedCall | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """Someone began at `since` to say something in several messages; the last of them came `at`."""

    by: ParticipantId
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a log folds to. `conversations` says on whose behalf each place was linked.

    `asker` is who called for the agent last; None where it was no person. `spoken` is when a person
    last did, `unfinished` what they may go on with. `refusal` is why the last run was refused,
    until one begins. `used` is what all of its runs used; `over` how the last few questions ended.
    `unread` are the events past the position that call for the agent, in blocks. `failures` are
    those in a row at this position, `troubles` those since a run went well, the last at event
    `failed`; `worked`: a tool was called since the position moved. `given_up` is what `/retry`
    takes up again, `rings` when the last pushes rang. `put_out` were made to leave by someone else:
    they come back only when they are let in again.
    """

    id: SessionId
    head: Seq = START
    title: str = ""
    archived: bool = False
    position: Seq = START
    wanted: Seq = START
    spoken: Seq = START
    asker: ParticipantId | None = None
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
    conversations: Mapping[ConversationId, ParticipantId | None] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    schedules: Mapping[ScheduleId, ScheduleSet] = field(default_factory=dict)
    rings: tuple[datetime, ...] = ()


def setting_key(scope: Scope, of: str, name: str) -> str:
    return f"{scope}:{of}:{name}"
