"""Who waits for a session's log to grow, within one process and one event loop."""

import asyncio
from collections import defaultdict

from bridge.domain.ids import SessionId


class Waiters:
    """A bell per session. Whoever waits subscribes first and reads the head after."""

    def __init__(self) -> None:
        self._waiting: dict[SessionId, set[asyncio.Future[None]]] = defaultdict(set)

    def subscribe(self, session: SessionId) -> asyncio.Future[None]:
        """Return a future that is done at the next ring; give it to `unsubscribe` in the end."""
        bell: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[session].add(bell)
        return bell

    def unsubscribe(self, session: SessionId, bell: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(session, set())
        waiting.discard(bell)
        if not waiting:
            self._waiting.pop(session, None)

    def ring(self, session: SessionId) -> None:
        for bell in self._waiting.pop(session, ()):
            if not bell.done():
                bell.set_result(None)

    def ring_all(self) -> None:
        for session in list(self._waiting):
            self.ring(session)
