"""The channels of this tree under the suite that every package can run: a rig each.

To put a channel under the suite, write a rig for it and add it to `RIGS`. Those of other packages
run it themselves, as `tests/outside` does.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

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
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.parts import Address
from bridge.testing.rig import Ability, ChannelRig
from channels.memory import MemoryChannel
from channels.memory_platform import MemoryPlatform
from tests.conformance.rigs.discord import DiscordRig
from tests.conformance.rigs.mail import EmailRig
from tests.conformance.rigs.slack import SlackRig, SlackThreadRig
from tests.conformance.rigs.telegram import TelegramRig, TelegramTopicRig
from tests.conformance.rigs.whatsapp import WhatsAppRig
from tests.feeding import feeding
from tests.stores import AT


class MemoryRig:
    lacks: frozenset[Ability] = frozenset()
    errors = frozenset(
        {Unreachable, RateLimited, OutcomeUnknown, Rejected, Gone, Moved, Unauthorized}
    )

    def __init__(self) -> None:
        self.platform = MemoryPlatform()
        self.channel = MemoryChannel(ChannelName("memory"), self.platform, feeding())
        self.place = Address(channel=self.channel.name, place="ada")
        self.elsewhere = Address(channel=self.channel.name, place="bob")

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["MemoryRig"]:
        yield cls()

    async def say(self, place: Address, text: str) -> str:
        return self.platform.say(place.place, "Ada", text)

    def shown(self, place: Address) -> Sequence[str]:
        return self.platform.shown(place.place)

    def acknowledged(self) -> Sequence[str]:
        return self.platform.acknowledged

    def refuse(self, error: type[ChannelError]) -> None:
        if error is RateLimited:
            self.platform.refuse(RateLimited(until=AT))
        elif error is Moved:
            self.platform.refuse(Moved(place="elsewhere"))
        else:
            self.platform.refuse(error())

    def hang_up(self) -> None:
        self.platform.hang_up()

    def vanish(self, place: Address, message: MessageId) -> None:
        self.platform.take_back(place.place, message)


RIGS: tuple[type[ChannelRig], ...] = (
    MemoryRig,
    TelegramRig,
    TelegramTopicRig,
    DiscordRig,
    SlackRig,
    SlackThreadRig,
    WhatsAppRig,
    EmailRig,
)
