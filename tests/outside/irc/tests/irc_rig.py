"""The channel on an `ngircd` of its own, for the suite of `bridge.testing`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bridgehead_irc.channel import NICK, Irc, IrcConfig
from irc_world import Person, Services, ngircd

from bridge.domain.errors import ChannelError, Gone, OutcomeUnknown
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.parts import Address
from bridge.testing.rig import Ability, surrounded, until

FAST = {"tls": False, "every": 0.2, "line_seconds": 0.001}


class IrcRig:
    """Two people in queries, known by their nicks. Services stand between, to be able to fail."""

    lacks: frozenset[Ability] = frozenset(
        {
            "edits", "deletes", "typing", "resolves", "reacts", "buttons", "files",
            "ids", "acknowledgements", "history", "apart",
        }
    )  # fmt: skip
    errors = frozenset({Gone, OutcomeUnknown})

    def __init__(self, folder: Path, services: Services, people: Sequence[Person]) -> None:
        name = ChannelName("irc")
        config = IrcConfig(server="127.0.0.1", port=services.port, nicks=True, **FAST)
        self.channel = Irc(name, config, surrounded(folder, name))
        self.services = services
        self.people = {f"{NICK}{person.nick}": person for person in people}
        self.place, self.elsewhere = (Address(channel=name, place=each) for each in self.people)

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["IrcRig"]:
        with TemporaryDirectory() as made:
            folder = Path(made)
            async with ngircd(folder) as server, Services(server.port).open() as services:
                people = [await Person(nick, server.port).come() for nick in ("ada", "bob")]
                yield cls(folder, services, people)
                for person in people:
                    await person.end()

    async def say(self, place: Address, text: str) -> str:
        await until(lambda: self.channel.is_connected)
        self.people[place.place].say("bridge", text)
        return ""

    def shown(self, place: Address) -> Sequence[str]:
        return self.people[place.place].texts()

    def acknowledged(self) -> Sequence[str]:
        raise NotImplementedError

    def refuse(self, error: type[ChannelError]) -> None:
        assert error is Gone
        self.services.before_message = self.people[self.place.place].goes

    def hang_up(self) -> None:
        self.services.is_hanging_up = True

    def vanish(self, place: Address, message: MessageId) -> None:
        raise NotImplementedError
