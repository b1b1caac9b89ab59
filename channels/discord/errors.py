"""What an error of Discord's means for us: the one table.

The rules:

- Certainly not taken, try later: the connection was never made; Discord says it is overloaded.
- Not known: the connection broke, no answer came in time, or the answer was a 5xx. The nonce makes
  it harmless to send again.
- A refusal for good is told apart by Discord's own code, where it gives one, else by the status.

Source of the codes: docs, Opcodes and Status Codes, JSON error codes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus

import aiohttp
from discord import HTTPException, LoginFailure
from discord import RateLimited as BucketEmpty

from bridge.domain.errors import (
    ChangeRefused,
    ChannelError,
    FileRefused,
    FormRefused,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from channels.discord.limits import BAN

GONE = frozenset(
    {
        10003,  # unknown channel
        10004,  # unknown guild
        50001,  # missing access
        50007,  # cannot send messages to this user: they closed their DMs or blocked us
        50008,  # cannot send messages in a room that has no text
        50013,  # missing permissions
        50024,  # cannot do that in this type of channel
        50278,  # no mutual server with this user
        160005,  # the thread is locked
    }
)
CHANGE = frozenset(
    {
        10008,  # unknown message: it was deleted
        30010,  # it has as many kinds of reactions as there can be
        30046,  # too many edits of a message older than an hour
        50005,  # a message of someone else
        50021,  # a message of the system
        50083,  # the thread is archived: a post opens it, a change does not
    }
)
"""Refuses a change to a message, and nothing else."""

FILES = frozenset(
    {
        20009,  # explicit content
        40005,  # the files are too large
        50045,  # the same
        50046,  # an invalid file
    }
)
FORM = frozenset(
    {
        50035,  # something in it is malformed or too long
        160002,  # it may not reply here: the history may not be read
    }
)
"""Whatever else is refused of a message is refused for what it says: AutoMod (200000, 200001), a
harmful link (240000), nothing to show (50006)."""

WAIT = frozenset(
    {
        20016,  # slow mode
        20028,  # too much written in this room
        40003,  # opening direct messages too fast
    }
)
OVERLOADED = 130000
UNKNOWN_ROOM = 10003
UNKNOWN_MESSAGE = 10008
MISSING_PERMISSIONS = 50013
TOO_LATE = frozenset({10062, 40060})
"""Of an interaction: unknown by now, or answered already."""

ACCOUNT_WIDE = frozenset({"global", "cloudflare"})
"""Codes of a `RateLimited` that holds for every place."""

A_WHILE = timedelta(seconds=5)


@contextmanager
def translated(now: datetime) -> Iterator[None]:
    """Raise what the library raises as what it means to us. `now` is aware."""
    try:
        yield
    except (HTTPException, LoginFailure, BucketEmpty, aiohttp.ClientError, OSError) as error:
        raise meaning(error, now) from error


def meaning(error: Exception, now: datetime) -> ChannelError:
    """Return what an error of the library means."""
    match error:
        case BucketEmpty():
            return RateLimited(
                "this route's own limit is used up",
                until=now + timedelta(seconds=error.retry_after),
                code="bucket",
            )
        case LoginFailure():
            return Unauthorized("Discord refuses the bot's token", code="401")
        case HTTPException():
            return _refusal(error, now)
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return Unreachable(_unreached(error), code="connect")
        case _:
            return OutcomeUnknown("the connection to Discord broke", code=type(error).__name__)


def _unreached(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "the name of Discord's server cannot be found"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "the certificate that Discord's address shows is not trusted"
        case aiohttp.ConnectionTimeoutError():
            return "Discord's server does not answer"
        case _:
            return "nothing accepts a connection at Discord's address"


def _refusal(error: HTTPException, now: datetime) -> ChannelError:
    code = str(error.code or error.status)
    if error.status == HTTPStatus.TOO_MANY_REQUESTS or error.code in WAIT:
        return _limited(error, now)
    if error.status == HTTPStatus.UNAUTHORIZED:
        return Unauthorized("Discord refuses the bot's token", code=code)
    if error.code == OVERLOADED:
        return Unreachable("Discord is overloaded", code=code)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutcomeUnknown(f"Discord failed: {error.status}", code=str(error.status))
    if error.status == HTTPStatus.FORBIDDEN and not error.code:
        return _banned(error, now)
    return _kind(error)(error.text, code=code)


def _kind(error: HTTPException) -> type[Gone | Rejected]:
    if error.code in GONE:
        return Gone
    if error.code in CHANGE:
        return ChangeRefused
    if error.code in FILES or error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return FileRefused
    return FormRefused if error.code in FORM else Rejected


def _limited(error: HTTPException, now: datetime) -> RateLimited:
    headers = error.response.headers
    is_ours = error.status != HTTPStatus.TOO_MANY_REQUESTS or error.code or "Via" in headers
    if not is_ours:
        return _banned(error, now)
    is_global = headers.get("X-RateLimit-Global") or headers.get("X-RateLimit-Scope") == "global"
    code = "global" if is_global else str(error.code or error.status)
    until = now + (_seconds(headers.get("Retry-After")) or A_WHILE)
    return RateLimited("too many calls", until=until, code=code)


def _banned(error: HTTPException, now: datetime) -> RateLimited:
    """Return what a refusal means that is not Discord's own, but of Cloudflare before it."""
    wait = _seconds(error.response.headers.get("Retry-After")) or BAN
    return RateLimited("Cloudflare refuses this address", until=now + wait, code="cloudflare")


def _seconds(text: str | None) -> timedelta | None:
    try:
        return timedelta(seconds=float(text)) if text else None
    except (ValueError, OverflowError):
        return None
