"""Why Telegram cannot be used, in words."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.domain.errors import OutcomeUnknown, RateLimited, Rejected, Unauthorized, Unreachable
from channels.telegram import doctor
from channels.telegram.doctor import complaint

ROOT = Path(__file__).parents[3]
CERTIFICATE = "httpx.ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"
NAME = "httpx.ConnectError: [Errno -2] Name or service not known"


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (Unauthorized(code="401"), doctor.REVOKED),
        (Unauthorized(code="404"), doctor.MALFORMED),
        (Unreachable("terminated by other getUpdates request", code="409"), doctor.POLLER),
        (Unreachable("can't use getUpdates while webhook is active", code="409"),
         doctor.HOOKED),
        (Unreachable(code="not_telegram"), doctor.WEB_PAGE),
        (Unreachable(CERTIFICATE, code="ConnectError"), doctor.CERTIFICATE),
        (Unreachable(NAME, code="ConnectError"), doctor.NO_NAME),
        (Unreachable("Connection refused", code="ConnectError"), doctor.REFUSED),
        (Unreachable(code="ConnectTimeout"), doctor.NO_ANSWER),
        (OutcomeUnknown(code="ReadTimeout"), doctor.NO_ANSWER),
        (Unreachable(code="ProxyError"), doctor.PROXY),
        (OutcomeUnknown(code="5xx"), doctor.FAILING),
        (Rejected("who knows", code="400"), doctor.OTHER),
    ],
)  # fmt: skip
def test_each_failure_has_words_of_its_own(error, found):
    assert complaint(error) == found


def test_a_wait_says_until_when():
    until = datetime(2026, 3, 2, 9, 0, 7, tzinfo=UTC)
    assert "09:00:07 UTC" in complaint(RateLimited(until=until)).detail


def test_no_two_say_the_same_and_each_says_what_to_do():
    known = [each for each in vars(doctor).values() if isinstance(each, doctor.Complaint)]
    assert len({each.detail for each in known}) == len(known) > 10
    assert all(each.fix for each in known)


def test_each_is_on_the_page_about_telegram():
    page = (ROOT / "docs" / "channels" / "telegram.md").read_text()
    known = [each for each in vars(doctor).values() if isinstance(each, doctor.Complaint)]
    assert [each.detail for each in known if each.detail not in page] == []
