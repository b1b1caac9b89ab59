"""A first run finds what is there, and `bridge add` tries the answers before it writes them."""

import asyncio
import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from agents.litellm import agent, client
from agents.litellm.config import LitellmConfig
from agents.litellm.setup import KEYS, LocalModel, best, local_models, ollama_base, setup, suggest
from bridge.domain.errors import ConfigError
from tests.fakes.models import Answers

NOWHERE = {"OLLAMA_HOST": "127.0.0.1:1"}


@pytest.mark.parametrize("variable", KEYS)
def test_a_key_in_the_environment_is_a_model_and_says_why(variable):
    found = suggest({variable: "k"} | NOWHERE)
    assert found.options == {"model": KEYS[variable]}
    assert variable in found.why
    assert KEYS[variable] in found.why


def test_every_model_it_suggests_can_use_tools():
    package = Path(find_spec("litellm").origin).parent
    prices = json.loads((package / "model_prices_and_context_window_backup.json").read_text())
    for model in KEYS.values():
        known = prices.get(model) or prices[model.partition("/")[2]]
        assert known["supports_function_calling"], model
        assert known["mode"] == "chat", model


def test_with_nothing_there_is_nothing():
    assert suggest(NOWHERE) is None
    assert suggest({"OPENAI_API_KEY": " "} | NOWHERE) is None


def test_a_local_model_is_found(monkeypatch):
    models = [LocalModel(name="nomic-embed-text", size=9), LocalModel(name="qwen3:8b", size=5)]
    monkeypatch.setattr(import_module("agents.litellm.setup"), "local_models", lambda _: models)
    found = suggest({})
    assert found.options == {
        "model": "ollama_chat/qwen3:8b",
        "api_base": "http://127.0.0.1:11434",
    }
    assert "qwen3:8b" in found.why


def test_of_local_models_the_one_that_is_best_at_tools_is_taken_then_the_largest():
    def named(*sizes):
        return [LocalModel(name=name, size=size) for name, size in sizes]

    assert best(named(("gemma3:27b", 27), ("qwen3:4b", 4), ("qwen3:8b", 8))) == "qwen3:8b"
    assert best(named(("bge-m3", 1), ("all-minilm", 1))) is None
    assert best([]) is None


async def test_the_models_of_an_ollama_are_asked_for(models):
    found = await asyncio.to_thread(local_models, models.url)
    assert [each.name for each in found] == ["qwen3:8b"]


def test_where_no_ollama_is_there_are_no_models():
    assert local_models("http://127.0.0.1:1") == ()
    assert local_models("https://example.org") == ()


@pytest.mark.parametrize(
    ("environ", "base"),
    [
        ({}, "http://127.0.0.1:11434"),
        ({"OLLAMA_HOST": "0.0.0.0"}, "http://127.0.0.1:11434"),
        ({"OLLAMA_HOST": "box:99"}, "http://box:99"),
        ({"OLLAMA_API_BASE": "http://box:99/"}, "http://box:99"),
    ],
)
def test_ollamas_own_variables_say_where_it_is(environ, base):
    assert ollama_base(environ) == base


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
    with pytest.raises(ConfigError, match=r"^max_steps: Input should be a valid integer"):
        await setup.verify(given(models, max_steps="many"))


def test_the_key_is_a_secret():
    assert {ask.key for ask in setup.asks if ask.secret} == {"api_key"}


@pytest.mark.parametrize(
    "address", ["127.0.0.1:11434", "localhost", "ftp://models/v1", "http://", "http:// models", "?"]
)
async def test_an_address_that_is_none_is_refused_in_a_sentence(models, address):
    with pytest.raises(ConfigError) as refused:
        await setup.verify(given(models, api_base=address))
    told = str(refused.value)
    assert told.startswith(f"api_base: {address!r} is not the address of a server")
    assert "http:// or https://" in told
    assert "\n" not in told
    assert models.asked == []


async def test_what_litellm_takes_to_be_imported_is_no_time_of_the_models(models, monkeypatch):
    """On a slow machine that is longer than any model takes for a word."""

    async def slow():
        await asyncio.sleep(0.5)

    examining = import_module("agents.litellm.examine")
    adding = import_module("agents.litellm.setup")
    for module in (agent, examining, adding):
        monkeypatch.setattr(module, "prepare", slow)
    monkeypatch.setattr(agent, "TRIED_SECONDS", 0.4)
    monkeypatch.setattr(examining, "DEEP_SECONDS", 0.4)
    monkeypatch.setattr(adding, "SECONDS", 0.4)
    config = LitellmConfig.model_validate(
        {"model": "ollama_chat/qwen3:8b", "api_base": models.base("ollama")}
    )
    await client.prepare()
    assert await setup.verify(given(models))
    assert await examining.examine(config, {}, deep=True) == []
    assert await agent.refusal(config, "ollama_chat/other") == ""
