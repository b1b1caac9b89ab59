"""Up to which message each place has been heard: what Discord would call our acknowledgement.

The rules:

- A place's mark is kept durably, and only moves after what it covers was handed in. It is written
  now and then; what it lags behind is handed in once more after a crash, and known by its id.
- Ids are not quite in the order of arrival. So a place is read again from a little before its mark,
  and the mark names what was handed in from there on.
- A room without a mark has said nothing while we listened: all that was written there since this
  account first connected, or since the bot joined that server, is news.
- Direct messages can only be found again where there was one before; so their marks say what they
  are, and Discord's own list of them (which is empty for bots) is not needed.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from discord.utils import time_snowflake

from bridge.errors import StoreUnavailable
from bridge.ports import Clock, Facts

SINCE = "since"
DIRECT, ROOM = "dm:", "room:"

OVERLAP = timedelta(seconds=2)
"""So much before a mark is looked at again."""

SPAN = OVERLAP // timedelta(milliseconds=1) << 22
"""How much an id grows in this time."""

MOST_NAMED = 50
"""Messages that a mark names."""


class Seen:
    """The marks of one account."""

    def __init__(self, facts: Facts, clock: Clock) -> None:
        self._facts = facts
        self._clock = clock
        self._marks: dict[str, tuple[int, ...]] = {}
        """What was handed in last, the newest first."""
        self._since: int | None = None
        self._joined: dict[str, int] = {}
        self._unsaved: set[str] = set()
        self.direct: set[str] = set()
        """The places that are direct messages."""

    async def load(self) -> None:
        """Read what is known. Raises `StoreUnavailable`."""
        if self._since is not None:
            return
        for key, value in (await self._facts.all()).items():
            for prefix in (DIRECT, ROOM):
                if key.startswith(prefix):
                    self._marks[key.removeprefix(prefix)] = tuple(map(int, value.split()))
            if key.startswith(DIRECT):
                self.direct.add(key.removeprefix(DIRECT))
        since = await self._facts.get(SINCE)
        if since is None:
            since = str(time_snowflake(self._clock.now()))
            await self._facts.put(SINCE, since)
        self._since = int(since)

    def places(self) -> Collection[str]:
        return tuple(self._marks)

    def latest(self, most: int) -> Sequence[str]:
        """Return the places that were spoken in last, the very last first."""
        return sorted(self._marks, key=self._mark, reverse=True)[:most]

    def after(self, place: str) -> int:
        """Return the message after which this place is to be read again."""
        if place in self._marks:
            return max(0, self._mark(place) - SPAN)
        return max(self._since or 0, self._joined.get(place, 0))

    def is_behind(self, place: str, newest: int) -> bool:
        """Say whether there are messages, up to `newest`, that were not heard."""
        return newest > (self._mark(place) if place in self._marks else self.after(place))

    def has(self, place: str, message: int) -> bool:
        """Say whether a message not before `after` was handed in."""
        return message in self._marks.get(place, ())

    def joined(self, place: str, at: datetime) -> None:
        """Say since when the bot can have read in a room."""
        self._joined[place] = time_snowflake(at)

    def moved(self, place: str, message: int) -> None:
        """Say that a message was handed in."""
        handed_in = {message, *self._marks.get(place, ())}
        recent = sorted(handed_in, reverse=True)[:MOST_NAMED]
        self._marks[place] = tuple(each for each in recent if each > recent[0] - SPAN)
        self._unsaved.add(place)

    async def save(self) -> None:
        """Keep what moved; what the store does not take now it is given next time."""
        while self._unsaved:
            place = self._unsaved.pop()
            prefix = DIRECT if place in self.direct else ROOM
            try:
                await self._facts.put(f"{prefix}{place}", " ".join(map(str, self._marks[place])))
            except BaseException as error:
                self._unsaved.add(place)
                if isinstance(error, StoreUnavailable):
                    return
                raise

    async def forget(self, place: str) -> None:
        """Drop a place that is gone for good, as far as the store lets us."""
        self._marks.pop(place, None)
        self.direct.discard(place)
        self._unsaved.discard(place)
        with suppress(StoreUnavailable):
            await self._facts.remove(f"{DIRECT}{place}")
            await self._facts.remove(f"{ROOM}{place}")

    def _mark(self, place: str) -> int:
        return self._marks[place][0]
