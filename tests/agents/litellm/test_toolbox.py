"""An agent's tools are its own, functions, and those of servers that are up."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.litellm.config import BUILTIN, ToolsSection
from agents.litellm.stream_parser import Wanted
from agents.litellm.tool_calls import perform, plan
from agents.litellm.toolbox import Toolbox
from agents.tools.builtin import Here
from bridge.domain.errors import ConfigError
from bridge.domain.ids import CallId

HERE = Here(now=datetime(2026, 1, 1, tzinfo=UTC), people={})
PROGRAM = str(Path(__file__).parents[2] / "fakes" / "mcp_program.py")
FILES = {"command": sys.executable, "args": ["-S", PROGRAM]}


async def tools(**config):
    box = Toolbox(ToolsSection(**config))
    try:
        return await box.tools(HERE)
    finally:
        await box.close()


async def test_without_a_config_it_has_those_every_agent_has():
    found = await tools()
    assert set(found.by_name) == set(BUILTIN)


async def test_only_those_that_are_wanted_are_there():
    assert set((await tools(builtin=["push"])).by_name) == {"push"}


async def test_functions_and_servers_add_theirs():
    found = await tools(
        builtin=[], functions=["tests.agents.litellm.rig:touch"], mcp={"files": FILES}
    )
    assert {"touch", "files__add", "files__note"} <= set(found.by_name)


async def test_a_server_that_is_down_takes_nothing_else_with_it():
    found = await tools(mcp={"gone": {"command": "/no/such/program"}, "files": FILES})
    assert "files__add" in found.by_name
    assert "No such file" in found.missing["gone"]


@pytest.mark.parametrize("written", ['{"a": "2", "b": "3"}', '{"a": 2, "b": "3.0"}'])
async def test_a_number_that_a_model_writes_as_text_reaches_a_strict_server_as_one(written):
    box = Toolbox(ToolsSection(mcp={"files": FILES}))
    try:
        found = await box.tools(HERE)
        call = Wanted(call=CallId("k_1"), id="x", name="files__add", arguments=written)
        todo = plan([call], found.by_name, (), ())
        done = [done async for _, done in perform(todo.running, seconds=5)]
    finally:
        await box.close()
    assert [(each.text, each.failed) for each in done] == [("5", False)]
    assert json.loads(todo.running[0].planned.arguments) == {"a": 2, "b": 3}


def test_a_function_that_is_none_is_told_at_the_start():
    with pytest.raises(ConfigError, match="cannot be imported"):
        Toolbox(ToolsSection(functions=["nowhere:at_all"]))
