"""MCP servers: programs of their own, or services elsewhere, that offer tools.

The rules:

- A server is started when its tools are first asked for, and kept. One task owns the connection
  from its beginning to its end.
- When it dies, its calls in flight fail: whether they took effect is unknown. The next call or the
  next run starts it anew; one that does not come up is left alone for `PAUSE` seconds.
- A call that the server surely did not make (it could not be reached, or does not know our session
  any more, for it was started anew) is made once more over a new connection. Any other error of a
  server is the call's result, and the server goes on.
- When a server says that its tools have changed they are asked for again.
- A program that does not answer any more after a call to it was stopped is killed with all its
  children, and started anew when it is next needed.
- A program sees the variables that the config gives it, beside PATH, HOME and the like; nothing
  else of the bridge's environment.
"""

import asyncio
import json
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal

import structlog
from pydantic import Field, model_validator

from agents.as_seen import as_seen, described_as_seen
from agents.tools.tool import Done, Picture, Tool, ToolCall, ToolError, fit_name, image_kind
from bridge.plugins import Section, Variable

if TYPE_CHECKING:
    from mcp.client.client import Client
    from mcp_types import CallToolResult
    from mcp_types import Tool as Offered

log = structlog.get_logger()

PAUSE = 30.0
"""Seconds."""

ALIVE = 2.0
"""Seconds within which a server must answer after a call was stopped."""

MOST_PAGES, MOST_TOOLS = 20, 1_000
WIRE = "agents.tools.mcp_wire"
UNKNOWN = "the connection to the server broke: whether the call took effect is unknown"
UNREADABLE = "this call was made, but its result cannot be read"
MOST_PICTURES, MOST_PICTURE_BYTES = 4, 3_750_000
"""Of one result; more is named."""

MOST_LEAVES, DEEPEST_LEAF, LONGEST_SUMMARY = 200, 16, 20_000
"""Values of a result that are looked for in its text, and characters of that."""


class ServerDown(Exception):
    """A server cannot be reached just now; the text says why."""


class McpSection(Section):
    """`command` with `args`, `env` and `cwd`, or `url` with `headers`. Times are in seconds."""

    command: Annotated[str, Field(min_length=1)] | None = None
    args: tuple[str, ...] = ()
    env: Mapping[str, Variable] = {}
    cwd: str | None = None
    url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    headers: Mapping[str, Variable] = {}
    connect_seconds: Annotated[float, Field(gt=0)] = 20

    @model_validator(mode="after")
    def _one_way(self) -> "McpSection":
        if (self.command is None) == (self.url is None):
            raise ValueError("give either a command or a url")
        return self


@dataclass(slots=True, kw_only=True)
class _Connection:
    """A server that is up. `stop` ends it; `over` is set when it is.

    `changed` is set while its tools may be others than these.
    """

    client: "Client"
    tools: Sequence["Offered"]
    stop: asyncio.Event
    changed: asyncio.Event
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_up(self) -> bool:
        return not self.stop.is_set()


class McpServer:
    """One configured server, by the name that its tools carry: `name__tool`."""

    def __init__(self, name: str, config: McpSection) -> None:
        self.name = name
        self._config = config
        self._connection: _Connection | None = None
        self._owner: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._asides: set[asyncio.Task[None]] = set()
        self._paused_until = 0.0
        self._why = ""

    async def tools(self) -> tuple[Tool, ...]:
        """Return what the server offers, starting it if need be. Raises `ServerDown`."""
        connection = await self._connected()
        if connection.changed.is_set():
            await self._list_anew(connection)
        return tuple(self._tool(each) for each in connection.tools)

    async def close(self) -> None:
        """Stop the server, and wait until it is gone."""
        for aside in self._asides:
            aside.cancel()
        owner = self._owner
        if owner is not None and not owner.done():
            if self._connection is not None:
                self._connection.stop.set()
            else:
                owner.cancel()
            await asyncio.wait({owner})

    # -- the connection

    async def _connected(self) -> _Connection:
        async with self._connecting:
            if self._connection is not None and self._connection.is_up:
                return self._connection
            loop = asyncio.get_running_loop()
            if loop.time() < self._paused_until:
                raise ServerDown(self._why)
            await self.close()
            try:
                self._connection = await self._connect()
            except ServerDown as error:
                self._paused_until, self._why = loop.time() + PAUSE, str(error)
                log.warning("mcp server does not start", server=self.name, why=str(error))
                raise
            return self._connection

    async def _connect(self) -> _Connection:
        ready: asyncio.Future[_Connection] = asyncio.get_running_loop().create_future()
        self._connection = None
        self._owner = asyncio.create_task(self._own(ready), name=f"mcp {self.name}")
        try:
            return await asyncio.wait_for(ready, self._config.connect_seconds)
        except TimeoutError as error:
            self._owner.cancel()
            limit = f"{self._config.connect_seconds:g} s"
            raise ServerDown(f"it did not answer within {limit}") from error
        except asyncio.CancelledError:
            self._owner.cancel()
            raise

    async def _own(self, ready: "asyncio.Future[_Connection]") -> None:
        """Hold the connection in one task from its beginning to its end."""
        connection: _Connection | None = None
        try:
            async with AsyncExitStack() as stack:
                stop, changed = asyncio.Event(), asyncio.Event()
                client = await self._enter(stack, stop, changed)
                tools = await _listed(client)
                connection = _Connection(client=client, tools=tools, stop=stop, changed=changed)
                ready.set_result(connection)
                await stop.wait()
        except Exception as error:  # noqa: BLE001 - whatever it is, the server is down
            self._report(ready, error)
        finally:
            if connection is not None:
                connection.stop.set()
                connection.over.set()

    def _report(self, ready: "asyncio.Future[_Connection]", error: Exception) -> None:
        if not ready.done():
            ready.set_exception(ServerDown(_reason(error)))
        else:
            log.warning("mcp server is gone", server=self.name, text=_reason(error))

    async def _enter(
        self, stack: AsyncExitStack, stop: asyncio.Event, changed: asyncio.Event
    ) -> "Client":
        wire = await asyncio.to_thread(import_module, WIRE)
        opened = wire.transport(self._config, stop.set)
        client: Client = await stack.enter_async_context(wire.client(opened, changed.set))
        wire.take_results_as_they_are(client)
        listening = wire.listening(client, changed.set)
        await stack.enter_async_context(listening)
        return client

    async def _list_anew(self, connection: _Connection) -> None:
        """Ask what is offered now; a server that will not say keeps what it offered."""
        connection.changed.clear()
        try:
            async with asyncio.timeout(self._config.connect_seconds):
                connection.tools = await _listed(connection.client)
        except Exception as error:  # noqa: BLE001 - whatever it is, the tools are as they were
            log.warning("mcp server does not list its tools", server=self.name, text=_reason(error))
            if _fate(error) != "answered":
                connection.stop.set()

    # -- calling

    def _tool(self, offered: "Offered") -> Tool:
        annotations = offered.annotations

        async def run(call: ToolCall) -> Done:
            return await self._call(offered.name, call)

        return Tool(
            name=fit_name(f"{self.name}__{offered.name}"),
            description=as_seen(offered.description or offered.title or ""),
            schema=described_as_seen(offered.input_schema),
            run=run,
            read_only=bool(annotations and annotations.read_only_hint),
        )

    async def _call(self, remote: str, call: ToolCall) -> Done:
        for is_last in (False, True):
            connection = await self._up()
            try:
                return _done(await connection.client.call_tool(remote, dict(call.arguments)))
            except asyncio.CancelledError:
                self._look_after(connection)
                raise
            except Exception as error:
                fate = _fate(error)
                if fate != "answered":
                    connection.stop.set()
                if fate == "unmade" and not is_last:
                    log.info("mcp server is asked again", server=self.name, text=_reason(error))
                    await connection.over.wait()
                    continue
                raise ToolError(_told(fate, error)) from error
        raise AssertionError  # the last round returns or raises

    async def _up(self) -> _Connection:
        try:
            return await self._connected()
        except ServerDown as error:
            raise ToolError(f"the server {self.name} is down: {error}") from error

    def _look_after(self, connection: _Connection) -> None:
        """See to it that a server whose call was stopped still answers; else end it."""
        if self._config.command is not None:
            aside = asyncio.create_task(self._end_if_stuck(connection))
            self._asides.add(aside)
            aside.add_done_callback(self._asides.discard)

    async def _end_if_stuck(self, connection: _Connection) -> None:
        try:
            async with asyncio.timeout(ALIVE):
                await connection.client.list_tools(cache_mode="bypass")
        except Exception as error:  # noqa: BLE001 - whatever it is, the server does not answer
            log.warning("mcp server is stuck", server=self.name, text=_reason(error))
            connection.stop.set()


async def _listed(client: "Client") -> list["Offered"]:
    """Return what a server offers; some say that there is more when they begin again."""
    found: dict[str, Offered] = {}
    seen: set[str | None] = set()
    cursor: str | None = None
    while cursor not in seen and len(seen) < MOST_PAGES:
        seen.add(cursor)
        page = await client.list_tools(cursor=cursor, cache_mode="bypass")
        for tool in page.tools:
            found.setdefault(tool.name, tool)
        cursor = page.next_cursor or None
        if len(found) >= MOST_TOOLS:
            break
    return list(found.values())[:MOST_TOOLS]


def _done(result: "CallToolResult") -> Done:
    pictures: list[Picture] = []
    texts = [_said(block, pictures) for block in result.content]
    values = result.structured_content
    if values is not None and not _says(texts, values):
        texts.append(json.dumps(values, ensure_ascii=False))
    text = "\n\n".join(filter(None, texts))
    return Done(text=text, failed=bool(result.is_error), pictures=tuple(pictures))


def _says(texts: Sequence[str], values: Any) -> bool:
    """Say whether the text of a result has the values in it: some servers only sum them up there.

    A text that is too long to be looked through, or of too many values, is no summary.
    """
    said = "\n".join(filter(None, texts))
    leaves = list(islice(_leaves(values), MOST_LEAVES + 1))
    if not said or len(said) > LONGEST_SUMMARY or len(leaves) > MOST_LEAVES:
        return bool(said) and len(said) > LONGEST_SUMMARY
    return all(any(form in said for form in _forms(each)) for each in leaves)


def _leaves(values: Any, depth: int = DEEPEST_LEAF) -> Iterator[Any]:
    match values:
        case dict() if depth:
            for each in values.values():
                yield from _leaves(each, depth - 1)
        case list() if depth:
            for each in values:
                yield from _leaves(each, depth - 1)
        case None | bool():
            pass
        case _:
            yield values


def _forms(leaf: Any) -> Iterator[str]:
    """Yield how a text may have a value: as it is, or as JSON has it."""
    yield str(leaf)
    for is_ascii in (True, False):
        yield json.dumps(leaf, ensure_ascii=is_ascii).strip('"')


def _said(block: Any, pictures: list[Picture]) -> str:
    """Return a block of content as text: what is not text is named, and pictures are collected."""
    match block.type:
        case "text":
            return str(block.text)
        case "resource" if text := getattr(block.resource, "text", None):
            return str(text)
        case "resource":
            data, mime = getattr(block.resource, "blob", ""), block.resource.mime_type or ""
            named = f"[A file: {block.resource.uri}]"
            return named if not mime.startswith("image/") else _pictured(data, mime, pictures)
        case "resource_link":
            more = filter(None, (block.mime_type, block.description))
            return f"[{', '.join([f'{block.title or block.name}: {block.uri}', *more])}]"
        case "image":
            return _pictured(block.data, block.mime_type, pictures)
        case other:
            size = len(getattr(block, "data", "")) * 3 // 4
            mime = getattr(block, "mime_type", "")
            return f"[{other}, {mime}, about {size} bytes; it cannot be shown here]"


def _pictured(data: str, mime: str, pictures: list[Picture]) -> str:
    """Take a picture; return what stands for it in the text."""
    named = f"[a picture, {mime}, about {len(data) * 3 // 4} bytes]"
    if len(pictures) >= MOST_PICTURES or len(data) * 3 // 4 > MOST_PICTURE_BYTES:
        return named
    try:
        body = b64decode(data)
    except ValueError:
        return f"{named[:-1]}; it is broken]"
    if kind := image_kind(body):
        pictures.append(Picture(mime=kind, body=body))
    return named


Fate = Literal["answered", "unmade", "unknown"]


def _fate(error: Exception) -> Fate:
    """Return what became of a call that failed: see `mcp_wire.fate`."""
    fate: Fate = import_module(WIRE).fate(error)
    return fate


def _told(fate: Fate, error: Exception) -> str:
    """Return what a model is told of a call that brought no result."""
    if fate == "unknown":
        return UNKNOWN
    reason = _reason(error)
    return f"{UNREADABLE}: {reason}" if isinstance(error, ValueError) else reason


def _reason(error: BaseException) -> str:
    """Return what went wrong, in one line; of a group the first error that says something."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    with suppress(AttributeError):
        return str(error.message)  # type: ignore[attr-defined]
    return " ".join(str(error).split()) or type(error).__name__
