"""A first run without a configuration takes what this machine has, and says so."""

import pytest

from bridge.config import load
from bridge.plugins import suggested

KEY = {"OPENAI_API_KEY": "sk-test"}


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_key_in_the_environment_makes_a_model_the_agent(tmp_path):
    config = load(None, {**KEY, "BRIDGE_DATA": str(tmp_path)}, look_round=True)
    assert config.agent == "assistant"
    assert config.agents["assistant"].options.model.startswith("openai/")
    assert "OPENAI_API_KEY" in config.chosen


def test_with_nothing_to_be_found_it_is_echo(tmp_path):
    nothing = {"BRIDGE_DATA": str(tmp_path), "OLLAMA_HOST": "127.0.0.1:1"}
    config = load(None, nothing, look_round=True)
    assert (config.agent, config.chosen) == ("echo", "")


def test_whoever_wrote_a_file_is_not_second_guessed(tmp_path):
    (tmp_path / "config.yaml").write_text("grace: 5\n")
    assert load(None, KEY, look_round=True).agent == "echo"
    assert load(None, {**KEY, "BRIDGE_DATA": str(tmp_path)}).agent == "echo"


def test_an_agent_that_finds_nothing_suggests_nothing():
    assert suggested({"OLLAMA_HOST": "127.0.0.1:1"}) is None
