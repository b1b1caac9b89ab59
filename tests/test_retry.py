"""After a failure: what is retried, when, and what never is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import (
    ChannelError,
    Gone,
    Moved,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bridge.retry import (
    BREATH,
    MAX_RUN_FAILURES,
    UNRESOLVED_LIMIT,
    Again,
    Drop,
    Relocate,
    Resolve,
    Shut,
    Suspend,
    after,
    pause,
    run_backoff,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def decide(error: ChannelError, *, tries: int = 0, key: str = "c_1"):
    return after(error, tries=tries, now=NOW, key=key)


@pytest.mark.parametrize(
    ("error", "decision"),
    [
        (Rejected(), Drop()),
        (Gone(), Suspend()),
        (Moved(place="elsewhere"), Relocate(place="elsewhere")),
        (Unauthorized(), Shut()),
    ],
)
def test_what_will_never_succeed_is_not_retried(error, decision):
    assert decide(error, tries=7) == decision


def test_an_unreachable_platform_is_tried_again_and_the_try_is_counted():
    decision = decide(Unreachable(), tries=2)
    assert isinstance(decision, Again)
    assert decision.tries == 3
    assert NOW + 4 * SECOND <= decision.at <= NOW + 8 * SECOND


def test_a_certain_error_of_no_class_of_its_own_is_tried_again():
    assert isinstance(decide(ChannelError("odd")), Again)


def test_a_rate_limit_is_honoured_to_the_second_and_is_no_try():
    until = NOW + timedelta(hours=3)
    assert decide(RateLimited(until=until), tries=2) == Again(at=until, tries=2)


def test_a_rate_limit_that_is_over_means_almost_at_once():
    """A platform that says so each time is not asked without a pause."""
    assert decide(RateLimited(until=NOW - SECOND)) == Again(at=NOW + BREATH, tries=0)


def test_an_unknown_outcome_is_resolved_before_its_lane_was_blocked_too_long():
    for tries in range(20):
        decision = decide(OutcomeUnknown(), tries=tries)
        assert isinstance(decision, Resolve)
        assert NOW + SECOND <= decision.at <= NOW + UNRESOLVED_LIMIT
        assert decision.tries == tries + 1


def test_an_error_that_is_not_certain_is_never_simply_sent_again():
    class Odd(ChannelError):
        certain = False

    assert isinstance(decide(Odd()), Resolve)


@given(tries=st.integers(0, 10_000), key=st.text())
def test_pauses_lie_between_a_second_and_five_minutes(tries, key):
    assert SECOND <= pause(tries, key) <= timedelta(minutes=5)


@given(key=st.text())
def test_pauses_grow_up_to_the_longest_ones(key):
    pauses = [pause(tries, key) for tries in range(9)]
    assert pauses[:8] == sorted(pauses[:8])
    assert pauses[8] >= timedelta(seconds=150)


def test_asked_twice_it_answers_the_same_and_lanes_spread_out():
    assert pause(3, "c_1") == pause(3, "c_1")
    assert len({pause(3, f"c_{n}") for n in range(50)}) == 50


def test_failed_runs_wait_one_second_then_five_then_twenty_five():
    assert [run_backoff(failures) for failures in range(5)] == [
        0 * SECOND,
        1 * SECOND,
        5 * SECOND,
        25 * SECOND,
        125 * SECOND,
    ]
    assert run_backoff(10_000) == timedelta(minutes=5)
    assert MAX_RUN_FAILURES == 3
