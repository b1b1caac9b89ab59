"""Addresses of machines are looked up in threads of their own: one for each name at a time.

The rules:

- The system's lookup cannot be cut off: where no name server answers it keeps its thread for half a
  minute. In the few threads that everything else shares, some accounts whose platform cannot be
  found would keep files, long logs and everybody's answers waiting.
- Whoever looks for a name that is looked for already waits for the same lookup.
- At most `MOST` are under way; what exceeds them fails, and is tried again as after any outage. So
  does what no thread is to be had for. A lookup ends whatever becomes of it: nobody waits for ever.
- They hold up no end of the process.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any, NamedTuple

MOST = 64

Host = str | bytes | None
Port = str | bytes | int | None
Found = list[tuple[Any, ...]]


class Name(NamedTuple):
    """What is looked for, as `socket.getaddrinfo` takes it."""

    host: Host
    port: Port
    family: int
    type: int
    proto: int
    flags: int


class Lookups:
    """Stands in for `getaddrinfo` of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._open: dict[Name, asyncio.Future[Found]] = {}

    async def getaddrinfo(
        self,
        host: Host,
        port: Port,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - as the loop calls it
        proto: int = 0,
        flags: int = 0,
    ) -> Found:
        """Return what the system finds. Raises `OSError`."""
        name = Name(host, port, family, type, proto, flags)
        found = self._open.get(name)
        if found is None:
            found = self._begun(name)
        return [*await asyncio.shield(found)]

    def _begun(self, name: Name) -> asyncio.Future[Found]:
        if len(self._open) >= MOST:
            raise socket.gaierror(socket.EAI_AGAIN, "too many names are being looked up")
        found: asyncio.Future[Found] = self._loop.create_future()
        try:
            Thread(target=self._look, args=(name, found), name="lookup", daemon=True).start()
        except RuntimeError as error:
            raise socket.gaierror(socket.EAI_AGAIN, "no thread to look up names in") from error
        self._open[name] = found
        return found

    def _look(self, name: Name, found: asyncio.Future[Found]) -> None:
        answer: Found | Exception
        try:
            answer = list(socket.getaddrinfo(*name))
        except Exception as error:  # noqa: BLE001 - told to whoever asked, who would wait for ever
            answer = error
        with suppress(RuntimeError):  # the loop is over
            self._loop.call_soon_threadsafe(self._end, name, found, answer)

    def _end(self, name: Name, found: asyncio.Future[Found], answer: Found | Exception) -> None:
        self._open.pop(name, None)
        if found.done():
            return
        if isinstance(answer, Exception):
            found.set_exception(answer)
            found.exception()  # whoever asked may be gone
        else:
            found.set_result(answer)


@contextmanager
def own_lookups(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let everything that this loop connects look up its names so, for as long as it is open."""
    before = loop.getaddrinfo
    loop.getaddrinfo = Lookups(loop).getaddrinfo  # type: ignore[method-assign]
    try:
        yield
    finally:
        loop.getaddrinfo = before  # type: ignore[method-assign]
