"""A stretch of a session's log, bounded in events and in bytes, ready to be sent."""

from dataclasses import dataclass

from bridge.codec import to_json
from bridge.events import Event
from bridge.http.sse import dump
from bridge.ids import Seq, SessionId
from bridge.ports import Log

FIRST_READ = 16
"""Events; then twice as many each time: events can be large, and most reads find few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`lines` are the events as JSON objects. `at_tail`: after `upto` there was nothing more."""

    events: tuple[Event, ...] = ()
    lines: tuple[bytes, ...] = ()
    upto: Seq
    at_tail: bool

    def json(self) -> bytes:
        return b"[%b]" % b",".join(self.lines)


async def read_page(log: Log, session: SessionId, *, after: Seq, events: int, size: int) -> Page:
    """Read at most `events` events, and stop once they hold `size` bytes (but read one).

    Raises `UnknownSession`.
    """
    taken: list[Event] = []
    lines: list[bytes] = []
    room, ask, more = size, FIRST_READ, True
    while more and len(taken) < events:
        ask = min(ask, events - len(taken))
        read = await log.read(session, after=after + len(taken), limit=ask)
        for event in read:
            line = dump(to_json(event))
            if taken and len(line) > room:
                return _page(taken, lines, after, at_tail=False)
            taken.append(event)
            lines.append(line)
            room -= len(line)
        more, ask = len(read) == ask, ask * 2
    return _page(taken, lines, after, at_tail=not more)


def _page(taken: list[Event], lines: list[bytes], after: Seq, *, at_tail: bool) -> Page:
    upto = after + len(taken)
    return Page(events=tuple(taken), lines=tuple(lines), upto=upto, at_tail=at_tail)
