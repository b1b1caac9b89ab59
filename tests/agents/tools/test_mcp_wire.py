"""Servers elsewhere are reached over streamable HTTP, with the headers they were given."""

import asyncio
import contextlib

import pytest
import uvicorn

from agents.tools import mcp as module
from agents.tools.mcp import McpSection, McpServer, ServerDown
from agents.tools.tool import Call, ToolError
from bridge.ids import CallId


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
    return await tool.run(Call(call=CallId("k"), name=tool.name, arguments={"text": text}))


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
        call = Call(call=CallId("k"), name=tool.name, arguments={})
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
