"""A Telegram bot as a channel. What things mean is in the modules beside; here they are done.

A send of unknown outcome cannot be resolved: bots cannot read what was said. So the core sends it
once more and marks it, and `resolves` is False.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from telegram import Bot
from telegram.constants import ChatAction

from bridge.domain.errors import FileRefused, RateLimited, Rejected
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbox, RemoteFile
from bridge.domain.parts import Address, Capabilities, Part, Sent
from bridge.domain.waits import is_over
from bridge.ports.health import Check
from bridge.ports.surroundings import ChannelSurroundings
from channels.limits import Budget
from channels.telegram import doctor, limits, outbound
from channels.telegram.client import Client
from channels.telegram.config import TelegramConfig
from channels.telegram.errors import NOT_FOUND
from channels.telegram.files import downloaded, loaded
from channels.telegram.inbound import Listening, Pace, Poller
from channels.telegram.interactions import Answers
from channels.telegram.outbound import Target
from channels.telegram.reactions import Reactions
from channels.telegram.render import size

LONG_AGO = datetime.min.replace(tzinfo=UTC)

GROUP = Capabilities(
    max_chars=limits.MAX_CHARS,
    size=size,
    edits=True,
    deletes=True,
    deletes_for=limits.DELETABLE,
    buttons=True,
    previews=True,
    silent=True,
    typing=True,
    reacts=True,
    preview_interval=limits.GROUP_PREVIEWS,
    send_timeout=limits.SEND_TIMEOUT,
    max_files=limits.ALBUM,
    max_file_bytes=limits.MAX_UPLOAD,
    caption_chars=limits.MAX_CAPTION,
)
PRIVATE = replace(GROUP, previews=False, drafts=True, preview_interval=limits.PRIVATE_PREVIEWS)


class TelegramChannel:
    """One bot."""

    def __init__(
        self,
        name: ChannelName,
        config: TelegramConfig,
        surroundings: ChannelSurroundings,
        pace: Pace | None = None,
    ) -> None:
        self.name = name
        self._config = config
        self._clock = surroundings.clock
        self._blobs = surroundings.blobs
        self._facts = surroundings.facts
        self._feed = surroundings.feed
        self._pace = pace or Pace()
        self._client = Client(config, self._clock.now)
        self._line = Poller(name, self._clock, self._pace)
        self._budget = Budget(self._clock, account=limits.ACCOUNT, place=limits.rate_of)
        self._reactions = Reactions(self._client, self._clock)
        self._answers = Answers(name, self._client, self._clock, self._budget)
        self._flooded = ("", LONG_AGO, LONG_AGO)

    def capabilities(self, address: Address) -> Capabilities:
        return GROUP if limits.is_group(address.place) else PRIVATE

    def link(self, text: str) -> str | None:
        """Return a link that opens the chat with the bot, and sends it `/start` and the text."""
        username = self._line.username
        return f"https://t.me/{username}?start={text}" if username else None

    # -- hearing

    async def listen(self, inbox: Inbox) -> None:
        feed = self._feed(again=self._pace.again)
        listening = Listening(
            self.name, self._line, feed, self._answers.answer, clock=self._clock, pace=self._pace
        )
        self._line.listening = True
        try:
            async with self._client.open() as bot:
                await listening.run(bot, inbox)
        finally:
            self._line.listening = False

    # -- showing

    async def send(self, to: Address, part: Part) -> Sent:
        self._budget.spend(to.place, part.priority)
        if part.attachments:
            return await self._send_files(to, part)
        async with self._calling(to) as (bot, target):
            message = await outbound.send_text(bot, target, part)
        return Sent(message=MessageId(str(message.message_id)))

    async def _send_files(self, to: Address, part: Part) -> Sent:
        if len((await outbound.written(part)).text) > limits.MAX_CAPTION:
            raise FileRefused("too long to stand beside a file", code="too_long")
        files = await loaded(self._blobs, part.attachments)
        async with self._calling(to) as (bot, target):
            messages = await outbound.send_files(bot, target, part, files)
        numbers = [message.message_id for message in messages]
        if len(numbers) > 1:
            await outbound.keep_album(self._facts, to.place, numbers, self._clock.now())
        return Sent(message=MessageId(str(numbers[0])))

    async def edit(self, to: Address, message: MessageId, part: Part) -> None:
        self._budget.spend(to.place, part.priority)
        async with self._calling(to) as (bot, target):
            await outbound.edit(bot, target, message, part)

    async def delete(self, to: Address, message: MessageId) -> None:
        self._budget.spend(to.place, "notice")
        numbers = await outbound.album_of(self._facts, to.place, message)
        try:
            async with self._calling(to) as (bot, target):
                await outbound.delete(bot, target, numbers)
        except Rejected as error:
            if error.code != NOT_FOUND:
                raise
        if len(numbers) > 1:
            await outbound.forget_album(self._facts, to.place, message)

    async def preview(self, to: Address, part: Part) -> None:
        self._budget.spend(to.place, "preview")
        async with self._calling(to) as (bot, target):
            await outbound.draft(bot, target, part)

    async def typing(self, to: Address) -> None:
        self._budget.spend(to.place, "preview")
        async with self._calling(to) as (bot, target):
            await bot.send_chat_action(target.chat, ChatAction.TYPING, target.thread)

    async def react(
        self, to: Address, message: MessageId, emoji: Sequence[str], gone: Sequence[str]
    ) -> None:
        await self._reactions.show(to.place, message, emoji, gone)

    async def count(self, address: Address) -> int | None:
        """Return how many members a chat has besides the bot."""
        async with self._calling(address) as (bot, target):
            return max(0, await bot.get_chat_member_count(target.chat) - 1)

    @asynccontextmanager
    async def _calling(self, to: Address) -> AsyncIterator[tuple[Bot, Target]]:
        target = Target.of(to.place)
        try:
            async with self._client.open() as bot:
                yield bot, target
        except RateLimited as error:
            self._block(to.place, error.until)
            raise

    def _block(self, place: str, until: datetime) -> None:
        """Keep away from a place; from all of them when it is not the only one to be refused.

        Telegram does not say whether it means the chat or the bot.
        """
        other, other_until, since = self._flooded
        now = self._clock.now()
        is_alone = other in {"", place} or is_over(other_until, now=now, since=since)
        self._budget.block(until, place if is_alone else None)
        self._flooded = (place, until, now)

    # -- files, and doctor

    def download(self, file: RemoteFile) -> AsyncIterator[bytes]:
        return downloaded(self._client, file)

    async def diagnose(self) -> Sequence[Check]:
        return await doctor.examined(self._client, self._line, self._clock)

    async def trial(self) -> Check | None:
        return await doctor.tried(self._client)
