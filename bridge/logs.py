"""Logging, set up once at the edge: quiet, to stderr, without secrets or message text.

The rules: an event has a constant name and fields; what people and agents said stands only in
the fields of `CONTENT`, which are dropped unless the config asks for them; values known to be
secret, and whatever looks like a credential, are replaced wherever they appear.
"""

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from bridge.config.model import LogSection
from bridge.imports import without

# all of rich, a tenth of the time to start, would be for a console that structlog does not get
with without("rich"):
    import structlog
    from structlog.typing import EventDict, Processor, WrappedLogger

CONTENT = frozenset({"text", "content", "prompt", "arguments", "result", "answer", "body"})
"""The fields that hold message text."""

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
        self._secrets.update(secret for secret in secrets if len(secret) >= LEAST_SECRET)

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        return {key: self._field(key, value) for key, value in event.items()}

    def _field(self, key: str, value: Any) -> Any:
        if key in CONTENT and not self._content:
            return f"({len(value)} characters)" if isinstance(value, str) else "(left out)"
        if _CREDENTIAL_FIELD.search(key) and value:
            return HIDDEN
        return self._value(value)

    def _value(self, value: Any) -> Any:
        match value:
            case str():
                return self._text(value)
            case Mapping():
                return {key: self._field(str(key), item) for key, item in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._value(item) for item in value]
            case bool() | int() | float() | None:
                return value
            case _:
                return self._text(str(value))

    def _text(self, text: str) -> str:
        # the longest first: one secret may be part of another
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return _CREDENTIAL.sub(rf"\g<kept>{HIDDEN}", text)


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
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    return redaction


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
    last: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if settings.format == "console":
        plain = structlog.dev.plain_traceback
        last = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # tracebacks become text before the redaction, which then sees them
            structlog.processors.format_exc_info,
            redaction,
            last,
        ],
    )
