"""The logs that agents work from, as far as they were read already: an event never changes.

An agent is given the whole log at every run. Read and parsed anew each time, that would cost more
than all else about a turn of a session with thousands of messages.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.codec import encode
from bridge.events import Event
from bridge.ids import START, Seq, SessionId
from bridge.ports import Log

PAGE = 1000
MOST = 32 * 1024 * 1024
"""Bytes, about, that are kept over all sessions; those that were not used the longest go first."""

OVERHEAD = 400
"""Bytes that an event takes beside its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The first events of a log, without a gap."""

    events: Sequence[Event] = ()
    weight: int = 0

    @property
    def head(self) -> Seq:
        return self.events[-1].seq if self.events else START


class Histories:
    def __init__(self, log: Log, *, most: int = MOST) -> None:
        self._log = log
        self._most = most
        self._kept: OrderedDict[SessionId, _Kept] = OrderedDict()

    async def read(self, session: SessionId, *, upto: Seq) -> Sequence[Event]:
        """Return the log from its start up to a seq."""
        kept = self._kept.get(session, _Kept())
        if kept.head < upto:
            kept = _grown(kept, await self._fresh(session, after=kept.head, upto=upto))
        self._keep(session, kept)
        return kept.events[: bisect_right(kept.events, upto, key=_seq)]

    async def _fresh(self, session: SessionId, *, after: Seq, upto: Seq) -> Sequence[Event]:
        found: list[Event] = []
        while after < upto:
            page = await self._log.read(session, after=after, limit=PAGE)
            found += page
            if len(page) < PAGE:
                break
            after = page[-1].seq
        return found

    def _keep(self, session: SessionId, kept: _Kept) -> None:
        self._kept[session] = kept
        self._kept.move_to_end(session)
        while sum(each.weight for each in self._kept.values()) > self._most:
            self._kept.popitem(last=False)


def _grown(kept: _Kept, fresh: Sequence[Event]) -> _Kept:
    weight = sum(OVERHEAD + len(encode(event.body)) for event in fresh)
    return _Kept(events=(*kept.events, *fresh), weight=kept.weight + weight)


def _seq(event: Event) -> Seq:
    return event.seq
