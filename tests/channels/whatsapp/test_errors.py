"""Each of Twilio's errors has one meaning here."""

from datetime import timedelta

import httpx
import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.response import Response

from bridge.domain.errors import (
    FileRefused,
    FormRefused,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from channels.whatsapp.errors import FIXES, PAUSE, is_for_later, less_of, meaning, translated
from channels.whatsapp.transport import Throttled
from tests.stores import AT, StillClock


def rest(status: int, code: int | None = None) -> TwilioRestException:
    return TwilioRestException(status, "/Messages.json", "words", code or status, "POST")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, 20003, Unauthorized),
        (401, 20005, Unauthorized),
        (403, 20006, Unauthorized),
        (400, 63007, Unauthorized),
        (400, 21606, Unauthorized),
        (400, 21211, Gone),
        (400, 21610, Gone),
        (400, 21614, Gone),
        (400, 63003, Gone),
        (400, 63014, Gone),
        (400, 63015, Gone),
        (400, 63016, Gone),
        (400, 63024, Gone),
        (400, 63032, Gone),
        (400, 63049, Gone),
        (400, 21617, Rejected),
        (400, 21619, Rejected),
        (400, 21655, FormRefused),
        (400, 63005, FormRefused),
        (400, 63019, FileRefused),
        (400, 63021, FormRefused),
        (400, 63027, FormRefused),
        (400, 63041, FormRefused),
        (404, 20404, Rejected),
        (418, None, Rejected),
        (400, 14107, RateLimited),
        (429, 20429, RateLimited),
        (400, 21611, RateLimited),
        (400, 63018, RateLimited),
        (400, 63038, RateLimited),
        (503, 20503, Unreachable),
        (503, None, Unreachable),
        (400, 30001, Unreachable),
        (400, 63010, Unreachable),
        (500, 20500, OutcomeUnknown),
        (502, None, OutcomeUnknown),
        (504, None, OutcomeUnknown),
        (408, None, OutcomeUnknown),
    ],
)
def test_an_answer_means(status, code, kind):
    error = meaning(rest(status, code), StillClock())
    assert type(error) is kind
    assert error.code == str(code or status)
    assert "words" in str(error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("refused"), Unreachable),
        (httpx.ConnectTimeout("slow"), Unreachable),
        (httpx.PoolTimeout("busy"), Unreachable),
        (httpx.ReadTimeout("slow"), OutcomeUnknown),
        (httpx.WriteTimeout("slow"), OutcomeUnknown),
        (httpx.ReadError("reset"), OutcomeUnknown),
        (httpx.RemoteProtocolError("closed"), OutcomeUnknown),
        (ValueError("not JSON"), OutcomeUnknown),
    ],
)
def test_a_call_that_got_no_answer_means(error, kind):
    assert type(meaning(error, StillClock())) is kind


def test_the_newer_shape_of_errors_means_the_same():
    error = TwilioServiceException("t", "Too many", 429, 20429, method="POST", uri="/")
    assert isinstance(meaning(error, StillClock()), RateLimited)


def test_a_failed_list_is_read_from_its_answer():
    error = TwilioException("Unable to fetch page", Response(401, "{}"))
    assert isinstance(meaning(error, StillClock()), Unauthorized)


def test_too_many_waits_as_long_as_twilio_says_else_as_long_as_we_do():
    assert meaning(Throttled(timedelta(seconds=7)), StillClock()).until == AT + timedelta(seconds=7)
    assert meaning(Throttled(None), StillClock()).until == AT + PAUSE


def test_nothing_else_is_taken_for_twilios():
    with pytest.raises(ZeroDivisionError), translated(StillClock()):
        raise ZeroDivisionError


@pytest.mark.parametrize("code", ["", "nonsense", "63019", "²", "٦٣٠١٦", "9" * 5000])
def test_what_no_one_will_ever_see_is_not_for_later(code):
    assert not is_for_later(code)


@pytest.mark.parametrize(
    ("code", "less"),
    [
        ("63019", "without_file"),
        ("63027", "plain"),
        ("63013", ""),
        ("", ""),
        ("nonsense", ""),
        ("²", ""),
    ],
)
def test_what_failed_later_may_be_taken_in_less(code, less):
    assert less_of(code) == less


def test_every_fix_says_something_of_its_own():
    assert len(set(FIXES.values())) == len(FIXES)
