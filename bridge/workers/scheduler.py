"""The scheduler fires what is due: the event and the schedule's next slot are one append.

It keeps nothing: what is due is read from the store each time. A slot has a key, so that two
processes, or one that died in between, fire it once.
"""

import asyncio

import structlog

from bridge.commands import Fire
from bridge.errors import NotFound
from bridge.ports import Clock, Sessions, Store

log = structlog.get_logger()

LONGEST_SLEEP = 30.0
"""Seconds after which it looks again, whatever it knows: a clock may have been set."""


class Scheduler:
    """Fires the schedules of every session."""

    def __init__(self, store: Store, sessions: Sessions, clock: Clock) -> None:
        self._store = store
        self._sessions = sessions
        self._clock = clock
        self._bell = asyncio.Event()

    def wake(self) -> None:
        """Look again: a schedule was set."""
        self._bell.set()

    async def run(self) -> None:
        """Fire until cancelled."""
        while True:
            self._bell.clear()
            await self.fire_due()
            await self._sleep()

    async def fire_due(self) -> None:
        """Fire every slot that has come."""
        for due in await self._store.due_schedules(self._clock.now()):
            try:
                fire = Fire(schedule=due.schedule, slot=due.slot)
                await self._sessions.submit(due.session, fire)
            except NotFound:
                log.warning("schedule of a session that is gone", schedule=due.schedule)

    async def _sleep(self) -> None:
        slot = await self._store.next_slot()
        seconds = LONGEST_SLEEP
        if slot is not None:
            left = (slot - self._clock.now()).total_seconds()
            seconds = min(max(left, 0.05), LONGEST_SLEEP)
        sleep = asyncio.ensure_future(self._clock.sleep(seconds))
        ring = asyncio.ensure_future(self._bell.wait())
        try:
            await asyncio.wait({sleep, ring}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            ring.cancel()
