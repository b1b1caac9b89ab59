"""What an error of litellm means to us: one kind for each way of dealing with it, sans I/O.

Errors are known by their names, so that litellm need not be imported to look at one.

| kind | what is done |
|---|---|
| busy | wait and try again, then the next model; then the run is tried again later |
| garbage | try again at once, as the model answered nothing that can be read |
| overflow | sum up what was said before, and try again with less |
| refused | the next model; then people are told that it was refused |
| unusable | the next model; then people are told what is wrong: a key, a name, a setting |
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

Kind = Literal["busy", "garbage", "overflow", "refused", "unusable"]

LONGEST_REASON = 300
"""Characters."""

_BY_NAME: dict[str, Kind] = {
    "ContextWindowExceededError": "overflow",
    "ContentPolicyViolationError": "refused",
    "JSONSchemaValidationError": "garbage",
    "APIResponseValidationError": "garbage",
    "JSONDecodeError": "garbage",
    "AuthenticationError": "unusable",
    "PermissionDeniedError": "unusable",
    "NotFoundError": "unusable",
    "BudgetExceededError": "unusable",
    "PaymentRequiredError": "unusable",
    "UnsupportedParamsError": "unusable",
    "LiteLLMUnknownProvider": "unusable",
    "RateLimitError": "busy",
    "Timeout": "busy",
    "TimeoutError": "busy",
    "APIConnectionError": "busy",
    "ServiceUnavailableError": "busy",
    "InternalServerError": "busy",
    "BadGatewayError": "busy",
    "MidStreamFallbackError": "busy",
    "BadRequestError": "unusable",
    "UnprocessableEntityError": "unusable",
}
_TOO_LONG = re.compile(
    r"context.{0,20}(length|window|size|limit)|too (long|many tokens)|maximum context"
    r"|prompt is too long|exceed\w* .{0,30}context|input length",
    re.IGNORECASE,
)
_INNARDS = re.compile(r"\s*(Traceback \(most recent|This looks like a bug in LiteLLM)")
_KEY = re.compile(r"\b(sk|pk|key|AIza|xai|gsk)[-_]?[A-Za-z0-9*_-]{8,}")
_PREFIX = re.compile(r"^(litellm\.)?\w+(Error|Exception)?: (\w+(Error|Exception) ?- ?)?")


class Unanswered(Exception):
    """A model did not answer."""

    def __init__(self, trouble: "Trouble") -> None:
        super().__init__(trouble.reason)
        self.trouble = trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a model did not answer. `reason` is one line, without secrets, for people to read."""

    kind: Kind
    reason: str
    retry_after: float | None = None


def trouble(error: BaseException, *, now: datetime, secrets: Collection[str] = ()) -> Trouble:
    """Return what an error means."""
    reason = _reason(error, secrets)
    return Trouble(kind=_kind(error), reason=reason, retry_after=_retry_after(error, now))


def _kind(error: BaseException) -> Kind:
    names = [each.__name__ for each in type(error).__mro__]
    kind = next((_BY_NAME[name] for name in names if name in _BY_NAME), None)
    status = getattr(error, "status_code", None)
    if kind in {"unusable", None} and status in {400, 413, 422} and _TOO_LONG.search(str(error)):
        return "overflow"
    if kind is None and isinstance(status, int):
        kind = "busy" if status in {408, 409, 429} or status >= 500 else "unusable"  # noqa: PLR2004
    return kind or "garbage"


def _retry_after(error: BaseException, now: datetime) -> float | None:
    """Return how many seconds the provider asks to wait."""
    response: Any = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or getattr(error, "headers", None) or {}
    asked = headers.get("retry-after") or headers.get("Retry-After")
    if not asked:
        return None
    try:
        return max(0.0, float(asked))
    except ValueError:
        return _until(str(asked), now)


def _until(date: str, now: datetime) -> float | None:
    try:
        return max(0.0, (parsedate_to_datetime(date) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _reason(error: BaseException, secrets: Collection[str]) -> str:
    text = " ".join(_INNARDS.split(str(error))[0].split()) or type(error).__name__
    while (shorter := _PREFIX.sub("", text, count=1)) != text:
        text = shorter
    for secret in secrets:
        text = text.replace(secret, "…")
    return _cut(_KEY.sub("…", text)) or type(error).__name__


def _cut(text: str) -> str:
    """Return its beginning, up to the end of a word."""
    if len(text) <= LONGEST_REASON:
        return text
    begins = text[: LONGEST_REASON - 2]
    return f"{(begins.rpartition(' ')[0] or begins).rstrip(' .,;:')} …"
