"""A model's section is looked at before anyone asks it something."""

import pytest

from agents.litellm.config import LitellmConfig
from agents.litellm.examine import examine, why_not
from tests.fakes.models import Answers


def config(model="openai/gpt", **more):
    return LitellmConfig.model_validate({"model": model, **more})


async def found(made, environ=None, *, deep=False):
    return [(c.name, c.detail, c.fix) for c in await examine(made, environ or {}, deep=deep)]


async def test_a_model_without_a_key_is_a_fault_that_names_the_variable():
    ((name, detail, fix),) = await found(config())
    assert (name, detail) == ("key", "openai/gpt has no API key")
    assert "OPENAI_API_KEY" in fix
    assert await found(config(), {"OPENAI_API_KEY": "sk"}) == []


async def test_those_that_stand_in_and_can_be_chosen_are_looked_at_too():
    made = config(api_key="k", fallbacks=["groq/x"], choices={"fast": "opnai/x"})
    faults = await found(made)
    assert [name for name, _, _ in faults] == ["key", "model"]
    assert "did you mean openai?" in faults[1][1]


async def test_the_program_of_an_mcp_server_has_to_be_there(tmp_path):
    servers = {
        "gone": {"command": "no-such-program"},
        "shut": {"command": str(tmp_path / "file")},
        "fine": {"command": "sh"},
        "elsewhere": {"url": "http://127.0.0.1:1/mcp"},
    }
    (tmp_path / "file").write_text("")
    made = config(api_key="k", tools={"mcp": servers})
    faults = await found(made, {"PATH": "/usr/bin:/bin"})
    assert [name for name, _, _ in faults] == ["MCP server gone", "MCP server shut"]
    assert "no-such-program" in faults[0][1]
    assert "chmod +x" in faults[1][2]


@pytest.mark.parametrize("deep", [False, True])
async def test_a_server_of_ones_own_that_is_not_there_is_a_fault_with_its_address(deep):
    made = config("ollama_chat/some", api_base="http://127.0.0.1:9")
    ((name, detail, fix),) = await found(made, deep=deep)
    assert (name, fix) == ("address", "start what serves the model there, or correct api_base")
    assert detail == "http://127.0.0.1:9 cannot be reached: Connection refused"
    assert await found(made, {"HTTPS_PROXY": "http://proxy"}) == [], "it is not reached directly"


async def test_deep_each_model_is_asked_for_a_word(models):
    made = config("ollama_chat/some", api_base=models.base("ollama"))
    assert await found(made, deep=True) == []
    models.replies = [Answers(status=404, error="model not found")]
    ((name, detail, fix),) = await found(made, deep=True)
    assert (name, "does not answer" in detail, "--deep" in fix) == ("answer", True, True)
    assert len(models.asked) == 2


async def test_not_deep_nobody_is_asked(models):
    await found(config("ollama_chat/some", api_base=models.base("ollama")))
    assert models.asked == []


@pytest.mark.parametrize("key", ["", "sk"])
def test_people_are_told_which_key_is_missing_in_the_bridges_own_words(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    said = "the agent 'helper' has no API key: the owner has to set OPENAI_API_KEY"
    assert why_not("helper", [config()]) == ("" if key else said)


def test_one_model_with_a_key_is_enough(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    made = config(fallbacks=["ollama_chat/x"])
    assert why_not("helper", [made, *made.fallbacks]) == ""
