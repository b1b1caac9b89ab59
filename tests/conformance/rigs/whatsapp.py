"""The WhatsApp channel, called and answered by a fake Twilio with the real client library."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from bridge.demo.whatsapp.twilio import FakeTwilio
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
from channels.whatsapp.channel import WhatsAppChannel
from tests.channels.whatsapp.stage import Stage, staged

REFUSALS: Mapping[type[ChannelError], tuple[int, int]] = {
    Unreachable: (503, 20503),
    RateLimited: (429, 20429),
    Rejected: (400, 21617),
    Gone: (400, 21610),
    Unauthorized: (401, 20003),
}


class WhatsAppRig:
    """Moved never happens: a new number is a new person."""

    errors = frozenset({*REFUSALS, OutcomeUnknown})

    lacks: frozenset[Ability] = frozenset({"edits", "deletes", "buttons", "reacts"})

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.fake: FakeTwilio = stage.fake
        self.channel: WhatsAppChannel = stage.channel
        self.place = self._address("Ada")
        self.elsewhere = self._address("Bob")

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["WhatsAppRig"]:
        async with staged() as stage:
            yield cls(stage)

    def _address(self, name: str) -> Address:
        person = self.fake.person(name)
        person.wrote_at[self.fake.sender.place] = self.fake.now()
        return Address(channel=self.channel.name, place=person.place)

    async def say(self, place: Address, text: str) -> str:
        return self.fake.says(self.fake.people[place.place], text)

    def shown(self, place: Address) -> Sequence[str]:
        return self.fake.shown(self.fake.people[place.place])

    def acknowledged(self) -> Sequence[str]:
        """What a webhook took; and what none did, once looking for it handed it in."""
        looked = [sid for sid in self.channel._memory.found if sid in self.fake.missed]
        return [*looked, *self.fake.accepted]

    def refuse(self, error: type[ChannelError]) -> None:
        status, code = REFUSALS[error]
        self.fake.fault("create", status=status, code=code)

    def hang_up(self) -> None:
        self.fake.fault("create", applied=True, hangs_up=True)

    def vanish(self, place: Address, message: MessageId) -> None:
        raise NotImplementedError
