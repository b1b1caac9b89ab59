"""Slack for the channels' conformance suite: the real client libraries against the fake."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bridge.demo.slack.server import FakeSlack
from bridge.domain.errors import (
    ChannelError,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.parts import Address
from bridge.testing.rig import Ability
from channels.slack.conversation_ids import spot
from tests.channels.slack.rig import opened

REFUSALS = {
    Unreachable: "service_unavailable",
    Rejected: "invalid_blocks",
    Gone: "channel_not_found",
    Unauthorized: "token_revoked",
}


class SlackRig:
    """In direct messages."""

    errors = frozenset({Unreachable, RateLimited, OutcomeUnknown, Rejected, Gone, Unauthorized})

    lacks: frozenset[Ability] = frozenset({"typing"})

    def __init__(self, fake: FakeSlack, name: ChannelName) -> None:
        self.fake = fake
        self.ada, self.bob = fake.person("Ada"), fake.person("Bob")
        self.place, self.elsewhere = (Address(channel=name, place=place) for place in self.places())

    def places(self) -> tuple[str, str]:
        return self.fake.dm(self.ada).id, self.fake.dm(self.bob).id

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["SlackRig"]:
        async with FakeSlack() as fake:
            rig = cls(fake, ChannelName("slack"))
            rig.channel = opened(fake)
            yield rig

    async def say(self, place: Address, text: str) -> str:
        there = spot(place.place)
        room = self.fake.workspace.rooms[there.room]
        said = self.ada.says(room, text, thread=there.thread)
        return f"{room.id}:{said.ts}"

    def shown(self, place: Address) -> Sequence[str]:
        there = spot(place.place)
        room = self.fake.workspace.rooms[there.room]
        return [message.shown for message in self.fake.shown(room, there.thread)]

    def acknowledged(self) -> Sequence[str]:
        people = self.fake.workspace.people
        found = (each.event for each in self.fake.sockets.acknowledged)
        return [f"{each['channel']}:{each['ts']}" for each in found if each.get("user") in people]

    def refuse(self, error: type[ChannelError]) -> None:
        if error is RateLimited:
            self.fake.fault("chat.postMessage", status=429, retry_after=1)
        else:
            self.fake.fault("chat.postMessage", error=REFUSALS[error])

    def hang_up(self) -> None:
        self.fake.fault("chat.postMessage", applied=True, hang_up=True)

    def vanish(self, place: Address, message: MessageId) -> None:
        room = self.fake.workspace.rooms[spot(place.place).room]
        self.fake.workspace.delete(room.messages[message])


class SlackThreadRig(SlackRig):
    """In two threads of one room."""

    def places(self) -> tuple[str, str]:
        room = self.fake.room("general", self.ada, self.bob)
        first, second = self.ada.says(room, "one"), self.bob.says(room, "two")
        for delivery in self.fake.sockets.deliveries:
            delivery.lost = True
        return f"{room.id}/{first.ts}", f"{room.id}/{second.ts}"
