"""What the channels' conformance suite needs of a platform: real or fake, behind one rig each.

To put a channel under the suite, write a rig for it and add it to `RIGS`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Protocol

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
from bridge.ids import ChannelName, MessageId
from bridge.parts import Address
from bridge.ports import Channel
from bridge.workers.clock import SystemClock
from channels.memory import MemoryChannel
from channels.memory_platform import MemoryPlatform
from tests.conformance.rigs.discord import DiscordRig
from tests.conformance.rigs.slack import SlackRig, SlackThreadRig
from tests.conformance.rigs.telegram import TelegramRig, TelegramTopicRig
from tests.conformance.rigs.whatsapp import WhatsAppRig
from tests.outside.letterbox import Letterbox, LetterboxConfig
from tests.stores import AT


class ChannelRig(Protocol):
    """A channel, and the platform it is connected to.

    `errors` are the classes this platform can bring about.
    """

    channel: Channel
    place: Address
    elsewhere: Address
    errors: frozenset[type[ChannelError]]

    @classmethod
    def open(cls) -> AbstractAsyncContextManager["ChannelRig"]:
        """A fresh platform with an account on it; nobody listens yet."""

    async def say(self, place: Address, text: str) -> str:
        """A person speaks to the bridge. Returns the external id that the inbox must be given."""

    def shown(self, place: Address) -> Sequence[str]:
        """The plain text of what the bridge shows in a place, oldest first."""

    def acknowledged(self) -> Sequence[str]:
        """The external ids the platform will not deliver again, in the order they were told."""

    def refuse(self, error: type[ChannelError]) -> None:
        """Answer the next send in the way that means this error; show nothing."""

    def hang_up(self) -> None:
        """Show what the next send brings, but never answer it."""

    def vanish(self, place: Address, message: MessageId) -> None:
        """Somebody deletes one of the bridge's messages."""


class MemoryRig:
    errors = frozenset(
        {Unreachable, RateLimited, OutcomeUnknown, Rejected, Gone, Moved, Unauthorized}
    )

    def __init__(self) -> None:
        self.platform = MemoryPlatform()
        self.channel = MemoryChannel(ChannelName("memory"), self.platform)
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


class LetterboxRig:
    """The channel of docs/adding-a-channel.md, which lives outside the tree."""

    errors = frozenset({Gone})

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.channel = Letterbox(
            ChannelName("letters"), LetterboxConfig(folder=folder, every=0.01), SystemClock()
        )
        self.place = Address(channel=self.channel.name, place="ada")
        self.elsewhere = Address(channel=self.channel.name, place="bob")
        self.said: dict[str, Path] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["LetterboxRig"]:
        with TemporaryDirectory() as folder:
            rig = cls(Path(folder))
            for place in (rig.place, rig.elsewhere):
                rig.box(place).mkdir()
            yield rig

    def box(self, place: Address) -> Path:
        return self.folder / place.place

    async def say(self, place: Address, text: str) -> str:
        letter = self.box(place) / f"{len(self.said):04}.txt"
        letter.write_text(text)
        external_id = f"{place.place}/{letter.name}@{letter.stat().st_mtime_ns}"
        self.said[external_id] = letter
        return external_id

    def shown(self, place: Address) -> Sequence[str]:
        letters = self.box(place).glob("*.md")
        return [letter.read_text() for letter in sorted(letters, key=lambda each: each.name)]

    def acknowledged(self) -> Sequence[str]:
        return [external_id for external_id, letter in self.said.items() if not letter.exists()]

    def refuse(self, error: type[ChannelError]) -> None:
        assert error is Gone
        rmtree(self.box(self.place))

    def hang_up(self) -> None:
        raise NotImplementedError

    def vanish(self, place: Address, message: MessageId) -> None:
        (self.box(place) / message).unlink()


RIGS: tuple[type[ChannelRig], ...] = (
    MemoryRig,
    LetterboxRig,
    TelegramRig,
    TelegramTopicRig,
    DiscordRig,
    SlackRig,
    SlackThreadRig,
    WhatsAppRig,
)
