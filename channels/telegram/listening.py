"""Hearing: what happened to one bot is handed in, and acknowledged once it is in.

The rules:

- Telegram is asked from the first update that is not in yet (`offsets`), so a death at any moment
  brings again whatever was not kept.
- Each lane (a place) hands in its updates one after the other; lanes do not wait for each other.
  While one is slow, Telegram is asked again at short intervals, and what is new is heard.
- What the store cannot keep is handed in again after a pause. An update that cannot be read is
  logged by its number, and counts as in.
- The messages of an album are waited for a moment, then handed in as one.
- A group that became a supergroup keeps its lane, so that the move is heard before what follows.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from telegram import Bot

from bridge.errors import StoreUnavailable
from bridge.ids import ChannelName
from bridge.inbound import Inbox, Relocated
from bridge.parts import Reply
from bridge.ports import Clock
from channels.telegram.entities import Named
from channels.telegram.limits import ALBUM
from channels.telegram.line import Line, Pace
from channels.telegram.offsets import Offsets
from channels.telegram.parse import Reading, joined, read
from channels.telegram.wire import Update
from channels.telling import beside

log = structlog.get_logger()

Answer = Callable[[Reading, Reply | None], Coroutine[object, object, None]]
"""Show the asker what the inbox replied. Raises nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A reading, and the number of the update it came in."""

    update: int
    reading: Reading


class Listening:
    """One `listen`, from its beginning to its end."""

    def __init__(
        self,
        channel: ChannelName,
        line: Line,
        inbox: Inbox,
        answer: Answer,
        *,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._channel = channel
        self._line = line
        self._inbox = inbox
        self._answer = answer
        self._clock = clock
        self._pace = pace
        self._offsets = Offsets()
        self._lanes: dict[str, deque[Told]] = {}
        self._moved: dict[str, str] = {}
        self._progress = asyncio.Event()

    async def run(self, bot: Bot) -> None:
        """Hear until cancelled. Raises what the inbox raises, and `Unauthorized`."""
        named = await self._line.begin(bot)
        try:
            async with asyncio.TaskGroup() as workers:
                await self._hear(bot, named, workers)
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _hear(self, bot: Bot, named: Named, workers: asyncio.TaskGroup) -> None:
        look = self._pace.look
        while True:
            wait = 0 if self._offsets.is_waiting() else self._pace.poll
            came = await self._line.updates(bot, self._offsets.ask(), wait)
            is_new = self._take(came, named, workers)
            look = self._pace.look if is_new else min(2 * look, self._pace.longest_look)
            await self._settle(look)

    async def _settle(self, seconds: float) -> None:
        """Wait until everything is in, or so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._offsets.is_waiting():
                    self._progress.clear()
                    await self._progress.wait()

    # -- taking what came

    def _take(self, came: Iterable[Any], named: Named, workers: asyncio.TaskGroup) -> bool:
        """Put what is new into its lane; say whether anything was."""
        raw = {each["update_id"]: each for each in came}
        fresh = self._offsets.fresh(raw)
        for update in fresh:
            reading = self._read(update, raw[update], named)
            if reading is None:
                self._offsets.done(update)
            else:
                self._enqueue(Told(update=update, reading=reading), workers)
        return bool(fresh)

    def _read(self, update: int, raw: Any, named: Named) -> Reading | None:
        try:
            return read(Update.model_validate(raw), self._channel, named)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it must stop no other
            why = type(error).__name__
            log.error("update not read", channel=self._channel, update=update, error=why)  # noqa: TRY400
            return None

    def _enqueue(self, told: Told, workers: asyncio.TaskGroup) -> None:
        lane = self._moved.get(told.reading.lane, told.reading.lane)
        if isinstance(told.reading.heard, Relocated):
            self._moved[told.reading.heard.place] = lane
        queue = self._lanes.get(lane)
        if queue is None:
            queue = self._lanes[lane] = deque()
            workers.create_task(self._work(lane, queue, workers))
        queue.append(told)

    # -- one lane

    async def _work(self, lane: str, queue: deque[Told], workers: asyncio.TaskGroup) -> None:
        while queue:
            batch = await self._next(queue)
            readings = [each.reading for each in batch]
            reply = await self._hand_in(readings)
            await beside(self._answer(readings[0], reply), workers)
            for each in batch:
                self._offsets.done(each.update)
            self._progress.set()
        del self._lanes[lane]

    async def _next(self, queue: deque[Told]) -> list[Told]:
        """Take the first out of the queue; with it, after a moment, what is of the same album."""
        album = queue[0].reading.album
        if not album:
            return [queue.popleft()]
        found = 0
        while found < len(_siblings(queue, album)) < ALBUM:
            found = len(_siblings(queue, album))
            await self._clock.sleep(self._pace.album)
        batch = _siblings(queue, album)
        rest = [each for each in queue if each not in batch]
        queue.clear()
        queue.extend(rest)
        return batch

    async def _hand_in(self, readings: list[Reading]) -> Reply | None:
        heard = joined(readings) if readings[0].album else readings[0].heard
        while True:
            try:
                return await self._inbox(heard)
            except StoreUnavailable:
                await self._clock.sleep(self._pace.again)


def _siblings(queue: Iterable[Told], album: str) -> list[Told]:
    return [each for each in queue if each.reading.album == album]
