"""One task per key, started when something is to be done for it and gone when nothing is.

The rules:

- `wake` never loses a call: a key woken while its task works is worked once more before it rests.
- The work for a key says when it wants to be woken again; nothing else is remembered. A timer that
  rang proves that its time has come, although the clock may have been set back meanwhile: `now`.
- Work that fails is logged and done again after a pause: it is derived anew each time. Work that
  cannot use the store waits until it can (`StoreHealth`), and is done again at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextvars import Context
from datetime import UTC, datetime
from typing import Generic, TypeVar

import structlog

from bridge.domain.errors import StoreUnavailable
from bridge.engine.store_health import StoreHealth
from bridge.ports.clock import Clock

log = structlog.get_logger()

Key = TypeVar("Key", bound=Hashable)

PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds before failed work is done again, by the failures in a row."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class KeyedWorker(Generic[Key]):
    """Keeps keys tended by `work`, which returns when to wake it next (None: when woken)."""

    def __init__(
        self,
        name: str,
        work: Callable[[Key], Awaitable[datetime | None]],
        clock: Clock,
        health: StoreHealth,
    ) -> None:
        self._name = name
        self._work = work
        self._clock = clock
        self._health = health
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._woken: dict[Key, asyncio.Event] = {}
        self._timers: dict[Key, tuple[datetime, asyncio.Task[None]]] = {}
        self._rung: dict[Key, datetime] = {}
        self._closed = False

    def now(self, key: Key) -> datetime:
        """Return the present, for the work of this key: not before the timer that woke it."""
        return max(self._clock.now(), self._rung.get(key, LONG_AGO))

    def wake(self, key: Key) -> None:
        if self._closed:
            return
        bell = self._woken.get(key)
        if bell is None:
            bell = self._woken[key] = asyncio.Event()
        bell.set()
        if key not in self._tasks:
            # of its own context: its log lines are not about whatever woke it
            self._tasks[key] = asyncio.create_task(
                self._work_on(key), name=f"{self._name} {key}", context=Context()
            )

    def bell(self, key: Key) -> asyncio.Event:
        """Return the event that `wake` sets; whoever waits on it clears it first."""
        known = self._woken.get(key)
        if known is None:
            known = self._woken[key] = asyncio.Event()
        return known

    async def close(self, grace: float = 0.0) -> None:
        """Let work in hand come to rest for `grace` seconds of real time, then cut it off."""
        self._closed = True
        for _, timer in self._timers.values():
            timer.cancel()
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work_on(self, key: Key) -> None:
        failures = 0
        woken = self._woken[key]
        try:
            while woken.is_set():
                woken.clear()
                try:
                    again = await self._work(key)
                    failures = 0
                except StoreUnavailable as error:
                    await self._health.recovered(error)
                    woken.set()
                except Exception:
                    log.exception("work failed", worker=self._name, key=key)
                    await self._clock.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
                    failures += 1
                    woken.set()
                else:
                    if again is not None or key in self._timers:
                        self._set_timer(key, again)
        finally:
            self._tasks.pop(key, None)
            self._rung.pop(key, None)
            if not woken.is_set():
                self._woken.pop(key, None)

    def _set_timer(self, key: Key, at: datetime | None) -> None:
        known = self._timers.get(key)
        if known is not None and known[0] == at:
            return  # it has waited for a while already, whatever the clock says by now
        if known is not None:
            self._timers.pop(key)[1].cancel()
        if at is not None and not self._closed:
            timer = asyncio.create_task(self._ring(key, at), name=f"{self._name} timer {key}")
            self._timers[key] = (at, timer)

    async def _ring(self, key: Key, at: datetime) -> None:
        await self._clock.sleep((at - self._clock.now()).total_seconds())
        self._timers.pop(key, None)
        self._rung[key] = at
        self.wake(key)
