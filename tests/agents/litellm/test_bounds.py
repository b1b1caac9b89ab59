"""A run knows what it used, and when it is enough."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.litellm.bounds import Tally, reached
from agents.litellm.config import LitellmConfig
from agents.litellm.pieces import Metered
from bridge.events import Usage

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def config(**bounds):
    return LitellmConfig(model="m", **bounds)


def tally(**used):
    return Tally(started=NOW, **used)


def test_what_was_used_is_added_up_and_named_after_the_last_model():
    used = tally()
    used.add("a", Metered(input_tokens=10, output_tokens=1, cost=0.5))
    used.add("b", Metered(input_tokens=5, output_tokens=1))
    used.add("b", None)
    assert used.usage == Usage(input_tokens=15, output_tokens=2, cost=0.5, model="b")


def test_without_any_price_there_is_no_cost():
    used = tally()
    used.add("a", Metered(input_tokens=10))
    assert used.usage.cost is None


@pytest.mark.parametrize(
    ("bounds", "used", "after", "says"),
    [
        ({"max_steps": 3}, {"steps": 3}, 0, "taken 3 steps"),
        ({"max_seconds": 60}, {}, 60, "worked for 60 seconds"),
        ({"max_seconds": 1800}, {}, 1801, "worked for 30 minutes"),
        ({"max_cost": 1.5}, {"cost": 1.5}, 0, "spent $1.50"),
        ({"max_tokens": 9000}, {"input_tokens": 8000, "output_tokens": 1000}, 0, "9,000 tokens"),
    ],
)
def test_each_bound_says_what_it_is_and_how_it_is_called(bounds, used, after, says):
    told = reached(config(**bounds), tally(**used), NOW + timedelta(seconds=after))
    assert says in told
    assert f"`{next(iter(bounds))}`" in told


def test_below_every_bound_nothing_is_said():
    used = tally(steps=1, input_tokens=10, cost=0.1)
    assert reached(config(), used, NOW + timedelta(seconds=1)) is None
