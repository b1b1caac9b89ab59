"""Whether the store can be used: all who found that it cannot wait here, and are woken at once.

The rules:

- The first who finds the store unavailable says so, in one line of the log; nobody else does. From
  then on it is looked at every second, and once it can be used everyone goes on, in one more line.
- A store that says it is well and fails again soon is looked at less and less often.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bridge.domain.errors import StoreUnavailable
from bridge.ports.clock import Clock

log = structlog.get_logger()

LOOKS = (1.0, 2.0, 5.0, 15.0)
"""Seconds between two looks, by the relapses in a row."""

SOUND = timedelta(seconds=30)
"""How long a store works before its next fault is no relapse."""


class StoreHealth:
    """`check` raises `StoreUnavailable` while the store cannot be used."""

    def __init__(self, check: Callable[[], Awaitable[None]], clock: Clock) -> None:
        self._check = check
        self._clock = clock
        self._looking: asyncio.Task[None] | None = None
        self._well_at = clock.now() - SOUND
        self._relapses = 0

    async def recovered(self, error: StoreUnavailable) -> None:
        """Return when the store that failed so can be used again."""
        if self._looking is None:
            log.warning("store unavailable", reason=str(error))
            worked = self._clock.now() - self._well_at
            self._relapses = 0 if worked >= SOUND else self._relapses + 1
            self._looking = asyncio.create_task(self._look(), name="store health")
        await asyncio.shield(self._looking)

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        begun = self._clock.now()
        try:
            while True:
                await self._clock.sleep(LOOKS[min(self._relapses, len(LOOKS) - 1)])
                try:
                    await self._check()
                except StoreUnavailable:
                    continue
                break
            self._well_at = self._clock.now()
            away = (self._well_at - begun).total_seconds()
            log.info("store available again", seconds=round(away, 1))
        finally:
            self._looking = None
