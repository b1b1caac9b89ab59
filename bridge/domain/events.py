"""The closed vocabulary of the log: everything that can have happened in a session.

Past tense. Bodies hold opaque ids, never platform names or keys. docs/events.md says for each
who appends it, what it changes and where it is shown; a test keeps the two in step.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, assert_type, get_args

from bridge.domain.content import Content, Option, Quote
from bridge.domain.ids import (
    START,
    CallId,
    ConversationId,
    MediaId,
    NoteId,
    ParticipantId,
    QuestionId,
    RunId,
    ScheduleId,
    Seq,
    SessionId,
)
from bridge.domain.wording import Wording

Role = Literal["owner", "member", "viewer"]
Outcome = Literal["completed", "failed", "cancelled", "paused", "abandoned", "silent"]
MessageKind = Literal["final", "interim", "notice"]
QuestionKind = Literal["approval", "choice", "open"]
Closing = Literal["answered", "expired", "withdrawn"]
Scope = Literal["session", "participant", "conversation"]

PushPriority = Literal["normal", "high", "low"]

SHUTDOWN = "shutdown"
"""The reason of a run that was cut off by an orderly stop: it does not count as a failure."""

INTERRUPTED = "interrupted"
"""The reason of a run that was cancelled by a message, which the next run answers."""


# -- what people say ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived:
    """Someone said something. `addressed=False`: overheard, context only.

    `before_restore`: it was said before the log was restored, and may have been answered then.
    `again`: it asks once more what was given up, at that event. `quote` is what it is about, where
    that is not in this log, or not what `reply_to` names. `more`: it most likely goes on in the
    next message.
    """

    participant: ParticipantId
    conversation: ConversationId
    content: Content
    addressed: bool = True
    reply_to: Seq | None = None
    before_restore: bool = False
    again: Seq | None = None
    quote: Quote | None = None
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited:
    """`earlier` are the edits of the same message before, oldest first, the newest of them."""

    participant: ParticipantId
    target: Seq
    content: Content
    earlier: tuple[Seq, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted:
    participant: ParticipantId
    target: Seq
    earlier: tuple[Seq, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribed:
    """What was spoken in a voice message."""

    target: Seq
    media: MediaId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacted:
    """Someone put an emoji on what stands at `target`, or took it off (`gone`)."""

    participant: ParticipantId
    conversation: ConversationId
    target: Seq
    emoji: str
    gone: bool = False


# -- what an agent does ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a run used. `cost` is in US dollars, None where the model has no known price."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """An agent began to answer what the log holds up to `upto`, in the process `node`.

    That is all of it, or, after failures, only as much as has one message to answer. No agent and
    no node: it was stopped before it began.
    """

    run: RunId
    agent: str
    upto: Seq
    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """A run ended; the agent has now dealt with the log up to `upto`.

    A run that failed or was abandoned carries the position it started from, so that what it
    left undone is tried again; unless the bridge gave up, then it carries the `upto` of its start.
    So does one that was interrupted. `refused`: another try would fail the same way, so it was
    given up at once. A run that answered, or with `usage`, says whose it was: the agent's, and the
    person's who called for it last before it began, if one did.
    """

    run: RunId
    outcome: Outcome
    upto: Seq
    by: ParticipantId | None = None
    reason: str = ""
    usage: Usage | None = None
    agent: str = ""
    asker: ParticipantId | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReported:
    """What a run used whose end could not say so: it was stopped. Accepted after its end."""

    run: RunId
    usage: Usage
    agent: str
    asker: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageComposed:
    run: RunId
    agent: str
    content: Content
    kind: MessageKind = "final"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled:
    """A tool is about to start. `arguments` is a JSON object.

    `usage` is what the run had used by then, for a run whose process dies cannot say so at its end.
    """

    run: RunId
    call: CallId
    name: str
    arguments: str
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReturned:
    call: CallId
    result: str
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """The exact tool call an approval is about. `arguments` is a JSON object."""

    call: CallId
    name: str
    arguments: str


MOST_WHOLE = 50_000
"""Characters of a call's arguments that are shown whole anywhere."""


def is_whole(arguments: str) -> bool:
    """Say whether all of a call can be shown; what cannot be is not approved."""
    return len(arguments) <= MOST_WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsked:
    """A run stopped on a question. `to` empty: anyone who may answer.

    `quiet`: nobody called for its run, and it is one more than may ring. With `by` a program of
    theirs asks it, and with `background` that child session: it is of no run, `run` is its own id,
    and its end calls for no agent.
    """

    question: QuestionId
    run: RunId
    kind: QuestionKind
    text: str
    options: tuple[Option, ...] = ()
    to: tuple[ParticipantId, ...] = ()
    call: PlannedCall | None = None
    expires_at: datetime | None = None
    agent: str = ""
    quiet: bool = False
    by: ParticipantId | None = None
    background: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionClosed:
    """The question asked at `asked` is over. `answer`: an option's id, or an open answer's text.

    `conversation` is where it was answered. `outside`: the text is not all in the words of whoever
    answered, as `Content.outside`.
    """

    question: QuestionId
    asked: Seq
    outcome: Closing
    answer: str = ""
    by: ParticipantId | None = None
    conversation: ConversationId | None = None
    outside: bool = False


# -- what comes from outside the conversation -----------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an unprompted event came from. `slot` is the planned time of a schedule's firing.

    `outside`: what a child session reports may be from outside, whatever it was asked.
    """

    kind: Literal["schedule", "webhook", "api", "background"]
    name: str = ""
    slot: datetime | None = None
    next_slot: datetime | None = None
    outside: bool = False

    @property
    def is_outside(self) -> bool:
        """Say whether nobody here wrote what comes from it."""
        return self.outside or self.kind in {"webhook", "api"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """Something said as it is. `to` empty: everyone. `to` is routing, not secrecy.

    `places`: the places that are shown it; empty: all that are. `folded`: one more than may ring;
    places show it together with others (`bridge.delivery.notify`).
    """

    source: Source
    content: Content
    to: tuple[ParticipantId, ...] = ()
    buttons: tuple[Option, ...] = ()
    folded: bool = False
    places: tuple[ConversationId, ...] = ()
    priority: PushPriority = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushClosed:
    """What a push let people decide by its buttons is decided: `text` says how, below its words.

    `wording` is how to say that in other languages.
    """

    push: Seq
    text: str
    wording: Wording | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """Something asked of the agent in no message. `by`: whose program asks it, if anyone's."""

    source: Source
    prompt: str
    by: ParticipantId | None = None


# -- who is here and where ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantJoined:
    """`earlier`: they may read what was said before, too."""

    participant: ParticipantId
    role: Role
    earlier: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanged:
    participant: ParticipantId
    role: Role
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantLeft:
    participant: ParticipantId
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantMerged:
    """Two participants turned out to be one person; `participant` is now `into`."""

    participant: ParticipantId
    into: ParticipantId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationLinked:
    """The place follows this session from here on. `welcome`: people there are told so."""

    conversation: ConversationId
    by: ParticipantId | None = None
    welcome: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationUnlinked:
    conversation: ConversationId
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChanged:
    """A setting got a value. `of` is whose: a participant or conversation id, or empty."""

    scope: Scope
    name: str
    value: str
    of: str = ""
    by: ParticipantId | None = None


# -- what is kept for later -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """Every `seconds` from `start` on."""

    seconds: int
    start: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """Five fields of cron, read in the IANA time zone `zone`."""

    expression: str
    zone: str = "UTC"


Rule = Once | Every | Cron
"""Stored without a tag: kinds are told apart by the names of their fields."""


Late = Literal["once", "all", "skip"]
"""What becomes of times that came while nobody could fire them: one run, a run each, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSet:
    """From now on `text` is said (`say`) or asked of the agent (`ask`) whenever `rule` is due.

    `first`: when that is next; None while it is `paused`. `again`: how often it was planned anew.
    Nothing is due after `until`, nor more than `times` from here on. `name`: what the configuration
    calls it; `agent`: the one that planned it for `by`. `since`: the last event before it was first
    planned, for an id may come back.
    """

    schedule: ScheduleId
    rule: Rule
    action: Literal["say", "ask"]
    text: str
    first: datetime | None
    to: tuple[ParticipantId, ...] = ()
    by: ParticipantId | None = None
    again: int = 0
    late: Late = "once"
    until: datetime | None = None
    times: int | None = None
    paused: bool = False
    name: str = ""
    agent: str = ""
    since: Seq = START


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRemoved:
    schedule: ScheduleId
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundStarted:
    """From now on the session `child` works on `task`, of which it is also `told` something.

    It works for `by`, who pays for it; `agent` began it, under the id `work`. `outside`: the agent
    had read, or may have read, what comes from nobody in the session.
    """

    child: SessionId
    task: str
    told: str = ""
    agent: str = ""
    work: str = ""
    by: ParticipantId | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundStopped:
    """These child sessions work no more, and report nothing; `by` who stopped them, if anyone."""

    children: tuple[SessionId, ...]
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundBegun:
    """This session is a child of `parent`: the first event of it."""

    parent: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKept:
    """A small durable fact about the session, or about one participant.

    `run` kept it, which `by` had called for. `outside`: that run had read, or may have read, what
    comes from nobody in the session, such as a web page or a file.
    """

    note: NoteId
    text: str
    about: ParticipantId | None = None
    run: RunId | None = None
    by: ParticipantId | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRemoved:
    note: NoteId


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryCompacted:
    """A summary that may stand for everything up to `upto` in what an agent is shown."""

    upto: Seq
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeUndone:
    """Agents are shown nothing any more of what happened from `first` up to `upto`."""

    first: Seq
    upto: Seq
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionForked:
    """This session began as a copy of `parent` up to `upto`."""

    parent: SessionId
    upto: Seq
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionArchived:
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """The words of `target` were taken out of the log for good."""

    target: Seq
    by: ParticipantId | None = None


# -- all of it ------------------------------------------------------------------------------------

# Themes: a match that has nothing to do with any of one names it whole. So an event is put into a
# theme only if all that name the theme are right about it; until then it stands in `Body` itself.

MessageEvent = MessageReceived | MessageEdited | MessageDeleted | Transcribed | Redacted
RunEvent = RunStarted | RunFinished | UsageReported
ToolEvent = ToolCalled | ToolReturned
QuestionEvent = QuestionAsked | QuestionClosed
OutsideEvent = Pushed | PushClosed | Triggered
PeopleEvent = ParticipantJoined | RoleChanged | ParticipantLeft | ParticipantMerged
PlaceEvent = ConversationLinked | ConversationUnlinked
ScheduleEvent = ScheduleSet | ScheduleRemoved
BackgroundEvent = BackgroundStarted | BackgroundStopped | BackgroundBegun
SessionEvent = SessionForked | SessionArchived
SetupEvent = (
    PeopleEvent | PlaceEvent | SettingChanged | ScheduleEvent | BackgroundEvent | SessionEvent
)
NoteEvent = NoteKept | NoteRemoved
MemoryEvent = NoteEvent | HistoryCompacted | ExchangeUndone | Reacted
SilentEvent = (
    Transcribed | Redacted | RunEvent | ToolEvent | QuestionEvent | SetupEvent | MemoryEvent
)
"""What is neither said nor changes what was said."""

Body = (
    MessageEvent
    | RunEvent
    | MessageComposed
    | ToolEvent
    | QuestionEvent
    | OutsideEvent
    | SetupEvent
    | MemoryEvent
)
"""Whatever decides by the body of an event decides for each of these (`assert_never`), or names
those that it ignores: the last case of such a match is `assert_type(rest, <alias>)`, which the type
checker holds against this union. At runtime `assert_type` does nothing.
"""

BODIES: tuple[type[Body], ...] = get_args(Body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be appended. A `key` is unique in its session and makes the append idempotent."""

    body: Body
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What was appended. `at` is aware, in UTC."""

    session: SessionId
    seq: Seq
    at: datetime
    body: Body
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The text being written, whole, as it stands. It has no seq: it cannot be appended.

    `revision` grows within a run; `activity` says in a few words what the agent is doing.
    """

    run: RunId
    revision: int
    text: str = ""
    activity: str = ""


# -- what the open run guards ---------------------------------------------------------------------

RunBody = RunFinished | MessageComposed | ToolCalled | QuestionAsked
"""Only the open run may append these, but for what others ask here, which is of no run.

A tool's return is welcome even after its run is over.
"""

_NeedsNoRun = (
    MessageEvent
    | RunStarted
    | UsageReported
    | ToolReturned
    | QuestionClosed
    | OutsideEvent
    | SetupEvent
    | MemoryEvent
)
_LeavesRunAlone = (
    MessageEvent
    | UsageReported
    | MessageComposed
    | ToolEvent
    | QuestionEvent
    | OutsideEvent
    | SetupEvent
    | MemoryEvent
)


def run_of(body: Body) -> RunId | None:
    """Return the run that must be open for this body to be appended, if any."""
    if isinstance(body, QuestionAsked) and (body.by, body.background) != (None, None):
        return None
    if isinstance(body, RunBody):
        return body.run
    assert_type(body, _NeedsNoRun)
    return None


def open_run_after(open_run: RunId | None, body: Body) -> RunId | None:
    """Return which run is open once this body is appended."""
    match body:
        case RunStarted(run=run):
            return run
        case RunFinished():
            return None
        case rest:
            assert_type(rest, _LeavesRunAlone)
            return open_run
