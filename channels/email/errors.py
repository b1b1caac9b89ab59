"""What the servers' refusals mean to us, all of them, in one place.

Source: RFC 5321, 4.2 (codes), RFC 3463 (enhanced codes), RFC 5530 (codes of IMAP).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from ssl import SSLError
from typing import Literal

from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
)
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

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
from channels.email.limits import BUSY, USED_UP_FOR

Stage = Literal["connect", "sender", "recipient", "body"]
"""How far a mail had got. Once its body is under way, nobody knows without an answer."""

PERMANENT = 500
LOGIN = frozenset({"530", "534", "535", "538"})
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_PACED = re.compile(r"rate|too many|greylist|grey-list|throttl|quota exceeded", re.IGNORECASE)
_USED_UP = re.compile(
    r"\b(?:daily|hourly|per (?:day|hour)|24[ -]hours?|sending|submission|outgoing|message rate)\b"
    r".{0,80}?\b(?:limits?|quotas?|exceed(?:ed|s)?|reached)\b"
    r"|SubmissionQuotaExceeded|unusual sending activity",
    re.IGNORECASE | re.DOTALL,
)
"""What providers say for good (5xx) of an account that sent all that it may for now."""

USED_UP = frozenset({"5.1.90", "5.4.5"})
"""Microsoft's and Google's codes for that."""

_FILES = re.compile(r"attachment|virus|malware|file type|extension", re.IGNORECASE)
_LATER = re.compile(r"\[(?:UNAVAILABLE|LIMIT|INUSE|SERVERBUG|CONTACTADMIN)\]", re.IGNORECASE)
TOO_LARGE = frozenset({"5.2.3", "5.3.4"})
POLICY = "5.7."
FORM = "5.6."


def smtp_meaning(
    error: Exception, stage: Stage, now: datetime, *, has_files: bool = False
) -> ChannelError:
    """Return what went wrong while sending, in our words."""
    match error:
        case SMTPResponseException(code=code, message=said) if code >= 400:  # noqa: PLR2004
            is_login = isinstance(error, SMTPAuthenticationError)
            return _refused(
                code, str(said), "connect" if is_login else stage, now, has_files=has_files
            )
        case _ if stage == "body":
            return OutcomeUnknown("the mail server did not answer", code=type(error).__name__)
        case _:
            return Unreachable(_words(error), code=type(error).__name__)


def _refused(code: int, said: str, stage: Stage, now: datetime, *, has_files: bool) -> ChannelError:
    found = _ENHANCED.search(said)
    enhanced = found[1] if found else ""
    words, told = " ".join(said.split())[:300], enhanced or str(code)
    if code < PERMANENT:
        if stage != "connect" and (enhanced.startswith("4.7.") or _PACED.search(said)):
            return RateLimited(words, until=now + BUSY, code=told)
        return Unreachable(words, code=told)
    if stage != "connect" and (enhanced in USED_UP or _USED_UP.search(words)):
        return RateLimited(words, until=now + USED_UP_FOR, code=told)
    if str(code) in LOGIN or (stage == "sender" and enhanced not in TOO_LARGE):
        return Unauthorized(words, code=told)
    if stage == "connect":
        return Unreachable(words, code=told)
    if enhanced in TOO_LARGE or (not enhanced and code == 552):  # noqa: PLR2004
        return (FileRefused if has_files else Rejected)(words, code=told)
    if stage == "recipient":
        return Gone(words, code=told)
    if has_files and _FILES.search(said):
        return FileRefused(words, code=told)
    return (FormRefused if enhanced.startswith(FORM) else Rejected)(words, code=told)


@contextmanager
def imap_translated() -> Iterator[None]:
    """Raise whatever a call to the IMAP server raises as the `ChannelError` that it means."""
    try:
        yield
    except LoginError as error:
        is_later = _LATER.search(str(error)) is not None
        raise (Unreachable if is_later else Unauthorized)(_words(error), code="login") from error
    except (IMAPClientAbortError, SSLError, OSError) as error:
        raise Unreachable(_words(error), code=type(error).__name__) from error
    except IMAPClientError as error:
        is_later = _LATER.search(str(error)) is not None
        raise (Unreachable if is_later else Rejected)(_words(error), code="no") from error
    except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        # What a server says that the library cannot read, and what it says while it is cut off.
        raise Unreachable("the mail server's answer cannot be read", code="unreadable") from error


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


SMTP_ERRORS = (SMTPException, OSError, ValueError, UnicodeError)
"""What sending may raise."""
