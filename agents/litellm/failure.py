"""What an error of litellm means to us: one kind for each way of dealing with it, sans I/O.

Errors are known by the words of their provider (`errors`), else by their names, so that litellm
need not be imported to look at one.

| kind | what is done |
|---|---|
| busy | wait and try again, then the next model; then the run is tried again later |
| garbage | try again at once, as the model answered nothing that can be read |
| overflow | sum up what was said before, and try again with less; a bare 413: less files first |
| unfit | ask once more without what the provider does not take; then it is unusable |
| refused | the next model; then people are told that it was refused |
| unusable | the next model; then people are told what is wrong: a key, a name, a setting |
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from agents.litellm.errors import (
    LONGEST_READ,
    OF_THE_REQUEST,
    Diagnosis,
    Kind,
    known,
    too_large,
)

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
_INNARDS = re.compile(r"(Traceback \(most recent|This looks like a bug in LiteLLM)")
_NESTED = 4
"""How deep an error may be wrapped in another one."""

_KEY = re.compile(r"\b(sk|pk|key|AIza|xai|gsk)[-_]?[A-Za-z0-9*_-]{8,}")
_SSL = re.compile(r" ssl:(<[^>]*>|\w+) \[(?:Connect call failed .*|(.*))\]$")
"""What aiohttp adds to a failed connection: an object of its own, and the address once more."""

_BARE = re.compile(r"Error code: \d+\s*\Z")
"""What is left of an error whose body is not of OpenAI's shape, such as `{"error": "…"}` of TGI."""

_PREFIX = re.compile(r"^(litellm\.)?\w+(Error|Exception)?: (\w+(Error|Exception) ?- ?)?")


class Unanswered(Exception):
    """A model did not answer."""

    def __init__(self, trouble: "Trouble") -> None:
        super().__init__(trouble.reason)
        self.trouble = trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a model did not answer. `reason` is one line, without secrets, for people to read.

    `meant` is what the provider's own words say of it.
    """

    kind: Kind
    reason: str
    retry_after: float | None = None
    meant: Diagnosis | None = None


def trouble(error: BaseException, *, now: datetime, secrets: Collection[str] = ()) -> Trouble:
    """Return what an error means."""
    status = _status(error)
    meant = _meant(error, status)
    return Trouble(
        kind=meant.kind if meant else _kind(error, status),
        reason=_reason(error, secrets),
        retry_after=_retry_after(error, now),
        meant=meant,
    )


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _meant(error: BaseException, status: int | None) -> Diagnosis | None:
    """Return what the provider's words mean; those about a key are not looked at."""
    if status is None or _named(error) == "overflow" or status == 401:  # noqa: PLR2004
        return None
    refused = Diagnosis(kind="refused") if _named(error) == "refused" else None
    return known(_text(error), status) or refused or too_large(status)


def _text(error: BaseException) -> str:
    """Return what an error says, from the body of the response where it is only there."""
    text, body = str(error), getattr(error, "body", None)
    if not body or not _BARE.search(text):
        return text
    return body if isinstance(body, str) else json.dumps(body, default=str)


def _named(error: BaseException) -> Kind | None:
    names = [each.__name__ for each in type(error).__mro__]
    return next((_BY_NAME[name] for name in names if name in _BY_NAME), None)


def _kind(error: BaseException, status: int | None) -> Kind:
    kind = _named(error)
    if kind in {"unusable", None} and status in OF_THE_REQUEST - {402, 403, 404}:
        return "unfit"
    if kind is None and status is not None:
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
    text = _text(error)
    for secret in secrets:  # before it is cut: half of one would be left
        text = text.replace(secret, "…")
    text = " ".join(_INNARDS.split(text[:LONGEST_READ])[0].split()) or type(error).__name__
    while (shorter := _PREFIX.sub("", text, count=1)) != text:
        text = shorter
    text = _SSL.sub(lambda found: f": {found[2]}" if found[2] else "", _words(text))
    for secret in secrets:
        text = text.replace(secret, "…")
    return _cut(_KEY.sub("…", text)) or type(error).__name__


def _cut(text: str) -> str:
    """Return its beginning, up to the end of a word."""
    if len(text) <= LONGEST_REASON:
        return text
    begins = text[: LONGEST_REASON - 2]
    return f"{(begins.rpartition(' ')[0] or begins).rstrip(' .,;:')} …"


def _words(text: str) -> str:
    """Return what an error says where it is JSON, or bytes of it, written out."""
    start = text.find("{")
    for _ in range(_NESTED):
        if start < 0:
            return text
        said = _message(text[start:])
        if said is None:
            return text
        text, start = said, said.find("{")
    return text


def _message(text: str) -> str | None:
    """Return the message in a JSON object at the beginning of a text."""
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        try:
            found, _ = json.JSONDecoder(strict=False).raw_decode(text.replace("\\'", "'"))
        except (ValueError, RecursionError):
            return None
    for key in ("error", "message", "detail", "error_msg"):
        if isinstance(found, dict) and found.get(key):
            found = found[key]
    if isinstance(found, dict):
        found = found.get("message") or found.get("detail") or found.get("error")
    return found.strip() if isinstance(found, str) and found.strip() else None
