"""A process that can be killed at any port call, over a world that outlives it.

A `Fuse` counts the edges of port calls: just before and just after each. At the chosen edge it
blows: from then on nothing gets out of the process, as after kill -9. `Dead` is a BaseException so
that no `except Exception` of the code under test survives its own death.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.events import Preview
from bridge.parts import Address, Capabilities, Part, Sent
from bridge.ports import Agent, Inbound, Inbox, Reply, Said, Turn


class Dead(BaseException):
    """The process is gone."""


class Fuse:
    """Blows at the edge `at`, counted from 1; never without one."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.edges = 0
        self.where = ""
        self.blown = asyncio.Event()

    def edge(self, where: str) -> None:
        self.edges += 1
        if not self.blown.is_set() and self.edges == self.at:
            self.where = where
            self.blown.set()
        if self.blown.is_set():
            raise Dead


class FragileStore:
    """A store whose every call can be the last."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._inner, name)

        async def fragile(*args: Any, **kwargs: Any) -> Any:
            self._fuse.edge(f"before {name}")
            result = await call(*args, **kwargs)
            self._fuse.edge(f"after {name}")
            return result

        return fragile


class FragileChannel:
    """A channel whose every call can be the last, and so can every acknowledgement."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse
        self.name = inner.name

    def capabilities(self, address: Address) -> Capabilities:
        return self._inner.capabilities(address)

    async def listen(self, inbox: Inbox) -> None:
        async def fragile(inbound: Inbound) -> Reply | None:
            self._fuse.edge("before inbox")
            reply = await inbox(inbound)
            self._fuse.edge("after inbox")
            return reply

        await self._inner.listen(fragile)

    async def send(self, to: Address, part: Part) -> Sent:
        return await self._call("send", to, part)

    async def edit(self, to: Address, message: Any, part: Part) -> None:
        await self._call("edit", to, message, part)

    async def delete(self, to: Address, message: Any) -> None:
        await self._call("delete", to, message)

    async def resolve(self, to: Address, part: Part) -> Sent | None:
        return await self._call("resolve", to, part)

    async def _call(self, name: str, *args: Any) -> Any:
        self._fuse.edge(f"before {name}")
        result = await getattr(self._inner, name)(*args)
        self._fuse.edge(f"after {name}")
        return result


class FragileAgent:
    """An agent whose every word can be the last."""

    def __init__(self, inner: Agent, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse
        self.help = inner.help

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        async with aclosing(self._inner.run(turn)) as saying:
            async for said in saying:
                self._fuse.edge(f"before {type(said).__name__}")
                yield said
                self._fuse.edge(f"after {type(said).__name__}")


class HurriedClock:
    """A real clock that runs many times as fast."""

    def __init__(self, speed: float = 300.0) -> None:
        self._speed = speed
        self._begun = time.monotonic()
        self._start = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._begun) * self._speed)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._speed)


async def bury(before: set[asyncio.Task[Any]]) -> None:
    """End every task of the dead process: all that were not there before it began."""
    tasks = [task for task in asyncio.all_tasks() if task not in before]
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Dead, Exception):
            await task
