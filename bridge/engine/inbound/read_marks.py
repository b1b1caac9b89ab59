"""How far an account's sources are stored, kept so that a restart knows what it missed.

The rules:

- A mark moves after what it covers was stored, and never past an older thing that still waits. It
  is written now and then: after a kill a little is handed in again, and the log knows it.
- Positions come a little out of order. So a source is read again from `overlap` before its mark,
  and the mark names what was stored from there on.
- A mark that was begun before the kept ones were read gives way to the kept one.
- What the store does not take now it is given next time.
- One writes at a time, so that what is kept when `keep` returns is all that had moved before.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

from bridge.domain.errors import StoreUnavailable
from bridge.ports.feed import Mark, Marking
from bridge.ports.surroundings import KeyValue

MOST_NAMED = 50
"""Positions that a mark names."""


class KeptMarks:
    """The `ReadMarks` of one account."""

    def __init__(self, facts: KeyValue, marking: Marking) -> None:
        self._facts = facts
        self._marking = marking
        self._marks: dict[str, tuple[int, ...]] = {}
        """What was stored last, the newest first."""
        self._waiting: defaultdict[str, set[int]] = defaultdict(set)
        self._ahead: defaultdict[str, set[int]] = defaultdict(set)
        """Stored, while something older waits."""
        self._unsaved: set[str] = set()
        self._loaded = False
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Read what was kept, once. Raises `StoreUnavailable`."""
        if self._loaded or not self._marking.prefixes:
            return
        for name, value in (await self._facts.all()).items():
            if name.startswith(self._marking.prefixes):
                self._marks[name] = tuple(map(self._marking.read, value.split()))
                self._unsaved.discard(name)
        self._loaded = True

    def names(self) -> Sequence[str]:
        return tuple(self._marks)

    def stored(self, name: str) -> Sequence[int]:
        return self._marks.get(name, ())

    def after(self, name: str) -> int | None:
        stored = self.stored(name)
        return max(0, stored[0] - self._marking.overlap) if stored else None

    def has(self, mark: Mark | None) -> bool:
        """Say whether what stands there is known to be stored."""
        return mark is not None and mark.position in self._marks.get(mark.name, ())

    def begin(self, name: str, position: int) -> None:
        if name not in self._marks:
            self._marks[name] = (position,)
            self._unsaved.add(name)

    def expect(self, mark: Mark | None) -> None:
        """Take note that something waits to be stored."""
        if mark is not None:
            self._waiting[mark.name].add(mark.position)

    def moved(self, *marks: Mark) -> None:
        """Take note that something is stored; the mark moves as far as nothing older waits."""
        for mark in marks:
            self._ahead[mark.name].add(mark.position)
        self.dropped(*marks)

    def dropped(self, *marks: Mark) -> None:
        """Take note that something waits no more: it is to be read back, or was stored."""
        for mark in marks:
            self._waiting[mark.name].discard(mark.position)
        for name in {mark.name for mark in marks}:
            self._advance(name)

    def _advance(self, name: str) -> None:
        waiting, ahead = self._waiting.pop(name, set()), self._ahead.pop(name, set())
        oldest = min(waiting, default=None)
        reached = {each for each in ahead if oldest is None or each < oldest}
        if waiting:
            self._waiting[name] = waiting
        if ahead - reached:
            self._ahead[name] = ahead - reached
        if reached:
            self._move(name, reached)

    def _move(self, name: str, reached: set[int]) -> None:
        recent = sorted(reached | set(self._marks.get(name, ())), reverse=True)[:MOST_NAMED]
        within = recent[0] - self._marking.overlap
        self._marks[name] = (recent[0], *(each for each in recent[1:] if each > within))
        self._unsaved.add(name)

    def fall_back(self) -> None:
        """Forget what waits: it will be read back, and what is ahead of it again with it."""
        self._waiting.clear()
        self._ahead.clear()

    def forget(self, name: str) -> None:
        if self._marks.pop(name, None) is not None:
            self._unsaved.add(name)

    async def save(self) -> None:
        """Write what moved, as far as the store lets us."""
        with suppress(StoreUnavailable):
            await self.keep()

    async def keep(self) -> None:
        """Write what moved until now. Raises `StoreUnavailable`."""
        async with self._writing:
            for name in tuple(self._unsaved):
                # Discarded first: it may move again while it is being written.
                self._unsaved.discard(name)
                mark = self._marks.get(name)
                try:
                    if mark is None:
                        await self._facts.remove(name)
                    else:
                        await self._facts.put(name, " ".join(map(self._marking.written, mark)))
                except BaseException:
                    self._unsaved.add(name)
                    raise
