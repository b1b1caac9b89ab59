"""A wire that fails: a loopback TCP proxy that can be cut at the worst moments."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class FlakyWire:
    """Forwards connections to `target`; `url` is its own address.

    `swallow` answers: that many times the request gets there and the answer does not come back.
    """

    def __init__(self, target: str) -> None:
        address = urlsplit(target)
        self._host, self._port = address.hostname, address.port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._own_port = 0
        self.swallow = 0
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._own_port}"

    async def up(self) -> None:
        """Take connections."""
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", self._own_port)
        self._own_port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Refuse connections and cut those that are open."""
        assert self._server
        self._server.close()
        while self._tasks:
            self.cut()
            await asyncio.wait(self._tasks, timeout=0.1)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Cut what is open; the next connection works."""
        for writer in self._open:
            writer.transport.abort()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError):
            back, forth = await asyncio.open_connection(self._host, self._port)
            self._open.add(forth)
            there = asyncio.create_task(_copy(reader, forth))
            await self._answer(back, writer)
            there.cancel()
            forth.transport.abort()
            self._open.discard(forth)
        writer.transport.abort()
        self._open.discard(writer)

    async def _answer(self, back: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await back.read(65_536)
        if self.swallow > 0:
            self.swallow -= 1
            return
        writer.write(first)
        await _copy(back, writer)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()


@asynccontextmanager
async def flaky_wire(target: str) -> AsyncIterator[FlakyWire]:
    wire = FlakyWire(target)
    await wire.up()
    try:
        yield wire
    finally:
        with suppress(OSError):
            await wire.down()
