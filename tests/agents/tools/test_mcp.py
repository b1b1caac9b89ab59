"""MCP servers come up when they are needed, and never outlive or outlast what they are for."""

import asyncio
import json
import logging
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from agents.tools import mcp as module
from agents.tools.mcp import McpSection, McpServer, ServerDown
from agents.tools.mcp_wire import NoMessage
from agents.tools.tool import ToolCall, ToolError
from bridge.domain.ids import CallId
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
    call = ToolCall(call=CallId("k_1"), name=name, arguments=arguments)
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


async def test_its_standard_error_goes_into_the_log_which_keeps_its_rules(capfd):
    """It may quote people, so it is not written beside the log."""
    says = 'import sys; print("a private word", file=sys.stderr, flush=True)'
    script = f"{sys.executable} -c '{says}'; exec {sys.executable} -S {PROGRAM}"
    with capture_logs() as logged:
        async with server(command="/bin/sh", args=("-c", script)) as made:
            assert (await use(made, "add", a=2, b=3)).text == "5"
        await until(lambda: any(each.get("line") == "a private word" for each in logged))
    assert "private" not in capfd.readouterr().err


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


@pytest.mark.parametrize("cursor", ["again", ""])
async def test_one_that_never_comes_to_the_end_of_its_list_offers_each_tool_once(cursor):
    async with server(env={"NEXT": cursor}) as made:
        names = [tool.name for tool in await made.tools()]
        assert len(names) == len(set(names)) > 5


async def test_what_a_server_prints_beside_its_messages_is_passed_over():
    banner = 'Starting server discovery|Will try ports: 3025|{"level": "info", "msg": "up"}|[1]'
    async with server(env={"BANNER": banner}) as made:
        assert (await use(made, "add", a=2, b=3)).text == "5"


LINK = "Quarterly report: reports://quarterly/2026-q3, application/pdf, Quarterly revenue breakdown"


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ("structured", '{"answer": 42}'),
        (
            "summed up",
            '2 found; they are in structured content.\n\n{"found": ["a\\nb", 7.5], "more": true}',
        ),
        ("twice", '{"found": ["a\\nb"], "count": 1}'),
        ("wrapped", "a\nb"),
        ("handle", 'the page\n\n{"session": "h1"}'),
        ("refused", 'database connection refused\n\n{"answer": 42}'),
        ("link", f"Found report:\n\n[{LINK}]"),
        ("blank", ""),
    ],
)
async def test_a_result_of_any_shape_is_told(shape, text):
    async with server() as made:
        done = await use(made, "shapes", text=shape)
        assert (done.text, done.failed) == (text, shape == "refused")


async def test_a_result_that_cannot_be_read_is_told_as_one_and_the_server_goes_on():
    """The call was made: whoever takes it for failed would make it again."""
    async with server() as made:
        first = (await use(made, "pid")).text
        with pytest.raises(ToolError, match="was made, but its result cannot be read"):
            await use(made, "shapes", text="textless")
        assert (await use(made, "pid")).text == first


RETURNING = """
import json, sys
sys.path.insert(0, {folder!r})
import mcp_program as fake
fake.called = lambda name, given: {{"content": [
    {{"type": "text", "text": "pong"}}]}} if name == "pid" else json.loads(given["text"])
fake.main()
"""
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**25), max_value=10**25)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["text", "image/png", "aGk=", "file:///x", "\0", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
FIELDS = ["text", "data", "mimeType", "resource", "uri", "blob", "name", "title", "annotations"]
TYPES = st.sampled_from(["text", "image", "audio", "resource", "resource_link", "other"])
BLOCKS = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    TYPES,
    st.dictionaries(
        st.sampled_from(FIELDS),
        VALUES | st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3),
        max_size=4,
    ),
)
RESULTS = VALUES | st.dictionaries(
    st.sampled_from(["content", "isError", "structuredContent", "_meta", "nextCursor"]),
    VALUES | st.lists(BLOCKS, max_size=3),
    max_size=4,
)


async def told(made, result):
    try:
        return (await use(made, "shapes", text=result)).text
    except ToolError as error:
        return str(error).strip() or None


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(results=st.lists(RESULTS, min_size=30, max_size=30))
async def test_any_value_in_any_field_of_a_result_is_told_or_refused_in_words(results):
    """And the same server is asked again as if nothing had been: no result ends a session."""
    program = RETURNING.format(folder=str(Path(PROGRAM).parent))
    async with server(args=("-S", "-c", program)) as made:
        for result in results:
            assert await told(made, json.dumps(result)) is not None
        assert (await use(made, "pid")).text == "pong"


FLOODING = """
import sys
sys.path.insert(0, {folder!r})
import mcp_program as fake

def big(arguments):
    return "x," * 4_000_000

def endless(arguments):
    while True:
        sys.stdout.write("x" * 65536)

def nested(arguments):
    sys.stdout.write('{{"jsonrpc":"2.0","id":1,"result":{{"content":[],"structuredContent":{{"a":[')
    sys.stdout.write("[]," * 1_000_000)
    sys.stdout.write("1]}}}}}}\\n")
    sys.stdout.flush()

def chat(arguments):
    sys.stdout.write("hello there\\n" * 3_000)
    sys.stdout.flush()
    return "done"

for each in (big, endless, nested, chat):
    fake.TOOLS[each.__name__] = (each, "Flood.", fake.NOTHING, True)
fake.main()
"""


@pytest.fixture
def flooding(tmp_path):
    program = tmp_path / "flooding.py"
    program.write_text(FLOODING.format(folder=str(Path(PROGRAM).parent)))
    return ("-S", str(program))


async def test_a_result_of_megabytes_is_read_in_linear_time(flooding):
    """The client would copy what it has for each piece that comes."""
    async with server(args=flooding) as made, asyncio.timeout(30):
        await made.tools()
        begun = process_time()
        assert len((await use(made, "big")).text) == 8_000_000
        assert process_time() - begun < 3


@pytest.mark.parametrize("how", ["endless", "nested"])
async def test_an_answer_without_end_or_measure_ends_the_connection(flooding, how):
    """Neither memory nor the loop is filled with it; the next call is made anew."""
    async with server(args=flooding) as made, asyncio.timeout(60):
        with pytest.raises(ToolError, match="unknown"):
            await use(made, how)
        assert (await use(made, "add", a=2, b=3)).text == "5"


async def test_a_server_that_chats_where_its_messages_belong_is_one_line_of_log(flooding, caplog):
    """Programs print to their standard output by mistake, some of them a lot."""
    async with server(args=flooding) as made, asyncio.timeout(30):
        with capture_logs() as logged:
            assert (await use(made, "chat")).text == "done"
    assert len([each for each in logged if each["event"].endswith("no message")]) <= 1
    assert [each for each in caplog.records if each.name == "mcp.client.stdio"] == []


def test_what_is_no_message_is_counted_and_told_once_a_minute():
    now = [0.0]
    seldom = NoMessage(lambda: now[0])
    record = logging.LogRecord("mcp.client.stdio", 40, "", 1, "x", (), None, "_parse_line")
    other = logging.LogRecord("mcp.client.stdio", 40, "", 1, "x", (), None, "stdout_reader")
    with capture_logs() as logged:
        assert {seldom.filter(record) for _ in range(100)} == {False}
        now[0] = 61.0
        assert not seldom.filter(record)
        assert seldom.filter(other)
    assert [each["lines"] for each in logged] == [1, 100]
