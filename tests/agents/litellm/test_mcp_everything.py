"""A server that others wrote, in another language: `server-everything` of the protocol's makers.

It is installed from npm into a folder that is kept between runs. Where Node or npm is missing, or
there is no way to the packages, these tests are skipped and say so.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.tools.mcp import McpSection, McpServer
from agents.tools.tool import ToolCall, ToolError
from bridge.domain.ids import CallId
from tests.agents.litellm.rig import told
from tests.fakes.models import Answers, calls
from tests.waiting import until

VERSION = "2026.8.31"
PACKAGE = "@modelcontextprotocol/server-everything"
pytestmark = pytest.mark.node


@pytest.fixture(scope="session")
def program() -> Path:
    """Install the server, once for all runs on this machine."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no Node here, so no server of others is tried")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "bridgehead-tests" / f"server-everything-{VERSION}"
    found = folder / "node_modules" / PACKAGE / "dist" / "index.js"
    if not found.exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = ("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")
        done = subprocess.run(
            [*install, "--prefix", str(folder), f"{PACKAGE}@{VERSION}"],
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        if not found.exists():
            pytest.skip(f"{PACKAGE} cannot be installed: {done.stderr[-200:]}")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as made:
        return made.getsockname()[1]


@contextlib.asynccontextmanager
async def over_http(program: Path, port: int) -> AsyncIterator[str]:
    """The server over HTTP; leaving the context ends it, as a restart does."""
    process = await asyncio.create_subprocess_exec(
        "node", str(program), "streamableHttp",
        env={**os.environ, "PORT": str(port)},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await until(lambda: _listens(port))
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        await process.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


async def use(server: McpServer, name: str, **arguments):
    tools = {tool.name: tool for tool in await server.tools()}
    call = ToolCall(call=CallId("k_1"), name=name, arguments=arguments)
    return await tools[f"every__{name}"].run(call)


async def test_after_a_restart_in_mid_session_it_is_asked_again(program):
    port = free_port()
    async with over_http(program, port) as url:
        server = McpServer("every", McpSection(url=url))
        assert (await use(server, "echo", message="one")).text == "Echo: one"
    async with over_http(program, port):
        try:
            assert (await use(server, "echo", message="two")).text == "Echo: two"
            assert (await use(server, "get-sum", a=2, b=3)).text.endswith("5.")
        finally:
            await server.close()


async def test_a_call_that_it_died_in_is_not_made_again(program):
    port = free_port()
    async with over_http(program, port) as url:
        server = McpServer("every", McpSection(url=url))
        long = asyncio.create_task(
            use(server, "trigger-long-running-operation", duration=30, steps=3)
        )
        await asyncio.sleep(1)
        assert not long.done()
    async with over_http(program, port):
        try:
            with pytest.raises(ToolError):
                await long
            assert (await use(server, "echo", message="on")).text == "Echo: on"
        finally:
            await server.close()


async def test_its_pictures_are_brought(program):
    async with over_http(program, free_port()) as url:
        server = McpServer("every", McpSection(url=url))
        try:
            (picture,) = (await use(server, "get-tiny-image")).pictures
            assert picture.mime == "image/png"
        finally:
            await server.close()


async def test_an_agent_sees_the_pictures_of_a_tool_that_it_called(program, bench):
    """The program starts it, offers all of its tools to a model, and shows what one brings."""
    server = {"command": "node", "args": [str(program), "stdio"]}
    tools = {"mcp": {"every": server}, "policy": [{"tool": "*", "do": "allow"}]}
    for sees in (True, False):
        story = told("Show me.")
        replies = (calls("every__get-tiny-image"), Answers(text="A logo."))
        await bench.answer(story, *replies, tools=tools, images=sees)
        assert story.words()[-1] == "A logo."
        shown = bench.models.asked[-1].text()
        assert ("data:image/png;base64," in shown) == sees
        assert "a picture, image/png" in shown
