"""How an MCP server is reached with the official client, which is big: imported when used.

An MCP server, and what it starts, ends when the bridge does, however that ends. The official client
starts a server as the leader of a process group, and ends the group when it is closed. A bridge
that is killed closes nothing, and a server that is at work does not notice. So a shell in the group
waits at a pipe that the bridge holds open, and kills the group when nobody does.
What leaves the group on purpose (a daemon) is beyond this.
"""

import asyncio
import errno
import json
import logging
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from types import TracebackType
from typing import Any, Literal, Self, TextIO

import httpx2
import structlog
from anyio import BrokenResourceError
from anyio.streams.text import TextReceiveStream
from mcp.client import stdio
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, INTERNAL_ERROR, Implementation, ToolListChangedNotification
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from agents.stderr_log import CHUNK, StderrLog
from agents.tools.mcp import McpSection
from bridge.domain.json_values import STRING
from bridge.plugins import Variable

log = structlog.get_logger()

INFO = Implementation(name="bridgehead", version="0")
CONNECT_SECONDS = 10.0
READ_SECONDS = 600.0
LISTEN_AGAIN = 30.0
"""Seconds."""

QUIET_SECONDS = 60.0

LONGEST_MESSAGE = 32 * 1_048_576
"""Characters or bytes that a server may say at once: a few pictures fit in."""

MOST_VALUES, NESTED = 1_000_000, 5
"""Of a message; one that holds others counts for so many. To read more holds up the bridge."""

TOO_MUCH = "the server says more at once than is read"

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
            check(config.command, environ, config.cwd)
            keeping = kept((config.command, *config.args))
            command, *args = stack.enter_context(keeping)
            _overflown.set(ended)
            started = stdio_client(
                StdioServerParameters(
                    command=command,
                    args=args,
                    env=environ,
                    cwd=config.cwd,
                    encoding_error_handler="replace",
                ),
                errlog=stack.enter_context(_logged(Path(config.command).name)),
            )
            read, write = await stack.enter_async_context(started)
        else:
            timeout = httpx2.Timeout(CONNECT_SECONDS, read=READ_SECONDS)
            headers = {**_values(config.headers), **UNPACKED}
            http = _Telling(headers=headers, timeout=timeout)
            await stack.enter_async_context(http)
            opened = streamable_http_client(config.url or "", http_client=http)
            read, write = await stack.enter_async_context(opened)
        yield Watched(read, ended), write


@contextmanager
def _logged(name: str) -> Iterator[TextIO]:
    """Yield what takes a server's standard error: it may quote people, so it is for the log."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as errors:
        Thread(target=_overhear, args=(reading, StderrLog(name)), daemon=True).start()
        yield errors


def _overhear(reading: int, chatter: StderrLog) -> None:
    while chunk := os.read(reading, CHUNK):
        chatter.take(chunk)
    os.close(reading)
    chatter.end()


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
        response = _bounded(response)
        if response.status_code in _MAY_BE_LOST and "mcp-session-id" in request.headers:
            said = (await response.aread())[:LONGEST_ERROR].decode(errors="replace")
            if SESSION_GONE.search(said):
                return _told(request, LOST)
        return response


def _bounded(response: httpx2.Response) -> httpx2.Response:
    """Return a response of which no more is read than is meant to be."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise httpx2.ReadError("the server packs its answer, which it was asked not to do")
    is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
    response.stream = _Measured(response.stream, is_stream=is_stream)
    return response


UNPACKED = {"Accept-Encoding": "identity"}
_BREAK = re.compile(rb"([\r\n])")
"""What ends a line of a stream of events, kept as it is."""


class _Measured(httpx2.AsyncByteStream):
    """A body with an end; of a stream of events, which has none, each of them."""

    def __init__(self, stream: Any, *, is_stream: bool) -> None:
        self._stream, self._is_stream = stream, is_stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size, kept = 0, []
        async for piece in self._stream:
            breaks = self._is_stream and (b"\n" in piece or b"\r" in piece)
            size = len(piece) if breaks else size + len(piece)
            if size > LONGEST_MESSAGE:
                raise httpx2.ReadError(TOO_MUCH)
            kept.append(piece)
            if breaks:
                *lines, rest = _BREAK.split(b"".join(kept))
                kept = [rest]
                yield b"".join(map(_readable_bytes, lines))
        whole = b"".join(kept)
        if not self._is_stream and _is_too_full(whole.decode("latin-1")):
            raise httpx2.ReadError(TOO_MUCH)
        yield _readable_bytes(whole)

    async def aclose(self) -> None:
        await self._stream.aclose()


_overflown: ContextVar[Callable[[], None]] = ContextVar("overflown")
"""Ends the connection of the program that is being read."""


class _Lines(TextReceiveStream):
    """What a program says, in whole lines: the client would copy a long one for each piece of it.

    A line that is too much, or has no end, ends the connection.
    """

    def __post_init__(self, encoding: str, errors: str) -> None:
        super().__post_init__(encoding, errors)
        self._kept: list[str] = []
        self._size = 0

    async def receive(self) -> str:
        while True:
            piece = await super().receive()
            self._kept.append(piece)
            self._size += len(piece)
            whole = "\n" in piece
            if self._size > LONGEST_MESSAGE or (whole and _is_too_full("".join(self._kept))):
                _overflown.get()()
                raise BrokenResourceError(TOO_MUCH)
            if whole:
                lines, _, rest = "".join(self._kept).rpartition("\n")
                self._kept, self._size = [rest], len(rest)
                return "\n".join(map(readable, lines.split("\n"))) + "\n"


def readable(said: str) -> str:
    """Return a message as it is, or an answer that the client would pass over as one it reads.

    Whoever made the call would wait for it for good. Half a character is replaced; of a result
    that is no object it is said that it is none.
    """
    if '"result"' not in said:
        return said
    said = _ESCAPE.sub(lambda found: LOST_HALF if found["half"] else found[0], said)
    if _OBJECT.search(said):
        return said
    try:
        answer = json.loads(said)
    except (ValueError, RecursionError):
        return said
    if not isinstance(answer, dict) or "result" not in answer or "method" in answer:
        return said
    if isinstance(answer["result"], dict):
        return said
    error = {"code": INTERNAL_ERROR, "message": NO_RESULT}
    return json.dumps({"jsonrpc": "2.0", "id": answer.get("id"), "error": error})


_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)
_OBJECT = re.compile(r'"result"\s{0,8}:\s{0,8}\{')
LOST_HALF = "\\ufffd"
NO_RESULT = "this call was made, but what came back is no result"


def _readable_bytes(said: bytes) -> bytes:
    """Return a line of a stream of events, or a whole body, likewise."""
    event, is_event = said.removeprefix(b"data:"), said.startswith(b"data:")
    try:
        made = readable(event.decode())
    except UnicodeDecodeError:
        return said
    return b"data:" + made.encode() if is_event else made.encode()


def _is_too_full(line: str) -> bool:
    return _signs(line) > MOST_VALUES and _signs(_STRING.sub("", line)) > MOST_VALUES


def _signs(text: str) -> int:
    return text.count(",") + NESTED * (text.count("[") + text.count("{"))


_STRING = re.compile(STRING, re.DOTALL)

stdio.TextReceiveStream = _Lines  # type: ignore[attr-defined]


class NoMessage(logging.Filter):
    """Counts what programs print that is no message, of which the client logs each line."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock, self._again_at, self._lines = clock, 0.0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.funcName != "_parse_line":
            return True
        self._lines += 1
        if (now := self._clock()) >= self._again_at:
            log.warning("mcp server says what is no message", lines=self._lines)
            self._again_at, self._lines = now + QUIET_SECONDS, 0
        return False


logging.getLogger(stdio.__name__).addFilter(NoMessage())


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


# -- a server ends with the bridge ----------------------------------------------------------------

SHELL = "/bin/sh"
KEEP = '(read -r _ <"$0"; rm -rf "${0%/*}"; kill -s KILL 0) </dev/null >/dev/null 2>&1 & exec "$@"'
"""`kill 0` is the group; the pipe's folder is left behind by a bridge that was killed."""

NOT_FOUND = "No such file, or it may not be executed"


@contextmanager
def kept(command: Sequence[str]) -> Iterator[Sequence[str]]:
    """Return the command that starts this one with its keeper; the keeper ends with the context."""
    with TemporaryDirectory(prefix="bridge-mcp-", ignore_cleanup_errors=True) as folder:
        pipe = Path(folder) / "open-while-the-bridge-lives"
        os.mkfifo(pipe, 0o600)
        held = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)  # with a reader it opens at once
        try:
            yield (SHELL, "-c", KEEP, str(pipe), *command)
        finally:
            os.close(held)


def check(command: str, environ: Mapping[str, str], cwd: str | None) -> None:
    """Raise `FileNotFoundError` where a shell would fail to find a program, and only print that."""
    beside = Path(cwd, command) if cwd is not None and os.sep in command else command
    if shutil.which(beside, path=environ.get("PATH", os.environ.get("PATH"))) is None:
        raise FileNotFoundError(errno.ENOENT, NOT_FOUND, command)
