"""Where a client stands in a session's stream, and the stretch of the log that is sent from there.

Positions are opaque to clients, and strictly read. A token stands for the position after an event.
Its second half is the epoch of the log: a log that was restored counts on from an earlier event,
so older tokens mean other events and get 410. A page is bounded in events and in bytes, and nobody
else waits until all of it is rendered. Nobody has to read a whole log to begin: a page can be read
from its end, with what still matters of before.
"""

import asyncio
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, assert_type

from bridge.delivery import call_display
from bridge.domain.codec import to_json
from bridge.domain.epoch import FIRST, Epoch
from bridge.domain.events import (
    Event,
    MemoryEvent,
    MessageComposed,
    MessageEvent,
    OutsideEvent,
    PlannedCall,
    QuestionAsked,
    QuestionClosed,
    RunEvent,
    RunFinished,
    RunStarted,
    SetupEvent,
    ToolCalled,
    ToolReturned,
    is_whole,
)
from bridge.domain.ids import START, Seq, SessionId
from bridge.http import translations
from bridge.http.errors import Fault
from bridge.http.sse import dump
from bridge.ports.store import Log
from bridge.session.fold import Session
from bridge.session.visible import readable

# -- positions ------------------------------------------------------------------------------------

BEGINNING = "-1"
TAIL = "now"

CURSOR_EPOCH = datetime(2024, 10, 9, tzinfo=UTC)
CURSOR_SECONDS = 20
CURSOR_JITTER = 180
"""In intervals of `CURSOR_SECONDS`: an hour. All three are the Durable Streams protocol's."""

SHAPE = "[0-9]{16}_[0-9]{16}"
"""As a regular expression."""

_OFFSET = re.compile(SHAPE)
_CURSOR = re.compile(r"[0-9]{1,15}")


def offset(seq: Seq, epoch: Epoch = FIRST) -> str:
    """Return the token of the position after `seq`."""
    return f"{seq:016d}_{epoch.id:0>16}"


def check_shape(token: str) -> None:
    """Raise `Fault` 400 unless this may be an offset."""
    if token not in {BEGINNING, TAIL} and not _OFFSET.fullmatch(token):
        raise Fault(400, "malformed", "the offset is not one this server gave; use -1 or now")


def is_of_another(token: str, epoch: Epoch) -> bool:
    """Say whether a well-formed offset was given for another life of the log."""
    return token not in {BEGINNING, TAIL} and token != offset(Seq(int(token[:16])), epoch)


def position(token: str, *, head: Seq, epoch: Epoch = FIRST) -> Seq:
    """Return the seq a client's offset stands after.

    Raises `Fault`: 400, or 410 for one that is past the end, or of another epoch.
    """
    check_shape(token)
    if token == BEGINNING:
        return START
    if token == TAIL:
        return head
    seq = int(token[:16])
    if is_of_another(token, epoch):
        raise Fault(410, "gone", "the log was restored since this offset was given; reload from -1")
    if seq > head:
        raise Fault(410, "gone", "the log does not reach this offset (any more); reload from -1")
    return seq


def cursor(now: datetime, *, seen: str = "") -> str:
    """Return which interval of time it is, always later than the one the client has `seen`.

    Caches that fold equal requests into one use it to tell two rounds of long-polling apart.
    """
    current = int((now - CURSOR_EPOCH).total_seconds()) // CURSOR_SECONDS
    if _CURSOR.fullmatch(seen) and int(seen) >= current:
        return str(int(seen) + 1 + secrets.randbelow(CURSOR_JITTER))
    return str(current)


# -- stretches ------------------------------------------------------------------------------------

FIRST_READ = 16
"""Events; then twice as many each time: events can be large, and most reads find few."""

RENDERED_AT_ONCE = 16
"""Events that are rendered before others on the loop go on: a call takes about half a ms."""

BYTES_AT_ONCE = 16_384
"""Likewise, of what was rendered, where events are large."""

SHARED_SECONDS = 1.0

MOST_AT_ONCE = 4_000
"""Characters of a call that are written out on the loop."""

MOST_STANDING = 50
"""Events of before a page that still matter; of more, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`json` is an array of the events. `at_tail`: after `upto` there was nothing more."""

    events: tuple[Event, ...] = ()
    json: bytes = b"[]"
    upto: Seq
    at_tail: bool


async def read_page(
    log: Log, session: SessionId, *, after: Seq, events: int, size: int, hidden: Seq = START
) -> Page:
    """Read at most `events` events, and stop once they hold `size` bytes (but read one).

    It begins behind what is `hidden`, wherever it was to. Raises `UnknownSession`.
    """
    after = max(after, hidden)
    taken: list[Event] = []
    lines: list[bytes] = []
    room, ask, more, renderer = size, FIRST_READ, True, Renderer()
    while more and len(taken) < events:
        ask = min(ask, events - len(taken))
        read = await log.read(session, after=after + len(taken), limit=ask)
        for event in (readable(each, hidden) for each in read):
            line = await renderer.line(event)
            if taken and len(line) > room:
                return _page(taken, lines, after, at_tail=False)
            taken.append(event)
            lines.append(line)
            room -= len(line)
        more, ask = len(read) == ask, ask * 2
    return _page(taken, lines, after, at_tail=not more)


def _page(taken: list[Event], lines: list[bytes], after: Seq, *, at_tail: bool) -> Page:
    json = b"[%b]" % b",".join(lines)
    return Page(events=tuple(taken), json=json, upto=after + len(taken), at_tail=at_tail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A page that was read from its end: from event `first` up to `upto`, which may be before it.

    `json` is an array of the events.
    """

    events: tuple[Event, ...]
    json: bytes
    first: Seq
    upto: Seq


async def read_back(
    log: Log, session: SessionId, *, before: Seq, events: int, size: int, hidden: Seq = START
) -> Earlier:
    """Read the last events before one: at most `events`, and not more than `size` bytes (but one).

    It begins behind what is `hidden`; and, if it can, in its first half, where no run was under
    way. Raises `UnknownSession`.
    """
    taken: list[Event] = []
    lines: list[bytes] = []
    room, ask, renderer = size, FIRST_READ, Renderer()
    while (first := before - len(taken)) - 1 > hidden and len(taken) < events:
        ask = min(ask, events - len(taken), first - 1 - hidden)
        read = await log.read(session, after=first - 1 - ask, limit=ask)
        for event in (readable(each, hidden) for each in reversed(read)):
            line = await renderer.line(event)
            if taken and len(line) > room:
                return _read_back(taken, lines, before, hidden)
            taken.append(event)
            lines.append(line)
            room -= len(line)
        ask *= 2
    return _read_back(taken, lines, before, hidden)


def _read_back(taken: list[Event], lines: list[bytes], before: Seq, hidden: Seq) -> Earlier:
    """Return the page of what was taken, newest first."""
    taken.reverse()
    lines.reverse()
    begins = before - len(taken) - 1 <= hidden
    at = 0 if begins else _at_rest(taken[: len(taken) // 2])
    return Earlier(
        events=tuple(taken[at:]),
        json=b"[%b]" % b",".join(lines[at:]),
        first=before - len(taken) + at,
        upto=before - 1,
    )


def _at_rest(taken: Sequence[Event]) -> int:
    """Return with which of some events a page may begin, so that it has whole runs only."""
    for at, event in enumerate(taken):
        if isinstance(event.body, RunStarted):
            return 0
        if isinstance(event.body, RunFinished):
            return at + 1
    return 0


async def standing(log: Log, session: Session, page: Earlier, hidden: Seq) -> Sequence[Event]:
    """Return what still matters of what was before a page: open questions, and the open run.

    Also the questions that were closed on the page.
    """
    seqs = {each.asked for each in session.questions.values()}
    seqs |= {each.body.asked for each in page.events if isinstance(each.body, QuestionClosed)}
    seqs |= {session.open_run.started} if session.open_run is not None else set()
    wanted = sorted(seq for seq in seqs if hidden < seq < page.first)[-MOST_STANDING:]
    return [
        readable(event, hidden)
        for seq in wanted
        for event in await log.read(session.id, after=seq - 1, limit=1)
    ]


_HoldsNoCall = (
    MessageEvent
    | RunEvent
    | MessageComposed
    | ToolReturned
    | QuestionClosed
    | OutsideEvent
    | SetupEvent
    | MemoryEvent
)


def shown(event: Event) -> dict[str, Any]:
    """Return an event as it goes over the wire, with how people are to be shown it.

    That is how a call is written out, and what the bridge says in other languages.
    """
    json = to_json(event)
    translations.add(json, event)
    match event.body:
        case QuestionAsked(call=PlannedCall(name=name, arguments=arguments)):
            whole = is_whole(arguments)
            display = call_display.text(name, arguments)
            brief = call_display.brief(name, arguments)
            json["call"] |= {"display": display, "whole": whole, "brief": brief}
        case QuestionAsked():
            pass
        case ToolCalled(name=name, arguments=arguments):
            json["display"] = call_display.text(name, arguments)
            json["brief"] = call_display.brief(name, arguments)
        case rest:
            assert_type(rest, _HoldsNoCall)
    return json


@dataclass(slots=True)
class Renderer:
    """Renders events one after the other, and lets others on the loop go on between them."""

    _events: int = 0
    _size: int = 0

    async def line(self, event: Event) -> bytes:
        """Return an event as it goes over the wire, in JSON."""
        line = dump(await shown_beside(event))
        self._events += 1
        self._size += len(line)
        if self._events >= RENDERED_AT_ONCE or self._size >= BYTES_AT_ONCE:
            self._events = self._size = 0
            await asyncio.sleep(0)
        return line


async def shown_beside(event: Event) -> dict[str, Any]:
    """Return what `shown` does; so that nobody waits, what may take long is done in a thread.

    That is a long call to write out, or a catalog to read.
    """
    if len(_arguments(event)) > MOST_AT_ONCE or translations.is_ours(event):
        return await asyncio.to_thread(shown, event)
    return shown(event)


def _arguments(event: Event) -> str:
    """Return the arguments of the call that an event holds; "" where it holds none."""
    match event.body:
        case QuestionAsked(call=call):
            return call.arguments if call is not None else ""
        case ToolCalled(arguments=arguments):
            return arguments
        case rest:
            assert_type(rest, _HoldsNoCall)
            return ""


_Stand = tuple[SessionId, Seq, Seq]
"""Where readers stand in a log, and up to where it is hidden from them."""


class SharedPages:
    """Pages for those who follow a log: read and rendered once for all who stand at one place.

    A page is shared for a second. By then it may not be the last one any more; whoever follows
    finds that out by waiting for more. It is not for whoever asks what there is now.
    """

    def __init__(self, log: Log, *, events: int, size: int) -> None:
        self._log, self._events, self._size = log, events, size
        self._reading: dict[_Stand, asyncio.Task[Page]] = {}

    async def after(self, session: SessionId, seq: Seq, *, hidden: Seq = START) -> Page:
        """Return the page after `seq`, without what is hidden. Raises `UnknownSession`."""
        key = (session, seq, hidden)
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read(key))
            asyncio.get_running_loop().call_later(SHARED_SECONDS, self._reading.pop, key, None)
        return await asyncio.shield(reading)

    async def _read(self, key: _Stand) -> Page:
        (session, seq, hidden), page = key, None
        try:
            page = await read_page(
                self._log, session, after=seq, events=self._events, size=self._size, hidden=hidden
            )
        finally:
            if page is None or not page.events:
                self._reading.pop(key, None)
        return page
