"""What Slack's refusals and broken connections mean to the bridge: the one table of it.

The rules:

- Slack answers 200 with `ok: false` and a word. A word not listed here refuses this one message for
  what it says.
- `fatal_error`, `internal_error` and any 5xx may come after the work was done: the outcome is
  unknown. So it is with an answer that is not JSON, and with a connection that broke later than
  while connecting.
- `missing_scope` refuses the account: nothing else that needs the scope would work either.

Source: the "Errors" of each method at https://docs.slack.dev/reference/methods.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

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
from bridge.domain.numerals import number_of
from channels.slack.limits import RATE_LIMITED

UNAUTHORIZED = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "app_uninstalled",
        "missing_scope",
        "not_allowed_token_type",
        "two_factor_setup_required",
        "user_removed_from_team",
        "team_disabled",
        "team_access_not_granted",
        "forbidden_team",
        "enterprise_is_restricted",
        "accesslimited",
        "link_disabled",
    }
)
"""The account's credentials are not enough."""

GONE = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "is_inactive",
        "messages_tab_disabled",
        "cannot_dm_bot",
        "user_disabled",
        "user_not_found",
        "thread_not_found",
        "cannot_reply_to_message",
        "invalid_channel",
        "posting_to_channel_denied",
        "no_permission",
        "ekm_access_denied",
        "access_denied",
    }
)
"""The place is closed to us; so is whatever begins with `restricted_action`."""

FORM = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "block_mismatch",
        "invalid_attachments",
        "invalid_metadata_format",
        "metadata_too_large",
        "markdown_text_conflict",
        "msg_blocks_too_long",
        "msg_too_long",
    }
)
CHANGE = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "cant_delete_message",
        "edit_window_closed",
        "compliance_exports_prevent_deletion",
        "streaming_state_conflict",
    }
)
FILES = frozenset(
    {
        "file_uploads_disabled",
        "file_uploads_except_images_disabled",
        "file_upload_size_restricted",
        "storage_limit_reached",
        "blocked_file_type",
        "slack_connect_file_upload_sharing_blocked",
        "slack_connect_clip_sharing_blocked",
        "slack_connect_blocked_file_type",
        "slack_connect_canvas_sharing_blocked",
        "file_not_found",
        "file_deleted",
    }
)
"""What of a message is refused: its form, its change, its files."""

LATER = frozenset(
    {
        "service_unavailable",
        "request_timeout",
        "org_login_required",
        "team_added_to_org",
        "message_limit_exceeded",
        "external_channel_migrating",
    }
)
"""Surely not done; may work later."""

UNSAID = frozenset(
    {
        "fatal_error",
        "internal_error",
        "update_failed",
        "duplicate_message_not_found",
        "duplicate_channel_not_found",
    }
)
"""Slack itself does not know how much was done."""

LIMITED = frozenset({"ratelimited", "rate_limited"})

TOO_MANY = 429
SERVER_ERROR = 500


def translated(error: Exception, *, now: datetime) -> ChannelError:
    """Return what an error of Slack's libraries, or of the connection, means."""
    match error:
        case ChannelError():
            return error
        case SlackApiError():
            status, body, headers = _answer(error.response)
            return refusal(status, body, headers, now=now)
        case aiohttp.ClientConnectorDNSError():
            return Unreachable("the name of Slack's server cannot be found", code="connect")
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return Unreachable("Slack cannot be reached", code="connect")
        case aiohttp.InvalidURL() | SlackClientError():
            return Rejected("the request cannot be made", code=type(error).__name__)
        case TimeoutError():
            return OutcomeUnknown("Slack did not answer in time", code="timeout")
        case _:
            return OutcomeUnknown("the connection to Slack broke", code=type(error).__name__)


def refusal(
    status: int, body: object, headers: Mapping[str, str], *, now: datetime
) -> ChannelError:
    """Return what an answer means that is not `ok`."""
    code = str(body.get("error") or "") if isinstance(body, Mapping) else ""
    if status == TOO_MANY or code in LIMITED:
        until = now + _retry_after(headers)
        return RateLimited("Slack asks to wait", until=until, code=code or "ratelimited")
    if code:
        return _meaning(code, body if isinstance(body, Mapping) else {})
    if status >= SERVER_ERROR:
        return OutcomeUnknown(f"Slack answered {status}", code=f"http_{status}")
    return OutcomeUnknown(f"Slack answered {status} without JSON", code="not_json")


def _meaning(code: str, body: Mapping[str, Any]) -> ChannelError:
    if code == "missing_scope":
        needed = str(body.get("needed") or "a scope")
        return Unauthorized(f"Slack wants the scope {needed}", code=code)
    if code in UNAUTHORIZED:
        return Unauthorized(f"Slack refuses the credentials: {code}", code=code)
    if code in GONE or code.startswith("restricted_action"):
        return Gone(f"Slack closed this place: {code}", code=code)
    if code in LATER:
        return Unreachable(f"Slack is not available: {code}", code=code)
    if code in UNSAID:
        return OutcomeUnknown(f"Slack failed: {code}", code=code)
    return _refused(code)(f"Slack refuses this: {code}", code=code)


def _refused(code: str) -> type[Rejected]:
    kinds = ((FORM, FormRefused), (CHANGE, ChangeRefused), (FILES, FileRefused))
    return next((kind for codes, kind in kinds if code in codes), Rejected)


def _answer(response: Any) -> tuple[int, object, Mapping[str, str]]:
    """Return status, body and headers of a SlackResponse, or of what aiohttp returned."""
    status = getattr(response, "status_code", None) or getattr(response, "status", 0)
    return int(status or 0), getattr(response, "data", None), getattr(response, "headers", {})


def _retry_after(headers: Mapping[str, str]) -> timedelta:
    said = next((each for name, each in headers.items() if name.lower() == "retry-after"), "")
    seconds = number_of(said)
    return timedelta(seconds=seconds) if seconds is not None else RATE_LIMITED
