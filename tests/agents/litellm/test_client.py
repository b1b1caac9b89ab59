"""What litellm knows and takes; how models answer through it is in test_agent.py."""

import json
from types import SimpleNamespace

import pytest

from agents.litellm.client import FAMILY_LIMIT, LOCAL_CONTEXT, _meter, abilities, prepare, try_out
from agents.litellm.config import ModelSection
from agents.litellm.failure import Unanswered
from tests.agents.litellm.rig import ended, section, told
from tests.fakes.models import Answers


async def test_what_a_model_takes_is_known_without_asking_anyone():
    able = await abilities(ModelSection(model="anthropic/claude-sonnet-4-5"))
    assert able.images
    assert able.documents
    assert able.context == FAMILY_LIMIT


async def test_of_an_unknown_model_little_is_expected():
    able = await abilities(ModelSection(model="openai/ours"))
    assert not able.images
    assert able.context == 32_000


async def test_what_the_config_says_counts_more():
    able = await abilities(ModelSection(model="openai/ours", images=True, context_tokens=5000))
    assert (able.images, able.context) == (True, 5000)


async def test_a_local_model_is_told_how_much_it_has_to_remember(bench):
    """Else an Ollama forgets the beginning without a word."""
    await bench.answer(told(), shape="ollama")
    assert bench.models.asked[0].body["options"]["num_ctx"] == LOCAL_CONTEXT


async def test_extra_settings_go_through(bench):
    await bench.answer(told(), extra={"top_p": 0.25})
    assert bench.models.asked[0].body["top_p"] == 0.25


async def test_a_key_goes_to_the_provider_only(bench):
    await bench.answer(told())
    assert bench.models.asked[0].headers["Authorization"] == "Bearer sk-of-a-test"


async def test_trying_out_a_model_says_what_is_wrong(bench):
    bench.models.replies = [Answers(status=401, error="Incorrect API key: sk-of-a-test")]
    with pytest.raises(Unanswered, match="Incorrect API key") as raised:
        await try_out(section(bench.models), seconds=5, now=bench.clock.now)
    assert "sk-of-a-test" not in str(raised.value)


@pytest.mark.parametrize("shape", ["openai", "anthropic", "ollama"])
async def test_a_request_that_cannot_be_processed_says_why(bench, shape):
    bench.models.replies = [Answers(status=422, error="It is a riddle.")] * 2
    with pytest.raises(Unanswered, match=r"It is a riddle\.") as raised:
        await try_out(section(bench.models, shape), seconds=5, now=bench.clock.now)
    assert raised.value.trouble.kind == "unfit"
    assert len(bench.models.asked) == 1


def naming(*place: str) -> Answers:
    """What a server says that takes no setting that it does not know."""
    detail = [{"type": "extra_forbidden", "loc": list(place), "msg": "Not permitted: " + place[-1]}]
    return Answers(status=422, body=json.dumps({"message": json.dumps({"detail": detail})}))


async def test_a_setting_that_is_named_as_unknown_is_left_out(bench):
    story = told()
    await bench.answer(story, naming("body", "top_p"), Answers(text="Hi."), extra={"top_p": 0.5})
    assert story.words() == ["Hi."]
    first, second = bench.models.asked
    assert "top_p" in first.body
    assert "top_p" not in second.body


@pytest.mark.parametrize("name", ["messages", "tools", "model", "stream"])
async def test_what_is_asked_is_never_taken_for_a_setting(bench, name):
    bench.models.replies = [naming("body", name)] * 2
    with pytest.raises(Unanswered, match=f"Not permitted: {name}"):
        await try_out(section(bench.models), seconds=5, now=bench.clock.now)
    assert len(bench.models.asked) == 1


async def test_a_server_that_names_one_setting_after_the_other_says_why_at_last(bench):
    bench.models.replies = [naming("body", "top_p"), naming("body", "seed")]
    made = section(bench.models, extra={"top_p": 0.5, "seed": 1})
    with pytest.raises(Unanswered, match="Not permitted: seed"):
        await try_out(made, seconds=5, now=bench.clock.now)


@pytest.mark.parametrize("shape", ["openai", "anthropic", "ollama"])
async def test_a_provider_is_asked_again_over_the_same_connection(bench, shape):
    """An answer is read to its end, though not to what litellm makes of it after that."""
    story = told()
    await bench.answer(story, Answers(text="Hello!", lingers=0.05), shape=shape)
    story.say("And again?")
    await bench.answer(story, shape=shape)
    first, second = bench.models.asked
    assert first.port == second.port != 0


@pytest.mark.parametrize("shape", ["openai", "anthropic"])
async def test_a_provider_that_keeps_the_line_open_keeps_no_answer_back(bench, shape):
    said = await bench.answer(told(), Answers(text="Hello!", lingers=60), shape=shape)
    assert ended(said).content.text == "Hello!"
    await bench.models.until(lambda: bench.models.hung_up == 1)


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        *((7, 7), (-3, 0), (2.9, 2), (None, 0), (True, 0), ("9", 9), (float("nan"), 0), ([], 0)),
        *((10**20, 1_000_000_000), (float("inf"), 1_000_000_000)),
    ],
)
async def test_what_a_server_says_was_used_is_a_number_of_tokens_or_none(said, counted):
    await prepare()
    usage = SimpleNamespace(prompt_tokens=said, completion_tokens=said)
    metered = _meter(ModelSection(model="openai/gpt-4o"), usage)
    assert (metered.input_tokens, metered.output_tokens) == (counted, counted)
    assert metered.cost is None or 0 <= metered.cost < 1e6
    assert _meter(ModelSection(model="x/y"), SimpleNamespace()).input_tokens == 0
