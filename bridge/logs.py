"""Logging, set up once at the edge: quiet, to stderr, without secrets or message text.

The rules: an event has a constant name and fields; what people and agents said stands only in
the fields of `CONTENT`, which are dropped unless the config asks for them; values known to be
secret, and whatever looks like a credential, are replaced wherever they appear.

What libraries say is not ours to trust with names of fields: unless the config asks for content,
they are heard from warnings on, and of what they say there stands only what is written in their
code: values are left out, and of an error its type and where it was raised. That is done where a
record is made, so that it holds for whatever handlers a library brings along.

Nothing in a value controls the terminal that shows the log, or begins a line of it: what cannot be
printed is written out.

An error that we log shows its type and where it was raised, and its words only where they are ours
or the system's: a database's name the row that it did not take.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

from bridge.config.model import LogSection
from bridge.domain.errors import BridgeError
from bridge.imports import without

# all of rich, a tenth of the time to start, would be for a console that structlog does not get
with without("rich"):
    import structlog
    from structlog.typing import EventDict, Processor, WrappedLogger

CONTENT = frozenset(
    {"text", "content", "prompt", "arguments", "result", "answer", "body", "line", "stderr"}
)
"""The fields that hold message text; what a program says of its work may be full of it."""

HIDDEN = "***"
LEAST_SECRET = 6
"""Shorter values are not searched for: they would be found in innocent words."""

TALKATIVE = ("httpx", "httpcore", "uvicorn", "sqlalchemy", "asyncio", "alembic", "asyncpg")

_CREDENTIAL_FIELD = re.compile(
    r"(?:^|_)(?:token|authorization|password|secret|api_?key|cookie)$", re.IGNORECASE
)
_CREDENTIAL = re.compile(
    r"(?P<kept>\bbearer\s+|[?&#](?:token|key|secret|password)=|://[^\s/:@]*:)"
    r"(?P<secret>[^\s&@\"']+)",
    re.IGNORECASE,
)


class Redaction:
    """Takes out of every log event what must not be in it."""

    def __init__(self, *, content: bool, secrets: Iterable[str] = ()) -> None:
        self._content = content
        self._secrets: set[str] = set()
        self.conceal(*secrets)

    def conceal(self, *secrets: str) -> None:
        """Hide these values too from now on."""
        for secret in secrets:
            if len(secret) >= LEAST_SECRET:
                self._secrets.update(_spellings(secret))

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        return {key: self._field(key, value) for key, value in event.items()}

    def _field(self, key: str, value: Any) -> Any:
        if key in CONTENT and not self._content:
            return _left_out(value) if isinstance(value, str) else "(left out)"
        if _CREDENTIAL_FIELD.search(key) and value:
            return HIDDEN
        return self._value(value)

    def _value(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {key: self._field(str(key), item) for key, item in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._value(item) for item in value]
            case bool() | int() | float() | None:
                return value
            case _:
                return self.text(str(value))

    def text(self, text: str) -> str:
        """Return a text without what is secret in it."""
        # the longest first: one secret may be part of another
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return _CREDENTIAL.sub(rf"\g<kept>{HIDDEN}", text)


def _spellings(secret: str) -> Iterator[str]:
    """Yield a secret as it may be written: as it is, in an address, in JSON, as Python shows it."""
    yield secret
    for safe in ("", "/", "/:"):
        yield quote(secret, safe=safe)
    yield quote_plus(secret)
    for ascii_only in (True, False):
        yield json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
    yield repr(secret)[1:-1]


def configure(
    settings: LogSection, *, secrets: Iterable[str] = (), stream: TextIO | None = None
) -> Redaction:
    """Set logging up for the whole process, replacing what was set up before.

    Returns the redaction, which learns of secrets that are made later, such as the owner's token.
    """
    redaction = Redaction(content=settings.content, secrets=secrets)
    level = logging.getLevelName(settings.level.upper())
    out = logging.StreamHandler(stream or sys.stderr)
    out.setFormatter(_formatter(settings, redaction, colors=out.stream.isatty()))
    logging.basicConfig(handlers=[out], level=level, force=True)
    foreign = level if settings.content else max(level, logging.WARNING)
    logging.getLogger().setLevel(foreign)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    ours = _Ours(level)
    logging.setLogRecordFactory(_Foreign(redaction, ours.names, content=settings.content))
    logging.captureWarnings(capture=True)  # they show values too
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=ours,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    return redaction


class _Ours:
    """Makes the loggers behind structlog's, and remembers their names: they keep our rules."""

    def __init__(self, level: int) -> None:
        self._level, self._make = level, structlog.stdlib.LoggerFactory()
        self.names: set[str] = set()

    def __call__(self, *args: Any) -> logging.Logger:
        made = self._make(*args)
        if made.name not in self.names:
            self.names.add(made.name)
            made.setLevel(self._level)
        return made


class _Foreign:
    """Makes the records of libraries, without what must not be in them."""

    def __init__(self, redaction: Redaction, ours: set[str], *, content: bool) -> None:
        self._redaction, self._ours, self._content = redaction, ours, content

    def __call__(self, name: str, *of_a_record: Any, **more: Any) -> logging.LogRecord:
        record = logging.LogRecord(name, *of_a_record, **more)
        if name in self._ours:
            return record
        if self._content:
            record.msg, record.args = self._redaction.text(_said(record)), ()
            return record
        record.msg, record.args = self._without_content(record), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return record

    def _without_content(self, record: logging.LogRecord) -> str:
        said = _without_values(record) if _is_written(record) else _left_out(_said(record))
        raised = record.exc_info
        error = raised[1] if isinstance(raised, tuple) else None
        where = f" ({_raised(error)})" if error is not None else ""
        return self._redaction.text(f"{said}{where}")


def _said(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a library's own mistake
        return str(record.msg)


def _is_written(record: logging.LogRecord) -> bool:
    """Say whether the message is a text of the code that logs it, so that it holds no value."""
    frame = sys._getframe(1)  # noqa: SLF001 - there is no other way to it
    while frame is not None and not (
        frame.f_code.co_filename == record.pathname and frame.f_lineno == record.lineno
    ):
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None and isinstance(record.msg, str) and _holds(frame.f_code, record.msg)


def _holds(code: CodeType, text: str) -> bool:
    return any(each == text for each in code.co_consts if isinstance(each, str))


def _without_values(record: logging.LogRecord) -> str:
    args = record.args
    if not args:
        return str(record.msg)
    hidden: Any = (
        {key: _value(each) for key, each in args.items()}
        if isinstance(args, Mapping)
        else tuple(_value(each) for each in args)
    )
    try:
        return f"{str(record.msg) % hidden}"
    except (TypeError, ValueError, KeyError):
        return str(record.msg)


def _value(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | None) else _left_out(str(value))


def _left_out(text: str) -> str:
    return f"({len(text)} characters)"


def _raised(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _without_words(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Write an error out, without what is in its words."""
    raised = event.pop("exc_info", None)
    if raised:
        error = raised if isinstance(raised, BaseException) else sys.exc_info()[1]
        error = raised[1] if isinstance(raised, tuple) else error
        if error is not None:
            event[TRACEBACK] = "\n".join(_trace(error))
    return event


def _trace(error: BaseException, seen: frozenset[int] = frozenset()) -> Iterator[str]:
    """Yield the lines of an error's traceback, after those of what it came from."""
    hidden = error.__suppress_context__
    origin = error.__cause__ or (None if hidden else error.__context__)
    seen |= {id(error)}
    if origin is not None and id(origin) not in seen:
        yield from _trace(origin, seen)
        yield "\nfrom which came:\n"
    yield from (each.rstrip() for each in traceback.format_tb(error.__traceback__))
    own = isinstance(error, BridgeError | OSError)
    yield f"{type(error).__name__}: {error if own else _left_out(str(error))}"
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _trace(each, seen)


TRACEBACK = "exception"
"""The field that has lines."""

MARGIN = "  "


class _Printable:
    """Writes out what would act in a terminal, hide in it, or look like another line.

    `margin` stands before each line of a traceback.
    """

    def __init__(self, margin: str) -> None:
        self._margin = margin

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        return {key: self._field(key, value) for key, value in event.items()}

    def _field(self, key: str, value: Any) -> Any:
        if key != TRACEBACK or not isinstance(value, str):
            return _written_out(value)
        return "\n".join(f"{self._margin}{_written_out(line)}" for line in value.split("\n"))


def _written_out(value: Any) -> Any:
    match value:
        case str() if value.isprintable():
            return value
        case str():
            return "".join(
                each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
                for each in value
            )
        case Mapping():
            return {_written_out(key): _written_out(each) for key, each in value.items()}
        case list():
            return [_written_out(each) for each in value]
        case _:
            return value


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(
    settings: LogSection, redaction: Redaction, *, colors: bool
) -> structlog.stdlib.ProcessorFormatter:
    content = settings.content
    last: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if settings.format == "console":
        plain = structlog.dev.plain_traceback
        last = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # tracebacks become text before the redaction, which then sees them
            structlog.processors.format_exc_info if content else _without_words,
            redaction,
            _Printable(MARGIN if settings.format == "console" else ""),
            last,
        ],
    )
