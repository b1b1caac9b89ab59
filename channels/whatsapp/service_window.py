"""When each person wrote last: only for 24 hours after that may they be told anything.

The rules:

- A person's words open their window; Twilio's word that it is closed shuts it until they write.
  Of a message from before they wrote that word says nothing any more.
- Of whom nothing is known the window counts as open: Twilio knows better, and says so.
- What is kept lags behind by at most `LAG`, and is read as that much later: to try in vain is
  harmless, to be silent without need is not.
- The template that asks a person to write goes out once for each closed window.
- All times are Twilio's, for our clock may be wrong: before a window counts as over, Twilio is
  asked what time it is (`Sending`).
- A store that cannot be used just now is no reason to hear or say nothing.
"""

from asyncio import Lock
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bridge.caches import cache
from bridge.domain.errors import StoreUnavailable
from bridge.ports.surroundings import KeyValue
from channels.whatsapp.limits import WINDOW

LAG = timedelta(minutes=10)
HEARD = "heard:"
ASKED = "asked:"
NEVER = datetime.min.replace(tzinfo=UTC)


class Time(Protocol):
    """What time it is for Twilio, as far as that is known."""

    def now(self) -> datetime: ...


class Windows:
    """One account's windows, by place."""

    def __init__(self, time: Time, facts: KeyValue) -> None:
        self._time = time
        self._facts = facts
        self._ends: dict[str, datetime] = {}
        self._kept: dict[str, datetime] = {}
        self._is_loaded = False
        self._version = 0
        self._asking = Lock()
        cache("service windows", forget=self._forget, size=self._size)

    def _forget(self) -> None:
        self._is_loaded = False
        self._version += 1

    def _size(self) -> int:
        return len(self._ends)

    async def heard(self, place: str, at: datetime) -> None:
        """Note that someone wrote."""
        await self._load()
        self._ends[place] = max(self._ends.get(place, NEVER), at + WINDOW)
        if at - self._kept.get(place, NEVER) >= LAG:
            with suppress(StoreUnavailable):
                await self._facts.put(HEARD + place, at.isoformat())
                self._kept[place] = at

    def shut(self, place: str, tried_at: datetime) -> bool:
        """Note that Twilio says it was closed to a message; say whether it still is."""
        latest = self._time.now() + WINDOW + LAG  # beyond it, the clock was set back since
        if place in self._ends and tried_at + WINDOW < self._ends[place] <= latest:
            return False
        self._ends[place] = NEVER
        return True

    def is_shut(self, place: str) -> bool:
        """Say whether it is closed because Twilio said so, whatever the time is."""
        return self._ends.get(place) == NEVER

    async def is_open(self, place: str) -> bool:
        await self._load()
        return place not in self._ends or self._time.now() < self._ends[place]

    async def closed(self) -> int:
        """Return how many are closed now."""
        await self._load()
        now = self._time.now()
        return sum(now >= end for end in self._ends.values())

    async def may_ask(self, place: str) -> bool:
        """Say whether the person is to be asked to write, and note that they are."""
        await self._load()
        window = self._kept.get(place, NEVER).isoformat()
        async with self._asking:
            if await self._facts.get(ASKED + place) == window:
                return False
            await self._facts.put(ASKED + place, window)
        return True

    async def not_asked(self, place: str) -> None:
        """Note that asking failed."""
        await self._facts.remove(ASKED + place)

    async def _load(self) -> None:
        if self._is_loaded:
            return
        version = self._version
        try:
            kept = _times(await self._facts.all())
        except StoreUnavailable:
            return
        self._is_loaded = version == self._version
        for place, at in kept.items():
            self._take(place, at)

    def _take(self, place: str, at: datetime) -> None:
        """Take over what is kept of a place: another process may have heard its person later."""
        known = self._kept.get(place)
        if place not in self._ends or (known is not None and at > known):
            self._ends[place] = max(self._ends.get(place, NEVER), at + WINDOW + LAG)
        self._kept[place] = max(known or NEVER, at)


def _times(facts: Mapping[str, str]) -> dict[str, datetime]:
    return {
        key.removeprefix(HEARD): datetime.fromisoformat(value)
        for key, value in facts.items()
        if key.startswith(HEARD)
    }
