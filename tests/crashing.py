"""A process that can be killed at any port call, over a world that outlives it.

A `Fuse` counts the edges of port calls: just before and just after each. At the chosen edge it
blows: from then on nothing gets out of the process, as after kill -9. `Dead` is a BaseException so
that no `except Exception` of the code under test survives its own death.
"""

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.domain.events import Preview
from bridge.domain.inbound import Inbound, Inbox
from bridge.domain.parts import Address, Capabilities, Part, Reply, Sent
from bridge.ports.agent import Agent, Said, Turn


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
        self.die_if_blown()

    def die_if_blown(self) -> None:
        if self.blown.is_set():
            raise Dead


READS = frozenset(
    [
        "read",
        "wait",
        "head",
        "repeated",
        "keyed",
        "snapshot",
        "conversation",
        "receipts",
        "behind",
        "source_of",
        "sessions",
        "session",
        "identify",
        "identities",
        "people",
        "participants",
        "conversation_at",
        "conversations",
        "bearer",
        "due_schedules",
        "next_slot",
        "restless",
        "fact",
        "facts",
        "usage",
        "epoch",
        "check",
    ]
)
"""The calls of a store that change nothing. A death at one is the death at the last change."""


class FragileStore:
    """A store whose every call that changes something can be the last."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._inner, name)
        if name in READS:
            return self._blind(call)

        async def fragile(*args: Any, **kwargs: Any) -> Any:
            self._fuse.edge(f"before {name}")
            result = await call(*args, **kwargs)
            self._fuse.edge(f"after {name}")
            return result

        return fragile

    def _blind(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """Return a call that a dead process does not make, and that is no edge of its own."""

        async def reading(*args: Any, **kwargs: Any) -> Any:
            self._fuse.die_if_blown()
            result = await call(*args, **kwargs)
            self._fuse.die_if_blown()
            return result

        return reading


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

    async def typing(self, to: Address) -> None:
        await self._call("typing", to)

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
    """The loop's clock, many times as fast. `ahead`: how much it was set forward since."""

    def __init__(self, speed: float = 300.0) -> None:
        self._speed = speed
        self._begun = asyncio.get_running_loop().time()
        self._start = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        loop = asyncio.get_running_loop()
        passed = timedelta(seconds=(loop.time() - self._begun) * self._speed)
        return self._start + passed + self.ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._speed)


class Process:
    """The tasks of one process: those that its first coroutine began, and those that they began."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin a coroutine of the process. It may never return: its process may die."""
        loop = asyncio.get_running_loop()
        loop.set_task_factory(_remembering)
        loop.set_exception_handler(lambda *_: None)  # the dead leave exceptions behind
        context = contextvars.copy_context()
        context.run(_process.set, self)
        return loop.create_task(coroutine, context=context)

    def add(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def bury(self) -> None:
        """End every task of the process, as its death would."""
        while self._tasks:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=1)


_process: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


def _remembering(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **how: Any
) -> asyncio.Task[Any]:
    context = how.get("context")
    process = context.get(_process) if context is not None else _process.get()
    task = asyncio.Task(coroutine, loop=loop, **how)
    if process is not None:
        process.add(task)
    return task
