"""Runs the HTTP side inside an event loop that is not its own."""

import asyncio
import errno
import json
import logging
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Literal, cast

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bridge.domain.errors import ConfigError
from bridge.http.app import flows_of
from bridge.http.connections import (
    FEED_BYTES,
    FRAMING,
    HEAD_BYTES,
    HEADERS,
    PIPELINED,
    RESERVED_FILES,
    Bounds,
    Complaints,
    Unparsed,
    cut_most_silent,
    room_for,
)
from bridge.http.streaming import ABORT

BACKLOG = 2048
GRACE_SECONDS = 1
"""What is still going on when the server was asked to stop, such as a backup, is cut off then."""

TICK_SECONDS = 1
POLL_SECONDS = 0.01
SEND_BUFFER_BYTES = 262_144
"""Of each connection; the system would let it grow to megabytes for a reader that stalls."""

ACCEPTED_AT_ONCE = 64
"""At the limit of files the event loop tries, and complains, so many times a second."""


class HttpServer:
    """Serves one app on one address. The process's signals are left to whoever runs it."""

    def __init__(self, app: FastAPI, *, host: str, port: int, bounds: Bounds | None = None) -> None:
        self._app, self._host, self._port = app, host, port
        self._complaints = Complaints()
        self._server = _Server(
            _Config(
                app,
                bounds=within_files(bounds or Bounds()),
                complaints=self._complaints,
                backlog=ACCEPTED_AT_ONCE,
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
        _watch_files(self._server, self._complaints)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))
        started = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({self._serving, started}, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            await self._serving
        listening.listen(BACKLOG)  # the server made it what it accepts at once
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


class _Config(uvicorn.Config):
    """The server's settings, and ours."""

    def __init__(
        self, app: FastAPI, *, bounds: Bounds, complaints: Complaints, **settings: Any
    ) -> None:
        super().__init__(app, **settings)
        self.bounds, self.complaints = bounds, complaints


class _Server(uvicorn.Server):
    """Leaves signals alone, says when it serves, and closes what takes too long."""

    config: _Config

    def __init__(self, config: _Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        self.should_exit = True
        self._leaving.set()

    async def main_loop(self) -> None:
        """Keep the `Date` header right, and leave at once when told to."""
        while not await self.on_tick(0):
            self._expire()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._leaving.wait()

    def _expire(self) -> None:
        now = asyncio.get_running_loop().time()
        for each in self.peers():
            each.expire(now)
        self.config.complaints.tell()

    def peers(self) -> list["_Protocol"]:
        return [each for each in self.server_state.connections if isinstance(each, _Protocol)]

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
    """Bounds what a connection costs, and lets a response cut its connection off.

    Closing the connection instead would wait for a client to read.
    """

    config: "_Config"
    address = ""
    _head_bytes = 0
    _phase: Literal["none", "head", "body"] = "none"
    _since = 0.0
    _moved = 0
    _around = 0
    _count = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._since = self.loop.time()
        others = [each for each in self.connections if isinstance(each, _Protocol)]
        if not room_for(self, others, self.config.bounds):
            self.config.complaints.note("turned_away")
            self._answer(503, "unavailable", "too many connections; try again")

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), FEED_BYTES):
            if self.transport.is_closing():
                return
            self._feed(data[start : start + FEED_BYTES])

    def _feed(self, data: bytes) -> None:
        if self._phase == "none":
            self._phase, self._since = "head", self.loop.time()
        if self._phase == "head":
            self._head_bytes += len(data)
        if self._phase == "body":
            self._around += len(data)
        if self._head_bytes > HEAD_BYTES or self._around > HEAD_BYTES:
            self.config.complaints.note("head_too_large")
            self._answer(431, "too_large", f"the head is larger than {HEAD_BYTES} bytes")
        else:
            super().data_received(data)

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= PIPELINED:
            raise ValueError("too many requests ahead")
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count += 1
        if self._count > HEADERS:  # what is raised here ends the parsing
            raise ValueError("too many headers")
        super().on_header(name, value)

    def send_400_response(self, msg: str) -> None:
        if len(self.pipeline) >= PIPELINED:
            self.config.complaints.note("pipelined")
            self.transport.abort()
        elif self._count > HEADERS:
            self._answer(431, "too_large", f"there are more than {HEADERS} headers")
        else:
            super().send_400_response(msg)

    def on_headers_complete(self) -> None:
        self._phase, self._head_bytes, self._around = "body", 0, 0
        self._since, self._moved = self.loop.time(), 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._moved += len(body)
        self._around = max(0, self._around - FRAMING * len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._phase, self._since = "none", self.loop.time()
        self._count = self._around = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()

    # -- how long it may take

    @property
    def silent_since(self) -> float | None:
        return None if self._is_answered() or self.transport.is_closing() else self._since

    def cut(self) -> None:
        self.config.complaints.note("made_room")
        self.transport.abort()

    def _is_answered(self) -> bool:
        """Say whether all was said, and the answer is on its way."""
        busy = self.cycle is not None and not self.cycle.response_complete
        return busy and self._phase != "body"

    def expire(self, now: float) -> None:
        """Close the connection if it has taken too long."""
        bounds, waited = self.config.bounds, now - self._since
        if self.transport.is_closing() and waited > bounds.idle + bounds.linger:
            self.transport.abort()  # it does not take what was still to be sent
        if self.transport.is_closing() or self._is_answered():
            return
        match self._phase:
            case "head" if waited > bounds.head:
                self._late("head_late")
            case "none" if waited > (bounds.idle if self.cycle else bounds.head):
                self.config.complaints.note("silent")
                self.transport.close()
            case "body" if self.cycle.response_complete and waited > bounds.linger:
                self.transport.abort()
            case "body" if waited > bounds.stall:
                self._moved_enough(now)
            case _:
                pass

    def _moved_enough(self, now: float) -> None:
        if self._moved < self.config.bounds.least and not self.flow.read_paused:
            self._late("body_late")
        self._since, self._moved = now, 0

    def _late(self, what: str) -> None:
        self.config.complaints.note(what)
        cycle = self.cycle
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            self.transport.abort()
        else:
            self._answer(408, "timeout", "this request did not come in time")

    def _answer(self, status: int, code: str, message: str) -> None:
        """Say why, without any application, and close."""
        body = json.dumps({"error": {"code": code, "message": message}}).encode()
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


def within_files(bounds: Bounds) -> Bounds:
    """Return the bounds, lowered to what the system lets this process have open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = bounds.most + RESERVED_FILES
    if soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    left = soft - min(RESERVED_FILES, soft // 2)
    return replace(bounds, most=min(bounds.most, left))


def _watch_files(server: _Server, complaints: Complaints) -> None:
    """Count connections that could not be taken for want of files, and make room for them."""
    loop = asyncio.get_running_loop()
    otherwise = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
            complaints.note("no_files_left")
            cut_most_silent(server.peers())
        elif otherwise is not None:
            otherwise(loop, context)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
    noise = logging.getLogger("uvicorn.error")
    noise.filters = [each for each in noise.filters if not isinstance(each, Unparsed)]
    noise.addFilter(Unparsed(complaints))


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
    except (OSError, OverflowError, ValueError) as error:  # or no name at all
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
