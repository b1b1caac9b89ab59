"""What a run does, step by step, with each shape of provider."""

import asyncio

import pytest

from bridge.events import RunFinished, Source, ToolCalled, ToolReturned
from bridge.ports import Calling, Ended, Remark, Returned, Using
from tests.agents.litellm import slow_tools
from tests.agents.litellm.rig import (
    WORLD,
    called,
    ended,
    free,
    in_log,
    previews,
    returned,
    told,
)
from tests.fakes.models import Answers, calls
from tests.turns import Story

SHAPES = ("openai", "anthropic", "ollama")


@pytest.mark.parametrize("shape", SHAPES)
async def test_an_answer_is_streamed_into_previews_and_said(bench, shape):
    story = told()
    items = await bench.answer(story, Answers(text="Good day to you."), shape=shape)
    assert story.words() == ["Good day to you."]
    assert "Good day to you.".startswith(previews(items)[-1].text.strip())
    assert bench.models.asked[0].shape == shape


@pytest.mark.parametrize("shape", SHAPES)
async def test_parallel_calls_are_taken_down_run_and_told_to_the_model(bench, shape):
    two = (("touch", {"what": "one"}), ("touch", {"what": "two"}))
    story = told()
    items = await bench.answer(
        story,
        Answers(text="Let me see.", calls=two),
        Answers(text="Both are done."),
        shape=shape,
        **free(),
    )
    assert sorted(WORLD) == ["one", "two"]
    kinds = [type(item) for item in items if isinstance(item, Remark | Calling | Returned | Ended)]
    assert kinds == [Remark, Calling, Calling, Returned, Returned, Ended]
    assert story.words() == ["Let me see.", "Both are done."]
    shown = bench.models.asked[1].text()
    assert "one is done" in shown
    assert "two is done" in shown


@pytest.mark.parametrize("shape", SHAPES)
async def test_what_it_used_and_cost_is_said(bench, shape):
    story = told()
    items = await bench.answer(story, calls("recall"), Answers(text="Done."), shape=shape)
    (finished,) = in_log(story, RunFinished)
    assert finished.usage.input_tokens == (18 if shape == "ollama" else 2000)
    assert finished.usage.output_tokens == (10 if shape == "ollama" else 200)
    assert (finished.usage.cost > 0) == (shape != "ollama")
    using = [item.usage for item in items if isinstance(item, Using)]
    assert using[-1] == finished.usage
    assert using[0].input_tokens * 2 == using[-1].input_tokens


async def test_a_model_without_a_price_costs_nothing_that_is_known(bench):
    story = told()
    await bench.answer(story, model="openai/a-model-of-ours")
    assert in_log(story, RunFinished)[0].usage.cost is None


async def test_a_call_starts_only_once_it_is_in_the_log(bench):
    story = told()
    agent = bench.agent(**free())
    bench.models.replies = [calls("touch", what="it"), Answers(text="Done.")]
    async for item in story.let(agent, story.turn()):
        if isinstance(item, Calling):
            assert WORLD == []
    assert WORLD == ["it"]


@pytest.mark.parametrize("written", ["{not json", '["a list"]', "null", '{"what": "x"'])
async def test_arguments_that_are_no_object_are_answered_to_the_model_as_an_error(bench, written):
    story = told()
    broken = Answers(calls=(("touch", written),))
    items = await bench.answer(story, broken, Answers(text="I see."), **free())
    assert "not a JSON object" in returned(items)[0]
    assert "not a JSON object" in bench.models.asked[1].text()
    assert WORLD == []
    assert story.words() == ["I see."]


async def test_arguments_that_do_not_fit_are_answered_to_the_model_as_an_error(bench):
    story = told()
    items = await bench.answer(story, calls("touch", wrong=1), Answers(text="I see."), **free())
    assert "what: Field required" in returned(items)[0]
    assert story.words() == ["I see."]


async def test_an_unknown_tool_is_answered_to_the_model_with_those_there_are(bench):
    story = told()
    items = await bench.answer(story, calls("teleport"), Answers(text="I see."))
    assert "There are: ask_human, fetch_url" in returned(items)[0]
    assert in_log(story, ToolReturned)[0].failed


async def test_a_tool_that_takes_too_long_is_stopped_and_the_model_told(bench):
    settings = free()
    settings["tools"] |= {"functions": ("tests.agents.litellm.slow_tools:wait",), "seconds": 0.05}
    story = told()
    items = await bench.answer(story, calls("wait"), Answers(text="I see."), **settings)
    assert "took longer than 0.05 s" in returned(items)[0]


async def test_words_said_meanwhile_reach_it_at_its_next_step(bench):
    story = told("Count the sheep.")
    agent = bench.agent(**free())
    bench.models.replies = [calls("touch", what="sheep"), Answers(text="Goats, then.")]
    async for item in story.let(agent, story.turn()):
        if isinstance(item, Calling):
            story.say("Goats, I mean.", by="Bob", at="Slack")
    assert "Goats, I mean." not in bench.models.asked[0].text()
    assert "[Bob · Slack" in bench.models.asked[1].text()
    assert story.words() == ["Goats, then."]
    assert story.fold.position > story.fold.wanted


async def test_it_may_have_nothing_to_say_when_no_person_asked(bench):
    for silence in ("NOTHING_TO_SAY", "", "`NOTHING_TO_SAY`."):
        story = triggered()
        items = await bench.answer(story, Answers(text=silence))
        assert ended(items).content is None
        assert all(not preview.text for preview in previews(items))
        assert story.words() == []
        assert in_log(story, RunFinished)[0].outcome == "silent"
        assert in_log(story, RunFinished)[0].usage.input_tokens == 1000


async def test_silence_is_no_answer_to_a_person(bench):
    story = told()
    await bench.answer(story, Answers(text=""), Answers(text="NOTHING_TO_SAY"), Answers(text="Hi."))
    assert story.words() == ["Hi."]


async def test_an_answer_at_its_limit_says_that_it_is_cut_off(bench):
    story = told()
    await bench.answer(story, Answers(text="Once upon a", finish="length"))
    assert story.words()[0].startswith("Once upon a")
    assert "Cut off" in story.words()[0]


# -- bounds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "says"),
    [
        ({"max_steps": 2}, "2 steps"),
        ({"max_cost": 0.0003}, r"spent $0.00"),
        ({"max_tokens": 2000}, "2,200 tokens"),
    ],
)
async def test_a_bound_ends_the_run_and_says_which(bench, bound, says):
    story = told()
    items = await bench.answer(story, *[calls("recall")] * 9, **bound)
    assert says in story.words()[-1]
    assert next(iter(bound)) in story.words()[-1]
    assert called(items) == ["recall", "recall"]
    assert story.fold.open_run is None
    assert len(in_log(story, ToolCalled)) == len(in_log(story, ToolReturned)) == 2


async def test_after_a_bound_people_can_let_it_go_on(bench):
    story = told()
    await bench.answer(story, calls("recall"), calls("recall"), max_steps=2)
    story.say("Go on.")
    await bench.answer(story, Answers(text="Here I am."), max_steps=2)
    assert story.words()[-1] == "Here I am."


# -- being cut off --------------------------------------------------------------------------------


async def test_closing_it_hangs_up_on_the_model(bench):
    story = told()
    bench.models.replies = [Answers(text="Once upon a time there was", stalls=True)]
    speech = bench.agent().run(story.turn())
    async for item in speech:
        if getattr(item, "text", ""):
            break
    await speech.aclose()
    await bench.models.until(lambda: bench.models.hung_up == 1)


async def test_closing_it_stops_its_tools(bench):
    settings = free()
    settings["tools"]["functions"] = (f"{slow_tools.__name__}:wait",)
    slow_tools.started.clear()
    slow_tools.stopped.clear()
    story = told()
    bench.models.replies = [calls("wait", "wait")]
    run = asyncio.create_task(story.answer(bench.agent(**settings)))
    await bench.models.until(lambda: len(slow_tools.started) == 2)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert slow_tools.stopped == ["wait", "wait"]


def triggered():
    story = Story()
    story.trigger("The build is green.", Source(kind="webhook", name="ci"))
    return story
