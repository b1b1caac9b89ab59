"""Why Telegram cannot be used, in words."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.errors import OutcomeUnknown, RateLimited, Rejected, Unauthorized, Unreachable
from channels.telegram import complaints, doctor
from channels.telegram.complaints import complaint

ROOT = Path(__file__).parents[3]
CERTIFICATE = "httpx.ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"
NAME = "httpx.ConnectError: [Errno -2] Name or service not known"


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (Unauthorized(code="401"), complaints.REVOKED),
        (Unauthorized(code="404"), complaints.MALFORMED),
        (Unreachable("terminated by other getUpdates request", code="409"), complaints.POLLER),
        (Unreachable("can't use getUpdates while webhook is active", code="409"),
         complaints.HOOKED),
        (Unreachable(code="not_telegram"), complaints.WEB_PAGE),
        (Unreachable(CERTIFICATE, code="ConnectError"), complaints.CERTIFICATE),
        (Unreachable(NAME, code="ConnectError"), complaints.NO_NAME),
        (Unreachable("Connection refused", code="ConnectError"), complaints.REFUSED),
        (Unreachable(code="ConnectTimeout"), complaints.NO_ANSWER),
        (OutcomeUnknown(code="ReadTimeout"), complaints.NO_ANSWER),
        (Unreachable(code="ProxyError"), complaints.PROXY),
        (OutcomeUnknown(code="5xx"), complaints.FAILING),
        (Rejected("who knows", code="400"), complaints.OTHER),
    ],
)  # fmt: skip
def test_each_failure_has_words_of_its_own(error, found):
    assert complaint(error) == found


def test_a_wait_says_until_when():
    until = datetime(2026, 3, 2, 9, 0, 7, tzinfo=UTC)
    assert "09:00:07 UTC" in complaint(RateLimited(until=until)).detail


def test_no_two_say_the_same_and_each_says_what_to_do():
    known = [each for each in vars(complaints).values() if isinstance(each, complaints.Complaint)]
    assert len({each.detail for each in known}) == len(known) > 10
    assert all(each.fix for each in known)


def test_each_is_on_the_page_about_telegram():
    page = (ROOT / "docs" / "channels" / "telegram.md").read_text()
    known = [
        each
        for module in (complaints, doctor)
        for each in vars(module).values()
        if isinstance(each, complaints.Complaint)
    ]
    assert [each.detail for each in known if each.detail not in page] == []
