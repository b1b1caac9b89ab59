"""What Twilio's errors mean to us, all of them, in one place.

Some come as the answer to a call; the codes from 63000 on mostly come later, as the status of a
message that had been taken. Source: https://www.twilio.com/docs/api/errors
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus

import httpx
from twilio.base.exceptions import TwilioException

from bridge.domain.errors import (
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
from bridge.domain.numerals import number_of
from bridge.domain.parts import Less
from bridge.ports.clock import Clock
from channels.whatsapp.transport import Throttled

WINDOW_CLOSED = "63016"

PAUSE = timedelta(seconds=30)
"""How long to be quiet when Twilio says "too many" and not until when."""

REFUSED_LOGINS = frozenset({20003, 20005, 20006, 63007, 21212, 21606})
"""Wrong credentials, account suspended, no permission, or a sender that is not ours."""

CLOSED_CHATS = frozenset({21211, 21610, 21614, 63003, 63014, 63015, 63016, 63024, 63032, 63049})
"""No such number, unsubscribed, blocked, sandbox not joined, window over, refused by Meta."""

BUSY = frozenset({14107, 20429, 21611, 63017, 63018, 63038})
OUT_OF_ORDER = frozenset({20503, 30001, 63010, 63012, 63023})

FORM = frozenset({21655, 21656, 63005, 63021, 63027, 63028, 63040, 63041, 63042})
"""The template is unknown, paused or wrongly filled, or the message is malformed."""

FILES = frozenset({12300, 21620, 21623, 63019, 63020})
"""The file cannot be had, or is of no kind that WhatsApp takes."""

NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
)


@contextmanager
def translated(clock: Clock) -> Iterator[None]:
    """Raise whatever a call to Twilio raises as the `ChannelError` that it means."""
    try:
        yield
    except (TwilioException, httpx.HTTPError, httpx.InvalidURL, Throttled, ValueError) as error:
        raise meaning(error, clock) from error


def meaning(error: Exception, clock: Clock) -> ChannelError:
    """Return what went wrong, in our words."""
    match error:
        case Throttled(after=after):
            until = clock.now() + (after or PAUSE)
            return RateLimited("Twilio asks for a pause", until=until, code="20429")
        case TwilioException():
            return _refusal(error, clock)
        case httpx.ConnectError() | httpx.TimeoutException() | httpx.HTTPError():
            kind = Unreachable if isinstance(error, NEVER_SENT) else OutcomeUnknown
            return kind("Twilio does not answer", code=type(error).__name__)
        case _:
            return OutcomeUnknown("Twilio's answer cannot be read", code="unreadable")


def _refusal(error: TwilioException, clock: Clock) -> ChannelError:
    status, code = _status(error), _code(error)
    words = str(getattr(error, "msg", "") or getattr(error, "title", "") or "Twilio refuses")
    if code in BUSY:
        return RateLimited(words, until=clock.now() + PAUSE, code=str(code))
    if status == HTTPStatus.UNAUTHORIZED or code in REFUSED_LOGINS:
        return Unauthorized(words, code=str(code))
    if code in CLOSED_CHATS:
        return Gone(words, code=str(code))
    if status == HTTPStatus.SERVICE_UNAVAILABLE or code in OUT_OF_ORDER:
        return Unreachable(words, code=str(code))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return OutcomeUnknown(words, code=str(code))
    return _kind(code)(words, code=str(code))


def _kind(code: int) -> type[Rejected]:
    if code in FILES:
        return FileRefused
    return FormRefused if code in FORM else Rejected


def _status(error: TwilioException) -> int:
    # A failed list is a bare exception, with the answer as its second argument.
    answer = error.args[1] if len(error.args) > 1 else None
    return int(getattr(error, "status", 0) or getattr(answer, "status_code", 0))


def _code(error: TwilioException) -> int:
    return int(getattr(error, "code", 0) or 0) or _status(error)


def is_for_later(code: str) -> bool:
    """Say whether a message that failed with this code may be shown once the person writes again.

    Also what was only busy: parked it is not lost, and no second copy is ever made of it unasked.
    """
    return number_of(code) in CLOSED_CHATS | BUSY | OUT_OF_ORDER


def less_of(code: str) -> Less:
    """Return in how much less a message that failed with this code may be taken; "" in no less."""
    number = number_of(code)
    if number in FILES:
        return "without_file"
    return "plain" if number in FORM else ""


FIXES = {
    "20003": "copy the account SID and the auth token anew from the Console's first page",
    "20005": "the account is suspended: look into the Console for why",
    "21610": "they wrote STOP: ask them to write START",
    "63003": "this number or id has no WhatsApp",
    "63007": "set `number` to a WhatsApp sender of this account (Console: Messaging, Senders)",
    "63015": "ask them to join the sandbox first: Messaging, Try it out, shows the code to send",
    "63016": "set `templates.reopen` to an approved template, so that they are asked to write",
    "63018": "too many messages to one person: nothing to do, it is paced",
    "63019": "Twilio could not fetch a file: is `http.public_url` right and reachable?",
    "63032": "Meta does not deliver to this person",
}
"""What an operator can do about what happens."""
