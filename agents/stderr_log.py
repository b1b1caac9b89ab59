"""What a program writes to its standard error, into the bridge's log: a few lines of it.

The rules: a line is cut at `LONGEST`; more than `MOST` lines within `SPAN` seconds are counted and
not repeated; the last few are kept, to be told if the program fails. The log itself takes out the
secrets that it knows.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator

import structlog

log = structlog.get_logger()

LONGEST = 500
"""Characters of a line that are logged."""

MOST, SPAN = 20, 10.0
LAST = 5
CHUNK = 65_536


class StderrLog:
    """Listens to one program of the agent `name`."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._clock = name, clock
        self._times: deque[float] = deque(maxlen=MOST)
        self._last: deque[str] = deque(maxlen=LAST)
        self._rest = b""
        self.dropped = 0

    @property
    def last(self) -> tuple[str, ...]:
        return tuple(self._last)

    async def listen(self, errors: asyncio.StreamReader) -> None:
        """Log what comes until it ends, or until cancelled."""
        try:
            while chunk := await errors.read(CHUNK):
                self.take(chunk)
        finally:
            self.end()

    def take(self, chunk: bytes) -> None:
        *lines, rest = (self._rest + chunk).split(b"\n")
        # an endless line is not kept, only its beginning
        self._rest = rest[: 4 * LONGEST]
        said = [line for line in lines if line.strip()]
        # of a flood only what can be logged or kept is read
        self.dropped += max(0, len(said) - MOST - LAST)
        for line in (*said[:MOST], *said[max(MOST, len(said) - LAST) :]):
            self._say(line)

    def end(self) -> None:
        if self._rest:
            self._say(self._rest)
            self._rest = b""
        if self.dropped:
            log.warning("agent.stderr_dropped", agent=self._name, lines=self.dropped)

    def _say(self, raw: bytes) -> None:
        line = _readable(raw)
        if not line:
            return
        self._last.append(line)
        if self._has_room():
            log.info("agent.stderr", agent=self._name, line=line)
        else:
            self.dropped += 1

    def _has_room(self) -> bool:
        now = self._clock()
        if len(self._times) == MOST and now - self._times[0] < SPAN:
            return False
        self._times.append(now)
        return True


def _readable(raw: bytes) -> str:
    """Return a line without what would steer a terminal."""
    text = raw[: 4 * LONGEST].decode(errors="replace")
    return "".join(_printable(text)).strip()[:LONGEST]


def _printable(text: str) -> Iterator[str]:
    for each in text:
        yield each if each.isprintable() else " "
