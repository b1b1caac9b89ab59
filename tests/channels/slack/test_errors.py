"""Each of Slack's refusals means what it is handled by, certain or not."""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from slack_sdk.errors import SlackApiError, SlackRequestError

from bridge.domain.errors import (
    ChangeRefused,
    FileRefused,
    FormRefused,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from channels.slack import errors

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = ConnectionKey(
    "slack.com", 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None
)


class Response:
    """What Slack's client gives along with an error."""

    def __init__(self, status=200, data=None, headers=None):
        self.status_code, self.data, self.headers = status, data, headers or {}


def meaning(code, *, status=200, headers=None, **more):
    data = {"ok": False, "error": code, **more}
    error = SlackApiError("no", Response(status, data, headers))
    return errors.translated(error, now=NOW)


TABLE = {
    Unauthorized: "invalid_auth not_authed account_inactive token_revoked token_expired "
    "app_uninstalled missing_scope not_allowed_token_type team_access_not_granted",
    Gone: "channel_not_found not_in_channel is_archived messages_tab_disabled restricted_action "
    "restricted_action_read_only_channel restricted_action_thread_locked cannot_dm_bot "
    "user_disabled thread_not_found cannot_reply_to_message no_permission ekm_access_denied",
    FormRefused: "msg_too_long msg_blocks_too_long invalid_blocks invalid_blocks_format "
    "markdown_text_conflict metadata_too_large block_mismatch",
    ChangeRefused: "message_not_found cant_update_message edit_window_closed "
    "streaming_state_conflict",
    FileRefused: "file_uploads_disabled storage_limit_reached file_not_found",
    Rejected: "no_text a_word_nobody_knows",
    Unreachable: "service_unavailable request_timeout org_login_required team_added_to_org "
    "message_limit_exceeded external_channel_migrating",
    OutcomeUnknown: "internal_error fatal_error update_failed",
    RateLimited: "ratelimited rate_limited",
}


@pytest.mark.parametrize(
    ("code", "error"), [(code, error) for error, codes in TABLE.items() for code in codes.split()]
)
def test_a_word_means_one_class_and_is_kept(code, error):
    found = meaning(code)
    assert type(found) is error
    assert found.code == code
    assert found.certain is (error is not OutcomeUnknown)


def test_a_missing_scope_is_named():
    assert "chat:write" in str(meaning("missing_scope", needed="chat:write"))


@pytest.mark.parametrize("header", ["Retry-After", "retry-after"])
def test_too_often_says_until_when(header):
    found = meaning("ratelimited", status=429, headers={header: "12"})
    assert found.until == NOW + timedelta(seconds=12)


@pytest.mark.parametrize(
    "headers", [{}, {"Retry-After": "soon"}, {"Retry-After": "²"}, {"Retry-After": "9" * 30}]
)
def test_too_often_without_a_time_waits_a_while(headers):
    found = errors.translated(SlackApiError("no", Response(429, {}, headers)), now=NOW)
    assert found.until == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("status", "data", "code"),
    [
        (500, {}, "http_500"),
        (502, "<html>", "http_502"),
        (504, None, "http_504"),
        (200, {}, "not_json"),
        (404, "<html>", "not_json"),
    ],
)
def test_an_answer_that_is_none_leaves_the_outcome_open(status, data, code):
    found = errors.translated(SlackApiError("no", Response(status, data)), now=NOW)
    assert (type(found), found.code) == (OutcomeUnknown, code)


def test_what_aiohttp_returned_instead_of_an_answer_is_understood_too():
    class ClientResponse:
        status = 502
        headers: Mapping[str, str] = MappingProxyType({})

    found = errors.translated(SlackApiError("no", ClientResponse()), now=NOW)
    assert (type(found), found.code) == (OutcomeUnknown, "http_502")


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (aiohttp.ClientConnectorError(KEY, OSError("refused")), Unreachable),
        (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError("no")), Unreachable),
        (aiohttp.ClientConnectorDNSError(KEY, OSError("unknown host")), Unreachable),
        (aiohttp.ConnectionTimeoutError(), Unreachable),
        (aiohttp.ServerDisconnectedError(), OutcomeUnknown),
        (aiohttp.ClientOSError(104, "reset"), OutcomeUnknown),
        (aiohttp.ClientPayloadError(), OutcomeUnknown),
        (aiohttp.SocketTimeoutError(), OutcomeUnknown),
        (TimeoutError(), OutcomeUnknown),
        (AttributeError("'str' object has no attribute 'get'"), OutcomeUnknown),
        (SlackRequestError("no"), Rejected),
        (aiohttp.InvalidURL("nowhere"), Rejected),
    ],
)
def test_a_broken_connection_is_certain_only_before_it_was_made(raised, error):
    assert type(errors.translated(raised, now=NOW)) is error


def test_our_own_errors_pass():
    gone = Gone(code="x")
    assert errors.translated(gone, now=NOW) is gone
