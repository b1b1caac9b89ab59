"""A first run finds what is there."""

import asyncio
import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from agents.litellm import discover
from agents.litellm.discover import KEYS, LocalModel, best, local_models, ollama_base, suggest

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
    monkeypatch.setattr(discover, "local_models", lambda _: models)
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
