"""The feed: what an account hears is put in order per place, and kept until it is in the log.

A channel puts `Item`s, live ones as they come and those it reads back page by page; it is told when
each may be acknowledged. One feed per account; it outlives a listening.

What platforms need of it, and how they get it (which one needs what is in decision 23):

- One that is acknowledged by a position, and forgets what is before it: `progress`.
- One that acknowledges each delivery, and tells of a thing twice: the future of `put`, `key`.
- One that waits for a webhook's answer, for some seconds: `stored` with `within`; `NotStored`
  becomes an error there, and whatever brings the same again finds it by its `key`.
- One with a history, that may or may not tell what was missed after a cut: `cut`, `catch_up`,
  `up_to_date`, a `history` that is read page by page, oldest first.
- Ids that come a little out of order: `Marking.overlap`. Deliveries in any order: `Item.order`.
- One message that comes as several: `part_of`, and a `what` that waits for the rest when its turn
  has come.
- Rooms with threads in them, places of their own that are read back together: `scope`, `Mark.name`.
- A history that is read for minutes, or not in order: `patience`.
- A platform without ids, acknowledgements or history uses none of these and puts what it hears.

The rules:

- One place's items are handed in one after the other; places do not wait for each other.
- What the store cannot keep is handed in again after a pause until it can; the place waits behind
  it. Any other error ends the listening, and nothing that waits is acknowledged.
- All deliveries of one item wait for the same handing in, and have its reply. It is answered once,
  then acknowledged; what is heard next waits for the answer, but not for long.
- After a cut nothing live is handed in to a place before its scope was read back. What is read back
  passes. What piles up there beyond `MOST_WAITING` is not held but read back later, like the rest.
- With `patience`, what is live passes too once that time is over; what was found goes first.
- A history that is refused holds nothing up; its owner is told once of each reason.
- A mark moves only after all that it covers was stored (`read_marks`); with `patience`, only after
  all of its scope was read back.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from bridge.domain.errors import (
    ChannelError,
    Gone,
    RateLimited,
    Rejected,
    StoreUnavailable,
    Unauthorized,
)
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import Inbox, Unread
from bridge.domain.parts import Reply
from bridge.engine.inbound.read_marks import KeptMarks
from bridge.ports.clock import Clock
from bridge.ports.feed import (
    NO_MARKS,
    PAUSES,
    History,
    Item,
    Mark,
    Marking,
    NotStored,
    OpensFeed,
    Progress,
    What,
    Work,
)
from bridge.ports.surroundings import KeyValue
from bridge.unseen import note

log = structlog.get_logger()

MOST_WAITING = 500
"""Live items held in one place, where they can be read back."""

AT_ONCE = 4
"""Scopes read back at the same time."""

ANSWER_SECONDS = 2.0
"""How long what is heard next in a place waits for a reply to be shown."""


@dataclass(slots=True, eq=False)
class _Waiting:
    item: Item
    done: "asyncio.Future[Reply | None]"
    keys: list[str] = field(default_factory=list)
    what: What | None = None
    is_made: bool = False
    is_told: bool = False

    async def made(self) -> What | None:
        """Return what is handed in; it is made once, however often that is tried."""
        if not self.is_made:
            what = self.item.what
            self.what = await what() if callable(what) else what
            self.is_made = True
        return self.what

    def settle(self, reply: Reply | None) -> None:
        """Keep nothing of it but its name and its reply."""
        self.item, self.what = Item(key=self.item.key, place=self.item.place, what=None), None
        if not self.done.done():
            self.done.set_result(reply)

    def fail(self) -> None:
        if not self.done.done():
            self.done.set_exception(NotStored())
            self.done.exception()  # nobody need look at it


@dataclass(slots=True)
class _Scope:
    """`is_stale`: something may be missing here. Its places hold live items back meanwhile."""

    is_stale: bool
    is_reading: bool = False
    gave_way: bool = False
    dropped: list[Mark] = field(default_factory=list)
    """What was not held, and has to be found by reading back."""
    stored: list[Mark] = field(default_factory=list)
    """What was stored, and moves its mark when all was read back."""

    @property
    def is_behind(self) -> bool:
        return self.is_stale or self.is_reading

    @property
    def holds(self) -> bool:
        return (self.is_stale or self.is_reading) and not self.gave_way


@dataclass(slots=True)
class _Lane:
    """One place's items. What was found by reading back goes before what came live."""

    place: str
    scope: str
    found: dict[str, _Waiting] = field(default_factory=dict)
    live: dict[str, _Waiting] = field(default_factory=dict)
    current: _Waiting | None = None
    is_working: bool = False

    def first(self, *, is_held: bool) -> _Waiting | None:
        waiting = self.found or ({} if is_held else self.live)
        if len(waiting) <= 1:
            return next(iter(waiting.values()), None)
        return min(waiting.values(), key=lambda each: each.item.order, default=None)

    def take(self, waiting: _Waiting, *, is_found: bool) -> None:
        """Put an item in its line; one that came live and is found goes before the live ones."""
        key = waiting.item.key
        if is_found:
            self.live.pop(key, None)
            self.found.setdefault(key, waiting)
        elif key not in self.found:
            self.live.setdefault(key, waiting)

    def drop(self, waiting: _Waiting) -> None:
        self.found.pop(waiting.item.key, None)
        self.live.pop(waiting.item.key, None)


@dataclass(frozen=True, slots=True)
class _Pace:
    """Seconds: `pauses` by the failures in a row, `patience` of what is live."""

    pauses: Sequence[float]
    patience: float | None


class _Ended(Exception):
    """All that the feed ran for has returned."""


class _Known:
    """What was put, in the order it came: what waits, and the last that were stored."""

    def __init__(self, remember: int) -> None:
        self._remember = remember
        self._known: OrderedDict[str, _Waiting] = OrderedDict()
        self._stored = 0

    def get(self, key: str) -> _Waiting | None:
        return self._known.get(key)

    def add(self, key: str, waiting: _Waiting) -> None:
        self._known[key] = waiting

    def join(self, item: Item) -> _Waiting | None:
        """Return the item that this is a part of, if it still waits."""
        whole = self._known.get(item.part_of) if item.part_of else None
        if whole is None or whole.done.done():
            return None
        whole.keys.append(item.key)
        self._known[item.key] = whole
        return whole

    def stored(self) -> None:
        """Count one more that is stored; forget the oldest beyond what is remembered."""
        self._stored += 1
        while self._stored > self._remember:
            oldest = next(key for key, each in self._known.items() if each.done.done())
            self.forget(oldest)

    def forget(self, key: str) -> None:
        if self._known.pop(key).done.done():
            self._stored -= 1

    def drop(self, waiting: _Waiting) -> None:
        """Let go of one that waits."""
        for key in waiting.keys:
            self._known.pop(key, None)
        waiting.fail()

    def fail(self) -> None:
        """Let go of all that waits."""
        for waiting in [each for each in self._known.values() if not each.done.done()]:
            self.drop(waiting)

    def progress(self) -> Progress:
        last: str | None = None
        for key, waiting in tuple(self._known.items()):
            if not waiting.done.done():
                return Progress(stored=last, waiting=key)
            self.forget(key)
            last = key
        return Progress(stored=last, waiting=None)


class _Scopes:
    """Which scopes may miss something, and reading them back."""

    def __init__(
        self, feed: "_Listening", clock: Clock, pace: _Pace, history: History | None
    ) -> None:
        self._feed = feed
        self._clock = clock
        self._pace = pace
        self._history = history
        self._scopes: dict[str, _Scope] = {}
        self._some = asyncio.Semaphore(AT_ONCE)

    def of(self, name: str) -> _Scope:
        known = self._scopes.get(name)
        if known is None:
            known = self._scopes[name] = _Scope(is_stale=self._history is not None)
        return known

    def cut(self) -> None:
        for scope in self._scopes.values():
            scope.is_stale = self._history is not None

    def catch_up(self, name: str) -> None:
        """Read a scope back if something may be missing."""
        scope = self.of(name)
        if scope.is_stale and not scope.is_reading:
            scope.is_reading = self._feed.start(lambda: self._read(name, scope))

    def keep_few(self, lane: _Lane) -> Sequence[_Waiting]:
        """Return what of a lane is to be read back rather than held, where it is too much."""
        if self._history is None or len(lane.live) <= MOST_WAITING:
            return ()
        scope = self.of(lane.scope)
        scope.is_stale = True
        rest = [each for each in lane.live.values() if each.item.mark and each is not lane.current]
        scope.dropped += [each.item.mark for each in rest if each.item.mark]
        return rest

    def up_to_date(self, name: str) -> None:
        scope = self.of(name)
        scope.is_stale = False
        if not scope.is_behind:
            self._settle(scope)
        self._feed.wake(name)

    def moved(self, name: str, mark: Mark) -> None:
        """Take note that something is stored: its mark moves, or will when all is read back."""
        scope = self.of(name)
        scope.stored.append(mark)
        if self._pace.patience is None or not scope.is_behind:
            self._settle(scope)

    def _settle(self, scope: _Scope) -> None:
        stored, scope.stored = scope.stored, []
        self._feed.marks.moved(*stored)

    async def _read(self, name: str, scope: _Scope) -> None:
        async with asyncio.TaskGroup() as group:
            giving_way = group.create_task(self._give_way(name, scope))
            while scope.is_stale:
                scope.is_stale = False
                dropped, scope.dropped = scope.dropped, []
                await self._pages(name)
                self._feed.marks.dropped(*dropped)
            # From here on nothing is awaited: a cut now has it read again.
            scope.is_reading = scope.gave_way = False
            self._settle(scope)
            self._feed.wake(name)
            giving_way.cancel()

    async def _give_way(self, name: str, scope: _Scope) -> None:
        if self._pace.patience is not None:
            await self._clock.sleep(self._pace.patience)
            scope.gave_way = True
            self._feed.wake(name)

    async def _pages(self, name: str) -> None:
        """Read a scope back, whole, however often that has to be begun again."""
        failures = 0
        while self._history is not None:
            pages = self._history(name)
            try:
                while page := await self._next(pages):
                    await asyncio.wait([self._feed.found(each) for each in page])
            except (Gone, Rejected) as error:
                self._feed.refused(name, error)
                return
            except Unauthorized:
                raise
            except ChannelError as error:
                await self._clock.sleep(self._pause(error, failures))
                failures += 1
            else:
                return

    async def _next(self, pages: AsyncIterator[Sequence[Item]]) -> Sequence[Item]:
        """Return the next page that has anything, or nothing."""
        async with self._some:
            async for page in pages:
                if page:
                    return page
        return ()

    def _pause(self, error: ChannelError, failures: int) -> float:
        if isinstance(error, RateLimited):
            return max(0.0, (error.until - self._clock.now()).total_seconds())
        return self._pace.pauses[min(failures, len(self._pace.pauses) - 1)]


@dataclass(slots=True, eq=False, kw_only=True)
class _Listening:
    """What is true while the feed runs: its tasks, its places, and what is read back."""

    account: ChannelName
    clock: Clock
    again: float
    marks: KeptMarks
    known: _Known
    refusals: set[str]
    inbox: Inbox
    tasks: asyncio.TaskGroup
    found: Callable[[Item], "asyncio.Future[Reply | None]"]
    lanes: dict[str, _Lane] = field(default_factory=dict)
    scopes: _Scopes = field(init=False)

    def read_back(self, pace: _Pace, history: History | None) -> None:
        self.scopes = _Scopes(self, self.clock, pace, history)

    def start(self, work: Work) -> bool:
        return self._begin(_awaited(work)) is not None

    def _begin(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None] | None":
        try:
            return self.tasks.create_task(work)
        except RuntimeError:
            log.debug("being ended", account=self.account)
        work.close()
        return None

    async def beside(self, work: Coroutine[object, object, None]) -> None:
        begun = self._begin(work)
        if begun is not None:
            await asyncio.wait({begun}, timeout=ANSWER_SECONDS)

    async def save_marks(self, every: float) -> None:
        while True:
            await self.clock.sleep(every)
            await self.marks.save()

    # -- one place

    def take(self, waiting: _Waiting, *, is_found: bool) -> None:
        """Put what waits into the line of its place."""
        place, scope = waiting.item.place, waiting.item.scope or waiting.item.place
        lane = self.lanes.setdefault(place, _Lane(place, scope))
        lane.take(waiting, is_found=is_found)
        for each in self.scopes.keep_few(lane):
            lane.drop(each)
            self.known.drop(each)
        self._work(lane)

    def _work(self, lane: _Lane) -> None:
        self.scopes.catch_up(lane.scope)
        if not lane.is_working and lane.first(is_held=self.scopes.of(lane.scope).holds):
            lane.is_working = self.start(lambda: self._serve(lane))

    async def _serve(self, lane: _Lane) -> None:
        scope = self.scopes.of(lane.scope)
        while waiting := lane.first(is_held=scope.holds):
            lane.current = waiting
            if await self._hand_in(waiting):
                lane.drop(waiting)
            else:
                await self.clock.sleep(self.again)
        lane.current = None
        lane.is_working = False
        if not lane.live:
            self.lanes.pop(lane.place, None)

    async def _hand_in(self, waiting: _Waiting) -> bool:
        """Hand in and answer what is first in a place; False when it could not be stored."""
        try:
            reply = await self._stored(waiting)
        except StoreUnavailable:
            if not waiting.is_told:
                waiting.is_told = True
                log.warning("waits for the store", account=self.account, place=waiting.item.place)
            return False
        if waiting.item.answer is not None:
            await self.beside(waiting.item.answer(reply))
        mark, scope = waiting.item.mark, waiting.item.scope or waiting.item.place
        waiting.settle(reply)
        for _ in waiting.keys:
            self.known.stored()
        if mark is not None:
            self.scopes.moved(scope, mark)
        return True

    async def _stored(self, waiting: _Waiting) -> Reply | None:
        what = await waiting.made()
        if what is None and waiting.item.place:
            note("of_no_concern", account=self.account, place=waiting.item.place)
        return None if what is None else await self.inbox(what)

    def wake(self, scope: str) -> None:
        """Go on in the places of a scope that may hold nothing back any more."""
        for lane in [each for each in self.lanes.values() if each.scope == scope]:
            self._work(lane)

    # -- what cannot be read back

    def refused(self, scope: str, error: ChannelError) -> None:
        """Take note that a scope cannot be read back; tell its owner, if it is no closed place."""
        note("history_not_read", account=self.account, place=scope, code=error.code)
        if isinstance(error, Rejected) and error.code not in self.refusals:
            self.refusals.add(error.code)
            unread = Unread(channel=self.account, code=error.code, why=str(error))
            self.start(lambda: self._tell(unread))

    async def _tell(self, unread: Unread) -> None:
        try:
            await self.inbox(unread)
        except StoreUnavailable:
            self.refusals.discard(unread.code)  # the next refusal tells of it


class AccountFeed:
    """The `Feed` of one account."""

    def __init__(
        self,
        account: ChannelName,
        facts: KeyValue,
        clock: Clock,
        *,
        marking: Marking = NO_MARKS,
        again: float = 1.0,
        save: float = 1.0,
        pauses: Sequence[float] = PAUSES,
        remember: int = 10_000,
        patience: float | None = None,
    ) -> None:
        self.marks = KeptMarks(facts, marking)
        self._has_marks = bool(marking.prefixes)
        self._account = account
        self._clock = clock
        self._again = again
        self._save_seconds = save
        self._known = _Known(remember)
        self._pace = _Pace(pauses, patience)
        self._refusals: set[str] = set()
        self._now: _Listening | None = None

    async def run(self, inbox: Inbox, *works: Work, history: History | None = None) -> None:
        await self.marks.load()
        try:
            async with asyncio.TaskGroup() as tasks:
                self._now = self._listening(inbox, tasks, history)
                if self._has_marks:
                    self._now.start(partial(self._now.save_marks, self._save_seconds))
                await asyncio.wait([tasks.create_task(_awaited(work)) for work in works])
                raise _Ended
        except BaseExceptionGroup as group:
            error = first_of(group)
            if not isinstance(error, _Ended):
                raise error from None
        finally:
            self._end()
            await self.marks.save()

    def _listening(
        self, inbox: Inbox, tasks: asyncio.TaskGroup, history: History | None
    ) -> _Listening:
        now = _Listening(
            account=self._account,
            clock=self._clock,
            again=self._again,
            marks=self.marks,
            known=self._known,
            refusals=self._refusals,
            inbox=inbox,
            tasks=tasks,
            found=self.found,
        )
        now.read_back(self._pace, history)
        return now

    def start(self, work: Work) -> bool:
        return self._now is not None and self._now.start(work)

    def _end(self) -> None:
        self._now = None
        self._known.fail()
        self.marks.fall_back()

    # -- what is heard

    def put(self, item: Item) -> "asyncio.Future[Reply | None]":
        return self._put(item, is_found=False)

    def found(self, item: Item) -> "asyncio.Future[Reply | None]":
        """Put what was read back: it goes before what came live."""
        return self._put(item, is_found=True)

    async def stored(self, item: Item, *, within: float) -> Reply | None:
        done = self.put(item)
        await asyncio.wait({done}, timeout=within)
        if not done.done():
            raise NotStored
        return done.result()

    def knows(self, key: str) -> bool:
        return self._known.get(key) is not None

    def progress(self) -> Progress:
        return self._known.progress()

    def _put(self, item: Item, *, is_found: bool) -> "asyncio.Future[Reply | None]":
        waiting = self._known.get(item.key) or self._known.join(item) or self._expected(item)
        if self._now is not None and not waiting.done.done():
            self._now.take(waiting, is_found=is_found)
        return waiting.done

    def _expected(self, item: Item) -> _Waiting:
        waiting = _Waiting(item, asyncio.get_running_loop().create_future(), [item.key])
        if self._now is None:
            waiting.fail()
        elif self.marks.has(item.mark):
            waiting.settle(None)
        else:
            self._known.add(item.key, waiting)
            self.marks.expect(item.mark)
        return waiting

    async def beside(self, work: Coroutine[object, object, None]) -> None:
        if self._now is None:
            work.close()
        else:
            await self._now.beside(work)

    # -- catching up

    def cut(self) -> None:
        if self._now is not None:
            self._now.scopes.cut()

    def catch_up(self, scope: str) -> None:
        if self._now is not None:
            self._now.scopes.catch_up(scope)

    def up_to_date(self, scope: str) -> None:
        if self._now is not None:
            self._now.scopes.up_to_date(scope)


async def _awaited(work: Work) -> None:
    await work()


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error in a group of groups."""
    first = group.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first


def feeds(account: ChannelName, facts: KeyValue, clock: Clock) -> OpensFeed:
    """Return what opens an account's feed."""

    def opened(
        *,
        marking: Marking = NO_MARKS,
        again: float = 1.0,
        save: float = 1.0,
        pauses: Sequence[float] = PAUSES,
        remember: int = 10_000,
        patience: float | None = None,
    ) -> AccountFeed:
        return AccountFeed(
            account,
            facts,
            clock,
            marking=marking,
            again=again,
            save=save,
            pauses=pauses,
            remember=remember,
            patience=patience,
        )

    return opened
