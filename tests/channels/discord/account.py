"""A Discord account for tests: the channel as the bridge makes it, and what it hears."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from bridge.demo.discord.fake import FakeDiscord
from bridge.demo.discord.world import Bot, Message, Room
from bridge.domain.errors import NotFound
from bridge.domain.ids import ChannelName, ConversationId, MediaId, PartId, SessionId
from bridge.domain.inbound import Inbound, Readable, Spoken, Titled, Unread
from bridge.domain.parts import Address, Part, Reply, Span
from bridge.engine.clock import SystemClock
from bridge.engine.inbound.feed import feeds
from bridge.ports.surroundings import ChannelSurroundings
from channels.discord.channel import DiscordChannel
from channels.discord.config import DiscordConfig, Pace
from tests.waiting import until

DISCORD = ChannelName("discord")
FAST = Pace(again=0.01, save=0.01, answer=0.1, identify=0.01, reconnect=(0.0, 0.02, 0.05))


@dataclass
class MemoryFacts:
    kept: dict[str, str] = field(default_factory=dict)

    async def get(self, key: str) -> str | None:
        return self.kept.get(key)

    async def put(self, key: str, value: str) -> None:
        self.kept[key] = value

    async def remove(self, key: str) -> None:
        self.kept.pop(key, None)

    async def all(self) -> Mapping[str, str]:
        return dict(self.kept)


@dataclass
class MemoryBlobs:
    kept: dict[str, bytes] = field(default_factory=dict)

    async def open(self, media: MediaId) -> AsyncIterator[bytes]:
        if media not in self.kept:
            raise NotFound
        yield self.kept[media]


class Account:
    """One configured account, on the fake. `restarted` is the same one in a new process."""

    def __init__(
        self,
        fake: FakeDiscord,
        bot: Bot | None = None,
        *,
        name: ChannelName = DISCORD,
        facts: MemoryFacts | None = None,
        token: str = "",
        pace: Pace = FAST,
        clock=None,
    ) -> None:
        self.fake = fake
        self.name = name
        self.bot = bot or fake.bot
        self.facts = facts or MemoryFacts()
        self.blobs = MemoryBlobs()
        clock = clock or SystemClock()
        self.channel = DiscordChannel(
            name,
            DiscordConfig(token=SecretStr(token or self.bot.token), api_url=fake.url),
            ChannelSurroundings(
                clock=clock,
                data=Path(),
                blobs=self.blobs,
                facts=self.facts,
                feed=feeds(name, self.facts, clock),
                webhook_url=None,
                link=lambda *_: None,
            ),
            pace,
        )

    def restarted(self) -> "Account":
        return Account(self.fake, self.bot, name=self.name, facts=self.facts)

    async def read(self, message: Message) -> None:
        """Wait until it is kept that a message was read."""
        kind, number = "room" if message.room.server else "dm", str(message.id)
        name = f"{kind}:{message.room.id}"
        await until(lambda: number in self.facts.kept.get(name, "").split())

    def at(self, room: Room) -> Address:
        return Address(channel=self.name, place=str(room.id))

    @asynccontextmanager
    async def listening(self, ear: "Ear | None" = None) -> AsyncIterator["Ear"]:
        """Listen until the context ends; returns once Discord has said it is ready."""
        ear = ear or Ear()
        before = self.fake.gateway.identified
        task = asyncio.create_task(self.channel.listen(ear))
        try:
            await until(lambda: task.done() or self.fake.gateway.identified > before)
            yield ear
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@dataclass
class Ear:
    """An inbox that keeps what it hears. `refusals` are raised first; `reply` is answered."""

    refusals: list[Exception] = field(default_factory=list)
    heard: list[Inbound] = field(default_factory=list)
    titled: list[Titled] = field(default_factory=list)
    shown: list[Readable] = field(default_factory=list)
    reply: Reply | None = None
    slow: dict[str, asyncio.Event] = field(default_factory=dict)

    async def __call__(self, inbound: Inbound | Titled | Readable | Unread) -> Reply | None:
        if isinstance(inbound, Titled):
            self.titled.append(inbound)
        if isinstance(inbound, Readable):
            self.shown.append(inbound)
        if not isinstance(inbound, Inbound):
            return None
        if inbound.address.place in self.slow:
            await self.slow[inbound.address.place].wait()
        if self.refusals:
            raise self.refusals.pop(0)
        self.heard.append(inbound)
        return self.reply

    def texts(self) -> list[str]:
        return [each.what.content.text for each in self.heard if isinstance(each.what, Spoken)]

    async def until(self, count: int) -> list[Inbound]:
        await until(lambda: len(self.heard) >= count)
        return self.heard


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


def only(discord, room):
    """Return the one message that stands in a room."""
    (message,) = discord.messages(room)
    return message


class World:
    """What is known around a message: we are user 1 with role 2; there are others."""

    me = "Bridge"

    def user(self, user):
        return {"5": "Bob"}.get(user)

    def role(self, role):
        return {"6": "Crew"}.get(role)

    def room(self, room):
        return {"7": "general"}.get(room)

    def parent(self, place):
        return None

    def is_me(self, *, user="", role=""):
        return user == "1" or role == "2"
