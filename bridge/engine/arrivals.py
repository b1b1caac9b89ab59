"""Which sessions something is about to be said in: the files of a message are being fetched.

Whoever waits for the rest of what comes as one (`bridge.session.state.Unfinished`) waits for it
too. It is a courtesy of this process, and nothing depends on it: after a death a message is brought
again.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from bridge.domain.ids import SessionId


class Arrivals:
    def __init__(self) -> None:
        self._coming: Counter[SessionId] = Counter()

    @contextmanager
    def coming(self, session: SessionId) -> Iterator[None]:
        self._coming[session] += 1
        try:
            yield
        finally:
            self._coming[session] -= 1
            if not self._coming[session]:
                del self._coming[session]

    def is_expected(self, session: SessionId) -> bool:
        return session in self._coming
