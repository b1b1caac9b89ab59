"""What an agent outside of this process may say, one JSON object a line, parsed here once.

It is the JSON form of `bridge.domain.run_output`: of each member of `Said` there is one line, whose
`said` returns it. docs/process-agents.md is the contract: a test keeps the page and these types in
step. Unknown fields are refused, so that a slip of the pen is not silently ignored.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from agents.tools.approval import OPTIONS
from bridge.domain.content import Attachment, AttachmentKind, Content, Option
from bridge.domain.errors import AgentFailed
from bridge.domain.events import (
    Cron,
    Every,
    Late,
    Once,
    PlannedCall,
    QuestionKind,
    Rule,
    Usage,
)
from bridge.domain.ids import CallId, MediaId, NoteId, ParticipantId, QuestionId, ScheduleId, mint
from bridge.domain.json_values import has_more_than
from bridge.domain.run_output import (
    Asking,
    Calling,
    Compacted,
    Delegating,
    Ended,
    Noting,
    Pushing,
    Remark,
    Returned,
    Scheduling,
    Transcript,
    Using,
)
from bridge.session.configured import ORIGIN
from bridge.session.decide_background import LONGEST_TASK, LONGEST_TOLD
from bridge.session.decide_external import LONGEST_TEXT, MOST_TIMES

LONGEST_LINE = 1_048_576
MOST_BYTES = 64 * 1_048_576
"""Of one line, and of all that is said in one run."""

MOST_VALUES = 15_000
"""Of one line, or of one report."""

BOM = b"\xef\xbb\xbf"
"""What some programs, above all on Windows, write in front of their first line."""

MOST_TOKENS, MOST_COST = 1_000_000_000, 100_000.0
"""Of one run; more is taken for this."""

LONGEST_MODEL = 200

MOST_FILES = 10
MOST_OPTIONS = 25
MOST_SECONDS = 366 * 86_400
"""Until a question expires."""

_SHOWN_PROBLEMS = 3
TOO_MANY = f"it holds more than {MOST_VALUES} values"


def _without_nul(text: str) -> str:
    """No platform shows it, and not every database keeps it."""
    return text.replace("\0", "")


Level = Literal["debug", "info", "warning", "error"]
LEVELS: Mapping[Level, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40}
"""As the standard library numbers them."""

Words = Annotated[str, AfterValidator(_without_nul)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
"""An id or a tool's name: visible ASCII."""


class _Object(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileInput(_Object):
    """A file to send: one that is known here by its `media`, or a `path` that can be read here."""

    media: Name | None = None
    path: Annotated[Words, Field(min_length=1, max_length=4096)] | None = None
    name: Annotated[Words, Field(max_length=1000)] = ""
    mime: Annotated[Words, Field(max_length=1000)] = ""
    kind: AttachmentKind | None = None
    size: int | None = None


Files = Annotated[tuple[FileInput, ...], Field(max_length=MOST_FILES)]


class OptionInput(_Object):
    id: Name
    label: Annotated[Words, Field(min_length=1, max_length=200)]


class CallInput(_Object):
    """A tool call, as it is planned or made."""

    call: Name
    name: Name
    arguments: Mapping[str, Any] = {}

    def planned(self) -> PlannedCall:
        """Return the call. Raises `AgentFailed` for arguments that JSON cannot hold."""
        try:
            arguments = json.dumps(dict(self.arguments), ensure_ascii=False, allow_nan=False)
        except ValueError:
            raise AgentFailed("the arguments of a call hold what is no number in JSON") from None
        return PlannedCall(call=CallId(self.call), name=self.name, arguments=arguments)


def _people(given: tuple[str, ...]) -> tuple[ParticipantId, ...]:
    return tuple(ParticipantId(each) for each in given)


def _number(given: Any, most: float) -> float | None:
    """Return a number that may be so, None for what is none: what is added up must stay one."""
    if isinstance(given, str):
        with suppress(ValueError):
            given = float(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or given != given:  # noqa: PLR0124 - NaN
        return None
    return min(max(given, 0), most)


def _count(given: Any) -> int:
    return int(_number(given, MOST_TOKENS) or 0)


def _cost(given: Any) -> float | None:
    return _number(given, MOST_COST)


def _model(given: Any) -> str:
    return _without_nul(given)[:LONGEST_MODEL] if isinstance(given, str) else ""


USAGE: Mapping[str, Callable[[Any], Any]] = {
    "input_tokens": _count,
    "output_tokens": _count,
    "cost": _cost,
    "model": _model,
}


class UsageInput(_Object):
    """What was used. It is beside the point of a run: no value and no further field ends one."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    model: str = ""
    _is_odd: bool = PrivateAttr(default=False)

    @model_validator(mode="wrap")
    @classmethod
    def _bounded(cls, given: Any, read_: ModelWrapValidatorHandler[Self]) -> Self:
        fields = given if isinstance(given, dict) else {}
        bounded = {
            name: USAGE[name](value) if name in USAGE else value
            for name, value in fields.items()
            if name in cls.model_fields
        }
        made = read_(bounded)
        made._is_odd = bounded != given  # noqa: SLF001 - its own
        return made

    @property
    def is_odd(self) -> bool:
        """Say whether something else was given, which cannot be so."""
        return self._is_odd

    def usage(self) -> Usage:
        return Usage(
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cost=self.cost,
            model=self.model,
        )


class PreviewLine(_Object):
    """The text being written, whole, as it stands; and what is being done."""

    type: Literal["preview"]
    text: Words = ""
    activity: Words = ""


class RemarkLine(_Object):
    type: Literal["remark"]
    text: Words = ""
    attachments: Files = ()
    kind: Literal["interim", "notice"] = "interim"

    def said(self, files: tuple[Attachment, ...]) -> Remark:
        return Remark(content=Content(text=self.text, attachments=files), kind=self.kind)


class CalledLine(CallInput):
    """A tool is about to run."""

    type: Literal["called"]

    def said(self) -> Calling:
        made = self.planned()
        return Calling(call=made.call, name=made.name, arguments=made.arguments)


class ReturnedLine(_Object):
    type: Literal["returned"]
    call: Name
    result: Words
    failed: bool = False

    def said(self) -> Returned:
        return Returned(call=CallId(self.call), result=self.result, failed=self.failed)


class AskLine(_Object):
    """A question that the run will stop on. `expires_in` is in seconds."""

    type: Literal["ask"]
    text: Annotated[Words, Field(min_length=1)]
    kind: QuestionKind = "open"
    question: Name | None = None
    options: Annotated[tuple[OptionInput, ...], Field(max_length=MOST_OPTIONS)] = ()
    to: tuple[Name, ...] = ()
    call: CallInput | None = None
    expires_in: Annotated[float, Field(gt=0, le=MOST_SECONDS)] | None = None

    def asking(self, now: datetime) -> Asking:
        """Return the question. Raises `AgentFailed` for a choice of nothing."""
        options = tuple(Option(id=each.id, label=each.label) for each in self.options)
        if self.kind == "choice" and not options:
            raise AgentFailed("the agent asked to choose, and gave no options")
        return Asking(
            question=QuestionId(self.question or mint("q")),
            kind=self.kind,
            text=self.text,
            options=options or (OPTIONS if self.kind == "approval" else ()),
            to=_people(self.to),
            call=self.call.planned() if self.call else None,
            expires_at=now + timedelta(seconds=self.expires_in) if self.expires_in else None,
        )


class PushLine(_Object):
    type: Literal["push"]
    text: Words = ""
    attachments: Files = ()
    to: tuple[Name, ...] = ()

    def said(self, files: tuple[Attachment, ...]) -> Pushing:
        return Pushing(content=Content(text=self.text, attachments=files), to=_people(self.to))


class NoteLine(_Object):
    """A small fact to keep; without text it is forgotten."""

    type: Literal["note"]
    note: Name
    text: Words = ""
    about: Name | None = None

    def said(self) -> Noting:
        """Return the note. What a program has read is its own affair: nobody here can know."""
        about = ParticipantId(self.about) if self.about else None
        return Noting(note=NoteId(self.note), text=self.text, about=about, outside=True)


class ScheduleLine(_Object):
    """Something to be asked, or said, later: `at` a time, `every` so many seconds, or by `cron`.

    With none of these it is planned no more. Steps are counted from midnight in UTC.
    """

    type: Literal["schedule"]
    schedule: Name
    text: Annotated[Words, Field(max_length=LONGEST_TEXT)] = ""
    action: Literal["ask", "say"] = "ask"
    at: AwareDatetime | None = None
    every: Annotated[int, Field(ge=60, le=MOST_SECONDS)] | None = None
    cron: Annotated[Words, Field(max_length=200)] | None = None
    zone: Annotated[Words, Field(max_length=64)] = "UTC"
    late: Late = "once"
    until: AwareDatetime | None = None
    times: Annotated[int, Field(ge=1, le=MOST_TIMES)] | None = None

    @model_validator(mode="after")
    def _has_one_rule(self) -> Self:
        if sum(each is not None for each in (self.at, self.every, self.cron)) > 1:
            raise ValueError("one of `at`, `every` and `cron`")
        return self

    def said(self) -> Scheduling:
        return Scheduling(
            schedule=ScheduleId(self.schedule),
            rule=self._rule(),
            action=self.action,
            text=self.text,
            late=self.late,
            until=_in_utc(self.until) if self.until is not None else None,
            times=self.times,
        )

    def _rule(self) -> Rule | None:
        if self.at is not None:
            return Once(at=_in_utc(self.at))
        if self.every is not None:
            return Every(seconds=self.every, start=ORIGIN)
        return Cron(expression=self.cron, zone=self.zone) if self.cron is not None else None


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise AgentFailed("the agent named a time that is too far away") from error


class BackgroundLine(_Object):
    """Something to be done in the background, by this agent; without a task it is stopped."""

    type: Literal["background"]
    background: Name
    task: Annotated[Words, Field(max_length=LONGEST_TASK)] = ""
    told: Annotated[Words, Field(max_length=LONGEST_TOLD)] = ""

    def said(self) -> Delegating:
        """Return it. What a program has read is its own affair: nobody here can know."""
        return Delegating(work=self.background, task=self.task, told=self.told, outside=True)


class SummaryLine(_Object):
    type: Literal["summary"]
    upto: Annotated[int, Field(ge=1)]
    text: Annotated[Words, Field(min_length=1)]

    def said(self) -> Compacted:
        return Compacted(upto=self.upto, summary=self.text)


class TranscriptLine(_Object):
    """What was spoken in a voice message. `message` is its seq."""

    type: Literal["transcript"]
    message: Annotated[int, Field(ge=1)]
    media: Name
    text: Words

    def said(self) -> Transcript:
        return Transcript(target=self.message, media=MediaId(self.media), text=self.text)


class UsageLine(UsageInput):
    """What the run has used so far, in all."""

    type: Literal["usage"]

    def said(self) -> Using:
        return Using(usage=self.usage())


class EndedLine(_Object):
    """The last line: the answer, or nothing; with what was asked before, the questions."""

    type: Literal["ended"]
    text: Words = ""
    attachments: Files = ()
    usage: UsageInput | None = None

    def said(self, files: tuple[Attachment, ...], questions: tuple[Asking, ...]) -> Ended:
        content = Content(text=self.text, attachments=files)
        usage = self.usage.usage() if self.usage else None
        return Ended(content=content or None, questions=questions, usage=usage)


class FailedLine(_Object):
    """The other last line: there is no answer. People are shown the reason."""

    type: Literal["failed"]
    reason: Annotated[Words, Field(min_length=1, max_length=1000)]
    retry: bool = False


class NewsLine(_Object):
    """What was said meanwhile? The run answers for it too."""

    type: Literal["news"]


class FileLine(_Object):
    """The bytes of a file that someone sent, please."""

    type: Literal["file"]
    media: Name


class LogLine(_Object):
    type: Literal["log"]
    text: Words
    level: Level = "info"


Spoken = (
    PreviewLine
    | RemarkLine
    | CalledLine
    | ReturnedLine
    | AskLine
    | PushLine
    | NoteLine
    | ScheduleLine
    | BackgroundLine
    | SummaryLine
    | TranscriptLine
    | UsageLine
    | EndedLine
    | FailedLine
)
Request = NewsLine | FileLine | LogLine
"""What asks the bridge itself for something, and says nothing to people."""

Line = Spoken | Request
LINES: tuple[type[Line], ...] = get_args(Line)

_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="type")])
_LINES: TypeAdapter[list[Line]] = TypeAdapter(list[Annotated[Line, Field(discriminator="type")]])


def read(raw: bytes, *, number: int) -> Line:
    """Return what a line says. Raises `AgentFailed` that says what is wrong, and not with what."""
    if has_more_than(MOST_VALUES, raw):
        raise AgentFailed(f"line {number} of what the agent wrote is bad: {TOO_MANY}")
    try:
        return _LINE.validate_json(raw.removeprefix(BOM))
    except ValidationError as error:
        raise AgentFailed(f"line {number} of what the agent wrote is bad: {_why(error)}") from None


def read_all(raw: bytes) -> tuple[Line, ...]:
    """Return what a JSON body says: one line, or a list of them. Raises `AgentFailed`."""
    if has_more_than(MOST_VALUES, raw):
        raise AgentFailed(f"what the agent sent is bad: {TOO_MANY}")
    raw = raw.removeprefix(BOM)
    try:
        if raw.lstrip().startswith(b"["):
            return tuple(_LINES.validate_json(raw))
        return (_LINE.validate_json(raw),)
    except ValidationError as error:
        raise AgentFailed(f"what the agent sent is bad: {_why(error)}") from None


def _why(error: ValidationError) -> str:
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    told = [_problem(each["type"], each["loc"], each["msg"]) for each in problems]
    more = len(told) - _SHOWN_PROBLEMS
    return "; ".join([*told[:_SHOWN_PROBLEMS], *([f"and {more} more"] if more > 0 else [])])


def _problem(kind: str, at: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(step) for step in at)
    match kind:
        case "json_invalid":
            return "it is no JSON object in UTF-8"
        case "union_tag_not_found":
            return "it has no `type`"
        case "union_tag_invalid":
            return "its `type` is not known"
        case "extra_forbidden":
            return f"{where[:80]!r} is not known"
        case _:
            return f"{where}: {message}" if where else message
