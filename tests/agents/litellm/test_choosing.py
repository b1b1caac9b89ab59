"""A model is tried before it is chosen, so that a wrong name spoils no answer."""

import pytest

from agents.litellm.choosing import refusal
from agents.litellm.config import LitellmConfig
from tests.fakes.models import Answers


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
