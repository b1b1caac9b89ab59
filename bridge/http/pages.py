"""A stretch of a session's log, bounded in events and in bytes, ready to be sent."""

import asyncio
from dataclasses import dataclass
from typing import Any

from bridge import call_display
from bridge.codec import to_json
from bridge.events import Event, PlannedCall, QuestionAsked, ToolCalled
from bridge.http.sse import dump
from bridge.ids import Seq, SessionId
from bridge.ports import Log

FIRST_READ = 16
"""Events; then twice as many each time: events can be large, and most reads find few."""

SHARED_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`json` is an array of the events. `at_tail`: after `upto` there was nothing more."""

    events: tuple[Event, ...] = ()
    json: bytes = b"[]"
    upto: Seq
    at_tail: bool


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
            line = dump(shown(event))
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


def shown(event: Event) -> dict[str, Any]:
    """Return an event as it goes over the wire; with a call, how people are to be shown it."""
    json = to_json(event)
    match event.body:
        case QuestionAsked(call=PlannedCall(name=name, arguments=arguments)):
            whole = call_display.is_whole(arguments)
            display = call_display.text(name, arguments)
            json["call"] = {**json["call"], "display": display, "whole": whole}
        case ToolCalled(name=name, arguments=arguments):
            json["display"] = call_display.text(name, arguments)
            json["brief"] = call_display.brief(name, arguments)
        case _:
            pass
    return json


class SharedPages:
    """Pages for those who follow a log: read and rendered once for all who stand at one place.

    A page is shared for a second. By then it may not be the last one any more; whoever follows
    finds that out by waiting for more. It is not for whoever asks what there is now.
    """

    def __init__(self, log: Log, *, events: int, size: int) -> None:
        self._log, self._events, self._size = log, events, size
        self._reading: dict[tuple[SessionId, Seq], asyncio.Task[Page]] = {}

    async def after(self, session: SessionId, seq: Seq) -> Page:
        """Return the page after `seq`. Raises `UnknownSession`."""
        key = (session, seq)
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read(session, seq))
            asyncio.get_running_loop().call_later(SHARED_SECONDS, self._reading.pop, key, None)
        return await asyncio.shield(reading)

    async def _read(self, session: SessionId, seq: Seq) -> Page:
        page = None
        try:
            page = await read_page(
                self._log, session, after=seq, events=self._events, size=self._size
            )
        finally:
            if page is None or not page.events:
                self._reading.pop((session, seq), None)
        return page
