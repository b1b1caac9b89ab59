"""The letterbox under the suite of `bridge.testing`: the rig that the documentation shows."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from letterbox import Letterbox, LetterboxConfig

from bridge.domain.errors import ChannelError, Gone
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.parts import Address
from bridge.testing.rig import Ability, surrounded


class LetterboxRig:
    """A folder for each person. The channel is connected to it by itself."""

    lacks: frozenset[Ability] = frozenset(
        {"edits", "deletes", "typing", "resolves", "reacts", "buttons", "files"}
    )
    errors = frozenset({Gone})

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        config = LetterboxConfig(folder=folder, every=0.01)
        self.channel = Letterbox(ChannelName("letters"), config, surrounded(folder, "letters"))
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
