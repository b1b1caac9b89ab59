"""What is known of providers without importing litellm agrees with litellm."""

import subprocess
import sys

import pytest

from agents.litellm.config import ModelSection
from agents.litellm.providers import KEY_OF, missing_key, models, providers, suggestions, unknown


def section(model, **more):
    return ModelSection(model=model, **more)


def test_it_imports_nothing_of_litellm():
    script = (
        "import sys; from agents.litellm.providers import unknown; "
        "from agents.litellm.config import ModelSection; unknown(ModelSection(model='gpt-4o')); "
        "print('litellm' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_litellm_itself_reads_the_keys_from_these_variables(monkeypatch):
    import litellm

    for names in KEY_OF.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    for provider, names in KEY_OF.items():
        asked = litellm.validate_environment(model=f"{provider}/some")["missing_keys"]
        assert not asked or set(asked) & set(names), provider


def test_every_provider_of_litellm_is_known():
    import litellm

    named = {getattr(each, "value", each) for each in litellm.provider_list}
    assert named - set(providers()) == set()
    assert len(models()) > 1000


@pytest.mark.parametrize(
    ("made", "variable"),
    [
        (section("openai/gpt"), "OPENAI_API_KEY"),
        (section("openai/gpt", api_key="k"), ""),
        (section("openai/gpt", extra={"api_key": "k"}), ""),
        (section("openai/gpt", api_base="http://here"), "OPENAI_API_KEY"),
        (section("groq/x", api_base="http://here"), ""),
        (section("gemini/x"), "GEMINI_API_KEY"),
        (section("gpt-4o"), "OPENAI_API_KEY"),
        (section("claude-sonnet-4-5"), "ANTHROPIC_API_KEY"),
        (section("ollama_chat/qwen3"), ""),
        (section("bedrock/x"), ""),
    ],
)
def test_the_variable_that_has_no_key_is_named(made, variable):
    assert missing_key(made, {}) == variable
    if variable:
        assert missing_key(made, {variable: " "}) == variable
        assert missing_key(made, {variable: "sk"}) == ""


def test_any_of_the_variables_of_a_provider_does():
    assert missing_key(section("gemini/x"), {"GOOGLE_API_KEY": "k"}) == ""


@pytest.mark.parametrize("model", ["gpt-4o", "openai/new-today", "ollama_chat/mine", "bedrock/x"])
def test_a_model_that_litellm_can_place_is_not_called_unknown(model):
    """A provider brings out models faster than litellm lists them."""
    assert unknown(section(model)) == ""


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("opnai/gpt-4o", "litellm knows no provider opnai; did you mean openai?"),
        ("gpt-4oo", "gpt-4oo names no provider: write provider/model; did you mean gpt-4o?"),
        ("xyz", "xyz names no provider: write provider/model"),
    ],
)
def test_what_it_cannot_place_is_told_with_what_it_resembles(model, said):
    assert unknown(section(model)) == said


def test_names_that_resemble_one_are_of_its_provider():
    assert "openai/gpt-4o" in suggestions("openai/gpt-4oo")
