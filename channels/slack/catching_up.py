"""What was said while nobody was connected is read from Slack's history and handed in first.

The rules:

- It is done whenever a connection begins. Slack itself redelivers for some minutes only.
- Read again is each room with a mark, from there on, and each thread the bot takes part in that was
  alive lately; a thread that began or went on in what was missed is read as well.
- From the moment the connection begins until its history is handed in, a room is held back.
- What cannot be read now is tried again until it can; a room that is closed to us is forgotten. If
  the connection ends before, the room's marks go back to where they were (`Seen.fall_back`).

The history is found newest first; the lanes sort it.
Source: https://docs.slack.dev/reference/methods/conversations.history, ….replies
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bridge.errors import Gone, Rejected, Unauthorized
from bridge.ports import Clock
from channels.slack.lanes import Lanes
from channels.slack.limits import AT_ONCE, CATCH_UP, MOST_CAUGHT_UP, MOST_THREADS, PAGE
from channels.slack.parse import UNREADABLE, Json, News, Reader
from channels.slack.patience import patiently
from channels.slack.places import moment, order, spot, ts_of
from channels.slack.seen import Seen
from channels.slack.web import Answer, Web


@dataclass(slots=True)
class CatchingUp:
    """`begin` when a connection begins; `run` does the reading."""

    web: Web
    seen: Seen
    reader: Reader
    lanes: Lanes
    clock: Clock
    _pending: Mapping[str, str] | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        """Hold every known room back, to be read from its mark on."""
        if self._pending is not None:
            return
        self._pending = self.seen.marks()
        for room in rooms(self._pending):
            self.seen.fall_behind(room)
            self.lanes.hold(room)
        self._wanted.set()

    async def run(self) -> None:
        """Read what `begin` asked for, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            marks, self._pending = self._pending or {}, None
            some = asyncio.Semaphore(AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for room in rooms(marks):
                    group.create_task(self._room(room, marks, some))

    async def _room(self, room: str, marks: Mapping[str, str], some: asyncio.Semaphore) -> None:
        async with some:
            try:
                await self._read(room, marks)
            except Gone:
                self.seen.forget(room)
            except (Rejected, Unauthorized) as error:
                if isinstance(error, Unauthorized) and error.code != "missing_scope":
                    raise
                self.web.log.warning("history not read", code=error.code)
        self.seen.catch_up(room)
        await self.lanes.release(room)

    async def _read(self, room: str, marks: Mapping[str, str]) -> None:
        now = self.clock.now()
        lively = [spot(each) for each in alive(marks, now)]
        threads = {each.thread: marks[str(each)] for each in lively if each.room == room}
        if room in marks:
            since = _later(marks[room], ts_of(now - CATCH_UP))
            for message in await self._messages(room, since):
                self._hear(message, room)
                if message.get("reply_count") and message["ts"] not in threads:
                    threads[message["ts"]] = since
        for thread, since in threads.items():
            for message in await self._messages(room, since, thread):
                self._hear(message, room)

    def _hear(self, message: Json, room: str) -> None:
        try:
            news: News | None = self.reader.message(message, room)
        except UNREADABLE as error:
            self.web.log.warning("message not understood", error=type(error).__name__)
            return
        if news is not None:
            self.lanes.take(news)

    # -- reading

    async def _messages(self, room: str, since: str, thread: str = "") -> list[Json]:
        """Return what was said after `since`, in a room or in a thread of it."""
        found: list[Json] = []
        cursor: str | None = None
        while True:
            answer = await patiently(
                self._page(room, since, thread, cursor), self.clock, self.web.log
            )
            found += (each for each in answer["messages"] if order(each["ts"]) > order(since))
            cursor = next_cursor(answer)
            if not cursor:
                return found
            if len(found) >= MOST_CAUGHT_UP:
                self.web.log.warning("too much was missed", messages=len(found))
                return found

    def _page(
        self, room: str, since: str, thread: str, cursor: str | None
    ) -> Callable[[], Awaitable[Answer]]:
        client = self.web.client

        def call() -> Awaitable[AsyncSlackResponse]:
            if thread:
                return client.conversations_replies(
                    channel=room, ts=thread, oldest=since, limit=PAGE, cursor=cursor
                )
            return client.conversations_history(
                channel=room, oldest=since, limit=PAGE, cursor=cursor
            )

        return lambda: self.web.ask(call())


def next_cursor(answer: Answer) -> str | None:
    return (answer.get("response_metadata") or {}).get("next_cursor") or None


def rooms(marks: Mapping[str, str]) -> Iterator[str]:
    """Yield the rooms there are marks of, those heard of last first."""
    latest: dict[str, tuple[int, int]] = {}
    for source, ts in marks.items():
        room = spot(source).room
        latest[room] = max(latest.get(room, (0, 0)), order(ts))
    yield from sorted(latest, key=lambda room: latest[room], reverse=True)


def alive(marks: Mapping[str, str], now: datetime) -> frozenset[str]:
    """Return the threads that are worth reading: those heard of last, and lately."""
    threads = [
        each for each in marks if spot(each).thread and moment(marks[each]) >= now - CATCH_UP
    ]
    latest = sorted(threads, key=lambda each: order(marks[each]), reverse=True)
    return frozenset(latest[:MOST_THREADS])


def _later(one: str, other: str) -> str:
    return max(one, other, key=order)
