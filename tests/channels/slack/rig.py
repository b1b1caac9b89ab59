"""A Slack account on a fake, and what a test needs around it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from bridge.demo.slack.server import FakeSlack
from bridge.demo.slack.workspace import Room
from bridge.domain.content import Attachment
from bridge.domain.errors import NotFound, StoreUnavailable
from bridge.domain.ids import ChannelName, ConversationId, MediaId, PartId, SessionId
from bridge.domain.inbound import Inbound, Readable, Relocated, Reported, Spoken, Titled, Unread
from bridge.domain.parts import Address, Part, Reply, Span
from bridge.engine.inbound.feed import feeds
from bridge.ports.blobs import Blob
from bridge.ports.surroundings import ChannelSurroundings
from channels.slack.channel import SlackChannel
from channels.slack.config import SlackConfig
from tests.waiting import until

NAME = ChannelName("slack")
PING_SECONDS = 0.2
FASTER = 20
"""A second of the channel's own waiting takes a twentieth here."""


class QuickClock:
    """The real time, and short sleeps. `ahead`: how much later it is."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / FASTER)


class MemoryFacts:
    """`writes` counts."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.writes = 0

    async def get(self, key: str) -> str | None:
        return self.kept.get(key)

    async def put(self, key: str, value: str) -> None:
        self.writes += 1
        self.kept[key] = value

    async def remove(self, key: str) -> None:
        self.kept.pop(key, None)

    async def all(self) -> Mapping[str, str]:
        return dict(self.kept)


class MemoryBlobs:
    def __init__(self) -> None:
        self.kept: dict[MediaId, bytes] = {}

    def add(self, name: str, content: bytes, mime: str = "text/plain") -> Attachment:
        media = MediaId(f"m_{len(self.kept)}")
        self.kept[media] = content
        return Attachment(kind="file", name=name, mime=mime, size=len(content), media=media)

    async def put(self, chunks) -> Blob:
        raise NotImplementedError

    async def open(self, media: MediaId) -> AsyncIterator[bytes]:
        if media not in self.kept:
            raise NotFound
        content = self.kept[media]
        for start in range(0, len(content), 1000):
            yield content[start : start + 1000]

    async def size(self, media: MediaId) -> int | None:
        return len(self.kept[media]) if media in self.kept else None

    async def forget(self, media: MediaId) -> None:
        self.kept.pop(media, None)


def opened(
    fake: FakeSlack,
    *,
    name: ChannelName = NAME,
    facts: MemoryFacts | None = None,
    blobs: MemoryBlobs | None = None,
    clock: QuickClock | None = None,
    patience: float = 10_000.0,
    **config,
) -> SlackChannel:
    """Return an account on a fake; nothing is connected yet.

    `patience`: seconds of its clock that what is new waits for the history; a test does not depend
    on how busy the machine is.
    """
    section = SlackConfig(
        **{
            "bot_token": SecretStr(fake.bot_token),
            "app_token": SecretStr(fake.app_token),
            "api_url": fake.api_url,
            **config,
        }
    )
    clock, facts = clock or QuickClock(), facts or MemoryFacts()
    surroundings = ChannelSurroundings(
        clock=clock,
        data=Path(),
        blobs=blobs or MemoryBlobs(),
        facts=facts,
        feed=feeds(name, facts, clock),
        webhook_url=None,
        link=lambda *_: None,
    )
    return SlackChannel(name, section, surroundings, ping_seconds=PING_SECONDS, patience=patience)


@dataclass
class Ear:
    """An inbox that keeps what it hears. `replies` are given by the text heard."""

    heard: list[Inbound] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    titled: list[Titled] = field(default_factory=list)
    shown: list[Readable] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)
    slow: dict[str, asyncio.Event] = field(default_factory=dict)

    async def __call__(
        self, inbound: Inbound | Reported | Relocated | Titled | Readable | Unread
    ) -> Reply | None:
        if isinstance(inbound, Titled):
            self.titled.append(inbound)
            return None
        if isinstance(inbound, Readable):
            self.shown.append(inbound)
            return None
        if isinstance(inbound, Unread):
            self.unread.append(inbound)
            return None
        assert isinstance(inbound, Inbound)
        if inbound.address.place in self.slow:
            await self.slow[inbound.address.place].wait()
        if self.refusals:
            raise self.refusals.pop(0)
        self.heard.append(inbound)
        words = inbound.what.content.text if isinstance(inbound.what, Spoken) else ""
        return self.replies.get(words)

    def texts(self) -> list[str]:
        return [each.what.content.text for each in self.heard if isinstance(each.what, Spoken)]


@asynccontextmanager
async def listening(channel: SlackChannel, ear: Ear) -> AsyncIterator[asyncio.Task[None]]:
    async def listen() -> None:
        while True:
            with suppress(StoreUnavailable):
                await channel.listen(ear)

    task = asyncio.create_task(listen())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def connected(fake: FakeSlack) -> None:
    await until(lambda: fake.sockets.connected)


def address(room: Room, thread: str = "") -> Address:
    return Address(channel=NAME, place=f"{room.id}/{thread}" if thread else room.id)


def part(text: str, number: int = 1, **more) -> Part:
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
