"""Who looks at a session just now, and how far they have seen it: as their clients say.

A client says again and again that it is visible, and how far it shows the log (`LASTS`). What is
not known is not so: then a phone rings once more than it need have. How far someone has seen the
log is a number of the log, never a time, so that no clock can make it up.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.caches import cache
from bridge.domain.ids import START, ParticipantId, Seq, SessionId
from bridge.domain.waits import is_over
from bridge.ports.clock import Clock

LASTS = timedelta(seconds=60)
MOST = 10_000
VIEWS = 20
"""Clients of one person that are known of in one session."""


@dataclass(slots=True)
class _Look:
    seen: Seq = START
    until: dict[str, datetime] = field(default_factory=dict)


class Looking:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looks: dict[tuple[SessionId, ParticipantId], _Look] = {}
        cache("looking", forget=self._forget, size=self._size)

    def _forget(self) -> None:
        self._looks = {}

    def _size(self) -> int:
        return len(self._looks)

    def note(
        self, session: SessionId, who: ParticipantId, view: str, *, visible: bool, seen: Seq
    ) -> None:
        """Note what one of their clients says of itself: what is not visible shows nothing."""
        if (session, who) not in self._looks and len(self._looks) >= MOST:
            self._looks = {}
        look = self._looks.setdefault((session, who), _Look())
        if not visible:
            look.until.pop(view, None)
            return
        if view not in look.until and len(look.until) >= VIEWS:
            look.until = {}
        look.until[view] = self._clock.now() + LASTS
        look.seen = max(look.seen, seen)

    def looks(self, session: SessionId, who: ParticipantId) -> bool:
        """Say whether someone looks at a session just now."""
        look = self._looks.get((session, who))
        if look is None:
            return False
        now = self._clock.now()
        return any(not is_over(each, now=now, longest=LASTS) for each in look.until.values())

    def seen(self, session: SessionId, who: ParticipantId) -> Seq:
        """Return up to where someone has seen the log of a session."""
        look = self._looks.get((session, who))
        return look.seen if look is not None else START
