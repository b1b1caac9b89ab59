"""MCP servers come up when they are needed, and never outlive or outlast what they are for."""

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents.tools import mcp as module
from agents.tools.mcp import McpSection, McpServer, ServerDown
from agents.tools.tool import Call, ToolError
from bridge.ids import CallId
from tests.waiting import until, until_dead

PROGRAM = str(Path(__file__).parents[2] / "fakes" / "mcp_program.py")


@asynccontextmanager
async def server(**settings):
    defaults = {"command": sys.executable, "args": ("-S", PROGRAM)}
    made = McpServer("fake", McpSection(**(defaults | settings)))
    try:
        yield made
    finally:
        await made.close()


async def use(made, name, **arguments):
    tools = {tool.name: tool for tool in await made.tools()}
    call = Call(call=CallId("k_1"), name=name, arguments=arguments)
    return await tools[f"fake__{name}"].run(call)


async def test_its_tools_carry_its_name_and_say_whether_they_only_read():
    async with server() as made:
        tools = {tool.name: tool for tool in await made.tools()}
        assert tools["fake__add"].read_only
        assert not tools["fake__note"].read_only
        assert tools["fake__add"].description == "Add two numbers."
        assert tools["fake__add"].schema["required"] == ["a", "b"]


async def test_a_call_brings_the_text_of_its_result():
    async with server() as made:
        assert (await use(made, "add", a=2, b=3)).text == "5"


async def test_a_failed_call_is_told_as_failed():
    async with server() as made:
        done = await use(made, "fail")
        assert done.failed
        assert "asked to fail" in done.text


async def test_it_sees_the_secrets_it_was_given_and_no_others(monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_BRIDGE", "s")
    async with server(env={"TOKEN": "t"}) as made:
        assert (await use(made, "variable", text="TOKEN")).text == "t"
        assert (await use(made, "variable", text="SECRET_OF_THE_BRIDGE")).text == "(not set)"


async def test_one_that_dies_in_a_call_leaves_its_outcome_unknown_and_is_started_anew():
    async with server() as made:
        first = (await use(made, "pid")).text
        with pytest.raises(ToolError, match="unknown"):
            await use(made, "die")
        assert (await use(made, "pid")).text != first


async def test_one_that_dies_between_two_calls_is_started_anew_before_the_next():
    async with server() as made:
        first = int((await use(made, "pid")).text)
        os.kill(first, 9)
        await until(lambda: not made._connection.is_up)
        assert int((await use(made, "pid")).text) != first


async def test_one_that_does_not_come_up_is_down_and_is_left_alone_for_a_while():
    async with server(command="/nowhere/at/all") as made:
        with pytest.raises(ServerDown, match="No such file"):
            await made.tools()
        owner = made._owner
        with pytest.raises(ServerDown, match="No such file"):
            await made.tools()
        assert made._owner is owner


async def test_one_that_says_nothing_is_given_up(monkeypatch):
    silent = ("-c", "import time; time.sleep(60)")
    async with server(args=silent, connect_seconds=0.2) as made:
        with pytest.raises(ServerDown, match=r"within 0.2 s"):
            await made.tools()


async def test_one_that_hangs_after_its_call_was_stopped_is_killed_with_its_children(
    tmp_path, monkeypatch
):
    """Both are deaf to SIGTERM; nothing of them is left, and the next call works."""
    monkeypatch.setattr(module, "ALIVE", 0.1)
    monkeypatch.setattr("mcp.client.stdio.PROCESS_TERMINATION_TIMEOUT", 0.1)
    monkeypatch.setattr("mcp.client.stdio.FORCE_KILL_TIMEOUT", 0.1)
    started = tmp_path / "started"
    async with server() as made:
        call = asyncio.create_task(use(made, "block", text=str(started)))
        await until(lambda: started.exists() and started.read_text())
        pids = [int(pid) for pid in started.read_text().split()]
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until_dead(*pids)
        assert (await use(made, "add", a=1, b=1)).text == "2"


async def test_an_error_of_a_server_is_an_answer_whatever_its_code():
    """The code is that of a closed connection, but it is the server's own."""
    async with server() as made:
        first = (await use(made, "pid")).text
        with pytest.raises(ToolError, match="I will not"):
            await use(made, "refuse")
        assert (await use(made, "pid")).text == first


async def test_tools_that_a_server_offers_later_are_heard_of():
    async with server() as made:
        assert "fake__learned" not in {tool.name for tool in await made.tools()}
        await use(made, "learn")
        await until(made._connection.changed.is_set)
        assert "fake__learned" in {tool.name for tool in await made.tools()}
        assert (await use(made, "learned", a=1, b=2)).text == "3"


async def test_a_picture_in_a_result_is_brought_and_what_is_none_is_named():
    async with server() as made:
        done = await use(made, "picture")
        (picture,) = done.pictures
        assert picture.mime == "image/png"
        assert picture.body.startswith(b"\x89PNG")
        assert done.text.startswith("Look:\n\n[a picture, image/png, about ")


async def test_closing_ends_its_process():
    async with server() as made:
        pid = int((await use(made, "pid")).text)
    await until_dead(pid)


async def test_two_runs_share_one_server():
    async with server() as made:
        one, other = await asyncio.gather(use(made, "pid"), use(made, "pid"))
        assert one.text == other.text


def test_a_server_is_reached_in_one_way():
    with pytest.raises(ValueError, match="either a command or a url"):
        McpSection()
    with pytest.raises(ValueError, match="either a command or a url"):
        McpSection(command="x", url="http://127.0.0.1/")


HOSTILE = """
import sys
sys.path.insert(0, {folder!r})
import mcp_program as fake
old = fake.listed
fake.listed = lambda name: old(name) | {{"outputSchema": {{
    "type": "object", "properties": {{"x": {{"type": "string", "pattern": "^(a+)+$"}}}}}}}}
fake.called = lambda name, _: {{"content": [], "structuredContent": {{"x": "a" * 60 + "!"}}}}
fake.main()
"""


async def test_a_schema_of_a_server_cannot_keep_the_bridge_busy(tmp_path):
    """Its pattern would take years over this result."""
    program = tmp_path / "hostile.py"
    program.write_text(HOSTILE.format(folder=str(Path(PROGRAM).parent)))
    async with server(args=("-S", str(program))) as made, asyncio.timeout(20):
        assert "aaa!" in (await use(made, "pid")).text
