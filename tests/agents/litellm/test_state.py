"""Where a run stands."""

from agents.litellm.config import LitellmConfig
from agents.litellm.pieces import Metered
from agents.litellm.state import Kit, State
from agents.litellm.toolbox import Toolbox
from tests.agents.litellm.rig import told


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
