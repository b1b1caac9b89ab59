"""What an agent outside of this process may say, one JSON object a line, parsed here once.

docs/process-agents.md is the contract: a test keeps the page and these types in step. Unknown
fields are refused, so that a slip of the pen is not silently ignored.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bridge.content import AttachmentKind
from bridge.errors import AgentFailed
from bridge.events import QuestionKind

LONGEST_LINE = 1_048_576
MOST_BYTES = 64 * 1_048_576
"""Of one line, and of all that is said in one run."""

BOM = b"\xef\xbb\xbf"
"""What some programs, above all on Windows, write in front of their first line."""

MOST_TOKENS, MOST_COST = 1_000_000_000, 100_000.0
"""Of one run; more is taken for this."""

MOST_FILES = 10
MOST_OPTIONS = 25
MOST_SECONDS = 366 * 86_400
"""Until a question expires."""

_SHOWN_PROBLEMS = 3


def _without_nul(text: str) -> str:
    """No platform shows it, and not every database keeps it."""
    return text.replace("\0", "")


T = TypeVar("T", int, float)

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


def _at_most(most: float) -> Callable[[T], T]:
    """Bound a number: no program used more, and what is added up must stay a number."""
    return lambda given: given if given <= most else type(given)(most)


Count = Annotated[int, Field(ge=0), AfterValidator(_at_most(MOST_TOKENS))]
Cost = Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(_at_most(MOST_COST))]


class UsageInput(_Object):
    input_tokens: Count = 0
    output_tokens: Count = 0
    cost: Cost | None = None
    model: Words = ""


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


class CalledLine(CallInput):
    """A tool is about to run."""

    type: Literal["called"]


class ReturnedLine(_Object):
    type: Literal["returned"]
    call: Name
    result: Words
    failed: bool = False


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


class PushLine(_Object):
    type: Literal["push"]
    text: Words = ""
    attachments: Files = ()
    to: tuple[Name, ...] = ()


class NoteLine(_Object):
    """A small fact to keep; without text it is forgotten."""

    type: Literal["note"]
    note: Name
    text: Words = ""
    about: Name | None = None


class SummaryLine(_Object):
    type: Literal["summary"]
    upto: Annotated[int, Field(ge=1)]
    text: Annotated[Words, Field(min_length=1)]


class TranscriptLine(_Object):
    """What was spoken in a voice message. `message` is its seq."""

    type: Literal["transcript"]
    message: Annotated[int, Field(ge=1)]
    media: Name
    text: Words


class UsageLine(UsageInput):
    """What the run has used so far, in all."""

    type: Literal["usage"]


class EndedLine(_Object):
    """The last line: the answer, or nothing; with what was asked before, the questions."""

    type: Literal["ended"]
    text: Words = ""
    attachments: Files = ()
    usage: UsageInput | None = None


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
    try:
        return _LINE.validate_json(raw.removeprefix(BOM))
    except ValidationError as error:
        raise AgentFailed(f"line {number} of what the agent wrote is bad: {_why(error)}") from None


def read_all(raw: bytes) -> tuple[Line, ...]:
    """Return what a JSON body says: one line, or a list of them. Raises `AgentFailed`."""
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
