"""Servers elsewhere are reached over streamable HTTP, with the headers they were given."""

import asyncio
import contextlib

import pytest
import uvicorn

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


async def test_one_that_comes_back_is_used_again():
    async with elsewhere() as (url, _):
        server = McpServer("far", McpSection(url=url))
        assert (await shout(server, "one")).text == "ONE"
    port = int(url.split(":")[2].partition("/")[0])
    async with elsewhere(port):
        try:
            for _ in range(3):
                with contextlib.suppress(ToolError):
                    if (await shout(server, "two")).text == "TWO":
                        return
            pytest.fail("it was not used again")
        finally:
            await server.close()


async def test_one_that_is_not_there_is_down():
    server = McpServer("far", McpSection(url="http://127.0.0.1:1/mcp", connect_seconds=2))
    with pytest.raises(ServerDown):
        await server.tools()
    await server.close()
