"""A connection between the bridge and a platform that can be cut, stalled and taken down.

It stands between the two on a port of its own and passes bytes on. HTTP requests and WebSockets
are the same to it; a request is known by how its first bytes look.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

CHUNK = 1 << 16
How = Literal["cut before", "cut after", "hang", "slow"]


@dataclass(eq=False)
class Trouble:
    """What happens to the next `times` requests that contain `words`.

    "cut before": the platform never gets it. "cut after": it gets it, and its answer never comes.
    "hang": it gets it, nothing comes back for `seconds`, then the connection is cut. "slow": its
    answer comes `seconds` late.
    """

    how: How
    words: bytes
    seconds: float = 0.0
    times: int = 1


class Wire:
    """`to`: where the platform listens. `done` counts the trouble that came to pass."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.port = 0
        self.done: Counter[str] = Counter()
        self._troubles: list[Trouble] = []
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._flows = asyncio.Event()
        self._flows.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # -- on and off

    async def up(self) -> None:
        """Take connections, on the same port as before."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._connected, "127.0.0.1", self.port, reuse_address=True
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Refuse every connection, and cut those there are."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for link in list(self._links):
            link.cut()

    async def close(self) -> None:
        self.heal()
        await self.down()
        while self._links:
            await asyncio.sleep(0.01)

    # -- trouble

    def trouble(
        self, how: How, words: bytes = b"", *, seconds: float = 0.0, times: int = 1
    ) -> None:
        self._troubles.append(Trouble(how, words, seconds, times))

    def stall(self) -> None:
        """Pass nothing on until `flow`; nothing is lost."""
        self._flows.clear()

    def flow(self) -> None:
        self._flows.set()

    def heal(self) -> None:
        self._troubles.clear()
        self.flow()

    def take(self, request: bytes) -> Trouble | None:
        """Return the trouble that this request is in, and count it."""
        for trouble in self._troubles:
            if trouble.times > 0 and trouble.words in request:
                trouble.times -= 1
                self.done[trouble.how] += 1
                return trouble
        return None

    async def flowing(self) -> None:
        await self._flows.wait()

    # -- connections

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, reader, writer)
        self._links.add(link)
        try:
            await link.carry()
        finally:
            self._links.discard(link)


class _Link:
    """One connection: what is said on it goes to the platform, and what it answers comes back."""

    def __init__(
        self, wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._wire = wire
        self._here = (reader, writer)
        self._writers = [writer]
        self._trouble: Trouble | None = None

    async def carry(self) -> None:
        try:
            there = await asyncio.open_connection("127.0.0.1", self._wire.to)
        except OSError:
            self.cut()
            return
        self._writers.append(there[1])
        ways = [
            asyncio.create_task(self._out(self._here[0], there[1])),
            asyncio.create_task(self._back(there[0], self._here[1])),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        self.cut()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    def cut(self) -> None:
        for writer in self._writers:
            with suppress(OSError, RuntimeError):
                writer.transport.abort()

    async def _out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await _read(reader):
            await self._wire.flowing()
            self._trouble = self._wire.take(said) or self._trouble
            if self._trouble is not None and self._trouble.how == "cut before":
                return
            await _write(writer, said)

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await _read(reader):
            await self._wire.flowing()
            trouble, self._trouble = self._trouble, None
            if trouble is not None:
                await asyncio.sleep(trouble.seconds if trouble.how in {"hang", "slow"} else 0)
                if trouble.how != "slow":
                    return
            await _write(writer, said)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(CHUNK)
    except OSError:
        return b""


async def _write(writer: asyncio.StreamWriter, said: bytes) -> None:
    with suppress(OSError):
        writer.write(said)
        await writer.drain()
