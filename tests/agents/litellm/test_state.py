"""Where a run stands: it knows what it used, and when it is enough."""

import pytest

from agents.litellm.config import LitellmConfig
from agents.litellm.state import Kit, RunLimits, State, reached
from agents.litellm.stream_parser import Metered
from agents.litellm.toolbox import Toolbox
from bridge.domain.events import Usage
from tests.agents.litellm.rig import told

NOW = 1000.0


def config(**bounds):
    return LitellmConfig(model="m", **bounds)


def tally(**used):
    return RunLimits(started=NOW, **used)


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
    told = reached(config(**bounds), tally(**used), NOW + after)
    assert says in told
    assert f"`{next(iter(bounds))}`" in told


def test_below_every_bound_nothing_is_said():
    used = tally(steps=1, input_tokens=10, cost=0.1)
    assert reached(config(), used, NOW + 1) is None


async def begun(tmp_path, **config):
    made = LitellmConfig(model="m", **config)
    kit = Kit(config=made, toolbox=Toolbox(made.tools), data=tmp_path)
    return await State.begin(kit, told().turn())


async def test_previews_are_of_its_run_and_grow(tmp_path):
    state = await begun(tmp_path)
    first, second = state.preview("a"), state.preview("b", activity="c")
    assert (first.run, second.revision) == ("r_1", 2)
    assert (second.text, second.activity) == ("b", "c")


async def test_it_ends_with_words_or_with_nothing(tmp_path):
    state = await begun(tmp_path)
    state.end("  ")
    assert state.ending.content is None
    assert state.ending.usage is None
    state.tally.add("m", Metered(input_tokens=3))
    state.end("Done.")
    assert state.ending.content.text == "Done."
    assert state.ending.usage.input_tokens == 3


async def test_it_sees_what_came_meanwhile(tmp_path):
    state = await begun(tmp_path)
    await state.look_around()
    assert "ask_human" in state.tools.by_name
    assert {name for name, _ in state.here.people.values()} == {"Ada", "Bob"}
