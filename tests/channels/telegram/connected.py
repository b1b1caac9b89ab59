"""A Telegram bot connected to the fake, with what a channel may use of a bridge."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from bridge.demo.telegram.server import FakeTelegram
from bridge.demo.telegram.world import Bot, Room
from bridge.domain.content import Attachment, AttachmentKind
from bridge.domain.errors import NotFound, StoreUnavailable
from bridge.domain.ids import ChannelName, ConversationId, MediaId, PartId, SessionId
from bridge.domain.inbound import Inbound, Readable, Relocated, RemoteFile, Reported, Titled
from bridge.domain.parts import Address, Part, Reply, Span
from bridge.engine.clock import SystemClock
from bridge.engine.inbound.feed import feeds
from bridge.ports.blobs import Blob
from bridge.ports.surroundings import ChannelSurroundings
from channels.telegram.channel import TelegramChannel
from channels.telegram.config import TelegramConfig
from channels.telegram.inbound import Pace

BRISK = Pace(poll=2, look=0.02, longest_look=0.02, album=0.05, again=0.02, longest=0.02)
SPECS = "BRIDGE_SPECS"
"""A folder that holds the official description of the Bot API, if there is one at hand."""


def specs() -> Path | None:
    folder = os.environ.get(SPECS)
    return Path(folder) if folder else None


class HastyClock(SystemClock):
    """Waits for nothing longer than a moment."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, 0.02))


class Keeping:
    """Files in memory."""

    def __init__(self) -> None:
        self.bodies: dict[MediaId, bytes] = {}

    def keep(self, kind: AttachmentKind, name: str, mime: str, body: bytes) -> Attachment:
        media = MediaId(sha256(body).hexdigest())
        self.bodies[media] = body
        return Attachment(kind=kind, name=name, mime=mime, size=len(body), media=media)

    async def put(self, chunks) -> Blob:
        raise NotImplementedError

    async def open(self, media: MediaId) -> AsyncIterator[bytes]:
        if media not in self.bodies:
            raise NotFound
        yield self.bodies[media]

    async def size(self, media: MediaId) -> int | None:
        return len(self.bodies[media]) if media in self.bodies else None

    async def forget(self, media: MediaId) -> None:
        self.bodies.pop(media, None)


class KeptFacts(dict[str, str]):
    """Facts in memory."""

    async def get(self, key: str) -> str | None:
        return super().get(key)

    async def put(self, key: str, value: str) -> None:
        self[key] = value

    async def remove(self, key: str) -> None:
        self.pop(key, None)

    async def all(self) -> dict[str, str]:
        return dict(self)


@dataclass
class Ear:
    """An inbox that keeps what it hears. `refusals` are raised first, one for each call."""

    reply: Reply | None = None
    refusals: list[Exception] = field(default_factory=list)
    heard: list[Inbound | Relocated] = field(default_factory=list)
    slow: dict[str, asyncio.Event] = field(default_factory=dict)

    async def __call__(
        self, heard: Inbound | Reported | Relocated | Titled | Readable
    ) -> Reply | None:
        assert not isinstance(heard, Reported)
        if isinstance(heard, Titled | Readable):
            return None
        if heard.address.place in self.slow:
            await self.slow[heard.address.place].wait()
        if self.refusals:
            raise self.refusals.pop(0)
        self.heard.append(heard)
        return self.reply

    @property
    def said(self) -> list[str]:
        return [each.what.content.text for each in self._inbound if hasattr(each.what, "content")]

    @property
    def files(self) -> list[RemoteFile]:
        return [file for each in self._inbound for file in getattr(each.what, "files", ()) or ()]

    @property
    def _inbound(self) -> list[Inbound]:
        return [each for each in self.heard if isinstance(each, Inbound)]


@dataclass
class Connected:
    """A channel and the fake it is connected to."""

    fake: FakeTelegram
    bot: Bot
    channel: TelegramChannel
    blobs: Keeping
    facts: KeptFacts

    @asynccontextmanager
    async def listening(self, ear: Ear) -> AsyncIterator[asyncio.Task[None]]:
        """Listen as the bridge does: what ends with an error is begun again."""

        async def listen() -> None:
            while True:
                with suppress(StoreUnavailable):
                    await self.channel.listen(ear)

        task = asyncio.create_task(listen())
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def until(self, condition: Callable[[], object]) -> None:
        await self.fake.until(condition)

    def at(self, room: Room, thread: int | None = None) -> Address:
        place = f"{room.place}/{thread}" if thread is not None else room.place
        return Address(channel=self.channel.name, place=place)


def connect(
    fake: FakeTelegram, bot: Bot, name: str = "telegram", pace: Pace = BRISK, clock=None
) -> Connected:
    blobs, facts, clock = Keeping(), KeptFacts(), clock or SystemClock()
    surroundings = ChannelSurroundings(
        clock=clock,
        data=Path("/nowhere"),
        blobs=blobs,
        facts=facts,
        feed=feeds(ChannelName(name), facts, clock),
        webhook_url=None,
        link=lambda _attachment, _valid: None,
    )
    config = TelegramConfig(token=bot.token, api_url=fake.url)
    channel = TelegramChannel(ChannelName(name), config, surroundings, pace)
    return Connected(fake, bot, channel, blobs, facts)


def part(text: str = "hello", number: int = 1, **more) -> Part:
    return Part(
        id=PartId(f"{number}:0"),
        session=SessionId("s_1"),
        conversation=ConversationId("c_1"),
        source=number,
        upto=number,
        span=Span(start=0, end=len(text)),
        text=text,
        **more,
    )
