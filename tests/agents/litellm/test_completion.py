"""Models that are down, busy, forgetful or talk nonsense; and pasts that grow too long."""

import json
from contextlib import aclosing

import pytest

from agents import context_window
from agents.litellm.repairs import MOST_TOKENS
from agents.transcript import _Page
from bridge.domain.commands import Change, Delete, SumUp
from bridge.domain.content import Content
from bridge.domain.errors import AgentError
from bridge.domain.events import (
    Event,
    HistoryCompacted,
    MessageComposed,
    MessageReceived,
    RunFinished,
    RunStarted,
    ToolReturned,
)
from bridge.domain.ids import ConversationId, ParticipantId, RunId
from bridge.ports.agent import Compacted
from bridge.testing.turns import StoryTurn
from tests.agents.litellm.rig import asking_to, ended, in_log, previews, told
from tests.fakes import providers
from tests.fakes.models import Answers, calls
from tests.turns import Story

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
    settings = {"context_tokens": 7200, "max_output_tokens": 500}
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
    settings = {"context_tokens": 7200, "max_output_tokens": 500}
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
    first, *_, last = [each for each in bench.models.asked if not summing(each)]
    assert len(last.text()) < len(first.text())


async def test_what_cannot_be_made_to_fit_is_told_and_the_session_lives_on(bench):
    story = told("A single message.")
    too_long = Answers(status=400, error="prompt is too long: 999999 tokens")
    await bench.answer(story, *[too_long] * 9)
    assert "too long for the model" in story.words()[-1]
    story.say("Shorter.")
    bench.models.replies = [FINE]
    await bench.answer(story)
    assert story.words()[-1] == "Here I am."


async def test_a_summary_is_told_to_the_model_and_is_no_words_of_its_own(bench):
    story = await long_story(bench, 40)
    bench.models.replies = [Answers(text="SUMMARY.")] * 3
    await bench.answer(story, context_tokens=7200, max_output_tokens=500)
    messages = bench.models.asked[-1].messages
    (role,) = {each["role"] for each in messages if "SUMMARY." in str(each["content"])}
    assert role == "user"


@pytest.mark.parametrize("count", ["null", "-7"])
async def test_odd_counts_in_the_last_chunk_of_a_stream_spoil_no_answer(bench, count):
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    delta = {"index": 0, "delta": {"role": "assistant", "content": "Here I am."}}
    said = json.dumps({**chunk, "choices": [{**delta, "finish_reason": "stop"}]})
    usage = f'{{"prompt_tokens": 5, "completion_tokens": {count}, "total_tokens": {count}}}'
    last = f'{json.dumps({**chunk, "choices": []})[:-1]}, "usage": {usage}}}'
    body = f"data: {said}\n\ndata: {last}\n\ndata: [DONE]\n\n"
    story = told()
    await bench.answer(story, Answers(body=body, kind="text/event-stream"))
    assert story.words() == ["Here I am."]
    assert story.fold.used.tokens >= 0


ODD = [
    "12.0",
    "7.5",
    "1e400",
    "NaN",
    "1e30",
    '"12"',
    '"many"',
    "-7",
    "true",
    "null",
    '{"a": 1}',
    "[1]",
]


@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "deepseek/deepseek-chat"])
@pytest.mark.parametrize("count", ODD)
async def test_odd_counts_in_every_chunk_of_a_stream_spoil_no_answer(bench, model, count):
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    details = f'"completion_tokens_details": {{"reasoning_tokens": {count}}}'
    usage = f'"prompt_tokens": 5, "completion_tokens": {count}, "total_tokens": {count}, {details}'
    body = ""
    for words, finish in [("Here ", None), ("I am.", None), ("", "stop")]:
        choice = {"index": 0, "delta": {"content": words}, "finish_reason": finish}
        said = json.dumps({**chunk, "choices": [choice]})
        body += f'data: {said[:-1]}, "usage": {{{usage}}}}}\n\n'
    answer = Answers(body=body + "data: [DONE]\n\n", kind="text/event-stream")
    story = told()
    await bench.answer(story, answer, model=model)
    assert story.words() == ["Here I am."]
    assert len(bench.models.asked) == 1
    assert 0 <= story.fold.used.tokens <= 2 * MOST_TOKENS


OTHERS = ["openrouter/some/model", "mistral/mistral-small-latest", "groq/llama-3.3-70b-versatile",
          "xai/grok-4", "hosted_vllm/some", "lm_studio/some", "together_ai/some/model",
          "fireworks_ai/some", "perplexity/sonar"]  # fmt: skip


@pytest.mark.parametrize("model", OTHERS)
async def test_odd_counts_of_other_providers_spoil_no_answer(bench, model):
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    for count in ("12.0", '"12"', '{"a": 1}', "[1]", "null"):
        usage = (
            f'{{"prompt_tokens": {count}, "completion_tokens": {count}, "total_tokens": {count}}}'
        )
        body = ""
        for words, finish in [("Here ", None), ("I am.", None), ("", "stop")]:
            choice = {"index": 0, "delta": {"content": words}, "finish_reason": finish}
            said = json.dumps({**chunk, "choices": [choice]})[:-1]
            body += f'data: {said}, "usage": {usage}, "x_groq": {{"usage": {usage}}}}}\n\n'
        story = told()
        bench.models.asked.clear()
        answer = Answers(body=body + "data: [DONE]\n\n", kind="text/event-stream")
        await bench.answer(story, answer, model=model)
        assert (count, story.words()) == (count, ["Here I am."])
        assert len(bench.models.asked) == 1


@pytest.mark.parametrize("count", ODD)
async def test_odd_counts_of_gemini_spoil_no_answer(bench, count):
    counts = ("promptTokenCount", "candidatesTokenCount", "totalTokenCount", "thoughtsTokenCount")
    usage = ", ".join(f'"{name}": {count}' for name in counts)
    details = f'"promptTokensDetails": [{{"modality": "TEXT", "tokenCount": {count}}}, {count}]'
    body = ""
    for words, finish in [("Here ", ""), ("I am.", "STOP")]:
        content = {"role": "model", "parts": [{"text": words}]}
        candidate = {"content": content, **({"finishReason": finish} if finish else {})}
        said = json.dumps({"candidates": [candidate]})[:-1]
        body += f'data: {said}, "usageMetadata": {{{usage}, {details}}}}}\n\n'
    story = told()
    await bench.answer(story, Answers(body=body, kind="text/event-stream"), shape="gemini")
    assert story.words() == ["Here I am."]
    assert len(bench.models.asked) == 1


@pytest.mark.parametrize("usage", ["7.5", '"none"', "[]", "true"])
async def test_usage_that_is_none_spoils_no_answer(bench, usage):
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    choice = {"index": 0, "delta": {"content": "Here I am."}, "finish_reason": "stop"}
    said = json.dumps({**chunk, "choices": [choice]})
    body = f'data: {said[:-1]}, "usage": {usage}}}\n\ndata: [DONE]\n\n'
    story = told()
    await bench.answer(story, Answers(body=body, kind="text/event-stream"))
    assert story.words() == ["Here I am."]


@pytest.mark.parametrize("count", ODD)
async def test_odd_counts_of_anthropic_spoil_no_answer(bench, count):
    usage = f'"usage": {{"input_tokens": {count}, "cache_read_input_tokens": {count}}}'
    said, block = '{"type": "text_delta", "text": "Here I am."}', '{"type": "text", "text": ""}'
    ended = f'"usage": {{"output_tokens": {count}}}'
    begun = '{"id": "m", "type": "message", "role": "assistant", "content": [], "model": "claude"'
    events = [
        f'{{"type": "message_start", "message": {begun}, {usage}}}}}',
        f'{{"type": "content_block_start", "index": 0, "content_block": {block}}}',
        f'{{"type": "content_block_delta", "index": 0, "delta": {said}}}',
        '{"type": "content_block_stop", "index": 0}',
        f'{{"type": "message_delta", "delta": {{"stop_reason": "end_turn"}}, {ended}}}',
        '{"type": "message_stop"}',
    ]
    body = "".join(f"event: {json.loads(x)['type']}\ndata: {x}\n\n" for x in events)
    story = told()
    await bench.answer(story, Answers(body=body, kind="text/event-stream"), shape="anthropic")
    assert story.words() == ["Here I am."]
    assert len(bench.models.asked) == 1


@pytest.mark.parametrize("count", ODD)
async def test_odd_counts_of_ollama_spoil_no_answer(bench, count):
    said = '{"model": "m", "message": {"role": "assistant", "content": "Here I am."}'
    ended = f'"done": true, "done_reason": "stop", "prompt_eval_count": {count}'
    body = f'{said}, {ended}, "eval_count": {count}}}\n'
    story = told()
    await bench.answer(story, Answers(body=body, kind="application/x-ndjson"), shape="ollama")
    assert story.words() == ["Here I am."]
    assert len(bench.models.asked) == 1


async def test_an_open_question_outlives_a_summary(bench):
    story = told("Ask them.")
    await bench.answer(story, calls("ask_human", question="Which harbour do we make for?"))
    for number in range(30):
        story.say(f"This is message {number}. " + "We go on and on about it. " * 10)
        await bench.answer(story, Answers(text=f"I heard message {number}."))
    story.say("What now?")
    bench.models.replies = [Answers(text="SUMMARY.")] * 3
    await bench.answer(story, context_tokens=7200, max_output_tokens=500)
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


# -- how an answer ends, and what comes back instead of one ---------------------------------------


@pytest.mark.parametrize("finish", ["network_error", "error", "insufficient_system_resource"])
async def test_an_answer_that_its_provider_broke_off_is_asked_for_again(bench, finish):
    story = told()
    await bench.answer(story, Answers(text="Here I", finish=finish), FINE)
    assert story.words() == ["Here I am."]


@pytest.mark.parametrize(("finish", "says"), [("model_length", "Cut off"), ("weird", "“weird”")])
async def test_an_answer_that_is_not_all_says_so(bench, finish, says):
    for model in ("openai/gpt-4o-mini", "xai/grok-4"):
        story = told()
        await bench.answer(story, Answers(text="Once upon a", finish=finish), model=model)
        assert story.words()[0].startswith("Once upon a")
        assert says in story.words()[0]


async def test_money_that_is_used_up_is_told_at_once(bench):
    story = told()
    await bench.answer(story, Answers(status=429, error="insufficient_quota: pay first"))
    assert len(bench.models.asked) == 1
    assert "pay first" in story.words()[-1]


async def test_what_a_wrong_address_sends_is_told(bench):
    page = Answers(body="<!doctype html><title>Welcome</title>", kind="text/html")
    story = told()
    await bench.answer(story, *[page] * 9)
    (finished,) = in_log(story, RunFinished)
    assert "text/html" in finished.reason
    assert "Welcome" in finished.reason


# -- what people said, and what the bridge did ----------------------------------------------------


async def test_a_notice_of_the_bridge_is_not_told_as_the_models_own_words(bench):
    story = told()
    await bench.answer(story, Answers(status=401, error="no key"))
    story.say("And now?")
    await bench.answer(story, FINE)
    said = [each for each in bench.models.asked[-1].messages if each["role"] == "assistant"]
    assert said == []
    assert "the bridge · a notice to people, not written by you" in bench.models.asked[-1].text()


async def test_thoughts_and_labels_are_shown_to_nobody(bench):
    story = told()
    text = "<think>They greet me.</think>[agent · Chat · 2026-01-01 10:00]\nHello there."
    items = await bench.answer(story, Answers(text=text))
    assert story.words() == ["Hello there."]
    shown = [each.text for each in previews(items)]
    assert not any("They greet" in text or "2026" in text for text in shown)


async def test_nothing_but_thoughts_is_no_answer(bench):
    story = told()
    await bench.answer(story, Answers(text="<think>Hm."), FINE)
    assert story.words() == ["Here I am."]


# -- thinking models ------------------------------------------------------------------------------


async def test_what_a_model_thought_goes_back_to_it_beside_its_call(bench):
    bench.models.rules = providers.moonshot
    story = told()
    look = Answers(thinking="Let me see.", calls=(("recall", {}),))
    await bench.answer(story, look, FINE, model="openai/kimi-k2-thinking")
    said = bench.models.asked[-1].messages[-2]
    assert said["reasoning_content"] == "Let me see."
    assert len(bench.models.asked) == 2


async def test_thoughts_that_are_lost_are_made_up_for_with_one_request_more(bench):
    """A new run, of a new process, has only the log."""
    story = told()
    look = Answers(thinking="Let me see.", calls=(("recall", {}),))
    await bench.answer(story, look, FINE, model="openai/kimi-k2-thinking")
    bench.models.asked.clear()
    bench.models.rules = providers.moonshot
    story.say("And again?")
    agent = bench.agent(model="openai/kimi-k2-thinking")
    for _ in range(2):
        bench.models.replies = [FINE]
        await story.answer(agent)
        story.say("And again?")
    assert len(bench.models.asked) == 3
    assert bench.models.asked[-1].messages[2]["reasoning_content"] == " "
    assert story.words()[-1] == "Here I am."


async def test_a_signed_block_of_thoughts_goes_back_whole(bench):
    bench.models.rules = providers.anthropic
    story = told()
    look = Answers(thinking="Let me see.", calls=(("recall", {}),))
    await bench.answer(story, look, FINE, shape="anthropic", reasoning_effort="low")
    blocks = bench.models.asked[-1].messages[-2]["content"]
    assert blocks[0]["type"] == "thinking"
    assert blocks[0]["thinking"] == "Let me see."
    assert blocks[0]["signature"] == providers.signature("Let me see.")
    assert len(bench.models.asked) == 2


async def test_another_model_is_not_shown_the_thoughts_of_the_first(bench):
    story = told()
    base = bench.models.base("openai")
    other = {"model": "openai/other", "api_base": base, "api_key": "k"}
    look = Answers(thinking="Let me see.", calls=(("recall", {}),))
    await bench.answer(story, look, *[BUSY] * 3, FINE, fallbacks=[other])
    assert "reasoning_content" not in bench.models.asked[-1].text()


# -- everything counts, everything can shrink -----------------------------------------------------


async def test_three_long_texts_fit_into_a_small_window(bench):
    """An Ollama would forget what stands in front without a word."""
    story = told()
    files = [
        await bench.file(
            f"{n} word ".encode() * 6000, kind="file", name=f"{n}.txt", mime="text/plain"
        )
        for n in range(3)
    ]
    story.say("Read these.", *files)
    turn = story.turn()
    turn.blobs = bench.blobs
    bench.models.replies = [FINE]
    async for _ in story.let(bench.agent("ollama"), turn):
        pass
    asked = bench.models.asked[-1]
    assert len(asked.text()) / 3 < asked.body["options"]["num_ctx"]
    assert "Read these." in asked.text()
    assert all(f"{n}.txt says" in asked.text() for n in range(3))
    assert story.words() == ["Here I am."]


async def test_a_message_that_is_too_long_by_itself_is_cut_and_answered(bench):
    story = told("BEGINNING " + "word " * 20_000 + " END")
    await bench.answer(story, FINE, shape="ollama")
    shown = bench.models.asked[-1].text()
    assert "BEGINNING" in shown
    assert "END" in shown
    assert len(shown) / 3 < 16_000
    assert story.words() == ["Here I am."]


async def test_a_past_that_a_model_will_not_sum_up_is_left_out_instead(bench):
    story = await long_story(bench, 40)
    refusal = Answers(text="", finish="content_filter")

    def next_one(asked):
        return refusal if summing(asked) else FINE

    bench.models.replies = [next_one] * 9
    await bench.answer(story, context_tokens=7200, max_output_tokens=500)
    assert story.words()[-1] == "Here I am."
    assert len(bench.models.asked[-1].text()) / 3 < 6000
    assert "What now?" in bench.models.asked[-1].text()


def sums_up_or_answers(asked):
    return Answers(text="SUMMARY.") if summing(asked) else FINE


SMALL = {"context_tokens": 20_000, "max_output_tokens": 500}


async def test_an_import_of_ten_thousand_messages_is_answered_at_once_from_its_newest_part(
    bench, monkeypatch
):
    """Counted: how many events are laid out and weighed, and how many summaries are made."""
    story = told("The code word is lighthouse.")
    past(story, 2500)
    laid_out, weighed = (
        counted(monkeypatch, _Page, "add"),
        counted(monkeypatch, context_window, "_size"),
    )
    story.say("What now?")
    bench.models.replies = [sums_up_or_answers]
    await bench.answer(story, **SMALL)
    events = len(story.events)
    assert events > 10_000
    assert story.words()[-1] == "Here I am."
    (asked,) = bench.models.asked
    shown = asked.text()
    assert "This is message 2499." in shown
    assert "This is message 0." not in shown
    assert "older events are left out here" in shown
    assert len(shown) / 3 < 20_000
    assert len(weighed) <= events
    assert len(laid_out) < 2000, "the newest alone"


async def kept_up(story, agent, turn):
    """Let an agent work on the past, as the engine does between runs."""
    made = []
    async with aclosing(agent.keep_up(turn)) as items:
        async for item in items:
            if isinstance(item, Compacted):
                story.submit(SumUp(upto=item.upto, summary=item.summary))
                made.append(item)
    return made


async def answered_by(bench, story, agent):
    turn = story.turn()
    async for item in story.let(agent, turn):
        last = item
    assert last.content.text == "Here I am."
    return turn


async def test_what_an_answer_left_out_is_summed_up_between_answers(bench, monkeypatch):
    story = told("The code word is lighthouse.")
    past(story, 1000)
    story.say("What now?")
    bench.models.replies = [sums_up_or_answers] * 99
    agent = bench.agent(**SMALL)
    turn = await answered_by(bench, story, agent)
    weighed = counted(monkeypatch, context_window, "_size")
    made = await kept_up(story, agent, turn)
    assert 1 < len(made) <= context_window.MOST_PIECES
    assert len(weighed) <= 2 * len(story.events), "once, however many pieces"
    assert [each.upto for each in made] == sorted({each.upto for each in made})
    pieces = [each.text() for each in bench.models.asked if summing(each)]
    told_of = "".join(pieces)
    assert "lighthouse" in pieces[0]
    assert all(f"This is message {number}." in told_of for number in range(800))
    bench.models.asked.clear()
    story.say("And now?")
    turn = await answered_by(bench, story, agent)
    (asked,) = bench.models.asked
    assert "SUMMARY." in asked.text()
    assert "left out here" not in asked.text()
    assert await kept_up(story, agent, turn) == []


async def summed_up_now(story, agent, matters=""):
    """Let an agent sum a session up, as `/compact` does: no run is open."""
    turn = StoryTurn(story, RunId("r_summary"), upto=len(story.events))
    made = []
    async with aclosing(agent.sum_up(turn, matters)) as items:
        async for item in items:
            if isinstance(item, Compacted):
                story.submit(SumUp(upto=item.upto, summary=item.summary))
                made.append(item)
    return made


async def test_whoever_asks_has_a_short_past_summed_up_by_what_matters_to_them(bench):
    story = told("The code word is lighthouse.")
    agent = bench.agent()
    bench.models.replies = [FINE]
    await answered_by(bench, story, agent)
    bench.models.replies = [Answers(text="SUMMARY: lighthouse.")]
    (made,) = await summed_up_now(story, agent, "the code word")
    assert made.summary == "SUMMARY: lighthouse."
    asked = bench.models.asked[-1]
    assert 'what matters to them: "the code word"' in asked.messages[0]["content"]
    assert "The code word is lighthouse." in asked.messages[1]["content"]
    assert await summed_up_now(story, agent) == []
    story.say("And now?")
    bench.models.replies = [FINE]
    await answered_by(bench, story, agent)
    shown = bench.models.asked[-1].text()
    assert "SUMMARY: lighthouse." in shown
    assert "The code word is" not in shown


async def test_whoever_asks_has_a_long_past_summed_up_that_was_left_out_of_an_answer(bench):
    story = told("The code word is lighthouse.")
    past(story, 500)
    story.say("What now?")
    bench.models.replies = [sums_up_or_answers] * 99
    agent = bench.agent(**SMALL)
    await answered_by(bench, story, agent)
    bench.models.asked.clear()
    made = await summed_up_now(story, agent)
    assert [each.upto for each in made] == sorted({each.upto for each in made})
    told_of = "".join(each.text() for each in bench.models.asked)
    assert all(f"This is message {number}." in told_of for number in range(500))
    assert story.fold.summed_up > len(story.events) - len(made) - 4
    assert await summed_up_now(story, agent) == []


async def test_whoever_asks_is_told_why_a_past_could_not_be_summed_up(bench):
    story = told()
    agent = bench.agent()
    bench.models.replies = [FINE]
    await answered_by(bench, story, agent)
    bench.models.replies = [Answers(text="", finish="content_filter")] * 9
    with pytest.raises(AgentError, match="refused"):
        await summed_up_now(story, agent)
    assert in_log(story, HistoryCompacted) == []


async def test_a_call_that_waits_to_be_approved_is_not_summed_up(bench):
    story = told("Touch it.")
    bench.models.replies = [calls("touch", what="the safe")]
    agent = bench.agent(**asking_to())
    async for _ in story.let(agent, story.turn()):
        pass
    assert story.fold.questions
    assert await summed_up_now(story, agent) == []


async def test_what_is_left_to_sum_up_is_found_again_by_another_process(bench):
    story = told("The code word is lighthouse.")
    past(story, 1000)
    story.say("What now?")
    bench.models.replies = [sums_up_or_answers] * 99
    agent = bench.agent(**SMALL)
    turn = await answered_by(bench, story, agent)
    async with aclosing(agent.keep_up(turn)) as items:
        async for item in items:
            if isinstance(item, Compacted):  # and here the process dies
                story.submit(SumUp(upto=item.upto, summary=item.summary))
                break
    first = story.fold.summed_up
    story.say("And now?")
    another = bench.agent(**SMALL)
    turn = await answered_by(bench, story, another)
    assert "SUMMARY." in bench.models.asked[-1].text()
    assert "left out here" in bench.models.asked[-1].text()
    made = await kept_up(story, another, turn)
    assert made[0].upto > first
    assert story.fold.summed_up == made[-1].upto


async def test_what_was_deleted_meanwhile_is_not_summed_up(bench):
    story = told("The code word is lighthouse.")
    past(story, 1000)
    story.say("What now?")
    story.submit(Delete(by=ParticipantId("Ada"), target=3))
    bench.models.replies = [sums_up_or_answers] * 99
    agent = bench.agent(**SMALL)
    await kept_up(story, agent, await answered_by(bench, story, agent))
    assert not any("lighthouse" in each.text() for each in bench.models.asked)


async def test_a_room_in_which_no_agent_ever_spoke_is_answered_from_its_newest_part(bench):
    story = Story()
    for number in range(900):
        heard = MessageReceived(
            participant=ParticipantId("Bob"),
            conversation=ConversationId("Chat"),
            content=Content(text=f"This is message {number}. " + "We go on and on. " * 6),
            addressed=False,
        )
        seq = len(story.events) + 1
        story.events.append(Event(session=story.id, seq=seq, at=story.now, body=heard))
    story.say("What do they talk about?")
    bench.models.replies = [sums_up_or_answers] * 99
    agent = bench.agent(**SMALL)
    turn = await answered_by(bench, story, agent)
    (asked,) = bench.models.asked
    assert "This is message 899." in asked.text()
    assert "This is message 0." not in asked.text()
    made = await kept_up(story, agent, turn)
    assert len(made) > 1
    assert "This is message 0." in bench.models.asked[1].text()


def past(story, turns):
    """Put so many turns into a story at once; to decide each would take long."""
    for number in range(turns):
        run, upto = RunId(f"p_{number}"), len(story.events) + 1
        text = f"This is message {number}. " + "We go on and on. " * 3
        bodies = (
            MessageReceived(
                participant=ParticipantId("Ada"),
                conversation=ConversationId("Chat"),
                content=Content(text=text),
            ),
            RunStarted(run=run, agent="agent", upto=upto, node="n"),
            MessageComposed(run=run, agent="agent", content=Content(text="I see.")),
            RunFinished(run=run, outcome="completed", upto=upto),
        )
        for body in bodies:
            seq = len(story.events) + 1
            story.events.append(Event(session=story.id, seq=seq, at=story.now, body=body))


def counted(monkeypatch, where, name):
    calls: list[None] = []
    real = getattr(where, name)

    def counting(*given):
        calls.append(None)
        return real(*given)

    monkeypatch.setattr(where, name, counting)
    return calls


async def test_a_tool_that_prints_an_empty_line_spoils_no_later_answer(bench):
    bench.models.rules = providers.anthropic
    story = told()
    rule = [{"tool": "*", "do": "allow"}]
    tools = {"functions": ("tests.agents.litellm.rig:blank",), "policy": rule}
    await bench.answer(story, calls("blank", what="it"), FINE, shape="anthropic", tools=tools)
    story.say("And now?")
    await bench.answer(story, Answers(text="Still."), shape="anthropic", tools=tools)
    assert story.words() == ["Here I am.", "Still."]
    assert len(bench.models.asked) == 3, "nothing had to be asked again"


async def test_a_refusal_that_a_model_writes_in_a_field_of_its_own_is_its_answer(bench):
    """OpenAI's models write it there, and nothing as content."""
    first = {"role": "assistant", "content": None, "refusal": ""}
    story = told()
    refusal = ({"refusal": "I cannot "}, {"refusal": "help with that."})
    await bench.answer(story, Answers(deltas=(first, *refusal)))
    assert story.words() == ["I cannot help with that."]
    assert len(bench.models.asked) == 1
