"""The Telegram channel, with the real client library, on a fake Telegram."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bridge.errors import (
    ChannelError,
    Gone,
    Moved,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bridge.ids import MessageId
from bridge.parts import Address
from tests.channels.telegram.connected import connect, specs
from tests.fakes.telegram.server import FakeTelegram
from tests.fakes.telegram.world import Room


class TelegramRig:
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
        room = self.bot.room(int(place.place))
        assert room is not None
        return room

    async def say(self, place: Address, text: str) -> str:
        room = self.room(place)
        assert room.person is not None
        return f"{room.id}:{room.person.says(room, text).id}"

    def shown(self, place: Address) -> Sequence[str]:
        return self.room(place).shown()

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
