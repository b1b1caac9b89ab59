"""Letters: a text file put into a person's folder is heard, and the answers appear beside it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bridge.domain.content import Content
from bridge.domain.errors import Gone, Unreachable
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbound, Inbox, Sender, Spoken
from bridge.domain.parts import Address, Capabilities, Part, Reply, Sent
from bridge.plugins import ChannelPlugin, Section
from bridge.ports.feed import Item
from bridge.ports.surroundings import ChannelSurroundings

REALM = "letterbox"


class LetterboxConfig(Section):
    """`folder` holds a folder for each person. `every`: seconds between two looks into them."""

    folder: Path
    every: float = 1.0


class Letterbox:
    def __init__(
        self, name: ChannelName, config: LetterboxConfig, surroundings: ChannelSurroundings
    ) -> None:
        self.name = name
        self._config = config
        self._clock = surroundings.clock
        self._feed = surroundings.feed()

    def capabilities(self, address: Address) -> Capabilities:
        return Capabilities(max_chars=100_000, max_files=0)

    async def listen(self, inbox: Inbox) -> None:
        await self._feed.run(inbox, self._look)

    async def _look(self) -> None:
        while True:
            for letter in self._letters():
                if self._feed.put(self._item(letter)).done():
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

    def _item(self, letter: Path) -> Item:
        person = letter.parent.name
        text = letter.read_text(encoding="utf-8", errors="replace").strip()
        inbound = Inbound(
            external_id=f"{person}/{letter.name}@{letter.stat().st_mtime_ns}",
            address=Address(channel=self.name, place=person),
            sender=Sender(realm=REALM, user=person, name=person.title()),
            what=Spoken(message=MessageId(letter.name), content=Content(text=text)),
        )
        answer = partial(_answer, letter)
        return Item(key=inbound.external_id, place=person, what=inbound, answer=answer)


async def _answer(letter: Path, reply: Reply | None) -> None:
    if reply is not None:
        _write(letter.with_suffix(".reply.md"), reply.text)


def _write(letter: Path, text: str) -> None:
    draft = letter.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(letter)


plugin = ChannelPlugin(title="Letterbox", config=LetterboxConfig, create=Letterbox)
