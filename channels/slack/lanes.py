"""What was heard is handed in one place at a time, each place by itself.

The rules:

- Within a place the oldest goes first, whatever order Slack delivered it in.
- Slack delivers a message again that is not acknowledged, and tells of a mention twice. All
  deliveries of one message wait for the same handing in, and are acknowledged by it.
- What the store could not keep is handed in again after a pause; the place waits, others do not.
- A room that is being caught up holds its places back, for a while at most.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field

from bridge.errors import StoreUnavailable
from bridge.parts import Reply
from bridge.ports import Clock
from channels.slack.limits import GIVE_WAY_SECONDS, MOST_RECENT, STORE_PAUSE_SECONDS
from channels.slack.parse import News
from channels.slack.places import order
from channels.telling import beside

HandIn = Callable[[News], Awaitable[Reply | None]]
Answer = Callable[[News, Reply], Coroutine[object, object, None]]


@dataclass(slots=True)
class _Waiting:
    news: News
    done: "asyncio.Future[Reply | None]"


@dataclass(slots=True)
class _Lane:
    waiting: dict[str, _Waiting] = field(default_factory=dict)

    def first(self) -> _Waiting:
        return min(self.waiting.values(), key=lambda each: order(each.news.ts))


class Lanes:
    """`hand_in` is tried until it succeeds; `answer` shows its reply."""

    def __init__(
        self, hand_in: HandIn, answer: Answer, clock: Clock, recent: dict[str, None]
    ) -> None:
        self._hand_in = hand_in
        self._answer = answer
        self._clock = clock
        self._recent = recent
        self._lanes: dict[str, _Lane] = {}
        self._held: Counter[str] = Counter()
        self._released = asyncio.Condition()
        self._group = asyncio.TaskGroup()

    async def run(self) -> None:
        """Serve until cancelled. Raises what `hand_in` raised."""
        async with self._group:
            await asyncio.get_running_loop().create_future()

    def take(self, news: News) -> "asyncio.Future[Reply | None]":
        """Put it in its place's line; what is returned is done when it was handed in."""
        if news.external_id in self._recent:
            done: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
            done.set_result(None)
            return done
        place = str(news.spot)
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = _Lane()
            self._group.create_task(self._serve(place, lane))
        known = lane.waiting.get(news.external_id)
        if known is None:
            known = _Waiting(news, asyncio.get_running_loop().create_future())
            lane.waiting[news.external_id] = known
        return known.done

    def oldest(self, source: str, *, but: News) -> str | None:
        """Return the time stamp of the oldest message that waits, of those read back together."""
        waiting = (each.news for lane in self._lanes.values() for each in lane.waiting.values())
        found = (each.ts for each in waiting if each.source == source and each is not but)
        return min(found, key=order, default=None)

    def hold(self, room: str) -> None:
        self._held[room] += 1

    async def release(self, room: str) -> None:
        async with self._released:
            self._held[room] = max(0, self._held[room] - 1)
            self._released.notify_all()

    # -- one place

    async def _serve(self, place: str, lane: _Lane) -> None:
        while lane.waiting:
            await self._turn(lane.first().news.spot.room)
            first = lane.first()
            try:
                reply = await self._hand_in(first.news)
            except StoreUnavailable:
                await self._clock.sleep(STORE_PAUSE_SECONDS)
                continue
            self._remember(first.news.external_id)
            del lane.waiting[first.news.external_id]
            if not first.done.done():
                first.done.set_result(reply)
            if reply is not None and not first.news.slash:
                await beside(self._answer(first.news, reply), self._group)
        del self._lanes[place]

    async def _turn(self, room: str) -> None:
        if not self._held[room]:
            return
        try:
            async with asyncio.timeout(GIVE_WAY_SECONDS), self._released:
                await self._released.wait_for(lambda: not self._held[room])
        except TimeoutError:
            self._held[room] = 0

    def _remember(self, external_id: str) -> None:
        if len(self._recent) >= MOST_RECENT:
            del self._recent[next(iter(self._recent))]
        self._recent[external_id] = None
