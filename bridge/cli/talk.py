"""One terminal's part in one session: what it has seen, and what it says."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from bridge.cli import files, follow
from bridge.cli.exits import CommandError
from bridge.cli.follow import Connected, Cut, Glimpsed, Heard, Restored, Signal
from bridge.cli.outbox import outbox
from bridge.cli.safe import sendable
from bridge.cli.sender import Sender
from bridge.cli.server import Server, ask
from bridge.cli.typed import SaveFile, SendFile
from bridge.cli.view import Line, View
from bridge.cli.wire import LiveFrame, Me, SessionLine, SessionView, parse
from bridge.events import Event
from bridge.ids import SessionId

PLACE = "terminal"
SHOWN_AT_START = 20
"""Lines of what was said before."""

FIRST_TITLE = "Main"


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
    listed = ", ".join(f"{each.id} ({each.title})" for each in known[:10]) or "none"
    raise CommandError(f"{which} called {named!r}; there are: {listed}")


def _first(server: Server) -> SessionId:
    made = ask(server, "POST", "/v1/sessions", json={"title": FIRST_TITLE})
    return parse(SessionView, made).id


class Talk:
    """`view` is what was seen; `up` tells whether the bridge is connected just now."""

    def __init__(self, server: Server, session: SessionId, view: View, sender: Sender) -> None:
        self.server = server
        self.session = session
        self.view = view
        self.sender = sender
        self.commands: tuple[tuple[str, str], ...] = ()
        self.up = False
        self._offset = follow.BEGINNING

    async def catch_up(self) -> list[Line]:
        """Read what was said so far; return its last lines."""
        events, self._offset = await follow.history(self.server, self.session)
        return (await self._begin(events))[-SHOWN_AT_START:]

    async def signals(self) -> AsyncIterator[tuple[Signal, list[Line]]]:
        """Yield whatever happens from now on, with the lines it brings. Raises `CommandError`."""
        async for signal in follow.follow(self.server, self.session, self._offset, place=PLACE):
            yield signal, await self._take(signal)

    def say(self, text: str) -> None:
        """Say what was typed, or give the answer that it chooses."""
        if chosen := self.view.chosen(text):
            question, option = chosen
            answer = {"type": "answer", "question": question, "answer": option.id, "place": PLACE}
            self.sender.put(answer)
        else:
            self.sender.put({"type": "message", "text": sendable(text), "place": PLACE})

    async def send_file(self, sent: SendFile) -> None:
        """Send a file, then the message that carries it. Raises `CommandError`."""
        file = await files.upload(self.server, Path(sent.path))
        said = {"type": "message", "text": sendable(sent.text), "place": PLACE}
        self.sender.put({**said, "attachments": [file]})

    async def save_file(self, saved: SaveFile) -> Path:
        """Save a file that was sent; return where. Raises `CommandError`."""
        known = self.view.files
        if not 1 <= saved.number <= len(known):
            there = f"there are 1 to {len(known)}" if known else "none was sent"
            raise CommandError(f"there is no file {saved.number}: {there}")
        return await files.save(self.server, self.session, known[saved.number - 1], saved.path)

    async def stop(self) -> None:
        """End the open run. Raises `CommandError`."""
        await self.sender.now({"type": "stop"})

    async def typing(self) -> None:
        """Tell the others that something is being typed here. Raises `CommandError`."""
        await self.sender.now({"type": "typing"})

    async def _take(self, signal: Signal) -> list[Line]:
        match signal:
            case Heard(events=events):
                if any(self.view.strangers(event) for event in events):
                    await self._introduce()
                return [line for event in events if (line := self.view.take(event))]
            case Glimpsed(frame=frame):
                self.view.look(frame)
            case Restored(events=events):
                self.view.forget()
                return (await self._begin(events))[-SHOWN_AT_START:]
            case Connected():
                self.up = True
                self.sender.wake()
            case Cut():
                self.up = False
                self.view.look(LiveFrame())
        return []

    async def _begin(self, events: Iterable[Event]) -> list[Line]:
        """Take in a log from its beginning; return its lines."""
        await self._introduce()
        return [line for event in events if (line := self.view.take(event))]

    async def _introduce(self) -> None:
        view = await follow.view(self.server, self.session)
        self.commands = tuple((each.name, each.text) for each in view.commands)
        self.view.introduce(view)


@contextmanager
def talk(server: Server, session: SessionId) -> Iterator[Talk]:
    """Open a terminal's part in a session. Raises `CommandError`."""
    me = parse(Me, ask(server, "GET", "/v1/me"))
    with outbox(server.data, server.url, session) as box:
        view = View(me=me.participant, people={me.participant: me.name})
        yield Talk(server, session, view, Sender(server, session, box))
