"""A Telegram bot as a channel. What things mean is in the modules beside; here they are done.

A send of unknown outcome cannot be resolved: bots cannot read what was said. So the core sends it
once more and marks it, and `resolves` is False.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from telegram import Bot
from telegram.constants import ChatAction

from bridge.errors import ChannelError, FileRefused, OutcomeUnknown, RateLimited, Rejected
from bridge.ids import ChannelName, MessageId
from bridge.inbound import Inbound, Inbox, RemoteFile
from bridge.parts import Address, Capabilities, Part, Reply, Sent
from bridge.ports import ChannelSurroundings, Check
from bridge.retry import is_over
from channels.limits import Budget
from channels.telegram import albums, changing, doctor, limits, sending
from channels.telegram.client import Client
from channels.telegram.config import TelegramConfig
from channels.telegram.errors import NOT_FOUND, STALE
from channels.telegram.files import downloaded, loaded
from channels.telegram.library import Target
from channels.telegram.line import Line, Pace
from channels.telegram.listening import Listening
from channels.telegram.parse import Reading
from channels.telegram.render import alert, shown, size
from channels.telling import told

log = structlog.get_logger()

LONG_AGO = datetime.min.replace(tzinfo=UTC)

GROUP = Capabilities(
    max_chars=limits.MAX_CHARS,
    size=size,
    edits=True,
    deletes=True,
    buttons=True,
    previews=True,
    silent=True,
    typing=True,
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
        self._pace = pace or Pace()
        self._client = Client(config, self._clock.now)
        self._line = Line(name, self._clock, self._pace)
        self._budget = Budget(self._clock, account=limits.ACCOUNT, place=limits.rate_of)
        self._flooded = ("", LONG_AGO, LONG_AGO)

    def capabilities(self, address: Address) -> Capabilities:
        return GROUP if limits.is_group(address.place) else PRIVATE

    # -- hearing

    async def listen(self, inbox: Inbox) -> None:
        listening = Listening(
            self.name, self._line, inbox, self._answer, clock=self._clock, pace=self._pace
        )
        self._line.listening = True
        try:
            async with self._client.open() as bot:
                await listening.run(bot)
        finally:
            self._line.listening = False

    async def _answer(self, reading: Reading, reply: Reply | None) -> None:
        """Tell the one who asked, in an alert where they pressed a button. Failing is no matter."""
        if not reading.press and reply is None:
            return
        try:
            if reading.press:
                text = alert(reply.text) if reply is not None else None
                async with asyncio.timeout(limits.ANSWER_SECONDS), self._client.open() as bot:
                    await bot.answer_callback_query(reading.press, text, show_alert=bool(text))
            elif reply is not None and isinstance(heard := reading.heard, Inbound):
                await told(lambda again: self._tell(heard, again), reply, self._clock)
        except (ChannelError, TimeoutError) as error:
            code = error.code if isinstance(error, ChannelError) else "timeout"
            if code != STALE:
                log.warning("reply not shown", channel=self.name, code=code)

    async def _tell(self, heard: Inbound, reply: Reply) -> None:
        self._budget.spend(heard.address.place, "question")
        try:
            async with asyncio.timeout(limits.ANSWER_SECONDS), self._client.open() as bot:
                await sending.tell(bot, heard, reply)
        except TimeoutError as error:
            raise OutcomeUnknown("no answer in time", code="timeout") from error

    # -- showing

    async def send(self, to: Address, part: Part) -> Sent:
        self._budget.spend(to.place, part.priority)
        if part.attachments:
            return await self._send_files(to, part)
        async with self._calling(to) as (bot, target):
            message = await sending.send_text(bot, target, part)
        return Sent(message=MessageId(str(message.message_id)))

    async def _send_files(self, to: Address, part: Part) -> Sent:
        if len(shown(part).text) > limits.MAX_CAPTION:
            raise FileRefused("too long to stand beside a file", code="too_long")
        files = await loaded(self._blobs, part.attachments)
        async with self._calling(to) as (bot, target):
            messages = await sending.send_files(bot, target, part, files)
        numbers = [message.message_id for message in messages]
        if len(numbers) > 1:
            await albums.keep(self._facts, to.place, numbers, self._clock.now())
        return Sent(message=MessageId(str(numbers[0])))

    async def edit(self, to: Address, message: MessageId, part: Part) -> None:
        self._budget.spend(to.place, part.priority)
        async with self._calling(to) as (bot, target):
            await changing.edit(bot, target, message, part)

    async def delete(self, to: Address, message: MessageId) -> None:
        self._budget.spend(to.place, "notice")
        numbers = await albums.of(self._facts, to.place, message)
        try:
            async with self._calling(to) as (bot, target):
                await changing.delete(bot, target, numbers)
        except Rejected as error:
            if error.code != NOT_FOUND:
                raise
        if len(numbers) > 1:
            await albums.forget(self._facts, to.place, message)

    async def preview(self, to: Address, part: Part) -> None:
        self._budget.spend(to.place, "preview")
        async with self._calling(to) as (bot, target):
            await changing.draft(bot, target, part)

    async def typing(self, to: Address) -> None:
        self._budget.spend(to.place, "preview")
        async with self._calling(to) as (bot, target):
            await bot.send_chat_action(target.chat, ChatAction.TYPING, target.thread)

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
