"""Runs the HTTP side inside an event loop that is not its own."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bridge.errors import ConfigError
from bridge.http.app import flows_of
from bridge.http.flow import ABORT

BACKLOG = 2048
GRACE_SECONDS = 1
"""What is still going on when the server was asked to stop, such as a backup, is cut off then."""

TICK_SECONDS = 1
POLL_SECONDS = 0.01
SEND_BUFFER_BYTES = 262_144
"""Of each connection; the system would let it grow to megabytes for a reader that stalls."""

HEAD_BYTES = 524_288
"""Twice what the loop reads at once, so that a body that came along is never counted as a head."""


class HttpServer:
    """Serves one app on one address. The process's signals are left to whoever runs it."""

    def __init__(self, app: FastAPI, *, host: str, port: int) -> None:
        self._app, self._host, self._port = app, host, port
        self._server = _Server(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Bind and serve; return the port, which the system chose when it was 0.

        Raises `ConfigError` when the address cannot be bound.
        """
        listening = _bound(self._host, self._port)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))
        started = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({self._serving, started}, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            await self._serving
        return cast("int", listening.getsockname()[1])

    async def wait(self) -> None:
        """Return when the server has stopped; raises what it stopped of."""
        if self._serving is not None:
            await asyncio.shield(self._serving)

    async def stop(self) -> None:
        """Take no more requests, end the streams, let the others finish; about a second at most."""
        flows_of(self._app).close()
        self._server.leave()
        if self._serving is not None:
            await self._serving


class _Server(uvicorn.Server):
    """Leaves signals alone, and says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        self.should_exit = True
        self._leaving.set()

    async def main_loop(self) -> None:
        """Keep the `Date` header right, and leave at once when told to."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._leaving.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what is being answered be answered, then cut off what is left."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await self._idle()
        for task in self.server_state.tasks:
            task.cancel()
        for connection in list(self.server_state.connections):
            if isinstance(connection, _Protocol):
                connection.transport.abort()
        await asyncio.sleep(0)

    async def _idle(self) -> None:
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 -- theirs
            await asyncio.sleep(POLL_SECONDS)


class _Protocol(HttpToolsProtocol):
    """Bounds the head of a request, and lets a response cut its connection off.

    Closing the connection instead would wait for a client to read.
    """

    _head_bytes = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            self.transport.abort()
        else:
            super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]

    def on_headers_complete(self) -> None:
        self._in_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = True
        super().on_message_complete()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The event loop turns Nagle's algorithm off, 40 ms an answer, only where it sees the protocol.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        listening.bind((host, port))
        listening.listen(BACKLOG)
        listening.settimeout(0)
    except (OSError, OverflowError) as error:
        listening.close()
        raise ConfigError(_cannot_bind(host, port, error)) from error
    return listening


def _cannot_bind(host: str, port: int, error: Exception) -> str:
    match getattr(error, "errno", None):
        case errno.EADDRINUSE:
            return (
                f"http.port: {port} on {host} is in use by another program (another bridge?);"
                " stop it or set another port"
            )
        case errno.EACCES:
            return f"http.port: {port} needs rights this process lacks; set a port above 1023"
        case _:
            return f"http.host: {host} port {port} cannot be listened on: {error}"
