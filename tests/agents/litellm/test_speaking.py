"""Models that are down, busy, forgetful or talk nonsense; and pasts that grow too long."""

import pytest

from bridge.commands import Change
from bridge.events import HistoryCompacted, RunFinished, ToolReturned
from bridge.ids import ParticipantId
from tests.agents.litellm.rig import ended, in_log, previews, told
from tests.fakes.models import Answers, calls

FINE = Answers(text="Here I am.")
BUSY = Answers(status=429, error="slow down")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
async def test_a_busy_model_is_asked_again_after_a_pause(bench, status):
    story = told()
    turn = story.turn()
    bench.models.replies = [Answers(status=status), FINE]
    items = [item async for item in story.let(bench.agent(), turn)]
    assert story.words() == ["Here I am."]
    assert turn.clock.slept == 1
    assert any("busy" in preview.activity for preview in previews(items))


async def test_it_waits_as_long_as_the_provider_asks(bench):
    story = told()
    turn = story.turn()
    bench.models.replies = [Answers(status=429, retry_after="7"), FINE]
    async for _ in story.let(bench.agent(), turn):
        pass
    assert turn.clock.slept == 7


@pytest.mark.parametrize("broken", [{"cut_off": True}, {"garbage": True}])
async def test_an_answer_that_is_cut_off_or_garbled_is_asked_for_again(bench, broken):
    story = told()
    await bench.answer(story, Answers(text="Here I", **broken), FINE)
    assert story.words() == ["Here I am."]


async def test_a_call_that_is_cut_off_is_not_made(bench):
    story = told()
    await bench.answer(story, Answers(calls=(("recall", {}),), cut_off=True), FINE)
    assert [event for event in story.events if "Tool" in type(event.body).__name__] == []
    assert story.words() == ["Here I am."]


async def test_a_model_that_says_nothing_for_too_long_is_asked_again(bench):
    story = told()
    await bench.answer(story, Answers(text="Here I", stalls=True), FINE, stall_seconds=0.3)
    assert story.words() == ["Here I am."]


async def test_a_model_that_stays_busy_is_left_for_the_next_run_and_the_reason_told(bench):
    story = told()
    await bench.answer(story, *[BUSY] * 3)
    (finished,) = in_log(story, RunFinished)
    assert finished.outcome == "failed"
    assert "openai/gpt-4o-mini" in finished.reason
    assert "slow down" in finished.reason
    assert story.fold.wanted > story.fold.position, "it is tried again later"


async def test_when_one_model_stays_busy_another_stands_in(bench):
    stand_in = {"model": "anthropic/claude-sonnet-4-5", "api_base": bench.models.base("anthropic")}
    story = told()
    items = await bench.answer(story, *[BUSY] * 3, FINE, fallbacks=[stand_in | {"api_key": "k"}])
    assert story.words() == ["Here I am."]
    assert [asked.shape for asked in bench.models.asked] == ["openai"] * 3 + ["anthropic"]
    assert ended(items).usage.model == "anthropic/claude-sonnet-4-5"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answers(status=401, error="Incorrect API key: sk-of-a-test"), "cannot be used"),
        (Answers(status=404, error="no such model"), "no such model"),
        (Answers(text="I ca", finish="content_filter"), "refused"),
    ],
)
async def test_what_trying_again_cannot_help_is_told_to_people_at_once(bench, answer, says):
    story = told()
    await bench.answer(story, answer)
    assert len(bench.models.asked) == 1
    assert says in story.words()[-1]
    assert "sk-of-a-test" not in story.words()[-1]
    assert story.fold.wanted <= story.fold.position, "the session is not stuck"


async def test_a_request_that_is_refused_in_any_shape_is_told_to_people(bench):
    """It is asked once more without its tools, for they may be what is not taken."""
    story = told()
    await bench.answer(story, *[Answers(status=400, error="that is not how it is done")] * 2)
    assert [bool(asked.tools) for asked in bench.models.asked] == [True, False]
    assert "not how it is done" in story.words()[-1]
    assert story.fold.wanted <= story.fold.position, "the session is not stuck"


async def test_a_refusal_is_tried_on_the_next_model(bench):
    refusal = Answers(text="I ca", finish="content_filter")
    stand_in = {"model": "openai/other", "api_base": bench.models.base("openai"), "api_key": "k"}
    story = told()
    await bench.answer(story, refusal, FINE, fallbacks=[stand_in])
    assert story.words() == ["Here I am."]


async def test_a_session_can_choose_its_model(bench):
    story = told()
    chosen = {"model": "openai/big", "api_base": bench.models.base("openai"), "api_key": "k"}
    story.submit(Change(scope="session", name="model", value="big", by=ParticipantId("Ada")))
    await bench.answer(story, FINE, choices={"big": chosen})
    assert bench.models.asked[0].model == "big"


async def test_the_instructions_come_from_the_config_and_a_file(bench, tmp_path):
    (tmp_path / "prompt.md").write_text("Speak like a pirate.")
    settings = {"system_prompt": "You are Polly.", "system_prompt_file": "prompt.md"}
    story = told()
    await bench.answer(story, FINE, **settings)
    assert "You are Polly.\n\nSpeak like a pirate." in bench.models.asked[0].messages[0]["content"]


async def test_what_the_config_says_of_a_model_reaches_it(bench):
    story = told()
    settings = {"max_output_tokens": 77, "temperature": 0.5, "reasoning_effort": "low"}
    await bench.answer(story, FINE, **settings, model="openai/gpt-5-mini")
    body = bench.models.asked[0].body
    assert body["reasoning_effort"] == "low"
    assert body.get("max_tokens") == 77 or body["max_completion_tokens"] == 77


# -- a past that is too long ----------------------------------------------------------------------


async def long_story(bench, turns, **settings):
    """Tell a story of many turns, each about 300 characters long."""
    story = told("The code word is lighthouse.")
    for number in range(turns):
        story.say(f"This is message {number}. " + "We go on and on about it. " * 10)
        await bench.answer(story, Answers(text=f"I heard message {number}."))
    bench.models.asked.clear()
    story.say("What now?")
    return story


def summing(asked) -> bool:
    return asked.messages[0]["content"].startswith("Sum up")


async def test_a_long_past_is_summed_up_by_the_model_and_the_last_turns_stay(bench):
    story = await long_story(bench, 40)
    settings = {"context_tokens": 6000, "max_output_tokens": 500}
    bench.models.replies = [Answers(text="SUMMARY: lighthouse.")] * 3
    await bench.answer(story, **settings)
    compacted = in_log(story, HistoryCompacted)
    assert compacted
    assert all(each.summary == "SUMMARY: lighthouse." for each in compacted)
    last = bench.models.asked[-1]
    assert not summing(last)
    assert "SUMMARY: lighthouse." in last.text()
    assert "This is message 39." in last.text()
    assert "This is message 0." not in last.text()
    assert "The code word is lighthouse." in bench.models.asked[0].text()


async def test_the_next_run_is_shown_the_summary_and_sums_up_no_more(bench):
    story = await long_story(bench, 40)
    settings = {"context_tokens": 6000, "max_output_tokens": 500}
    bench.models.replies = [Answers(text="SUMMARY.")] * 3
    await bench.answer(story, **settings)
    bench.models.asked.clear()
    bench.models.replies.clear()
    story.say("And again?")
    await bench.answer(story, **settings)
    assert len(bench.models.asked) == 1
    assert "SUMMARY." in bench.models.asked[0].text()


async def test_a_provider_that_finds_it_too_long_is_shown_less(bench):
    story = await long_story(bench, 20)
    too_long = Answers(
        status=400, error="This model's maximum context length is 8192 tokens; you sent more."
    )

    def next_one(asked):
        return Answers(text="SUMMARY.") if summing(asked) else FINE

    settings = {"context_tokens": 12000, "max_output_tokens": 500}
    bench.models.replies = [too_long, too_long, *[next_one] * 6]
    await bench.answer(story, **settings)
    assert story.words()[-1] == "Here I am."
    assert in_log(story, HistoryCompacted)


async def test_what_cannot_be_made_to_fit_is_told_and_the_session_lives_on(bench):
    story = told("A single message.")
    too_long = Answers(status=400, error="prompt is too long: 999999 tokens")
    await bench.answer(story, *[too_long] * 9)
    assert "too long for the model" in story.words()[-1]
    story.say("Shorter.")
    bench.models.replies = [FINE]
    await bench.answer(story)
    assert story.words()[-1] == "Here I am."


async def test_an_open_question_outlives_a_summary(bench):
    story = told("Ask them.")
    await bench.answer(story, calls("ask_human", question="Which harbour do we make for?"))
    for number in range(30):
        story.say(f"This is message {number}. " + "We go on and on about it. " * 10)
        await bench.answer(story, Answers(text=f"I heard message {number}."))
    story.say("What now?")
    bench.models.replies = [Answers(text="SUMMARY.")] * 3
    await bench.answer(story, context_tokens=6000, max_output_tokens=500)
    shown = bench.models.asked[-1].text()
    assert "SUMMARY." in shown
    assert "This is message 0." not in shown
    assert "Which harbour do we make for?" in shown


async def test_a_long_result_is_cut_for_the_model_and_kept_whole_in_the_log(bench):
    story = told()
    tools = {"functions": ["tests.agents.litellm.slow_tools:talk"], "longest_result": 1000}
    await bench.answer(
        story, calls("talk"), FINE, tools=tools | {"policy": [{"tool": "*", "do": "allow"}]}
    )
    assert len(in_log(story, ToolReturned)[0].result) == 50_000
    shown = bench.models.asked[-1].messages[-1]["content"]
    assert len(shown) < 1100
    assert "49000 characters are left out" in shown
