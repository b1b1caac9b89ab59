"""Discord under the channels' conformance suite: the real client against the fake."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bridge.demo.discord.fake import FakeDiscord
from bridge.domain.errors import (
    ChannelError,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bridge.domain.ids import MessageId
from bridge.domain.parts import Address
from bridge.testing.rig import Ability
from tests.channels.discord.account import DISCORD, Account

FAULTS = {
    Unreachable: {"status": 503, "code": 130000},
    RateLimited: {"status": 429, "retry_after": 0.01},
    Rejected: {"status": 400, "code": 50035},
    Gone: {"status": 403, "code": 50001},
    Unauthorized: {"status": 401},
}


class DiscordRig:
    errors: frozenset[type[ChannelError]] = frozenset({*FAULTS, OutcomeUnknown})

    lacks: frozenset[Ability] = frozenset()

    def __init__(self, fake: FakeDiscord) -> None:
        self.fake = fake
        self.account = Account(fake)
        self.channel = self.account.channel
        self.ada, self.bob = fake.person("Ada"), fake.person("Bob")
        self.rooms = {}
        for actor in (self.ada, self.bob):
            room = fake.direct(actor)
            self.rooms[str(room.id)] = (room, actor)
            self.account.facts.kept[f"dm:{room.id}"] = "0"  # they have written before
        self.place, self.elsewhere = (Address(channel=DISCORD, place=place) for place in self.rooms)

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["DiscordRig"]:
        with FakeDiscord.serving() as fake:
            yield cls(fake)

    async def say(self, place: Address, text: str) -> str:
        room, actor = self.rooms[place.place]
        return str(actor.says(room, text).id)

    def shown(self, place: Address) -> Sequence[str]:
        return self.fake.shown(self.rooms[place.place][0])

    def acknowledged(self) -> Sequence[str]:
        told = []
        for place, (room, actor) in self.rooms.items():
            mark = int(self.account.facts.kept[f"dm:{place}"].split()[0])
            said = [each for each in room.messages.values() if each.author is actor.person]
            told += [str(each.id) for each in said if each.id <= mark]
        return told

    def refuse(self, error: type[ChannelError]) -> None:
        self.fake.fault("send", **FAULTS[error])

    def hang_up(self) -> None:
        self.fake.fault("send", applied=True, hang_up=True)

    def vanish(self, place: Address, message: MessageId) -> None:
        self.fake.forget(self.rooms[place.place][0].messages[int(message)])
