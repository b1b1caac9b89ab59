"""Budgets: who may call a platform now, and when the others may."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import RateLimited
from bridge.domain.parts import PRIORITIES, Priority
from channels import limits
from channels.limits import Budget, Rate
from tests.stores import AT

SECOND = timedelta(seconds=1)


class HandClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = AT

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def budget(*, account: float = 100, place: float = 1, burst: int = 0) -> tuple[Budget, HandClock]:
    clock = HandClock()
    rates = Rate(calls=account), Rate(calls=place, burst=burst)
    return Budget(clock, *rates), clock


def refused(budget: Budget, place: str = "ada", priority: Priority = "final") -> timedelta | None:
    """Return how long a call has to wait; None when it was made."""
    try:
        budget.spend(place, priority)
    except RateLimited as error:
        return error.until - budget.clock.now()
    return None


def test_a_place_gets_one_call_a_second_and_is_told_when_the_next_may_be_made():
    one, clock = budget(place=1)
    assert refused(one) is None
    assert refused(one) == SECOND
    clock.time += SECOND
    assert refused(one) is None


def test_a_busy_place_takes_nothing_from_another():
    one, _ = budget(place=1)
    assert [refused(one, place) for place in ("ada", "bob", "cy")] == [None] * 3


def test_the_account_has_a_budget_of_its_own():
    one, _ = budget(account=2, place=10)
    assert [refused(one, place) for place in ("ada", "bob")] == [None, None]
    assert refused(one, "cy") == SECOND / 2


def test_a_refused_call_is_not_counted():
    one, clock = budget(place=1)
    refused(one)
    for _ in range(50):
        refused(one)
    clock.time += SECOND
    assert refused(one) is None


def test_previews_leave_room_for_what_is_durable_and_notices_for_answers():
    one, _ = budget(place=10)
    made = dict.fromkeys(reversed(PRIORITIES), 0)
    for priority in made:
        while refused(one, priority=priority) is None:
            made[priority] += 1
    assert made == {"preview": 5, "notice": 3, "question": 2, "final": 0}


def test_where_one_call_is_all_there_is_even_a_preview_may_have_it():
    one, _ = budget(place=1)
    assert refused(one, priority="preview") is None


def test_a_blocked_place_is_not_called_until_then_whatever_its_budget():
    one, clock = budget(place=10)
    one.block(clock.time + 7 * SECOND, "ada")
    assert refused(one, "ada") == 7 * SECOND
    assert refused(one, "bob") is None


def test_a_blocked_account_is_not_called_at_all_and_a_shorter_block_frees_nothing():
    one, clock = budget(place=10)
    one.block(clock.time + 7 * SECOND)
    one.block(clock.time + SECOND)
    assert refused(one, "ada") == refused(one, "bob") == 7 * SECOND
    clock.time += 7 * SECOND
    assert refused(one, "ada") is None


def test_places_can_have_rates_of_their_own():
    clock = HandClock()
    rates = {"group": Rate(calls=1, per=3 * SECOND), "dm": Rate(calls=1)}
    one = Budget(clock, Rate(calls=100), rates.__getitem__)
    assert (refused(one, "group"), refused(one, "dm")) == (None, None)
    assert (refused(one, "group"), refused(one, "dm")) == (3 * SECOND, SECOND)


def test_a_change_of_several_calls_waits_until_all_of_them_may_be_made():
    """Or else each try would use up what the next call of the same change needs."""
    one, clock = budget(place=1, burst=4)
    one.spend("ada", "final", calls=3)
    with pytest.raises(RateLimited) as limited:
        one.spend("ada", "final", calls=3)
    assert limited.value.until == clock.time + 2 * SECOND
    clock.time += 2 * SECOND
    one.spend("ada", "final", calls=3)
    assert refused(one) == SECOND
    clock.time += 10 * SECOND
    one.spend("ada", "final", calls=9)
    assert refused(one) == 6 * SECOND, "more than fit at once are made all the same, and paid for"


def test_idle_places_are_forgotten_and_blocked_ones_are_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MOST_PLACES", 3)
    one, clock = budget(place=1)
    one.block(clock.time + timedelta(hours=1), "banned")
    for number in range(50):
        refused(one, f"p{number}")
        clock.time += 2 * SECOND
    assert len(one._places) <= 3 + 1
    assert refused(one, "banned") is not None


@given(
    waits=st.lists(st.integers(0, 3000), min_size=1, max_size=80),
    priorities=st.lists(st.sampled_from(PRIORITIES), min_size=80, max_size=80),
)
def test_never_more_calls_than_the_rate_and_one_burst(waits, priorities):
    one, clock = budget(place=2, burst=4)
    made: list[datetime] = []
    for wait, priority in zip(waits, priorities, strict=False):
        clock.time += timedelta(milliseconds=wait)
        if refused(one, priority=priority) is None:
            made.append(clock.time)
    for first, begun in enumerate(made):
        for last in range(first, len(made)):
            seconds = (made[last] - begun).total_seconds()
            assert last - first + 1 <= 4 + 2 * seconds + 1e-6
