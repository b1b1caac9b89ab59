"""The agent as the bridge has it: made from its config, warmed, closed, and explained.

What a run does is shown step by step, with each shape of provider; and a model is tried before it
is chosen, so that a wrong name spoils no answer.
"""

import asyncio
import subprocess
import sys
import tomllib
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from agents.litellm.agent import help_of, refusal
from agents.litellm.config import LitellmConfig
from bridge.domain.events import RunFinished, Source, ToolCalled, ToolReturned
from bridge.ports.agent import Calling, Closing, Ended, Remark, Returned, Using, Warming
from tests.agents.litellm import slow_tools
from tests.agents.litellm.rig import (
    WORLD,
    called,
    ended,
    free,
    in_log,
    previews,
    returned,
    section,
    told,
)
from tests.fakes.models import Answers, calls
from tests.turns import Story
from tests.waiting import lives, until_dead


@pytest.fixture
def config(models):
    base = models.base("ollama")
    return LitellmConfig.model_validate(
        {"model": "ollama_chat/usual", "api_base": base, "choices": {"fast": "opnai/x"}}
    )


@pytest.mark.parametrize("name", ["ollama_chat/usual", "fast"])
async def test_what_the_config_names_is_not_tried(models, config, name):
    assert await refusal(config, name) == ""
    assert models.asked == []


async def test_another_one_that_answers_is_good(models, config):
    assert await refusal(config, "ollama_chat/other") == ""
    assert models.asked[0].model == "other"


async def test_one_that_does_not_answer_is_refused_with_the_reason(models, config):
    models.replies = [Answers(status=404, error="model 'othr' not found")]
    assert "not found" in await refusal(config, "ollama_chat/othr")


async def test_one_that_says_nothing_is_refused(models, config):
    models.replies = [Answers(text="")]
    assert "it answered nothing" in await refusal(config, "ollama_chat/mute")


async def test_a_name_that_is_none_is_refused_without_asking_anyone(models, config):
    assert "names no provider" in await refusal(config, "xyz")
    assert models.asked == []


async def test_a_provider_without_a_key_is_refused(models, config, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert "OPENAI_API_KEY" in await refusal(config, "openai/gpt-4o")


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
    assert "There are: ask_human, background, background_work, fetch_url" in returned(items)[0]
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


@pytest.mark.parametrize("hours", [-48, 48])
async def test_how_long_it_has_worked_hangs_on_no_clock_that_is_set(bench, monkeypatch, hours):
    """A clock that jumps while it works ends it neither early nor never."""
    story, agent, now = told(), bench.agent(max_seconds=60, **free()), 0.0
    agent._kit = replace(agent._kit, seconds=lambda: now)
    bench.models.replies = [calls("touch", what="sheep")] * 9
    turn, steps = story.turn(), 0
    async for item in story.let(agent, turn):
        if isinstance(item, Calling):
            steps += 1
            now += 25
            there = turn.clock.now() + timedelta(hours=hours)
            monkeypatch.setattr(turn.clock, "now", lambda at=there: at)
    assert steps == 3
    assert "worked for 60 seconds" in story.words()[-1]


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


PROGRAM = str(Path(__file__).parents[2] / "fakes" / "mcp_program.py")
ROOT = Path(__file__).parents[3]


def test_neither_litellm_nor_an_mcp_client_is_imported_before_it_is_used():
    script = (
        "import sys; from agents.litellm import plugin; plugin.config(model='x/y');"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT
    )
    imported = {name.partition(".")[0] for name in done.stdout.split()}
    assert not imported & {"litellm", "mcp", "openai", "httpx", "httpx2", "tiktoken"}


def test_it_is_installed_under_its_name():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = project["entry-points"]["bridgehead.agents"]["litellm"]
    plugin = EntryPoint(name="litellm", value=named, group="bridgehead.agents").load()
    assert plugin.config is LitellmConfig


async def test_it_can_be_warmed_and_closed(bench):
    agent = bench.agent()
    assert isinstance(agent, Warming)
    assert isinstance(agent, Closing)
    await agent.warm()
    assert "litellm" in sys.modules


async def test_closing_it_ends_its_servers(bench):
    mcp = {"files": {"command": sys.executable, "args": ["-S", PROGRAM]}}
    agent = bench.agent(tools={"mcp": mcp})
    story = told()
    bench.models.replies = [calls("files__pid"), Answers(text="Done.")]
    items = await story.answer(agent)
    pid = next(int(item.result) for item in items if hasattr(item, "result"))
    assert lives(pid)
    await agent.close()
    await until_dead(pid)


def test_help_says_what_it_is_and_can(models_at_rest):
    text = help_of(section(models_at_rest, choices={"fast": "a/b"}))
    assert "openai/gpt-4o-mini" in text
    assert "fetch_url" in text
    assert "`fast`" in text
