"""What can be asked of a session, imperative. `bridge.session.decide.decide` turns one into drafts.

`by` is who asks; None means the bridge itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never, assert_type

from bridge.domain.content import Content, Option, Quote
from bridge.domain.events import (
    Late,
    PushPriority,
    QuestionAsked,
    QuestionClosed,
    Role,
    Rule,
    Scope,
    Source,
    Usage,
)
from bridge.domain.ids import (
    ConversationId,
    NoteId,
    ParticipantId,
    QuestionId,
    RunId,
    ScheduleId,
    Seq,
    SessionId,
)
from bridge.domain.run_output import (
    Asking,
    Calling,
    Compacted,
    Delegating,
    Noting,
    Pushing,
    Recorded,
    Remark,
    Returned,
    Scheduling,
    Transcript,
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
class AskedAgain:
    """What was said and given up: its event, its words as they stand now, what they are about.

    `first`: the event of the first time, where it was asked again before; None: `seq` is that.
    """

    seq: Seq
    content: Content
    quote: Quote | None = None
    first: Seq | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Ask once more what was given up."""

    by: ParticipantId
    conversation: ConversationId
    said: tuple[AskedAgain, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """`earlier` are the edits of the same message before, oldest first."""

    by: ParticipantId
    target: Seq
    content: Content
    earlier: tuple[Seq, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    by: ParticipantId
    target: Seq
    earlier: tuple[Seq, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class React:
    """Put `emoji` on what stands at `target`, and take `gone` off; "": nothing of the kind."""

    by: ParticipantId
    conversation: ConversationId
    target: Seq
    emoji: str = ""
    gone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Let agents be shown nothing any more of the last exchange; `own`: only if it is one's own."""

    by: ParticipantId
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """End the open run and withdraw what it asked."""

    by: ParticipantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer a question. `answer` is an option's id, or free text for an open question.

    `outside` is as in `Content`, of the text.
    `run` asked it; None where that is not known, so that its id alone says which is meant.
    """

    by: ParticipantId
    question: QuestionId
    answer: str
    conversation: ConversationId | None = None
    outside: bool = False
    run: RunId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """`again`: also someone who was put out, whom an owner lets in.

    `earlier`: they may read what was said before they came; an owner may in any case.
    """

    participant: ParticipantId
    role: Role
    again: bool = False
    earlier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRole:
    by: ParticipantId | None
    participant: ParticipantId
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """`operator`: asked by the operator of the bridge, who need not be in the session.

    `called`: their name, for whoever is told what ends with them.
    """

    participant: ParticipantId
    by: ParticipantId
    operator: bool = False
    called: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two participants turned out to be one person: `participant` is `into` from now on."""

    participant: ParticipantId
    into: ParticipantId


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
    """Set a schedule, or change the one that there is. See `ScheduleSet`."""

    schedule: ScheduleId
    rule: Rule
    action: Literal["say", "ask"]
    text: str
    to: tuple[ParticipantId, ...] = ()
    by: ParticipantId | None = None
    late: Late = "once"
    until: datetime | None = None
    times: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseSchedule:
    """Let a schedule rest, or (not `paused`) go on from its next time."""

    schedule: ScheduleId
    paused: bool = True
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSchedule:
    """Do what a schedule does, now. When it is due stays as it is."""

    schedule: ScheduleId
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSchedule:
    schedule: ScheduleId
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopBackground:
    """Let a child session work no more; it reports nothing. `by` None: nobody asked for that."""

    by: ParticipantId | None
    child: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    by: ParticipantId


# -- asked by the outside world -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Say `content` as it is. `key` makes it idempotent. `places` empty: wherever it is shown."""

    source: Source
    content: Content
    to: tuple[ParticipantId, ...] = ()
    buttons: tuple[Option, ...] = ()
    places: tuple[ConversationId, ...] = ()
    priority: PushPriority = "normal"
    key: str | None = None
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePush:
    """Say below a push what was decided by its buttons, and take these away. Once for each push."""

    push: Seq
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask people something that a program waits for; under the same id it is asked once.

    Without options it is answered in words.
    """

    by: ParticipantId
    question: QuestionId
    text: str
    options: tuple[Option, ...] = ()
    to: tuple[ParticipantId, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Take back what a program asked: nobody waits for its answer any more."""

    by: ParticipantId
    question: QuestionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Ask `prompt` of the agent. `key` makes it idempotent."""

    source: Source
    prompt: str
    key: str | None = None
    by: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    """A schedule's planned time `slot` has come.

    `is_over`: it fired before, by a clock that was set back since; the schedule only goes on.
    `restored`: until when a log that was restored since may have fired what was due.
    """

    schedule: ScheduleId
    slot: datetime
    is_over: bool = False
    restored: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAnew:
    """A schedule's next time is `slot`, which is farther away than its rule says by now."""

    schedule: ScheduleId
    slot: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireQuestions:
    """Close every question whose time is over by now; `now` where a clock was set back since."""

    now: datetime | None = None


# -- asked for work in the background -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginBackground:
    """In an empty session: be a child of `parent`, and work on `prompt`, which `payer` pays for.

    `agent` and `model` are those that the parent has; empty: the usual one.
    """

    parent: SessionId
    prompt: str
    title: str = ""
    agent: str = ""
    model: str = ""
    payer: ParticipantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndBackground:
    """In a child: end it, for it is over in its parent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForBackground:
    """In a parent: ask what its `child` asked at event `seq`, as the log has it there."""

    child: SessionId
    seq: Seq
    asked: QuestionAsked


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerBackground:
    """In a child: close what it asked as it was `closed` in its parent."""

    question: QuestionId
    closed: QuestionClosed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBackground:
    """In a parent: take in what a child reports; it is over with that."""

    child: SessionId
    text: str
    outside: bool = False


# -- asked for a run ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRun:
    """Open the run that `next_step` called for; only if it still does."""

    run: RunId
    agent: str
    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Put what a run says into the log. `usage` is what it has used by then."""

    run: RunId
    said: Recorded
    usage: Usage | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SumUp:
    """Keep a summary of everything up to an event, which was made between two runs.

    Whoever made it had `read` the log so far, None for all of it.
    """

    upto: Seq
    summary: str
    read: Seq | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Tell everyone what was taken out of the log: events by their seq, and notes."""

    targets: tuple[Seq, ...]
    notes: tuple[NoteId, ...] = ()


RunCommand = Record | EndRun | FailRun | AbandonRun

Command = (
    Say
    | Retry
    | Edit
    | Delete
    | React
    | Undo
    | Stop
    | Answer
    | Join
    | ChangeRole
    | Leave
    | Merge
    | Link
    | Unlink
    | Change
    | SetSchedule
    | PauseSchedule
    | RunSchedule
    | RemoveSchedule
    | StopBackground
    | Archive
    | BeginBackground
    | EndBackground
    | AskForBackground
    | AnswerBackground
    | ReportBackground
    | Push
    | ClosePush
    | Ask
    | Withdraw
    | Trigger
    | Fire
    | PlanAnew
    | ExpireQuestions
    | StartRun
    | Record
    | EndRun
    | FailRun
    | AbandonRun
    | RefuseRun
    | ReportUsage
    | SumUp
    | Forget
)


_Wordless = (
    Retry
    | Delete
    | React
    | Undo
    | Stop
    | Join
    | ChangeRole
    | Leave
    | Merge
    | Link
    | Unlink
    | PauseSchedule
    | RunSchedule
    | RemoveSchedule
    | StopBackground
    | EndBackground
    | Archive
    | Withdraw
    | Fire
    | PlanAnew
    | ExpireQuestions
    | StartRun
    | FailRun
    | AbandonRun
    | RefuseRun
    | ReportUsage
    | SumUp
    | Forget
)


def words_of(command: Command) -> str:
    """Return the words that people read once a command is done; "" for one that shows none."""
    match command:
        case Say(content=content, quote=quote):
            about = (quote.author, quote.text) if quote is not None else ()
            return "\n".join([_text_of(content), *about])
        case Edit(content=content):
            return _text_of(content)
        case Push(content=content, buttons=buttons):
            return "\n".join([_text_of(content), *(each.label for each in buttons)])
        case (
            Change(value=text)
            | SetSchedule(text=text)
            | Trigger(prompt=text)
            | BeginBackground(prompt=text)
            | ReportBackground(text=text)
            | ClosePush(text=text)
        ):
            return text
        case Record(said=said):
            return _words_said(said)
        case EndRun(content=content, questions=questions):
            last = _text_of(content) if content is not None else ""
            return "\n".join([last, *map(_words_asked, questions)]).strip()
        case Answer(answer=text):
            return text
        case AnswerBackground(closed=closed):
            return closed.answer
        case AskForBackground(asked=asked):
            return _words_asked(asked)
        case Ask(text=text, options=options):
            return "\n".join([text, *(each.label for each in options)])
        case rest:
            assert_type(rest, _Wordless)
            return ""


def _words_asked(asking: Asking | QuestionAsked) -> str:
    call = asking.call.arguments if asking.call else ""
    return "\n".join([asking.text, call, *(each.label for each in asking.options)])


def _words_said(said: Recorded) -> str:
    match said:
        case Remark(content=content) | Pushing(content=content):
            return _text_of(content)
        case Transcript(text=text):
            return text
        case Calling(arguments=text) | Returned(result=text):
            return text
        case Noting(text=text) | Scheduling(text=text) | Compacted(summary=text):
            return text
        case Delegating(task=task, told=told):
            return f"{task}\n{told}"
        case _:
            assert_never(said)


def _text_of(content: Content) -> str:
    return "\n".join([content.text, *(each.name for each in content.attachments)])
