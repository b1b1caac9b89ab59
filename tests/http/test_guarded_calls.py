"""How an address is called that somebody else named: what is read of a wish to wait."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.delivery.retry import LONGEST_WAIT
from bridge.domain.errors import Unreachable
from bridge.engine.clock import SystemClock
from bridge.http.guarded_calls import GuardedCalls, NotPublic, wait_of
from tests.http.receiver import LOOPBACK, receiving

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("0", 0),
        ("60", 60),
        ("9999999999", 3600),
        ("Tue, 01 Dec 2026 00:10:00 GMT", 600),
        ("Tue, 01 Dec 2026 00:10:00 -0000", 600),
        ("Tue, 01 Dec 2020 00:10:00 GMT", 0),
    ],
)
def test_a_wait_is_a_number_of_seconds_or_a_date(given: str, seconds: int) -> None:
    assert wait_of(given, NOW) == NOW + timedelta(seconds=seconds)


@given(st.text(alphabet="0123456789-+:., GMTWedOct\u0663", max_size=60))
def test_whatever_is_written_no_wait_is_longer_than_an_hour(text: str) -> None:
    found = wait_of(text, NOW)
    assert found is None or NOW <= found <= NOW + LONGEST_WAIT


async def test_in_here_nothing_is_called_but_in_networks_that_were_named() -> None:
    async with receiving() as receiver:
        receiver.status = 404
        with pytest.raises(NotPublic):
            await GuardedCalls(SystemClock()).post(receiver.url, {}, b"{}")
        assert receiver.asked == 0
        answered = await GuardedCalls(SystemClock(), LOOPBACK).post(receiver.url, {}, b"{}")
        assert (answered.status, answered.wait, receiver.asked) == (404, None, 1)


async def test_all_of_a_call_has_a_limit() -> None:
    async with receiving() as receiver:
        receiver.held.clear()
        with pytest.raises(Unreachable, match="no answer within"):
            await GuardedCalls(SystemClock(), LOOPBACK, seconds=0.05).post(receiver.url, {}, b"{}")
