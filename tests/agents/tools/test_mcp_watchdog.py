"""Whatever ends the bridge, nothing is left of the MCP servers that it started."""

import subprocess
import sys

import pytest

from agents.tools.mcp import McpSection, McpServer, ServerDown
from tests.agents.tools.test_mcp import PROGRAM
from tests.conftest import ROOT
from tests.waiting import until, until_dead

BRIDGE = f"""
import asyncio, sys
from agents.tools.mcp import McpSection, McpServer
from agents.tools.tool import ToolCall
async def main():
    made = McpServer("fake", McpSection(command=sys.executable, args=("-S", {PROGRAM!r})))
    tools = {{tool.name: tool for tool in await made.tools()}}
    block = ToolCall(call="k_1", name="fake__block", arguments={{"text": sys.argv[1]}})
    await tools["fake__block"].run(block)
asyncio.run(main())
"""


def begun(started):
    """Start a process that plays the bridge; the file says which programs it has at work."""
    return subprocess.Popen([sys.executable, "-c", BRIDGE, str(started)], cwd=ROOT)


async def test_when_the_bridge_is_killed_a_server_at_work_ends_with_its_children(
    tmp_path, monkeypatch
):
    """Both are deaf to SIGTERM, and neither looks whether anyone still listens."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    started = tmp_path / "started"
    bridge = begun(started)
    await until(lambda: started.exists() and started.read_text())
    bridge.kill()
    bridge.wait()
    await until_dead(*(int(pid) for pid in started.read_text().split()))
    await until(lambda: list(tmp_path.iterdir()) == [started])


@pytest.mark.parametrize("command", ["no-such-program", "./beside.sh", "sub/beside.sh"])
async def test_a_program_that_is_not_there_is_named(tmp_path, command):
    made = McpServer("fake", McpSection(command=command, cwd=str(tmp_path)))
    with pytest.raises(ServerDown, match=f"No such file.*{command}"):
        await made.tools()
    await made.close()


async def test_a_program_is_found_where_it_is_to_work_and_on_the_path_it_is_given(tmp_path):
    script = tmp_path / "beside.sh"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{PROGRAM}"\n')
    script.chmod(0o755)
    for section in (
        McpSection(command="./beside.sh", cwd=str(tmp_path)),
        McpSection(command="beside.sh", env={"PATH": f"{tmp_path}:/usr/bin:/bin"}),
    ):
        made = McpServer("fake", section)
        assert await made.tools()
        await made.close()
