"""A wait is over when its time has come, or when the clock was set back since it began."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.waits import is_over

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@given(
    begun=st.integers(-10_000_000, 10_000_000),
    length=st.integers(0, 10_000),
    now=st.integers(-10_000_000, 10_000_000),
)
def test_no_wait_is_longer_than_itself_whatever_the_clock_does(begun, length, now):
    since, lasts = NOW + begun * SECOND, length * SECOND
    left = since + lasts - (NOW + now * SECOND)
    is_done = is_over(since + lasts, now=NOW + now * SECOND, since=since)
    assert is_done or left <= lasts
    assert is_done is (left <= 0 * SECOND or left > lasts)
    assert is_done is is_over(since + lasts, now=NOW + now * SECOND, longest=lasts)
