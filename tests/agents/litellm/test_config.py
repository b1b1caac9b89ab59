"""What can be written, and what is told when it is wrong."""

import re
import textwrap
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from agents.litellm.config import BUILTIN, LitellmConfig


def test_a_name_is_all_it_takes():
    config = LitellmConfig(model="openai/gpt-4o")
    assert config.tools.builtin == BUILTIN
    assert config.max_steps > 1


def test_other_models_are_written_as_a_name_or_a_section():
    config = LitellmConfig(
        model="a", fallbacks=["b", {"model": "c", "api_base": "http://x"}], choices={"fast": "d"}
    )
    assert [each.model for each in config.fallbacks] == ["b", "c"]
    assert config.choices["fast"].model == "d"


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": ""},
        {"max_steps": 0},
        {"max_cost": -1},
        {"tools": {"builtin": ["fly"]}},
        {"tools": {"policy": [{"tool": "x", "do": "maybe"}]}},
        {"tools": {"mcp": {"A B": {"command": "x"}}}},
        {"tools": {"approvers": ["Ada"]}},  # a name, which anybody may choose
        {"temprature": 1},
    ],
)
def test_what_is_wrong_is_refused(wrong):
    with pytest.raises(ValidationError):
        LitellmConfig(**({"model": "a"} | wrong))


PAGE = (Path(__file__).parents[3] / "docs" / "agents.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_what_the_page_shows_can_be_written(block):
    written = yaml.safe_load(textwrap.dedent(block))
    helper = written.get("agents", {}).get("helper") or {"model": "m", **written}
    helper.pop("type", None)
    assert LitellmConfig.model_validate(helper)


def test_the_page_names_every_setting():
    table = PAGE.partition("## What can be set")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z_.]+)`", table))
    assert set(LitellmConfig.model_fields) - {"tools"} <= named
