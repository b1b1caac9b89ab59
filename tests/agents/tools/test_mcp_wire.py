"""Servers elsewhere are reached over streamable HTTP, with the headers they were given."""

import asyncio
import contextlib
import json

import httpx2
import pytest
import uvicorn

from agents.tools import mcp as module
from agents.tools import mcp_wire
from agents.tools.mcp import McpSection, McpServer, ServerDown
from agents.tools.mcp_wire import NO_RESULT, readable
from agents.tools.tool import ToolCall, ToolError
from bridge.domain.ids import CallId


@contextlib.asynccontextmanager
async def elsewhere(port=0):
    """The official server, in this loop; yields its address and the headers it was sent."""
    from mcp.server.mcpserver import Context, MCPServer

    server = MCPServer("elsewhere")
    seen: list[str] = []

    @server.tool()
    def shout(text: str, ctx: Context) -> str:
        """Say it loudly."""
        headers = ctx.request_context.request.headers
        seen.append(headers.get("authorization", ""))
        return text.upper()

    app = server.streamable_http_app()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="on")
    running = uvicorn.Server(config)
    task = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0.01)
    bound = running.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{bound}/mcp", seen
    finally:
        running.should_exit = running.force_exit = True
        await task


async def shout(server, text):
    (tool,) = await server.tools()
    return await tool.run(ToolCall(call=CallId("k"), name=tool.name, arguments={"text": text}))


async def test_a_server_elsewhere_is_used_with_its_secret():
    async with elsewhere() as (url, seen):
        headers = {"Authorization": "Bearer of-a-test"}
        server = McpServer("far", McpSection(url=url, headers=headers))
        try:
            assert (await shout(server, "hello")).text == "HELLO"
        finally:
            await server.close()
    assert seen == ["Bearer of-a-test"]


RPC_ERROR = '{"jsonrpc": "2.0", "id": null, "error": {"code": %d, "message": "%s"}}'


async def test_one_that_was_started_anew_is_asked_again_at_once():
    """It does not know our session, so it cannot have made the call."""
    async with elsewhere() as (url, _):
        server = McpServer("far", McpSection(url=url))
        assert (await shout(server, "one")).text == "ONE"
    port = int(url.split(":")[2].partition("/")[0])
    async with elsewhere(port) as (_, seen):
        try:
            assert (await shout(server, "two")).text == "TWO"
            assert len(seen) == 1
        finally:
            await server.close()


async def test_one_that_is_away_is_told_as_down_and_used_again_when_it_is_back(monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.0)
    async with elsewhere() as (url, _):
        server = McpServer("far", McpSection(url=url, connect_seconds=5))
        assert (await shout(server, "one")).text == "ONE"
    with pytest.raises(ToolError, match=r"far is down"):
        await shout(server, "two")
    port = int(url.split(":")[2].partition("/")[0])
    async with elsewhere(port):
        try:
            assert (await shout(server, "three")).text == "THREE"
        finally:
            await server.close()


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (400, "text/plain", "Bad Request: No valid session ID provided"),
        (400, "application/json", '{"error": "invalid session id"}'),
        (404, "text/html", "<h1>Not Found</h1>"),
        (404, "application/json", RPC_ERROR % (-32001, "Session not found")),
        (410, "text/plain", "the session has expired"),
        (400, "application/json", RPC_ERROR % (-32000, "Bad Request: Server not initialized")),
    ],
)
async def test_a_lost_session_is_known_however_it_is_told(status, kind, body):
    from aiohttp import web

    known: set[str] = set()
    made: list[str] = []

    async def post(request):
        message = await request.json()
        session = request.headers.get("mcp-session-id", "")
        reply = {"jsonrpc": "2.0", "id": message.get("id")}
        match message["method"]:
            case "initialize":
                known.add(new := f"s{len(made)}-{len(known)}")
                session = {"mcp-session-id": new}
                result = {
                    "protocolVersion": message["params"]["protocolVersion"],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "own", "version": "1"},
                }
                return web.json_response(
                    reply | {"result": result}, headers={"mcp-session-id": new}
                )
            case method if method.startswith("notifications/"):
                return web.Response(status=202)
            case "server/discover":
                error = {"code": -32601, "message": "Method not found"}
                return web.json_response(reply | {"error": error})
            case _ if session not in known:
                return web.Response(status=status, text=body, content_type=kind)
            case "tools/list":
                tool = {"name": "do", "inputSchema": {"type": "object"}}
                return web.json_response(reply | {"result": {"tools": [tool]}})
            case _:
                made.append(session)
                content = [{"type": "text", "text": "done"}]
                return web.json_response(reply | {"result": {"content": content}})

    app = web.Application()
    app.router.add_post("/mcp", post)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = McpServer("own", McpSection(url=f"http://127.0.0.1:{runner.addresses[0][1]}/mcp"))
    try:
        (tool,) = await server.tools()
        call = ToolCall(call=CallId("k"), name=tool.name, arguments={})
        assert (await tool.run(call)).text == "done"
        known.clear()
        assert (await tool.run(call)).text == "done"
        assert len(made) == 2
    finally:
        await server.close()
        await runner.cleanup()


async def test_one_that_is_not_there_is_down():
    server = McpServer("far", McpSection(url="http://127.0.0.1:1/mcp", connect_seconds=2))
    with pytest.raises(ServerDown):
        await server.tools()
    await server.close()


@pytest.mark.parametrize(
    ("head", "body", "times"),
    [
        (b"Content-Type: application/json", b"[]," * 20_000, 50),
        (b"Content-Type: application/json", b"x" * 65_536, 1_000),
        (b"Content-Type: text/event-stream", b"x" * 65_536, 1_000),
        (b"Content-Type: application/json\r\nContent-Encoding: gzip", b"\x1f\x8b", 1),
    ],
    ids=["countless values", "endless", "an endless event", "packed"],
)
async def test_of_a_server_elsewhere_no_more_is_read_than_is_meant_to_be(head, body, times):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + head + b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(times):
                writer.write(body)
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with mcp_wire._Telling(headers=mcp_wire.UNPACKED) as http, asyncio.timeout(20):
            with pytest.raises(httpx2.ReadError, match=r"more at once|packs"):
                await _read_out(http, f"http://127.0.0.1:{port}/")


async def _read_out(http, url):
    async with http.stream("GET", url) as response:
        async for _ in response.aiter_raw():
            pass


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ('{"id":1,"result":{"t":"a\\ud83d"}}', '{"id":1,"result":{"t":"a\\ufffd"}}'),
        ('{"id":1,"result":{"t":"\\ude00 b"}}', '{"id":1,"result":{"t":"\\ufffd b"}}'),
        ('{"id":1,"result":{"t":"\\ud83d\\ude00"}}', '{"id":1,"result":{"t":"\\ud83d\\ude00"}}'),
        ('{"id":1,"result":{"t":"\\\\ud83d"}}', '{"id":1,"result":{"t":"\\\\ud83d"}}'),
        ("a log with \\ud83d in it", "a log with \\ud83d in it"),
        ('"result" {', '"result" {'),
    ],
)
def test_half_a_character_in_a_result_is_replaced_and_nothing_else_changed(said, read):
    assert readable(said) == read


@pytest.mark.parametrize("result", ["5", "[]", "null", '"x"', "NaN", "1e400"])
def test_what_is_no_result_is_an_error_of_its_call(result):
    told = json.loads(readable(f'{{"jsonrpc": "2.0", "id": 7, "result": {result}}}'))
    assert (told["id"], told["error"]["message"]) == (7, NO_RESULT)


@pytest.mark.parametrize(
    "said",
    [
        '{"jsonrpc": "2.0", "id": 7, "error": {"code": 1, "message": "no", "data": {"result": 5}}}',
        '{"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": {"result": 5}}}',
        '{"jsonrpc": "2.0", "id": 7, "method": "elicitation/create", "result": 5}',
    ],
)
def test_what_is_no_answer_or_says_result_further_in_stays_as_it_is(said):
    assert readable(said) == said


@pytest.mark.parametrize("ending", [b"\r", b"\n", b"\r\n"], ids=["CR", "LF", "both"])
async def test_an_event_is_passed_on_when_it_is_over_however_its_lines_end(ending):
    over = asyncio.Event()

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n\r\n"
        writer.write(head + b'data: {"id": 1, "result": 5}' + ending * 2)
        await over.wait()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        async with (
            asyncio.timeout(20),
            mcp_wire._Telling(headers=mcp_wire.UNPACKED) as http,
            http.stream("GET", url) as response,
        ):
            said, pieces = b"", response.aiter_raw()
            while not said.endswith(ending * 2):
                said += await anext(pieces)
            over.set()
            await pieces.aclose()
    assert NO_RESULT.encode() in said
