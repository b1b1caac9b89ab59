"""What was heard in each place waits here for its turn to be handed in.

The rules:

- One place's things are handed in one after the other; places do not wait for each other.
- What the store cannot keep is handed in again until it can; only then does the place's mark move.
- After each (re)connection a place is read back from its mark before anything that came live is
  handed in; so the order holds, and what came both ways is known by its key.
- What piles up in a place beyond `MOST_WAITING` is not held but read back later, like the rest.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import structlog

from bridge.errors import ChannelError, Gone, RateLimited, Rejected, StoreUnavailable
from bridge.inbound import Inbound, Inbox
from bridge.parts import Reply
from bridge.ports import Clock
from channels.discord.config import Pace
from channels.discord.errors import UNKNOWN_ROOM
from channels.discord.limits import HISTORY_PAGE
from channels.discord.seen import Seen

log = structlog.get_logger()

MOST_WAITING = 500
MOST_REMEMBERED = 2000
AT_ONCE = 4
"""Places read back at the same time."""

Work = Callable[[], Awaitable[None]]
Answer = Callable[[Reply | None], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something that happened in a place. `message` is the number of the message it is, if it is.

    `inbound` is None for what is no concern of ours, such as our own messages.
    """

    place: str
    key: str
    message: int | None = None
    inbound: Inbound | None = None
    answer: Answer | None = None


class History(Protocol):
    async def page(self, place: str, after: int) -> Sequence[Heard]:
        """Return the next `HISTORY_PAGE` messages after this one, or all there are, oldest first.

        Raises a `ChannelError`.
        """


@dataclass(slots=True)
class _Ear:
    place: str
    waiting: deque[Heard] = field(default_factory=deque)
    read_back: int = 0
    """Of which connection, counted from 1, it knows that nothing before it is missing."""
    working: bool = False


class Ears:
    def __init__(self, seen: Seen, history: History, clock: Clock, pace: Pace) -> None:
        self._seen = seen
        self._history = history
        self._clock = clock
        self._pace = pace
        self._ears: dict[str, _Ear] = {}
        self._connection = 1
        self._handed_in: OrderedDict[str, None] = OrderedDict()
        self._reading = asyncio.Semaphore(AT_ONCE)
        self._inbox: Inbox | None = None
        self._tasks: asyncio.TaskGroup | None = None

    async def listen(self, inbox: Inbox, *others: Work) -> None:
        """Hand in what is heard, until cancelled or until the inbox or one of `others` fails."""
        self._inbox = inbox
        try:
            async with asyncio.TaskGroup() as self._tasks:
                for other in (self._save, *others):
                    self._tasks.create_task(_awaited(other))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            self._tasks = None
            self._ears.clear()
            await self._seen.save()

    # -- what happens

    def cut(self) -> None:
        """Trust no place any more to have been heard without a gap."""
        self._connection += 1

    def hear(self, heard: Heard) -> None:
        ear = self._ear(heard.place)
        if len(ear.waiting) >= MOST_WAITING:
            ear.waiting = deque(each for each in ear.waiting if each.message is None)
            ear.read_back = 0
        ear.waiting.append(heard)
        self._work(ear)

    def catch_up(self, place: str) -> None:
        """Read a place back, unless that was done since the last cut."""
        self._work(self._ear(place))

    def up_to_date(self, place: str) -> None:
        """Take note that nothing was missed here."""
        self._ear(place).read_back = self._connection

    def start(self, work: Work) -> bool:
        """Do something beside, for as long as this listens; False when it does not any more."""
        if self._tasks is None:
            return False
        begun = _awaited(work)
        try:
            self._tasks.create_task(begun)
        except RuntimeError:  # it is being ended
            begun.close()
            return False
        return True

    # -- one place

    def _ear(self, place: str) -> _Ear:
        return self._ears.setdefault(place, _Ear(place))

    def _work(self, ear: _Ear) -> None:
        if not ear.working:
            ear.working = self.start(lambda: self._hand_in_all(ear))

    async def _hand_in_all(self, ear: _Ear) -> None:
        while True:
            if ear.read_back < self._connection:
                await self._read_back(ear)
            elif ear.waiting:
                await self._hand_in(ear.waiting.popleft())
            else:
                break
        ear.working = False

    async def _read_back(self, ear: _Ear) -> None:
        connection, failures, after = self._connection, 0, self._seen.after(ear.place)
        while True:
            try:
                async with self._reading:
                    page = await self._history.page(ear.place, after)
            except (Gone, Rejected) as error:
                log.info("place cannot be read back", place=ear.place, code=error.code)
                if error.code == str(UNKNOWN_ROOM):
                    await self._seen.forget(ear.place)
                break
            except ChannelError as error:
                await self._clock.sleep(self._wait(error, failures))
                failures += 1
                continue
            for heard in page:
                await self._hand_in(heard)
            if len(page) < HISTORY_PAGE:
                break
            after = max(heard.message or 0 for heard in page)
        ear.read_back = connection

    def _wait(self, error: ChannelError, failures: int) -> float:
        if isinstance(error, RateLimited):
            return max(0.0, (error.until - self._clock.now()).total_seconds())
        return self._pace.reconnect[min(failures + 1, len(self._pace.reconnect) - 1)]

    async def _hand_in(self, heard: Heard) -> None:
        if heard.inbound is not None and not self._is_repeat(heard):
            reply = await self._kept(heard.inbound)
            self._remember(heard.key)
            if heard.answer is not None:
                self.start(partial(heard.answer, reply))
        if heard.message is not None:
            self._seen.moved(heard.place, heard.message)

    def _is_repeat(self, heard: Heard) -> bool:
        known = heard.message is not None and self._seen.has(heard.place, heard.message)
        return known or heard.key in self._handed_in

    async def _kept(self, inbound: Inbound) -> Reply | None:
        if self._inbox is None:
            raise RuntimeError("nobody listens")
        while True:
            try:
                return await self._inbox(inbound)
            except StoreUnavailable:
                await self._clock.sleep(self._pace.again)

    def _remember(self, key: str) -> None:
        self._handed_in[key] = None
        if len(self._handed_in) > MOST_REMEMBERED:
            self._handed_in.popitem(last=False)

    async def _save(self) -> None:
        while True:
            await self._clock.sleep(self._pace.save)
            await self._seen.save()


async def _awaited(work: Work) -> None:
    await work()
