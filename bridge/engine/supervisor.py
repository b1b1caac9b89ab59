"""The supervisor keeps workers running, each by itself.

The rules:

- A worker that raises is started again after a pause that grows with the failures in a row; one
  that ran for a while has a clean record again. No worker's failure touches another.
- A worker that cannot use the store is started again as soon as the store can be used.
- `Unauthorized` ends a worker for good: its credentials are refused, and the operator is told.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bridge.domain.errors import StoreUnavailable, Unauthorized
from bridge.engine.store_health import StoreHealth
from bridge.ports.clock import Clock
from bridge.unseen import note

log = structlog.get_logger()

PAUSES = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds before a worker is started again, by the failures in a row."""

CLEAN_AFTER = 60.0
"""Seconds of running after which earlier failures are forgotten."""

Work = Callable[[], Awaitable[None]]


class Supervisor:
    """Runs workers by name. `refused` hears which one was ended for good, and why."""

    def __init__(
        self,
        clock: Clock,
        health: StoreHealth,
        *,
        refused: Callable[[str, str], None] = lambda _, __: None,
    ) -> None:
        self._clock = clock
        self._health = health
        self._refused = refused
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.faults: dict[str, str] = {}
        """Workers that ended for good, or are failing, and why."""

    def start(self, name: str, work: Work) -> None:
        self._tasks[name] = asyncio.create_task(self._keep(name, work), name=name)

    def is_shut(self, name: str) -> bool:
        """Say whether a worker was ended for good."""
        return name in self.faults and name not in self._tasks

    def shut(self, name: str, why: str) -> None:
        """End one worker for good."""
        self.faults[name] = why
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            self._refused(name, why)

    async def stop(self, *names: str) -> None:
        """End these workers, or all."""
        ending = [self._tasks.pop(name) for name in names or tuple(self._tasks)]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _keep(self, name: str, work: Work) -> None:
        failures = 0
        while True:
            begun = self._clock.now()
            try:
                await work()
            except Unauthorized as error:
                note("account_refused", account=name, code=error.code)
                self.faults[name] = str(error)
                self._tasks.pop(name, None)
                self._refused(name, str(error))
                return
            except StoreUnavailable as error:
                self.faults[name] = str(error)
                await self._health.recovered(error)
                self.faults.pop(name, None)
                continue
            except Exception as error:
                log.exception("worker failed", worker=name)
                self.faults[name] = str(error) or type(error).__name__
            else:
                return
            ran = (self._clock.now() - begun).total_seconds()
            failures = 1 if ran > CLEAN_AFTER else failures + 1
            await self._clock.sleep(PAUSES[min(failures, len(PAUSES)) - 1])
            self.faults.pop(name, None)
