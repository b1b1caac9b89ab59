"""What litellm knows and takes; how models answer through it is in test_run.py."""

import pytest

from agents.litellm.config import ModelSection
from agents.litellm.failure import Unanswered
from agents.litellm.library import FAMILY_LIMIT, LOCAL_CONTEXT, abilities, try_out
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
