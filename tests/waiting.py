"""Waiting in tests: as long as a busy machine takes, and over as soon as it has come."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psutil

from bridge.demo.waiting import PATIENCE as PATIENCE  # noqa: PLC0414 - it is what tests wait, too

T = TypeVar("T")


async def until(holds: Callable[[], object | Awaitable[object]]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = holds()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(0.005)


async def soon(coming: Awaitable[T]) -> T:
    """Wait for what must come."""
    return await asyncio.wait_for(coming, PATIENCE)


async def until_dead(*pids: int) -> None:
    await until(lambda: not any(map(lives, pids)))


def lives(pid: int) -> bool:
    """Say whether a process does anything any more; whoever inherits it buries it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
