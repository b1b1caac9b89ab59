"""`bridge add` tries the answers before it writes them."""

import pytest

from agents.litellm.setup import setup
from bridge.errors import ConfigError
from tests.fakes.models import Answers


def given(models, **more):
    base = models.base("ollama")
    return {"model": "ollama_chat/qwen3:8b", "api_key": "", "api_base": base} | more


async def test_a_model_that_answers_is_good(models):
    verified = await setup.verify(given(models))
    assert verified.account == "ollama_chat/qwen3:8b"


async def test_one_that_does_not_is_told_with_the_reason(models):
    models.replies = [Answers(status=404, error="model 'qwen3:8b' not found")]
    with pytest.raises(ConfigError, match=r"does not answer: .*not found"):
        await setup.verify(given(models))


@pytest.mark.parametrize(
    "answers",
    [
        Answers(text=""),
        Answers(garbage=True),
        Answers(status=200, error="wrong path", cut_off=True),
    ],
)
async def test_an_address_where_something_else_answers_is_told(models, answers):
    """It says 200 and holds no word: a page, an error, nothing."""
    models.replies = [answers]
    with pytest.raises(ConfigError, match="does not answer: "):
        await setup.verify(given(models))


async def test_answers_that_do_not_fit_are_told(models):
    with pytest.raises(ConfigError, match="do not fit"):
        await setup.verify(given(models, max_steps="many"))


def test_the_key_is_a_secret():
    assert {ask.key for ask in setup.asks if ask.secret} == {"api_key"}
