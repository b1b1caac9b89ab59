"""Which rooms and threads are read back, and from when on. The marks themselves are the feed's.

The rules:

- There is a mark, the time stamp of the last message that is stored, for each room and for each
  thread that the bot takes part in. To take part is to have been mentioned there or to have posted
  there.
- A first mark is set, and kept, before the message is handed in: what we say there meanwhile would
  set it later, and after a stop nothing else says that the place is there. What we say ourselves
  sets it by our clock, which may be ahead of Slack's, so somewhat earlier.
- Of the threads so many are read back that were heard of lately: first those that the bot posted
  in, for anybody can mention it in any number of others; of these and those the ones heard of
  last. It is noted which rooms have more. A thread that nobody wrote in for long is forgotten.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from bridge.ports.clock import Clock
from bridge.ports.feed import Mark, Marking, ReadMarks
from channels.slack.conversation_ids import Spot, position, position_of, spot, ts_at
from channels.slack.limits import CATCH_UP, MOST_THREADS, REMEMBER_THREADS

PREFIX, POSTED = "seen/", "posted/"
"""Before a room or thread: how far it is read; before a thread: when the bot first posted there."""

MARKING = Marking(prefixes=(PREFIX, POSTED), read=position, written=ts_at)


class Sources:
    """What one account reads back."""

    def __init__(self, marks: ReadMarks, clock: Clock) -> None:
        self._marks = marks
        self._clock = clock
        self._lively: defaultdict[str, set[str]] = defaultdict(set)
        """The threads that are worth reading, by room."""
        self.crowded: Sequence[str] = ()
        """Rooms with more threads than are read back."""
        self._new: set[str] = set()
        """Marks that were begun, and are not known to be kept."""

    async def load(self) -> None:
        """Read what was kept. Raises `StoreUnavailable`."""
        await self._marks.load()

    def takes_part(self, there: Spot) -> bool:
        return bool(there.thread) and self._newest(there) is not None

    def begin(self, there: Spot, at: int) -> None:
        """Set a mark where there is none."""
        if self._newest(there) is None:
            self._new.add(_name(there))
        self._marks.begin(_name(there), at)
        if there.thread:
            self._lively[there.room].add(there.thread)

    def posted(self, there: Spot, at: int) -> None:
        """Take note of what the bot posted."""
        self.begin(there, at)
        if there.thread:
            self._marks.begin(f"{POSTED}{there}", at)

    async def keep_new(self) -> None:
        """Write the marks that were begun: a place whose first one is lost is not read back.

        Raises `StoreUnavailable`.
        """
        if self._new:
            begun = frozenset(self._new)
            await self._marks.keep()
            self._new -= begun

    def mark(self, there: Spot, at: int) -> Mark | None:
        """Return how far a place is read with a message; None in a thread of others."""
        if there.thread:
            if not self.takes_part(there):
                return None
            self._lively[there.room].add(there.thread)
        return Mark(name=_name(there), position=at)

    def anew(self) -> Sequence[str]:
        """Sort out which threads are worth reading; return the rooms, those heard of last first."""
        self._lively.clear()
        forgotten, long_ago = self._ago(REMEMBER_THREADS), self._ago(CATCH_UP)
        threads = [(at, there) for at, there in self._latest() if there.thread]
        for at, there in threads:
            if at < forgotten:
                _forget(self._marks, there)
        lately = [there for at, there in threads if at >= long_ago]
        has_posted = {there: bool(self._marks.stored(f"{POSTED}{there}")) for there in lately}
        ranked = sorted(lately, key=has_posted.__getitem__, reverse=True)
        for there in ranked[:MOST_THREADS]:
            self._lively[there.room].add(there.thread)
        self.crowded = list(dict.fromkeys(there.room for there in ranked[MOST_THREADS:]))
        return self.rooms()

    def rooms(self) -> Sequence[str]:
        """Return the rooms there are marks of, those heard of last first."""
        return list(dict.fromkeys(there.room for _, there in self._latest()))

    def since(self, there: Spot) -> int | None:
        """Return after when a place is to be read; None where it has no mark."""
        newest = self._newest(there)
        return None if newest is None else max(newest, self._ago(CATCH_UP))

    def threads(self, room: str) -> Mapping[str, int]:
        """Return the threads of a room that are worth reading, and after when."""
        known = {each: self.since(Spot(room=room, thread=each)) for each in self._lively[room]}
        return {thread: since for thread, since in known.items() if since is not None}

    def forget(self, there: Spot) -> None:
        """Drop a thread that is gone, or a room that is closed to us, with its threads."""
        self._lively[there.room] -= {there.thread} if there.thread else self._lively[there.room]
        for _, each in tuple(self._latest()):
            if there in {each, Spot(room=each.room)}:
                _forget(self._marks, each)

    def _latest(self) -> Iterator[tuple[int, Spot]]:
        names = [name for name in self._marks.names() if name.startswith(PREFIX)]
        found = [(self._marks.stored(name)[0], name) for name in names]
        for at, name in sorted(found, reverse=True):
            yield at, spot(name.removeprefix(PREFIX))

    def _newest(self, there: Spot) -> int | None:
        return self._marks.after(_name(there))

    def _ago(self, time: timedelta) -> int:
        return position_of(self._clock.now() - time)


def _forget(marks: ReadMarks, there: Spot) -> None:
    marks.forget(_name(there))
    marks.forget(f"{POSTED}{there}")


def _name(there: Spot) -> str:
    return f"{PREFIX}{there}"
