"""What was used, added up."""

from datetime import date

from bridge.domain.events import Usage
from bridge.domain.ids import SessionId
from bridge.domain.usage import NOTHING, Level, Limit, Spent, Used, in_order, total, used
from tests.playbook import ADA, HERE

PRICED = Usage(input_tokens=10, output_tokens=5, cost=0.5, model="large")
FREE = Usage(input_tokens=7, output_tokens=1)


def test_tokens_without_a_price_are_told_apart():
    assert used(PRICED) == Used(runs=1, input_tokens=10, output_tokens=5, cost=0.5)
    assert used(FREE) == Used(runs=1, input_tokens=7, output_tokens=1, unpriced=8)


def test_a_price_of_nothing_is_a_price():
    assert used(Usage(input_tokens=7, cost=0.0)).unpriced == 0


def test_the_whole_is_the_sum_of_its_parts():
    whole = total([used(PRICED), used(FREE)])
    assert whole == Used(runs=2, input_tokens=17, output_tokens=6, cost=0.5, unpriced=8)
    assert whole.tokens == 23
    assert total([]) == NOTHING


def test_the_newest_day_comes_first():
    def spent(day, session=HERE, participant=ADA):
        return Spent(
            day=date(2026, 1, day),
            session=session,
            participant=participant,
            agent="a",
            model="",
            used=NOTHING,
        )

    late, early, other, nobody = (
        spent(3),
        spent(1),
        spent(3, SessionId("s_2")),
        spent(3, participant=None),
    )
    assert in_order([early, other, late, nobody]) == (nobody, late, other, early)


def test_a_limit_is_used_up_by_money_or_by_tokens_without_a_price_whatever_is_first():
    spent = Used(cost=0.5, unpriced=900)
    assert Limit().share(spent) == 0
    assert Limit(usd=1.0).share(spent) == 0.5
    assert Limit(usd=1.0, tokens=1000).share(spent) == 0.9


def test_a_level_is_nearly_up_before_it_is_up():
    def level(cost: float) -> tuple[bool, bool]:
        found = Level(which="per_day", limit=Limit(usd=1.0), used=Used(cost=cost))
        return found.is_nearly_up, found.is_up

    assert [level(each) for each in (0.1, 0.95, 1.0)] == [
        (False, False),
        (True, False),
        (True, True),
    ]
