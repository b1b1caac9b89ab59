"""One Discord account: what its people say is heard, what the bridge says is shown."""

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import discord

from bridge.domain.errors import FileRefused, Gone, RateLimited, Rejected
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbox, RemoteFile
from bridge.domain.parts import Address, Capabilities, Part, Sent
from bridge.ports.health import Check
from bridge.ports.surroundings import ChannelSurroundings
from channels.discord import limits, render
from channels.discord.client import Wire
from channels.discord.commands import register
from channels.discord.config import DiscordConfig, Pace
from channels.discord.errors import (
    ACCOUNT_WIDE,
    MISSING_PERMISSIONS,
    UNKNOWN_MESSAGE,
    translated,
)
from channels.discord.files import download, loaded
from channels.discord.from_markdown import size
from channels.discord.gateway import Gateway
from channels.discord.inbound import Listener
from channels.discord.reactions import Reactions
from channels.discord.read_marks import MARKING, Seen
from channels.discord.schema import Message
from channels.limits import Budget

logging.getLogger("discord").setLevel(logging.WARNING)

EVERYWHERE = Capabilities(
    max_chars=limits.MAX_CHARS,
    size=size,
    edits=True,
    deletes=True,
    buttons=True,
    previews=True,
    silent=True,
    typing=True,
    resolves=True,
    reacts=True,
    forms=True,
    preview_interval=limits.PREVIEW_INTERVAL,
    send_timeout=limits.SEND_TIMEOUT,
    max_files=limits.MAX_FILES,
    max_file_bytes=limits.MAX_FILE_BYTES,
    caption_chars=limits.MAX_CHARS,
    label_chars=limits.MAX_LABEL,
)
"""What a place can show; all of Discord's do the same."""

LOOK_BACK = 20
"""Messages looked through for what became of one of ours: the newest of ours is looked for."""


class DiscordChannel:
    """A `Channel` that edits, deletes, types, resolves, downloads and diagnoses itself."""

    def __init__(
        self,
        name: ChannelName,
        config: DiscordConfig,
        surroundings: ChannelSurroundings,
        pace: Pace | None = None,
    ) -> None:
        self.name = name
        self._config = config
        self._clock = surroundings.clock
        self._blobs = surroundings.blobs
        self._pace = pace or Pace()
        self._wire = Wire(config.api_url, config.token.get_secret_value(), self._clock)
        self._feed = surroundings.feed(
            marking=MARKING,
            again=self._pace.again,
            save=self._pace.save,
            pauses=self._pace.reconnect[1:],
        )
        self._seen = Seen(self._feed.marks, surroundings.facts, self._clock)
        self._hearing = Listener(
            name, self._wire, self._feed, self._seen, clock=self._clock, pace=self._pace
        )
        self._budget = Budget(self._clock, account=limits.ACCOUNT, place=limits.PLACE)
        self._reactions = Reactions(self._wire, self._clock)
        self._id = ""
        self._refused: dict[str, str] = {}
        """Places that did not want the last thing we sent, and Discord's code for why."""

    def capabilities(self, address: Address) -> Capabilities:  # noqa: ARG002
        return EVERYWHERE

    # -- hearing

    async def listen(self, inbox: Inbox) -> None:
        await self._seen.load()
        gateway = Gateway(self._wire, self._hearing, self._clock, self._pace)
        self._hearing.known.client = gateway
        async with self._wire.opened():
            try:
                await self._feed.run(
                    inbox,
                    gateway.connect,
                    lambda: register(self._wire, self._clock, self._pace),
                    history=self._hearing.history,
                )
            finally:
                await gateway.leave()

    def download(self, file: RemoteFile) -> AsyncIterator[bytes]:
        return download(self._wire, self._clock, file)

    # -- showing

    async def send(self, to: Address, part: Part) -> Sent:
        self._budget.spend(to.place, part.priority)
        files = await loaded(self._blobs, part.attachments)
        with self._calling(to.place, part):
            params = render.created(part, to.place, files)
            shown = await self._wire.send_message(int(to.place), params=params)
        return Sent(message=MessageId(str(shown["id"])))

    async def edit(self, to: Address, message: MessageId, part: Part) -> None:
        self._budget.spend(to.place, part.priority)
        files = await loaded(self._blobs, part.attachments)
        with self._calling(to.place, part):
            await self._wire.edit_message(
                int(to.place), int(message), params=render.edited(part, files)
            )

    async def delete(self, to: Address, message: MessageId) -> None:
        try:
            with self._calling(to.place):
                await self._wire.delete_message(int(to.place), int(message))
        except Rejected as error:
            if error.code != str(UNKNOWN_MESSAGE):
                raise

    async def typing(self, to: Address) -> None:
        with self._calling(to.place):
            await self._wire.send_typing(int(to.place))

    async def react(
        self, to: Address, message: MessageId, emoji: Sequence[str], gone: Sequence[str]
    ) -> None:
        await self._reactions.show(to.place, message, emoji, gone)

    async def resolve(self, to: Address, part: Part) -> Sent | None:
        """Find out what became of a part.

        Discord tells nobody a message's nonce later, but while we listen we saw it appear with it.
        Else: nothing is sent in a place after a part of unknown outcome, so the part can only be
        our newest message there. If that one shows the same it is ours, unless the one before it
        showed the same: so, while Discord still knows the nonce, the part is sent once more, which
        either shows nothing new or what was never shown.
        """
        seen = self._hearing.lately.own(render.nonce_of(part))
        if seen is not None:
            return Sent(message=MessageId(seen))
        newest = await self._newest(to.place)
        if newest is None or not _shows(newest, part):
            return None
        found = MessageId(str(newest["id"]))
        age = self._clock.now() - discord.utils.snowflake_time(int(found))
        if part.priority == "preview" or age > limits.NONCE_WINDOW:
            return Sent(message=found)
        return await self.send(to, part)

    async def count(self, address: Address) -> int | None:
        """Return how many members the server has: not all of them need see the channel."""
        with self._calling(address.place):
            place = cast("dict[str, Any]", await self._wire.get_channel(int(address.place)))
            if "guild_id" not in place:
                return None
            server = await self._wire.get_guild(int(place["guild_id"]), with_counts=True)
        found = cast("dict[str, Any]", server).get("approximate_member_count")
        return None if found is None else max(0, int(found) - 1)

    async def diagnose(self) -> Sequence[Check]:
        from channels.discord.doctor import diagnose  # noqa: PLC0415 - only doctor needs it

        await self._seen.load()
        return await diagnose(self._wire, self._clock, self._seen, self._refused)

    async def trial(self) -> Check | None:
        from channels.discord.doctor import tried  # noqa: PLC0415 - as above

        return await tried(self._wire, self._clock)

    # -- one call

    @contextmanager
    def _calling(self, place: str, part: Part | None = None) -> Iterator[None]:
        """Raise what went wrong in our words, and keep in mind what it means for the next call."""
        try:
            with translated(self._clock.now()):
                yield
        except RateLimited as error:
            self._budget.block(error.until, None if error.code in ACCOUNT_WIDE else place)
            raise
        except Gone as error:
            self._refused[place] = error.code
            if part is not None and part.attachments and error.code == str(MISSING_PERMISSIONS):
                # Perhaps only files are forbidden here: then texts still arrive.
                raise FileRefused(str(error), code=error.code) from error
            raise
        else:
            self._refused.pop(place, None)

    async def _newest(self, place: str) -> Message | None:
        """Return our newest message in a place."""
        with self._calling(place):
            me = await self._me()
            found = await self._wire.logs_from(int(place), LOOK_BACK)
        ours = [each for each in found if str(each["author"]["id"]) == me]
        return max(ours, key=lambda each: int(each["id"]), default=None)

    async def _me(self) -> str:
        """Return our own id, which never changes."""
        if not self._id:
            user = await self._wire.static_login(self._config.token.get_secret_value())
            self._id = str(user["id"])
        return self._id


def _shows(message: Message, part: Part) -> bool:
    """Say whether a message in a place is this part, as far as one can see."""
    if part.priority == "preview":
        is_silent = bool(message.get("flags", 0) & render.SILENT)
        return is_silent and message["content"].endswith(render.PREVIEW_MARK)
    names = [each.name for each in part.attachments]
    same_files = len(message["attachments"]) == len(names)
    return same_files and message["content"].strip() == render.content(part).strip()
