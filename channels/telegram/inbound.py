"""Hearing: what happened to one bot is put into the feed, and acknowledged once it is in.

The rules:

- Telegram is asked from the first update that is not in yet, and forgets what is before it; so a
  death at any moment brings again whatever was not kept. Numbers are not compared: after a quiet
  week they begin anew anywhere.
- While something is not in, Telegram is asked again at short intervals, and what is new is heard.
- An update that cannot be read is logged by its number, and counts as in.
- The messages of an album are waited for a moment, then handed in as one.
- A group that became a supergroup keeps its lane, so that the move is heard before what follows.
- What is refused for the credentials ends it. Anything else is told once, and tried again after a
  pause that grows to `Pace.longest`; a wait that Telegram asks for is kept.
- A webhook keeps Telegram from answering: it is taken away, and nothing that waits is dropped. When
  somebody sets one again, or asks for the same bot's updates (409), that is said and waited out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast

import structlog
from telegram import Bot
from telegram.error import TelegramError

from bridge.catalogs import others
from bridge.delivery import retry
from bridge.domain.errors import ChannelError, RateLimited, Unauthorized
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import Inbound, Inbox, Readable, Relocated
from bridge.domain.parts import Reply
from bridge.domain.wording import ENGLISH, Language
from bridge.ports.clock import Clock
from bridge.ports.feed import Feed, Item
from bridge.session import slash
from bridge.unseen import Reason, note
from channels.telegram.errors import CONFLICT, meaning
from channels.telegram.limits import ALBUM, MAX_COMMAND_TEXT, READ_SECONDS
from channels.telegram.parse import ParsedUpdate, joined, read, unserved
from channels.telegram.schema import KINDS, Update
from channels.telegram.to_markdown import Named

log = structlog.get_logger()

MOST_AT_ONCE = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds.

    `poll`: of one long poll. `look`: from one look to the next while something is not in, at first;
    `longest_look`: at most. `album`: of waiting for the rest of one. `again`: before what could not
    be kept is handed in again. `longest`: between two tries to reach Telegram, at most.
    """

    poll: int = 30
    look: float = 0.2
    longest_look: float = 1.0
    album: float = 0.5
    again: float = 1.0
    longest: float = 15.0


class Poller:
    """`trouble`: why nothing is heard just now. `listening`: somebody wants to hear."""

    def __init__(self, channel: ChannelName, clock: Clock, pace: Pace) -> None:
        self._channel = channel
        self._clock = clock
        self._pace = pace
        self._tries = 0
        self.trouble: ChannelError | None = None
        self.listening = False
        self.username = ""

    async def begin(self, bot: Bot) -> Named:
        """Find out who the bot is, take a webhook away, and tell Telegram the commands."""
        me = await self._until_it_works(bot.get_me)
        await self._until_it_works(lambda: self._without_webhook(bot))
        try:
            await bot.set_my_commands(commands())
            for each in others():
                await bot.set_my_commands(commands(each), language_code=each.code)
        except TelegramError as error:
            log.warning("commands not registered", channel=self._channel, code=self._code(error))
        log.info("telegram heard", channel=self._channel, bot=me.username)
        self.username = me.username or ""
        return Named(id=me.id, username=self.username)

    async def updates(self, bot: Bot, offset: int | None, wait: int) -> list[Any]:
        """Return up to 100 updates from `offset` on, as they are; wait so long for the first."""
        return await self._until_it_works(lambda: self._ask(bot, offset, wait))

    async def _ask(self, bot: Bot, offset: int | None, wait: int) -> list[Any]:
        if self.trouble is not None and _is_webhook(self.trouble):
            await self._without_webhook(bot)
        asked = {
            "offset": offset,
            "timeout": wait,
            "limit": MOST_AT_ONCE,
            "allowed_updates": list(KINDS),
        }
        answer = await bot.do_api_request(
            "getUpdates", api_kwargs=asked, read_timeout=wait + READ_SECONDS
        )
        return cast("list[Any]", answer)

    async def _without_webhook(self, bot: Bot) -> None:
        hook = await bot.get_webhook_info()
        if hook.url:
            log.warning("webhook removed", channel=self._channel)
            await bot.delete_webhook(drop_pending_updates=False)

    # -- trouble

    async def _until_it_works(self, call: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                result = await call()
            except TelegramError as error:
                await self._wait_out(meaning(error, self._clock.now))
            else:
                self._well()
                return result

    async def _wait_out(self, trouble: ChannelError) -> None:
        """Say it once and wait. Raises `Unauthorized`."""
        if isinstance(trouble, Unauthorized):
            raise trouble
        if self.trouble is None or self.trouble.code != trouble.code:
            why = type(trouble).__name__
            log.warning("telegram not heard", channel=self._channel, error=why, code=trouble.code)
        pause = retry.pause(self._tries, self._channel)
        self.trouble, self._tries = trouble, self._tries + 1
        wait = min(pause, timedelta(seconds=self._pace.longest))
        if isinstance(trouble, RateLimited):
            wait = max(wait, trouble.until - self._clock.now())
        await self._clock.sleep(wait.total_seconds())

    def _well(self) -> None:
        if self.trouble is not None:
            log.info("telegram heard again", channel=self._channel)
        self.trouble, self._tries = None, 0

    def _code(self, error: TelegramError) -> str:
        return meaning(error, self._clock.now).code


def commands(language: Language = ENGLISH) -> list[tuple[str, str]]:
    """Return the commands of the menu, with what they do."""
    says = language.says
    return [(each.name, says(each.text)[:MAX_COMMAND_TEXT]) for each in slash.COMMANDS]


def _is_webhook(trouble: ChannelError) -> bool:
    return trouble.code == CONFLICT and "webhook" in str(trouble)


Answer = Callable[[ParsedUpdate, Reply | None], Coroutine[object, object, None]]
"""Show the asker what the inbox replied. Raises nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Album:
    """The messages of an album that came so far; `key` is of the first one."""

    key: str
    readings: list[ParsedUpdate]


class Listening:
    """One `listen`, from its beginning to its end, with a feed of its own."""

    def __init__(
        self,
        channel: ChannelName,
        line: Poller,
        feed: Feed,
        answer: Answer,
        *,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._channel = channel
        self._line = line
        self._feed = feed
        self._answer = answer
        self._clock = clock
        self._pace = pace
        self._next: int | None = None
        self._moved: dict[str, str] = {}
        self._albums: dict[str, _Album] = {}
        self._waiting: set[asyncio.Future[Reply | None]] = set()

    async def run(self, bot: Bot, inbox: Inbox) -> None:
        """Hear until cancelled. Raises what the inbox raises, and `Unauthorized`."""
        named = await self._line.begin(bot)
        await self._feed.run(inbox, lambda: self._hear(bot, named))

    async def _hear(self, bot: Bot, named: Named) -> None:
        look = self._pace.look
        while True:
            offset = self._ask()
            came = await self._line.updates(bot, offset, 0 if self._waiting else self._pace.poll)
            is_new = self._take(came, named)
            look = self._pace.look if is_new else min(2 * look, self._pace.longest_look)
            if self._waiting:
                _, self._waiting = await asyncio.wait(self._waiting, timeout=look)

    def _ask(self) -> int | None:
        """Return the update to begin with: all before it are in. None: whatever is there."""
        progress = self._feed.progress()
        if progress.stored is not None:
            self._next = int(progress.stored) + 1
        return self._next if progress.waiting is None else int(progress.waiting)

    # -- taking what came

    def _take(self, came: Iterable[Any], named: Named) -> bool:
        """Put what is new into the feed; say whether anything was."""
        fresh = [each for each in came if not self._feed.knows(str(each["update_id"]))]
        for raw in fresh:
            reading = self._read(raw, named)
            self._waiting.add(self._feed.put(self._item(str(raw["update_id"]), reading)))
        return bool(fresh)

    def _read(self, raw: Any, named: Named) -> ParsedUpdate | None:
        try:
            update = Update.model_validate(raw)
            reading, place = read(update, self._channel, named), unserved(update)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it must stop no other
            number, why = raw["update_id"], type(error).__name__
            note("unreadable", account=self._channel, update=number, error=why)
            return None
        if reading is None or isinstance(reading.heard, Readable):
            reason: Reason = "unserved" if place else "of_no_concern"
            note(reason, account=self._channel, place=place, update=raw["update_id"])
        return reading

    def _item(self, update: str, reading: ParsedUpdate | None) -> Item:
        if reading is None:
            return Item(key=update, place="", what=None)
        lane = self._moved.get(reading.lane, reading.lane)
        if isinstance(reading.heard, Relocated):
            self._moved[reading.heard.place] = lane
        if reading.album:
            return self._piece(update, lane, reading)
        answer = partial(self._answer, reading)
        return Item(key=update, place=lane, what=reading.heard, answer=answer)

    # -- albums

    def _piece(self, update: str, lane: str, reading: ParsedUpdate) -> Item:
        """Return one message of an album: the first waits for the others, which are part of it."""
        album = self._albums.get(reading.album)
        if album is not None and len(album.readings) < ALBUM:
            album.readings.append(reading)
            return Item(key=update, place=lane, what=None, part_of=album.key)
        self._albums[reading.album] = album = _Album(key=update, readings=[reading])
        what = partial(self._whole, reading.album, album)
        return Item(key=update, place=lane, what=what, answer=partial(self._answer, reading))

    async def _whole(self, name: str, album: _Album) -> Inbound:
        found = 0
        while found < len(album.readings) < ALBUM:
            found = len(album.readings)
            await self._clock.sleep(self._pace.album)
        if self._albums.get(name) is album:
            del self._albums[name]
        return joined(album.readings)
