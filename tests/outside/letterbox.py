"""Letters: a text file put into a person's folder is heard, and the answers appear beside it."""

from collections.abc import Iterator
from pathlib import Path

from bridge.content import Content
from bridge.errors import Gone, Unreachable
from bridge.ids import ChannelName, MessageId
from bridge.inbound import Inbound, Inbox, Sender, Spoken
from bridge.parts import Address, Capabilities, Part, Sent
from bridge.plugins import ChannelPlugin, Section
from bridge.ports import ChannelSurroundings, Clock

REALM = "letterbox"


class LetterboxConfig(Section):
    """`folder` holds a folder for each person. `every`: seconds between two looks into them."""

    folder: Path
    every: float = 1.0


class Letterbox:
    def __init__(self, name: ChannelName, config: LetterboxConfig, clock: Clock) -> None:
        self.name = name
        self._config = config
        self._clock = clock

    def capabilities(self, address: Address) -> Capabilities:
        return Capabilities(max_chars=100_000)

    async def listen(self, inbox: Inbox) -> None:
        while True:
            for letter in self._letters():
                reply = await inbox(self._inbound(letter))
                if reply is not None:
                    _write(letter.with_suffix(".reply.md"), reply.text)
                letter.unlink()  # Only now: the letter is in the log.
            await self._clock.sleep(self._config.every)

    async def send(self, to: Address, part: Part) -> Sent:
        folder = self._config.folder / to.place
        if not folder.is_dir():
            raise Gone(f"{to.place} has no letterbox")
        # Named after the part, so that sending it twice is sending it once.
        letter = folder / f"{part.session}-{part.id}.md".replace(":", "-")
        try:
            _write(letter, f"{part.speaker}: {part.text}" if part.speaker else part.text)
        except OSError as error:
            raise Unreachable(str(error)) from error
        return Sent(message=MessageId(letter.name))

    def _letters(self) -> Iterator[Path]:
        letters = self._config.folder.glob("*/*.txt")
        yield from sorted(letters, key=lambda letter: (letter.stat().st_mtime_ns, letter.name))

    def _inbound(self, letter: Path) -> Inbound:
        person = letter.parent.name
        text = letter.read_text(encoding="utf-8", errors="replace").strip()
        return Inbound(
            external_id=f"{person}/{letter.name}@{letter.stat().st_mtime_ns}",
            address=Address(channel=self.name, place=person),
            sender=Sender(realm=REALM, user=person, name=person.title()),
            what=Spoken(message=MessageId(letter.name), content=Content(text=text)),
        )


def _write(letter: Path, text: str) -> None:
    draft = letter.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(letter)


def create(
    name: ChannelName, config: LetterboxConfig, surroundings: ChannelSurroundings
) -> Letterbox:
    return Letterbox(name, config, surroundings.clock)


plugin = ChannelPlugin(title="Letterbox", config=LetterboxConfig, create=create)
