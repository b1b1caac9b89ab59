"""A stretch of a session's log, bounded in events and in bytes, ready to be sent."""

from dataclasses import dataclass

from bridge.codec import to_json
from bridge.http.sse import dump
from bridge.ids import Seq, SessionId
from bridge.ports import Log

FIRST_READ = 16
"""Events; then twice as many each time: events can be large, and most reads find few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`events` are JSON objects; the last one is `upto`. `at_tail`: there was nothing more."""

    events: tuple[bytes, ...]
    upto: Seq
    at_tail: bool

    def json(self) -> bytes:
        return b"[%b]" % b",".join(self.events)


async def read_page(log: Log, session: SessionId, *, after: Seq, events: int, size: int) -> Page:
    """Read at most `events` events, and stop once they hold `size` bytes (but read one).

    Raises `UnknownSession`.
    """
    texts: list[bytes] = []
    room, ask = size, FIRST_READ
    while len(texts) < events:
        ask = min(ask, events - len(texts))
        read = await log.read(session, after=after + len(texts), limit=ask)
        for event in read:
            text = dump(to_json(event))
            if texts and len(text) > room:
                return Page(events=tuple(texts), upto=after + len(texts), at_tail=False)
            texts.append(text)
            room -= len(text)
        if len(read) < ask:
            return Page(events=tuple(texts), upto=after + len(texts), at_tail=True)
        ask *= 2
    return Page(events=tuple(texts), upto=after + len(texts), at_tail=False)
