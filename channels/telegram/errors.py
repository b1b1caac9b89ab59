"""What a failed call to the Bot API means for the bridge: one table, and nothing else decides.

- Telegram's own words ("Bad Request: chat not found") say what is wrong with a refused request; the
  library keeps them as the message, so they are compared in small letters.
- A page that is no JSON comes from something in between. A refusal by it never reached Telegram; of
  a failure (5xx) nobody knows whether the request got through.
- A connection that could not be opened carried nothing. One that broke later may have carried
  everything: the outcome is unknown, and Telegram has no way to find out.

See https://core.telegram.org/bots/api#making-requests.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bridge.domain.errors import (
    ChangeRefused,
    ChannelError,
    FileRefused,
    FormRefused,
    Gone,
    Moved,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TextRefused,
    Unauthorized,
    Unreachable,
)
from channels.telegram.limits import UNSAID_WAIT

NOT_MODIFIED = "not_modified"
NOT_FOUND = "message_not_found"
ENTITIES = "entities"
NO_TEXT = "no_text_to_edit"
UNFIT_FILE = "unfit_file"
STALE = "query_too_old"
PAGE = "not_telegram"
BUSY = "file_unavailable"
CONFLICT = "409"

REFUSALS: tuple[tuple[str, type[Gone | Rejected | Unreachable], str], ...] = (
    ("message is not modified", Rejected, NOT_MODIFIED),
    ("message to edit not found", ChangeRefused, NOT_FOUND),
    ("message to delete not found", ChangeRefused, NOT_FOUND),
    ("message to react not found", ChangeRefused, NOT_FOUND),
    ("message_id_invalid", ChangeRefused, NOT_FOUND),
    ("message can't be edited", ChangeRefused, "cannot_be_edited"),
    ("message can't be deleted", ChangeRefused, "cannot_be_deleted"),
    ("there is no text in the message", ChangeRefused, NO_TEXT),
    ("message is too long", Rejected, "too_long"),
    ("caption is too long", Rejected, "too_long"),
    ("message text is empty", Rejected, "empty"),
    ("text must be non-empty", Rejected, "empty"),
    ("button_data_invalid", FormRefused, "button_value"),
    ("button_", FormRefused, "buttons"),
    ("reply_markup", FormRefused, "buttons"),
    ("inline keyboard", FormRefused, "buttons"),
    ("message to be replied not found", FormRefused, "reply"),
    ("reply message not found", FormRefused, "reply"),
    ("query is too old", Rejected, STALE),
    ("query_id_invalid", Rejected, STALE),
    ("can't parse entities", FormRefused, ENTITIES),
    ("entity_", FormRefused, ENTITIES),
    ("entities_", FormRefused, ENTITIES),
    ("photo_invalid_dimensions", FileRefused, UNFIT_FILE),
    ("image_process_failed", FileRefused, UNFIT_FILE),
    ("photo_ext_invalid", FileRefused, UNFIT_FILE),
    ("voice_messages_forbidden", FileRefused, UNFIT_FILE),
    ("file is too big", FileRefused, "too_big"),
    ("file must be non-empty", FileRefused, "empty_file"),
    ("temporarily unavailable", Unreachable, BUSY),
    ("chat not found", Gone, "chat_not_found"),
    ("peer_id_invalid", Gone, "chat_not_found"),
    ("user not found", Gone, "chat_not_found"),
    ("message thread not found", Gone, "topic_not_found"),
    ("topic_deleted", Gone, "topic_not_found"),
    ("topic_closed", Gone, "topic_closed"),
    ("group chat was deactivated", Gone, "chat_deactivated"),
    ("chat_write_forbidden", Gone, "may_not_write"),
    ("rights to send text", TextRefused, "may_not_write"),
    ("rights to send a message", Gone, "may_not_write"),
    ("rights to send", FileRefused, "may_not_send_files"),
    ("chat_restricted", Gone, "may_not_write"),
    ("chat_send_plain_forbidden", TextRefused, "may_not_write"),
    ("chat_send_", FileRefused, "may_not_send_files"),
    ("need administrator rights", Gone, "may_not_write"),
    ("user_is_blocked", Gone, "blocked"),
    ("channel_private", Gone, "kicked"),
)
"""What Telegram's words contain, and what they mean; anything else is `Rejected`.

A group may forbid its members texts, and each kind of file, by itself (ChatPermissions).
"""

NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)

STATUS = re.compile(r"\((\d{3})\)")
SECONDS = re.compile(r"retry after (\d+)")


def meaning(error: TelegramError, now: Callable[[], datetime]) -> ChannelError:
    """Return the error of the port for one of the library's. Only a rate limit asks the clock."""
    if isinstance(error.__cause__, InvalidToken):
        error = error.__cause__  # for a raw request the library puts its own guess around it
    if isinstance(error.__cause__, TelegramError):
        page = _page(error)
        if page is not None:
            return page
    match error:
        case RetryAfter():
            return RateLimited(str(error), until=now() + _wait(error), code="429")
        case ChatMigrated(new_chat_id=chat):
            return Moved("the group has become a supergroup", place=str(chat), code="migrated")
        case InvalidToken() | EndPointNotFound():
            status = "404" if "not found" in str(error).lower() else "401"
            return Unauthorized("Telegram refuses the bot's token", code=status)
        case Forbidden() if (said := _said(str(error))) is not None:
            return said
        case Forbidden():
            return Gone(str(error), code=_forbidden(str(error)))
        case Conflict():
            return Unreachable(str(error), code=CONFLICT)
        case BadRequest():
            return _bad_request(str(error))
        case NetworkError():
            return _network(error, now)
        case _:
            return OutcomeUnknown(str(error), code=PAGE)


def _page(error: TelegramError) -> ChannelError | None:
    """Return what an answer that is no JSON means, None when its status cannot be told."""
    status = STATUS.search(str(error))
    match int(status[1]) if status else 0:
        case 0:
            return None
        case 413:
            return FileRefused("this file is too large for the server", code="too_big")
        case code if code < 500:  # noqa: PLR2004 - HTTP's classes
            return Unreachable("what answers there is not Telegram", code=PAGE)
        case code:
            return OutcomeUnknown("what answers there is not Telegram", code=str(code))


def _wait(error: RetryAfter) -> timedelta:
    wait = error.retry_after
    return wait if isinstance(wait, timedelta) else timedelta(seconds=wait)


def _forbidden(words: str) -> str:
    for word in ("blocked", "kicked", "deactivated", "initiate"):
        if word in words.lower():
            return word
    return "403"


def _bad_request(words: str) -> ChannelError:
    return _said(words) or Rejected(words, code="400")


def _said(words: str) -> ChannelError | None:
    """Return what the words of a refusal mean, None where they are not known."""
    small = words.lower()
    return next(
        (kind(words, code=code) for fragment, kind, code in REFUSALS if fragment in small), None
    )


def _network(error: NetworkError, now: Callable[[], datetime]) -> ChannelError:
    small = str(error).lower()
    if isinstance(error.__cause__, NEVER_SENT):
        return Unreachable(str(error), code=type(error.__cause__).__name__)
    if isinstance(error.__cause__, Exception):
        return OutcomeUnknown(str(error), code=type(error.__cause__).__name__)
    if small.startswith("too many requests"):
        told = SECONDS.search(small)
        wait = timedelta(seconds=int(told[1])) if told else UNSAID_WAIT
        return RateLimited(str(error), until=now() + wait, code="429")
    if small.startswith("request entity too large"):
        return FileRefused(str(error), code="too_big")
    return OutcomeUnknown(str(error), code="5xx")


def code_of(error: BadRequest) -> str:
    """Return the short code of a refused request."""
    return _bad_request(str(error)).code
