"""The Telegram channel, with the real client library, on a fake Telegram."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bridge.demo.telegram.server import FakeTelegram
from bridge.demo.telegram.world import Room
from bridge.domain.errors import (
    ChannelError,
    Gone,
    Moved,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bridge.domain.ids import MessageId
from bridge.domain.parts import Address
from bridge.testing.rig import Ability
from tests.channels.telegram.connected import connect, specs


class TelegramRig:
    lacks: frozenset[Ability] = frozenset({"resolves"})
    errors = frozenset(
        {Unreachable, RateLimited, OutcomeUnknown, Rejected, Gone, Moved, Unauthorized}
    )

    def __init__(self, fake: FakeTelegram) -> None:
        self.fake = fake
        self.bot = fake.bot("bridge_bot")
        self.ada, self.bob = fake.person("Ada", "Lovelace"), fake.person("Bob")
        self.connected = connect(fake, self.bot)
        self.channel = self.connected.channel
        self.place = self.connected.at(self.bot.dm(self.ada))
        self.elsewhere = self.connected.at(self.bot.dm(self.bob))

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["TelegramRig"]:
        async with FakeTelegram.open(specs()) as fake:
            yield cls(fake)
            assert fake.problems == []

    def room(self, place: Address) -> Room:
        room = self.bot.room(int(place.place.partition("/")[0]))
        assert room is not None
        return room

    def thread(self, place: Address) -> int | None:
        thread = place.place.partition("/")[2]
        return int(thread) if thread else None

    async def say(self, place: Address, text: str) -> str:
        room = self.room(place)
        person = room.person or self.ada
        return f"{room.id}:{person.says(room, text, thread=self.thread(place)).id}"

    def shown(self, place: Address) -> Sequence[str]:
        return self.room(place).shown(self.thread(place))

    def acknowledged(self) -> Sequence[str]:
        messages = [update["message"] for update in self.bot.confirmed]
        return [f"{each['chat']['id']}:{each['message_id']}" for each in messages]

    def refuse(self, error: type[ChannelError]) -> None:
        refusals = {
            Unreachable: {"status": 407, "page": True},  # a proxy on the way
            RateLimited: {"status": 429, "words": "Too Many Requests", "retry_after": 3},
            Rejected: {"status": 400, "words": "Bad Request: message is too long"},
            Gone: {"status": 403, "words": "Forbidden: bot was blocked by the user"},
            Moved: {"status": 400, "words": "upgraded", "migrate_to_chat_id": -1001234},
            Unauthorized: {"status": 401, "words": "Unauthorized"},
        }
        self.fake.fault("sendMessage", **refusals[error])

    def hang_up(self) -> None:
        self.fake.fault("sendMessage", applied=True, hang_up=True)

    def vanish(self, place: Address, message: MessageId) -> None:
        self.room(place).messages[int(message)].deleted = True


class TelegramTopicRig(TelegramRig):
    """In a topic of a forum; elsewhere is a group. The bot hears everything."""

    def __init__(self, fake: FakeTelegram) -> None:
        super().__init__(fake)
        self.bot.privacy = False
        forum = fake.group("Forum", forum=True)
        thread = forum.topic("Plans", self.ada)
        forum.bots.append(self.bot)
        self.place = self.connected.at(forum, thread)
        self.elsewhere = self.connected.at(fake.group("Team", self.bot))
