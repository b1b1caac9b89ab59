"""How an MCP server is reached with the official client, which is big: imported when used."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Literal, Self

import httpx2
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, INTERNAL_ERROR, Implementation, ToolListChangedNotification
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from agents.tools import mcp_keeper
from agents.tools.mcp import McpSection
from bridge.plugins import Variable

INFO = Implementation(name="bridgehead", version="0")
CONNECT_SECONDS = 10.0
READ_SECONDS = 600.0
LISTEN_AGAIN = 30.0
"""Seconds."""

SESSION_GONE = re.compile(
    r"^Session terminated$|session.{0,30}(not found|expired|terminated|unknown|does not exist)"
    r"|(no valid|invalid|unknown|missing|stale|expired).{0,20}session|not initialized",
    re.IGNORECASE,
)
"""What is said of a call whose session a server does not know: it answers before it looks at it.

"Session terminated" is what the client makes of a 404; "Bad Request: No valid session ID provided"
and "Session not found" are those of the official servers and of FastMCP, "Server not initialized"
that of the official one in TypeScript.
"""

BROKEN = re.compile(
    r"^Connection closed$|^SSE stream (ended|failed)|^server answered a request with 202"
)
"""What the client itself says, with the code of a closed connection, when no answer will come.

Servers use that code for errors of their own: these are answers.
"""


def client(transport: Any, changed: Callable[[], None]) -> Client:
    """Return a client; `changed` is called when the server says that its tools are others now."""

    async def heard(message: Any) -> None:
        if isinstance(message, ToolListChangedNotification):
            changed()

    return Client(transport, client_info=INFO, raise_exceptions=False, message_handler=heard)


@asynccontextmanager
async def listening(client: Client, changed: Callable[[], None]) -> AsyncIterator[None]:
    """Listen for changes of the tools where a server wants to be asked for them (from 2026 on)."""
    task = asyncio.create_task(_listen(client, changed), name="mcp changes")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _listen(client: Client, changed: Callable[[], None]) -> None:
    tools = client.server_capabilities.tools
    if tools is None or client.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return
    while True:
        with suppress(ListenNotSupportedError, SubscriptionLost, MCPError, TimeoutError):
            async with client.listen(tools_list_changed=True) as changes:
                async for _ in changes:
                    changed()
        await asyncio.sleep(LISTEN_AGAIN)
        changed()  # what was said meanwhile was not heard


def take_results_as_they_are(connected: Client) -> None:
    """Keep the client from checking results by the server's own schemas.

    A pattern in such a schema can keep the process busy for good, and nothing here needs the check.
    """

    async def unchecked(_name: str, _result: Any) -> None:
        pass

    session: Any = connected.session
    session.validate_tool_result = unchecked


@asynccontextmanager
async def transport(
    config: McpSection, ended: Callable[[], None]
) -> AsyncIterator[tuple[Any, Any]]:
    """Open the way to a server; `ended` is called once nothing more will come from it."""
    async with AsyncExitStack() as stack:
        if config.command is not None:
            environ = _values(config.env)
            mcp_keeper.check(config.command, environ, config.cwd)
            keeping = mcp_keeper.kept((config.command, *config.args))
            command, *args = stack.enter_context(keeping)
            started = stdio_client(
                StdioServerParameters(
                    command=command,
                    args=args,
                    env=environ,
                    cwd=config.cwd,
                    encoding_error_handler="replace",
                )
            )
            read, write = await stack.enter_async_context(started)
        else:
            timeout = httpx2.Timeout(CONNECT_SECONDS, read=READ_SECONDS)
            http = _Telling(headers=_values(config.headers), timeout=timeout)
            await stack.enter_async_context(http)
            opened = streamable_http_client(config.url or "", http_client=http)
            read, write = await stack.enter_async_context(opened)
        yield Watched(read, ended), write


def _values(hidden: Mapping[str, Variable]) -> dict[str, str]:
    return {name: value.get_secret_value() for name, value in hidden.items()}


class _Telling(httpx2.AsyncClient):
    """Tells of a request that surely was not heeded, as an answer to that request alone.

    The client would take such a failure for that of the whole connection, or drop what was said.
    """

    async def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:
        try:
            response = await super().send(request, **how)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            return _told(request, UNREACHED)
        if response.status_code in _MAY_BE_LOST and "mcp-session-id" in request.headers:
            said = (await response.aread())[:LONGEST_ERROR].decode(errors="replace")
            if SESSION_GONE.search(said):
                return _told(request, LOST)
        return response


UNREACHED = "the server cannot be reached"
LOST = "Session terminated"
_MAY_BE_LOST = frozenset({400, 401, 403, 409, 410, 422})
LONGEST_ERROR = 4000


def _told(request: httpx2.Request, message: str) -> httpx2.Response:
    error = {"code": INTERNAL_ERROR, "message": message}
    body = {"jsonrpc": "2.0", "id": None, "error": error}
    return httpx2.Response(503, json=body, request=request)


class Watched:
    """A stream of messages that tells when it has come to its end."""

    def __init__(self, stream: Any, ended: Callable[[], None]) -> None:
        self._stream, self._ended = stream, ended

    @property
    def last_context(self) -> Any:
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Any:
        return await self._stream.receive()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> "Watched":
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._stream.__anext__()
        except BaseException:
            self._ended()
            raise

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        self._ended()
        done: bool | None = await self._stream.__aexit__(kind, error, trace)
        return done


def fate(error: Exception) -> Literal["answered", "unmade", "unknown"]:
    """Return what became of a call that failed.

    `answered`: the server said so; `unmade`: it surely did not make the call; `unknown`: whether it
    did cannot be known. With the latter two the connection is of no more use.
    """
    if isinstance(error, MCPError):
        if error.code == CONNECTION_CLOSED and BROKEN.search(error.message):
            return "unknown"
        is_unmade = error.message == UNREACHED or SESSION_GONE.search(error.message)
        return "unmade" if is_unmade else "answered"
    return "unknown" if isinstance(error, httpx2.TransportError) else "answered"
