"""The line to Telegram while somebody listens: it asks for updates, and mends itself.

The rules:

- What is refused for the credentials ends it. Anything else is told once, and tried again after a
  pause that grows to `Pace.longest`; a wait that Telegram asks for is kept.
- A webhook keeps Telegram from answering: it is taken away, and nothing that waits is dropped. When
  somebody sets one again, or asks for the same bot's updates (409), that is said and waited out.
- Nothing here acknowledges: whoever asks says from which update on.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

import structlog
from telegram import Bot
from telegram.error import TelegramError

from bridge import retry
from bridge.errors import ChannelError, RateLimited, Unauthorized
from bridge.ids import ChannelName
from bridge.ports import Clock
from bridge.slash import COMMANDS
from channels.telegram.entities import Named
from channels.telegram.errors import CONFLICT, meaning
from channels.telegram.limits import MAX_COMMAND_TEXT, READ_SECONDS
from channels.telegram.wire import KINDS

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


class Line:
    """`trouble`: why nothing is heard just now. `listening`: somebody wants to hear."""

    def __init__(self, channel: ChannelName, clock: Clock, pace: Pace) -> None:
        self._channel = channel
        self._clock = clock
        self._pace = pace
        self._tries = 0
        self.trouble: ChannelError | None = None
        self.listening = False

    async def begin(self, bot: Bot) -> Named:
        """Find out who the bot is, take a webhook away, and tell Telegram the commands."""
        me = await self._until_it_works(bot.get_me)
        await self._until_it_works(lambda: self._without_webhook(bot))
        try:
            await bot.set_my_commands(commands())
        except TelegramError as error:
            log.warning("commands not registered", channel=self._channel, code=self._code(error))
        log.info("telegram heard", channel=self._channel, bot=me.username)
        return Named(id=me.id, username=me.username or "")

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


def commands() -> list[tuple[str, str]]:
    """Return the commands of the menu, with what they do."""
    return [(each.name, each.text[:MAX_COMMAND_TEXT]) for each in COMMANDS]


def _is_webhook(trouble: ChannelError) -> bool:
    return trouble.code == CONFLICT and "webhook" in str(trouble)
