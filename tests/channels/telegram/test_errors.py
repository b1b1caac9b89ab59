"""What each failure of a call means, case by case, as the real library raises it."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
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
    TimedOut,
)

from bridge.domain.errors import (
    ChangeRefused,
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
from channels.telegram.errors import code_of, meaning

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def means(error):
    return meaning(error, lambda: NINE)


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (Forbidden("Forbidden: bot was blocked by the user"), Gone, "blocked"),
        (Forbidden("Forbidden: bot was kicked from the group chat"), Gone, "kicked"),
        (Forbidden("Forbidden: user is deactivated"), Gone, "deactivated"),
        (Forbidden("Forbidden: bot can't initiate conversation with a user"), Gone, "initiate"),
        (Forbidden("Forbidden: something new"), Gone, "403"),
        (BadRequest("Bad Request: chat not found"), Gone, "chat_not_found"),
        (BadRequest("Bad Request: PEER_ID_INVALID"), Gone, "chat_not_found"),
        (BadRequest("Bad Request: message thread not found"), Gone, "topic_not_found"),
        (BadRequest("Bad Request: TOPIC_CLOSED"), Gone, "topic_closed"),
        (BadRequest("Bad Request: group chat was deactivated"), Gone, "chat_deactivated"),
        (BadRequest("Bad Request: CHAT_WRITE_FORBIDDEN"), Gone, "may_not_write"),
        (BadRequest("Bad Request: not enough rights to send text messages to the chat"),
         TextRefused, "may_not_write"),
        (BadRequest("Bad Request: CHAT_SEND_PLAIN_FORBIDDEN"), TextRefused, "may_not_write"),
        (BadRequest("Bad Request: have no rights to send a message"), Gone, "may_not_write"),
        (BadRequest("Bad Request: not enough rights to send photos to the chat"), FileRefused,
         "may_not_send_files"),
        (BadRequest("Bad Request: not enough rights to send documents to the chat"), FileRefused,
         "may_not_send_files"),
        (BadRequest("Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN"), FileRefused, "may_not_send_files"),
        (Forbidden("Forbidden: CHAT_SEND_MEDIA_FORBIDDEN"), FileRefused, "may_not_send_files"),
        (BadRequest("Bad Request: BUTTON_URL_INVALID"), FormRefused, "buttons"),
        (BadRequest("Bad Request: message to be replied not found"), FormRefused, "reply"),
        (BadRequest("Bad Request: message is not modified: specified new"), Rejected,
         "not_modified"),
        (BadRequest("Bad Request: message to edit not found"), ChangeRefused, "message_not_found"),
        (BadRequest("Bad Request: message to delete not found"), ChangeRefused,
         "message_not_found"),
        (BadRequest("Bad Request: MESSAGE_ID_INVALID"), ChangeRefused, "message_not_found"),
        (BadRequest("Bad Request: message can't be edited"), ChangeRefused, "cannot_be_edited"),
        (BadRequest("Bad Request: message can't be deleted"), ChangeRefused, "cannot_be_deleted"),
        (BadRequest("Bad Request: message is too long"), Rejected, "too_long"),
        (BadRequest("Bad Request: message caption is too long"), Rejected, "too_long"),
        (BadRequest("Bad Request: message text is empty"), Rejected, "empty"),
        (BadRequest("Bad Request: BUTTON_DATA_INVALID"), FormRefused, "button_value"),
        (BadRequest("Bad Request: can't parse entities: unexpected end"), FormRefused, "entities"),
        (BadRequest("Bad Request: ENTITY_BOUNDS_INVALID"), FormRefused, "entities"),
        (BadRequest("Bad Request: PHOTO_INVALID_DIMENSIONS"), FileRefused, "unfit_file"),
        (BadRequest("Bad Request: VOICE_MESSAGES_FORBIDDEN"), FileRefused, "unfit_file"),
        (BadRequest("Bad Request: file is too big"), FileRefused, "too_big"),
        (BadRequest("Bad Request: query is too old and response timeout expired"), Rejected,
         "query_too_old"),
        (BadRequest("Bad Request: something new"), Rejected, "400"),
        (BadRequest("Bad Request: wrong file_id or the file is temporarily unavailable"),
         Unreachable, "file_unavailable"),
        (InvalidToken("Unauthorized"), Unauthorized, "401"),
        (InvalidToken("Not Found"), Unauthorized, "404"),
        (EndPointNotFound("Endpoint 'getUpdates' not found in Bot API"), Unauthorized, "404"),
        (caused(InvalidToken("Either the bot token was rejected"), InvalidToken("Unauthorized")),
         Unauthorized, "401"),
        (Conflict("Conflict: terminated by other getUpdates request"), Unreachable, "409"),
        (NetworkError("Internal Server Error"), OutcomeUnknown, "5xx"),
        (NetworkError("Bad Gateway"), OutcomeUnknown, "5xx"),
        (NetworkError("Request Entity Too Large"), FileRefused, "too_big"),
        (TelegramError("Invalid server response"), OutcomeUnknown, "not_telegram"),
    ],
)  # fmt: skip
def test_telegrams_words_mean(error, kind, code):
    got = means(error)
    assert type(got) is kind
    assert got.code == code


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (httpx.ConnectError("refused"), Unreachable),
        (httpx.ConnectTimeout("slow"), Unreachable),
        (httpx.PoolTimeout("full"), Unreachable),
        (httpx.ProxyError("403 Forbidden"), Unreachable),
        (httpx.UnsupportedProtocol("ftp://"), Unreachable),
        (httpx.ReadTimeout("slow"), OutcomeUnknown),
        (httpx.WriteTimeout("slow"), OutcomeUnknown),
        (httpx.ReadError("reset"), OutcomeUnknown),
        (httpx.WriteError("reset"), OutcomeUnknown),
        (httpx.RemoteProtocolError("disconnected"), OutcomeUnknown),
        (RuntimeError("what"), OutcomeUnknown),
    ],
)
def test_a_connection_that_was_never_open_carried_nothing(cause, kind):
    error = TimedOut() if isinstance(cause, httpx.TimeoutException) else NetworkError("httpx")
    got = means(caused(error, cause))
    assert type(got) is kind
    assert got.code == type(cause).__name__


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Forbidden, Unreachable),
        (BadRequest, Unreachable),
        (InvalidToken, Unreachable),
        (NetworkError, OutcomeUnknown),
    ],
)
def test_a_page_that_is_not_telegrams_says_nothing_of_the_bot(error, kind):
    status = {Forbidden: 403, BadRequest: 400, InvalidToken: 404, NetworkError: 502}[error]
    words = f"Whatever ({status}). Parsing the server response b'<html>' failed"
    got = means(caused(error(words), TelegramError("Invalid server response")))
    assert type(got) is kind


def test_a_web_servers_page_about_a_large_file_refuses_the_file():
    words = "Request Entity Too Large (413). Parsing the server response b'' failed"
    got = means(caused(NetworkError(words), TelegramError("Invalid server response")))
    assert type(got) is FileRefused


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RetryAfter(7), 7),
        (RetryAfter(timedelta(seconds=7)), 7),
        (NetworkError("Too Many Requests: retry after 9"), 9),
        (NetworkError("Too Many Requests"), 5),
    ],
)
def test_too_many_names_the_time(error, seconds):
    got = means(error)
    assert isinstance(got, RateLimited)
    assert got.until == NINE + timedelta(seconds=seconds)


def test_a_group_that_moved_names_its_new_place():
    got = means(ChatMigrated(-1001234))
    assert isinstance(got, Moved)
    assert got.place == "-1001234"


def test_the_code_alone_can_be_asked_for():
    assert code_of(BadRequest("Bad Request: message is not modified")) == "not_modified"
