"""The last events of the sessions that are in use, as this process committed them.

Whoever follows a session live reads what was appended a moment ago; many do at once. This
process is the only writer and events never change, so what it committed need not be read back.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence

from bridge.events import Event
from bridge.ids import Seq, SessionId

_EVENTS = 256
"""Kept per session."""
_WEIGHT = 16 * 1024 * 1024
"""Code points of event bodies kept over all sessions."""


class Tails:
    """Heads and tails; told of each commit in its order."""

    def __init__(self) -> None:
        self._heads: dict[SessionId, Seq] = {}
        self._tails: OrderedDict[SessionId, deque[tuple[Event, int]]] = OrderedDict()
        self._weight = 0

    def forget(self) -> None:
        """Learn everything anew: something may have been committed that was not told of."""
        self._heads.clear()
        self._tails.clear()
        self._weight = 0

    def head(self, session: SessionId) -> Seq | None:
        """Return the head, None where it was not learnt yet."""
        return self._heads.get(session)

    def learn(self, session: SessionId, head: Seq) -> Seq:
        """Note a head that was read and return it; what was committed meanwhile stands."""
        self._heads[session] = max(head, self._heads.get(session, head))
        return self._heads[session]

    def add(self, events: Sequence[Event], *, weight: int) -> None:
        """Note what one append brought; `weight` is the length of all its bodies."""
        session = events[-1].session
        self._heads[session] = events[-1].seq
        tail = self._tails.setdefault(session, deque())
        self._tails.move_to_end(session)
        tail.extend((event, weight // len(events)) for event in events)
        self._weight += weight // len(events) * len(events)
        while len(tail) > _EVENTS:
            self._weight -= tail.popleft()[1]
        while self._weight > _WEIGHT:
            _, dropped = self._tails.popitem(last=False)
            self._weight -= sum(each for _, each in dropped)

    def read(self, session: SessionId, *, after: Seq, limit: int) -> Sequence[Event] | None:
        """Return the events after a seq, None where they are not all here."""
        head = self._heads.get(session)
        if head is None:
            return None
        if after >= head:
            return []
        tail = self._tails.get(session)
        if not tail or tail[0][0].seq > after + 1:
            return None
        first = after + 1 - tail[0][0].seq
        return [tail[at][0] for at in range(first, min(first + limit, len(tail)))]
