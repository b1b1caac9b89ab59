"""How far limits are used up, and what follows."""

from datetime import date

import pytest

from bridge.domain.usage import NOTHING, Limit, Spent, Used
from bridge.session.budget import Budgets, day_levels, run_level
from tests.playbook import ADA, BOB, HERE


def spent(participant, **what) -> Spent:
    return Spent(
        day=date(2026, 1, 1),
        session=HERE,
        participant=participant,
        agent="a",
        model="",
        used=Used(**what),
    )


@pytest.mark.parametrize(
    ("limit", "used", "share"),
    [
        (Limit(usd=2), Used(cost=1.0), 0.5),
        (Limit(usd=2), Used(cost=1.0, unpriced=999), 0.5),
        (Limit(tokens=100), Used(unpriced=80), 0.8),
        (Limit(tokens=100), Used(input_tokens=500, cost=9), 0.0),
        (Limit(usd=2, tokens=100), Used(cost=0.2, unpriced=150), 1.5),
        (Limit(), Used(cost=9, unpriced=9), 0.0),
    ],
)
def test_money_counts_against_money_and_tokens_only_where_they_have_no_price(limit, used, share):
    assert limit.share(used) == pytest.approx(share)


@pytest.mark.parametrize(
    ("cost", "nearly", "up"), [(0.79, False, False), (0.8, True, False), (1.0, True, True)]
)
def test_it_is_nearly_up_at_four_fifths_and_up_at_the_whole(cost, nearly, up):
    level = run_level(Budgets(per_run=Limit(usd=1)), Used(cost=cost))
    assert level is not None
    assert (level.is_nearly_up, level.is_up) == (nearly, up)


def test_without_a_limit_there_is_no_level():
    assert run_level(Budgets(), Used(cost=9)) is None
    assert day_levels(Budgets(), [spent(ADA, cost=9)], ADA) == ()
    assert not Budgets(per_run=Limit(usd=1)).is_daily()


def test_a_day_counts_everyone_and_a_persons_day_only_them():
    budgets = Budgets(per_day=Limit(usd=10), per_person_per_day=Limit(usd=2))
    today = [spent(ADA, cost=1.0), spent(BOB, cost=4.0), spent(ADA, cost=0.5), spent(None, cost=1)]
    whole, theirs = day_levels(budgets, today, ADA)
    assert (whole.used.cost, whole.person) == (6.5, None)
    assert (theirs.used.cost, theirs.person) == (1.5, ADA)
    assert budgets.is_daily()


def test_what_nobody_asked_for_counts_only_for_the_day():
    budgets = Budgets(per_day=Limit(usd=10), per_person_per_day=Limit(usd=2))
    (whole,) = day_levels(budgets, [], None)
    assert (whole.which, whole.used) == ("per_day", NOTHING)
