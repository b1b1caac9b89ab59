"""What can be asked of a session, imperative. `bridge.decide.decide` turns one into drafts.

`by` is who asks; None means the bridge itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bridge.content import Content, Option, Quote
from bridge.events import MessageKind, PlannedCall, QuestionKind, Role, Rule, Scope, Source, Usage
from bridge.ids import (
    CallId,
    ConversationId,
    MediaId,
    NoteId,
    ParticipantId,
    QuestionId,
    RunId,
    ScheduleId,
    Seq,
)

# -- asked by people ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    by: ParticipantId
    conversation: ConversationId
    content: Content
    addressed: bool = True
    reply_to: Seq | None = None
    before_restore: bool = False
    quote: Quote | None = None
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Ask once more what was given up: `said` has each event's number and its words."""

    by: ParticipantId
    conversation: ConversationId
    said: tuple[tuple[Seq, Content], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    by: ParticipantId
    target: Seq
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    by: ParticipantId
    target: Seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """End the open run and withdraw what it asked."""

    by: ParticipantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer a question. `answer` is an option's id, or free text for an open question."""

    by: ParticipantId
    question: QuestionId
    answer: str
    conversation: ConversationId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """`again`: also someone who was put out, whom an owner lets in."""

    participant: ParticipantId
    role: Role
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRole:
    by: ParticipantId | None
    participant: ParticipantId
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """`operator`: asked by the operator of the bridge, who need not be in the session."""

    participant: ParticipantId
    by: ParticipantId
    operator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Make a conversation follow this session, on behalf of a participant who is in it.

    `welcome`: people there are told what they follow.
    """

    conversation: ConversationId
    by: ParticipantId
    welcome: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlink:
    conversation: ConversationId
    by: ParticipantId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Give a setting a value."""

    scope: Scope
    name: str
    value: str
    of: str = ""
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSchedule:
    schedule: ScheduleId
    rule: Rule
    action: Literal["say", "ask"]
    text: str
    to: tuple[ParticipantId, ...] = ()
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSchedule:
    schedule: ScheduleId
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    by: ParticipantId


# -- asked by the outside world -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Say `content` as it is. `key` makes it idempotent."""

    source: Source
    content: Content
    to: tuple[ParticipantId, ...] = ()
    buttons: tuple[Option, ...] = ()
    key: str | None = None
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Ask `prompt` of the agent. `key` makes it idempotent."""

    source: Source
    prompt: str
    key: str | None = None
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    """A schedule's planned time `slot` has come."""

    schedule: ScheduleId
    slot: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireQuestions:
    """Close every question whose time is over by now; `now` where a clock was set back since."""

    now: datetime | None = None


# -- asked for a run ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRun:
    """Open the run that `next_step` called for; only if it still does."""

    run: RunId
    agent: str
    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compose:
    run: RunId
    content: Content
    kind: MessageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTool:
    run: RunId
    call: CallId
    name: str
    arguments: str
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnTool:
    call: CallId
    result: str
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Say something now, as it is, beside the answer. `to` empty: everyone."""

    run: RunId
    content: Content
    to: tuple[ParticipantId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepNote:
    """Keep a fact; without text, forget it."""

    run: RunId
    note: NoteId
    text: str
    about: ParticipantId | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compact:
    run: RunId
    upto: Seq
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribe:
    run: RunId
    target: Seq
    media: MediaId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One question a run stops on."""

    question: QuestionId
    kind: QuestionKind
    text: str
    options: tuple[Option, ...] = ()
    to: tuple[ParticipantId, ...] = ()
    call: PlannedCall | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRun:
    """End a run that did what it could: with its last words, its questions, or in silence."""

    run: RunId
    upto: Seq
    content: Content | None = None
    questions: tuple[Asking, ...] = ()
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailRun:
    """End a run that could not answer. `retry` False: trying again will not help.

    `unread` says what it was to answer, for the notice if that is given up.
    """

    run: RunId
    reason: str
    retry: bool = True
    usage: Usage | None = None
    unread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonRun:
    """End a run whose process is gone, or is about to stop (`reason` SHUTDOWN).

    `unread` says what it was to answer, for the notice if that is given up.
    """

    run: RunId
    reason: str = ""
    usage: Usage | None = None
    unread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseRun:
    """Instead of the run that `next_step` called for, tell people why there is none."""

    run: RunId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUsage:
    """Account for a run that was stopped before it could say what it used."""

    run: RunId
    usage: Usage
    agent: str
    asker: ParticipantId | None


Aside = Announce | KeepNote | Compact | Transcribe
"""What a run may do on the way that is no word of its answer."""

RunCommand = Compose | CallTool | Aside | EndRun | FailRun | AbandonRun

Command = (
    Say
    | Retry
    | Edit
    | Delete
    | Stop
    | Answer
    | Join
    | ChangeRole
    | Leave
    | Link
    | Unlink
    | Change
    | SetSchedule
    | RemoveSchedule
    | Archive
    | Push
    | Trigger
    | Fire
    | ExpireQuestions
    | StartRun
    | Compose
    | CallTool
    | ReturnTool
    | Aside
    | EndRun
    | FailRun
    | AbandonRun
    | RefuseRun
    | ReportUsage
)
