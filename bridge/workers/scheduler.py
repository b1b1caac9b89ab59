"""The scheduler fires what is due: the event and the schedule's next slot are one append.

It keeps nothing: what is due is read from the store each time. A slot has a key, so that two
processes, or one that died in between, fire it once. What cannot be fired (its zone is gone from
this machine) stays due, and holds up no other.
"""

import asyncio

import structlog

from bridge.commands import Fire
from bridge.errors import Refused
from bridge.ports import Clock, Sessions, Store

log = structlog.get_logger()

SHORTEST_SLEEP = 0.05
REFUSED_SLEEP = 5.0
"""Seconds between two looks while something that is due cannot be fired."""

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
            is_done = await self.fire_due()
            await self._sleep(SHORTEST_SLEEP if is_done else REFUSED_SLEEP)

    async def fire_due(self) -> bool:
        """Fire every slot that has come; False when one could not be fired."""
        is_done = True
        for due in await self._store.due_schedules(self._clock.now()):
            try:
                fire = Fire(schedule=due.schedule, slot=due.slot)
                await self._sessions.submit(due.session, fire)
            except Refused as refused:
                is_done = False
                log.warning("schedule not fired", schedule=due.schedule, reason=str(refused))
        return is_done

    async def _sleep(self, least: float) -> None:
        slot = await self._store.next_slot()
        seconds = LONGEST_SLEEP
        if slot is not None:
            left = (slot - self._clock.now()).total_seconds()
            seconds = min(max(left, least), LONGEST_SLEEP)
        sleep = asyncio.ensure_future(self._clock.sleep(seconds))
        ring = asyncio.ensure_future(self._bell.wait())
        try:
            await asyncio.wait({sleep, ring}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            ring.cancel()
