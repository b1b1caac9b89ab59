"""What a run says: one closed union, from the agent to what the log keeps of it.

An agent yields it (`bridge.ports.agent`), the runner hands it on as it is (`commands.Record`), and
`bridge.session.decide_run_output` says what the log has of it. Programs write it in JSON.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bridge.domain.content import Content, Option
from bridge.domain.events import Late, MessageKind, PlannedCall, QuestionKind, Rule, Usage
from bridge.domain.ids import CallId, MediaId, NoteId, ParticipantId, QuestionId, ScheduleId, Seq


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
class Remark:
    """Something said on the way: an interim text or a notice. More will follow."""

    content: Content
    kind: MessageKind = "interim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """A tool is about to run. The tool may start only once the generator is resumed."""

    call: CallId
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    call: CallId
    result: str
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing:
    """Something to be said now, as it is, beside the answer. `to` empty: everyone."""

    content: Content
    to: tuple[ParticipantId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noting:
    """A small durable fact to keep, of the session or `about` one person; "" removes it.

    `outside`: the agent has read, or may have read, what comes from nobody in the session.
    """

    note: NoteId
    text: str
    about: ParticipantId | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduling:
    """Something to be done later, for the person whom the run is for; with no `rule`, no more.

    See `bridge.domain.events.ScheduleSet`.
    """

    schedule: ScheduleId
    rule: Rule | None = None
    action: Literal["say", "ask"] = "ask"
    text: str = ""
    late: Late = "once"
    until: datetime | None = None
    times: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegating:
    """Something to be done in the background, under an id of its own; with no `task`, no more.

    See `bridge.domain.events.BackgroundStarted`.
    """

    work: str
    task: str = ""
    told: str = ""
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """A summary that may stand for everything up to `upto`, for the runs to come."""

    upto: Seq
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was spoken in the attachment `media` of the message `target`."""

    target: Seq
    media: MediaId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Using:
    """What the run has used so far, in all. Not appended: `Ended` says it for good.

    It counts for a run that is stopped, or fails, before it could say so; and a run that has used
    up its budget is ended here.
    """

    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The last thing a run says: its answer, or its questions, or (neither) nothing.

    `usage` is that of the whole run.
    """

    content: Content | None = None
    questions: tuple[Asking, ...] = ()
    usage: Usage | None = None


Recorded = (
    Remark
    | Calling
    | Returned
    | Pushing
    | Noting
    | Scheduling
    | Delegating
    | Compacted
    | Transcript
)
"""What is in the log by itself, and before the run goes on."""

Said = Recorded | Using | Ended
