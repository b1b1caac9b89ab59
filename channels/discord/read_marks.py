"""From where each place is to be read back: its mark, or where there is none, since we could hear.

The rules:

- A room without a mark has said nothing while we listened: all that was written there since this
  account first connected, or since the bot joined that server, is news. When it first connected
  our clock may have been ahead: then it was when it heard its first message, at the latest.
- Direct messages can only be found again where there was one before; so their marks say what they
  are, and Discord's own list of them (which is empty for bots) is not needed.
- Ids are not quite in the order of arrival: marks overlap by a little.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from discord.utils import time_snowflake

from bridge.domain.errors import StoreUnavailable
from bridge.ports.clock import Clock
from bridge.ports.feed import Mark, Marking, ReadMarks
from bridge.ports.surroundings import KeyValue

SINCE = "since"
DIRECT, ROOM = "dm:", "room:"

OVERLAP = timedelta(seconds=2)
"""So much before a mark is looked at again."""

SPAN = OVERLAP // timedelta(milliseconds=1) << 22
"""How much an id grows in this time."""

MARKING = Marking(prefixes=(DIRECT, ROOM), overlap=SPAN)


class Seen:
    """What one account has heard, by place; `marks` are the feed's."""

    def __init__(self, marks: ReadMarks, facts: KeyValue, clock: Clock) -> None:
        self._marks = marks
        self._facts = facts
        self._clock = clock
        self._since: int | None = None
        self._kept_since = 0
        self._joined: dict[str, int] = {}
        self.direct: set[str] = set()
        """The places that are direct messages."""
        self._new: set[str] = set()
        """Those of them whose first mark is not known to be kept."""

    async def load(self) -> None:
        """Read what is known. Raises `StoreUnavailable`."""
        if self._since is not None:
            return
        await self._marks.load()
        names = self._marks.names()
        self.direct |= {each.removeprefix(DIRECT) for each in names if each.startswith(DIRECT)}
        self.direct -= {each.removeprefix(ROOM) for each in names if each.startswith(ROOM)}
        since = await self._facts.get(SINCE)
        if since is None:
            since = str(time_snowflake(self._clock.now()))
            await self._facts.put(SINCE, since)
        self._kept_since = int(since)
        self._since = min([self._kept_since, *(self._marks.stored(name)[-1] for name in names)])

    def places(self) -> Collection[str]:
        return {name.partition(":")[2] for name in self._marks.names()}

    def latest(self, most: int) -> Sequence[str]:
        """Return the places that were spoken in last, the very last first."""
        return sorted(self.places(), key=lambda each: self._newest(each) or 0, reverse=True)[:most]

    def mark(self, place: str, message: int) -> Mark:
        """Return how far a place is read with this message."""
        prefix = DIRECT if place in self.direct else ROOM
        return Mark(name=f"{prefix}{place}", position=message)

    def after(self, place: str) -> int:
        """Return the message after which this place is to be read again."""
        newest = self._newest(place)
        if newest is not None:
            return max(0, newest - SPAN)
        return max(self._since or 0, self._joined.get(place, 0))

    def is_behind(self, place: str, newest: int) -> bool:
        """Say whether there are messages, up to `newest`, that were not heard."""
        known = self._newest(place)
        return newest > (self.after(place) if known is None else known)

    def knows(self, place: str) -> bool:
        """Say whether a place would be found again if we stopped now."""
        if place in self._new:
            return False
        return place not in self.direct or bool(self._marks.stored(f"{DIRECT}{place}"))

    async def know(self, place: str, message: int) -> None:
        """Keep that a chat of two is there, before the first that is said in it is handed in.

        Else a stop before its mark is kept would leave nothing by which to find it again.
        Raises `StoreUnavailable`.
        """
        self._new.add(place)
        self._marks.begin(f"{DIRECT}{place}", message - 1)
        await self._marks.keep()
        self._new.discard(place)

    def joined(self, place: str, at: datetime) -> None:
        """Say since when the bot can have read in a room."""
        self._joined[place] = time_snowflake(at)

    def heard(self, message: int) -> bool:
        """Take note of a message; say whether that is to be kept by `save`."""
        if self._since is not None:
            self._since = min(self._since, message)
        return self._since != self._kept_since

    async def save(self) -> None:
        """Keep since when we hear, as far as the store lets us."""
        since = self._since
        if since is not None and since != self._kept_since:
            with suppress(StoreUnavailable):
                await self._facts.put(SINCE, str(since))
                self._kept_since = since

    async def forget(self, place: str) -> None:
        """Drop a place that is gone for good."""
        self.direct.discard(place)
        for prefix in (DIRECT, ROOM):
            self._marks.forget(f"{prefix}{place}")
        await self._marks.save()

    def _newest(self, place: str) -> int | None:
        stored = [self._marks.stored(f"{prefix}{place}") for prefix in (DIRECT, ROOM)]
        return max((each[0] for each in stored if each), default=None)
