"""One terminal's part in one session: what it has seen, and what it says."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

from bridge.cli import chat_texts, files, follow
from bridge.cli.exits import CommandError
from bridge.cli.follow import Connected, Disconnected, Glimpsed, Heard, Restored, Signal, Stretch
from bridge.cli.local_commands import SaveFile, SendFile
from bridge.cli.outbox import OutboxSender, outbox
from bridge.cli.safe import one_line, sendable
from bridge.cli.server import Server, ask
from bridge.cli.spoken import spoken
from bridge.cli.view import Line, View, files_of
from bridge.cli.wire import LiveFrame, Me, SessionLine, SessionView, parse
from bridge.domain.content import Attachment
from bridge.domain.ids import Seq, SessionId, mint

PLACE = "terminal"
SHOWN_AT_START = 20
"""Lines of what was said before."""

FIRST_TITLE = "Main"
MOST_OFFERS = 60
LOOK_EVERY = 25
"""Seconds between two notes to the bridge that the terminal is open."""


def sessions(server: Server) -> list[SessionLine]:
    """Return every session the asker is in, the last touched first."""
    found: list[SessionLine] = []
    path = "/v1/sessions"
    while True:
        answer = ask(server, "GET", path)
        found += [parse(SessionLine, each) for each in answer.get("sessions", ())]
        if not answer.get("next"):
            return found
        path = f"/v1/sessions?{urlencode({'after': answer['next']})}"


def choose(server: Server, named: str | None) -> SessionId:
    """Return the session meant by an id, the beginning of one, or a title.

    Without a name: the last touched one, or a new one when there is none. Raises `CommandError`.
    """
    known = sessions(server)
    if named is None:
        open_ones = [each for each in known if not each.archived]
        return open_ones[0].id if open_ones else _first(server)
    exact = [each for each in known if named in {each.id, each.title}]
    near = [each for each in known if each.id.startswith(named)]
    near += [each for each in known if each.title.casefold() == named.casefold()]
    found = {each.id for each in exact} or {each.id for each in near}
    if len(found) == 1:
        return found.pop()
    which = "more than one session is" if found else "no session is"
    listed = ", ".join(f"{each.id} ({one_line(each.title, 40)})" for each in known[:10]) or "none"
    raise CommandError(f"{which} called {named!r}; there are: {listed}")


def earlier(session: SessionId, before: Seq) -> str:
    """Return how to read what was said before an event."""
    return chat_texts.earlier(f"bridge sessions tail {session} --before {before}")


def _first(server: Server) -> SessionId:
    made = ask(server, "POST", "/v1/sessions", json={"title": FIRST_TITLE})
    return parse(SessionView, made).id


class Talk:
    """`view` is what was seen; `up` tells whether the bridge is connected just now.

    `has_spoken`: its person said something in the session, as far back as was read.
    """

    def __init__(
        self, server: Server, session: SessionId, view: View, sender: OutboxSender
    ) -> None:
        self.server = server
        self.session = session
        self.view = view
        self.sender = sender
        self.commands: tuple[tuple[str, str], ...] = ()
        self.offers: tuple[str, ...] = ()
        self.up = False
        self.has_spoken = False
        self._view = mint(PLACE)
        self._offset = follow.BEGINNING

    async def catch_up(self) -> list[Line]:
        """Read the end of what was said so far; return its last lines."""
        stretch = await follow.last(self.server, self.session)
        self._offset = stretch.offset
        return await self._begin(stretch)

    async def signals(self) -> AsyncIterator[tuple[Signal, list[Line]]]:
        """Yield whatever happens from now on, with the lines it brings. Raises `CommandError`."""
        async for signal in follow.follow(self.server, self.session, self._offset, place=PLACE):
            yield signal, await self._take(signal)

    def say(self, text: str) -> None:
        """Say what was typed, or give the answer that it chooses."""
        self.has_spoken = True
        if chosen := self.view.chosen(text):
            question, option = chosen
            run = self.view.questions[question].run
            asked = {"type": "answer", "question": question, "run": run}
            self.sender.put({**asked, "answer": option.id, "place": PLACE})
        else:
            self.sender.put({"type": "message", "text": sendable(text), "place": PLACE})

    def offered(self, texts: Iterable[str]) -> None:
        """Remember what replies offered to say; what was offered last comes first."""
        self.offers = tuple(dict.fromkeys([*texts, *self.offers]))[:MOST_OFFERS]

    async def send_file(self, sent: SendFile) -> None:
        """Send a file, then the message that carries it. Raises `CommandError`."""
        file = await files.upload(self.server, Path(sent.path))
        said = {"type": "message", "text": sendable(sent.text), "place": PLACE}
        self.sender.put({**said, "attachments": [file]})

    async def save_file(self, saved: SaveFile) -> Path:
        """Save a file that was sent; return where. Raises `CommandError`."""
        number = (saved.number, saved.which)
        file = self.view.files.get(number) or await _file(self, *number)
        return await files.save(self.server, self.session, file, saved.path)

    async def stop(self) -> None:
        """End the open run. Raises `CommandError`."""
        await self.sender.now({"type": "stop"})

    async def typing(self) -> None:
        """Tell the others that something is being typed here. Raises `CommandError`."""
        await self.sender.now({"type": "typing"})

    async def keep_looking(self) -> None:
        """Say that this terminal is open, and what it shows: at once when that is more."""
        while True:
            seen = self.view.seen
            await self._look(visible=True)
            for _ in range(LOOK_EVERY):
                await asyncio.sleep(1)
                if self.view.seen != seen:
                    break

    async def look_away(self) -> None:
        """Say that this terminal closes."""
        await self._look(visible=False)

    async def _look(self, *, visible: bool) -> None:
        """Say whether this is looked at; what the bridge did not hear it does not assume."""
        said = {"type": "looking", "view": self._view, "visible": visible, "seen": self.view.seen}
        if self.up:
            with suppress(CommandError):
                await self.sender.now(said)

    async def _take(self, signal: Signal) -> list[Line]:
        match signal:
            case Heard(events=events):
                if any(self.view.strangers(event) for event in events):
                    await self._introduce()
                return [line for event in events if (line := self.view.take(event))]
            case Glimpsed(frame=frame):
                self.view.look(frame)
            case Restored(stretch=stretch):
                self.view.forget()
                return await self._begin(stretch)
            case Connected():
                self.up = True
                self.sender.wake()
            case Disconnected():
                self.up = False
                self.view.look(LiveFrame())
        return []

    async def _begin(self, stretch: Stretch) -> list[Line]:
        """Take in the end of a log; return its last lines.

        Above them stand the questions that are still open, and how to read what was before.
        """
        await self._introduce()
        before = [(each, self.view.take(each)) for each in stretch.standing]
        lines = [(each, line) for each in stretch.events if (line := self.view.take(each))]
        self.has_spoken = self.has_spoken or any(line.by == self.view.me for _, line in lines)
        shown = [line for _, line in lines[-SHOWN_AT_START:]]
        is_all = not stretch.more and len(shown) == len(lines)
        asked = [
            line
            for event, line in (*before, *lines[:-SHOWN_AT_START])
            if line and self.view.asks(event)
        ]
        hint = [] if is_all or not shown else [_hint(self, shown[0])]
        return [*asked, *hint, *shown]

    async def renew(self) -> None:
        """Ask again who is who: a command may have changed what someone is called, or a language.

        Raises nothing: what cannot be had stays as it was.
        """
        with suppress(CommandError):
            me = await follow.me(self.server)
            self.view.language = spoken(me.language, self.server.language)
            await self._introduce()

    async def _introduce(self) -> None:
        view = await follow.view(self.server, self.session)
        self.commands = tuple((each.name, each.text) for each in view.commands)
        self.view.introduce(view)


def _hint(talk: Talk, first: Line) -> Line:
    said = talk.view.language.says(earlier(talk.session, first.seq))
    return Line(look="aside", text=said)


async def _file(talk: Talk, seq: Seq, which: int) -> Attachment:
    """Return a file that was sent before what was read here. Raises `CommandError`."""
    stretch = await follow.last(talk.server, talk.session, limit=1, before=seq + 1)
    found = {number: file for event in stretch.events for number, file in files_of(event)}
    if (seq, which) in found:
        return found[seq, which]
    raise CommandError(f"no file has the number {seq}{f'.{which}' if which > 1 else ''}")


@contextmanager
def talk(server: Server, session: SessionId) -> Iterator[Talk]:
    """Open a terminal's part in a session. Raises `CommandError`."""
    me = parse(Me, ask(server, "GET", "/v1/me"))
    with outbox(server.data, server.url, session) as box:
        language = spoken(me.language, server.language)
        view = View(me=me.participant, people={me.participant: me.name}, language=language)
        yield Talk(server, session, view, OutboxSender(server, session, box))
