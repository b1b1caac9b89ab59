"""How an MCP server is reached with the official client, which is big: imported when used."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx2
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, Implementation

from agents.tools import mcp_keeper
from agents.tools.mcp import McpSection
from bridge.plugins import Variable

INFO = Implementation(name="bridgehead", version="0")
CONNECT_SECONDS = 10.0
READ_SECONDS = 600.0
SESSION_GONE = "Session terminated"
"""What the client says when a server does not know the session any more (status 404)."""


def client(transport: Any) -> Client:
    return Client(transport, client_info=INFO, raise_exceptions=False)


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
            http = httpx2.AsyncClient(headers=_values(config.headers), timeout=timeout)
            await stack.enter_async_context(http)
            opened = streamable_http_client(config.url or "", http_client=http)
            read, write = await stack.enter_async_context(opened)
        yield Watched(read, ended), write


def _values(hidden: Mapping[str, Variable]) -> dict[str, str]:
    return {name: value.get_secret_value() for name, value in hidden.items()}


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


def is_over(error: Exception) -> bool:
    """Say whether an error means that the connection is of no more use."""
    if isinstance(error, MCPError):
        return error.code == CONNECTION_CLOSED or error.message == SESSION_GONE
    return isinstance(error, httpx2.TransportError)
