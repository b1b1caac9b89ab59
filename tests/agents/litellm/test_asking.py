"""What a provider does not take is left out, named, and remembered; the rest is shown."""

import base64

from structlog.testing import capture_logs

from bridge.logs import CONTENT
from tests.agents.litellm.test_any_input import PNG, World, simple, words
from tests.fakes import providers
from tests.fakes.models import Answers


def system(asked):
    return asked.messages[0]["content"]


async def test_of_too_many_tools_the_last_are_left_out_and_named(bench):
    world = World(bench, "openai")
    world.extra(*(simple(f"tool_{number}") for number in range(150)))
    await words(world, "Now you have many tools.")
    refused, answered = bench.models.asked
    assert len(refused.tools) == 162
    assert len(answered.tools) == providers.MOST_TOOLS
    assert "These tools cannot be used with the model that you are: tool_116, tool_117" in system(
        answered
    )
    bench.models.asked.clear()
    assert await world.greeted()
    assert [len(asked.tools) for asked in bench.models.asked] == [providers.MOST_TOOLS]


async def test_a_schema_with_alternatives_is_taken_as_one_object(bench):
    world = World(bench, "openai")
    world.extra(simple("pick", {"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}))
    await words(world, "Now you have an odd tool.")
    (asked,) = bench.models.asked
    (pick,) = [t["function"] for t in asked.body["tools"] if t["function"]["name"] == "pick"]
    assert pick["parameters"] == {"type": "object", "properties": {"a": {}, "b": {}}}


async def test_tools_that_would_fill_a_small_window_are_left_out(bench):
    world = World(bench, "openai")
    heavy = {"type": "object", "properties": {"a": {"description": "word " * 9000}}}
    world.extra(simple("heavy", heavy))
    await words(world, "Now you have a heavy tool.")
    world.agent._kit.config.__dict__["context_tokens"] = 16_000
    assert await world.greeted()
    asked = bench.models.asked[-1]
    assert "heavy" not in asked.tools
    assert "recall" in asked.tools
    assert "cannot be used with the model that you are: heavy." in system(asked)


async def test_words_that_are_refused_are_told_and_no_longer_shown(bench):
    world = World(bench, "openai")
    await words(world, "Remember the lighthouse.")
    with capture_logs() as logs:
        await words(world, f"Have a {providers.FORBIDDEN}.")
    known = [{key: each[key] for key in each.keys() - CONTENT} for each in logs]
    assert providers.FORBIDDEN not in str(known), "the log says no more than it is asked to"
    assert "refused to answer" in world.story.words()[-1]
    assert await world.greeted()
    notices = [text for text in world.story.words() if "refuses something that was said" in text]
    assert len(notices) == 1
    shown = bench.models.asked[-1].text()
    assert "lighthouse" in shown, "what was answered is still shown"
    assert providers.FORBIDDEN not in shown
    bench.models.asked.clear()
    assert await world.greeted()
    assert len(bench.models.asked) == 1


async def test_pictures_that_a_tool_brought_are_shown_beside_its_result(bench):
    from agents.tools.tool import Picture

    world = World(bench, "openai")
    world.extra(simple("snap", brings=(Picture(mime="image/png", body=PNG),)))
    world.story.say("Look.")
    await world.run(Answers(calls=(("snap", {}),)), Answers(text="I see it."))
    result, shown = bench.models.asked[-1].messages[-2:]
    assert result["role"] == "tool"
    assert shown["role"] == "user"
    assert base64.b64encode(PNG).decode() in shown["content"][1]["image_url"]["url"]
