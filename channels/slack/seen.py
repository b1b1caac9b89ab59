"""How far the account has heard, kept so that a restart knows what it missed.

The rules:

- There is a mark, the time stamp of the last message handed in, for each room and for each thread
  that the bot takes part in. To take part is to have been mentioned there or to have posted there.
- A mark moves after the message was handed in. Marks are written once a second at most: after a
  kill a little is handed in again, and the store knows it.
- While a room is being caught up, its marks are not written: what was missed comes before what is
  newer, also after a death in between. If that was cut off, they go back to where they were.
- A first mark is set before the message is handed in; what we say ourselves sets it by our clock,
  which may be ahead of Slack's, so somewhat earlier.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import structlog

from bridge.errors import StoreError
from bridge.ports import Clock, Facts
from channels.slack.limits import REMEMBER_THREADS
from channels.slack.places import Spot, moment, order, spot

log = structlog.get_logger()

PREFIX = "seen/"
KEEP_SECONDS = 1.0


class Seen:
    def __init__(self, facts: Facts, clock: Clock) -> None:
        self._facts = facts
        self._clock = clock
        self._marks: dict[str, str] = {}
        self._unwritten: set[str] = set()
        self._behind: Counter[str] = Counter()
        self._fallen: dict[str, str] = {}
        self._loaded = False
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Know what was written, and write what is left at the end."""
        await self.load()
        try:
            yield
        finally:
            self.fall_back()
            with suppress(StoreError):
                await self._write()

    async def keep(self) -> None:
        """Write what changed, once a second at most, until cancelled."""
        while True:
            await self._changed.wait()
            await self._clock.sleep(KEEP_SECONDS)
            self._changed.clear()
            try:
                await self._write()
            except StoreError:
                log.warning("marks not kept")
                self._changed.set()

    def marks(self) -> Mapping[str, str]:
        """Return a copy of every mark, by room or by `room/thread`."""
        return dict(self._marks)

    def takes_part(self, there: Spot) -> bool:
        return bool(there.thread) and str(there) in self._marks

    def begin(self, source: str, ts: str) -> None:
        """Set a mark where there is none."""
        if source not in self._marks:
            self._mark(source, ts)

    def move(self, source: str, ts: str) -> None:
        """Move a mark, never back; a thread has one only after `begin`."""
        known = self._marks.get(source)
        if known is None and not spot(source).thread:
            self.begin(source, ts)
        elif known is not None and order(known) < order(ts):
            self._mark(source, ts)

    def _mark(self, source: str, ts: str) -> None:
        self._marks[source] = ts
        self._unwritten.add(source)
        self._changed.set()

    def forget(self, room: str) -> None:
        """Drop the marks of a room that is closed to us."""
        for source in [each for each in self._marks if spot(each).room == room]:
            del self._marks[source]
            self._unwritten.add(source)
            self._changed.set()

    def fall_behind(self, room: str) -> None:
        self._behind[room] += 1
        for source, ts in self._of(room):
            self._fallen.setdefault(source, ts)

    def catch_up(self, room: str) -> None:
        self._behind[room] = max(0, self._behind[room] - 1)
        if not self._behind[room]:
            for source, _ in self._of(room):
                self._fallen.pop(source, None)
        self._changed.set()

    def fall_back(self) -> None:
        """Move the marks of rooms that were not caught up to where they were, to be read again."""
        self._behind.clear()
        for source, ts in self._fallen.items():
            if self._marks.get(source, ts) != ts:
                self._mark(source, ts)
        self._fallen.clear()

    def _of(self, room: str) -> Sequence[tuple[str, str]]:
        return [(each, ts) for each, ts in self._marks.items() if spot(each).room == room]

    # -- keeping

    async def load(self) -> None:
        """Take in what was written; once."""
        if self._loaded:
            return
        oldest = self._clock.now() - REMEMBER_THREADS
        for key, ts in (await self._facts.all()).items():
            source = key.removeprefix(PREFIX)
            if source == key:
                continue
            if spot(source).thread and moment(ts) < oldest:
                await self._facts.remove(key)
            else:
                self._marks.setdefault(source, ts)
        self._loaded = True

    async def _write(self) -> None:
        for source in [each for each in self._unwritten if not self._behind[spot(each).room]]:
            self._unwritten.discard(source)
            try:
                await self._keep(source)
            except BaseException:
                self._unwritten.add(source)
                raise

    async def _keep(self, source: str) -> None:
        ts = self._marks.get(source)
        if ts is None:
            await self._facts.remove(PREFIX + source)
        else:
            await self._facts.put(PREFIX + source, ts)
