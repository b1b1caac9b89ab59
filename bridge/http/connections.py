"""What a connection may cost before anyone knows whose it is.

The rules:

- A head comes within `head` seconds, `HEAD_BYTES` and `HEADERS`, the first from the beginning of
  the connection on; a body moves: at least `least` bytes in every `stall` seconds, with no more
  around it than `FRAMING`; between two requests a connection may be silent for `idle` seconds. What
  is being answered (a stream, a long poll) has no limit here. Who was late is told (408) if they
  sent anything, and closed; whoever sends more than `PIPELINED` requests ahead is closed.
- There are at most `most` connections, and `per_address` of one address that is not this machine
  (a proxy here speaks for many). At a limit the one that has been silent longest makes room; where
  all of them are being answered the new one is turned away.
- Whatever is cut here is counted, and one line of log a minute tells how many.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog

log = structlog.get_logger()

HEAD_BYTES = 65_536
HEADERS = 200
"""In one request, with those behind a chunked body. Ten thousand fit in the bytes of a head, and to
read so many takes as long as a hundred requests."""

PIPELINED = 8
"""Requests of one connection that wait behind the one being answered. No browser sends any; of
the smallest, five hundred fit in what is parsed at once."""

FRAMING = 16
"""Bytes around each byte of a chunked body, at most, beside `HEAD_BYTES`."""

FEED_BYTES = 16_384
"""How much is parsed at once, so that a body that came along is not counted as a head."""

QUIET_SECONDS = 60.0
RESERVED_FILES = 256
"""Of the files that this process may have open: for everything but connections."""

LOCAL = ("127.", "::1", "::ffff:127.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Times are in seconds. `per_address`: 0 is no limit."""

    most: int = 1000
    per_address: int = 200
    head: float = 15.0
    idle: float = 30.0
    stall: float = 20.0
    least: int = 1024
    linger: float = 5.0


class Peer(Protocol):
    """A connection as it is here. `silent_since` is None while it is being answered."""

    address: str

    @property
    def silent_since(self) -> float | None: ...

    def cut(self) -> None: ...


class Complaints:
    """Counts what was cut or went wrong, and tells it once a minute."""

    def __init__(self, quiet: float = QUIET_SECONDS) -> None:
        self._quiet = quiet
        self._counted: Counter[str] = Counter()
        self._told_at: float | None = None

    def note(self, what: str) -> None:
        self._counted[what] += 1
        self.tell()

    def tell(self) -> None:
        """Tell what has gathered, if anything has and it is time again."""
        now = time.monotonic()
        soon = self._told_at is not None and now - self._told_at < self._quiet
        if self._counted and not soon:
            log.warning("http.connections_cut", **self._counted)
            self._told_at = now
            self._counted.clear()


class Unparsed(logging.Filter):
    """Turns the server's own line for each request that is no HTTP into a count."""

    def __init__(self, complaints: Complaints) -> None:
        super().__init__()
        self._complaints = complaints

    def filter(self, record: logging.LogRecord) -> bool:
        is_noise = record.levelno == logging.WARNING
        if is_noise:
            self._complaints.note("no_http")
        return not is_noise


def is_local(address: str) -> bool:
    return not address or address.startswith(LOCAL)


def room_for(peer: Peer, others: Iterable[Peer], bounds: Bounds) -> bool:
    """Make room for a new connection by cutting the most silent one; False where none is."""
    known = [each for each in others if each is not peer]
    if bounds.per_address and not is_local(peer.address):
        same = [each for each in known if each.address == peer.address]
        if len(same) >= bounds.per_address and not cut_most_silent(same):
            return False
    return len(known) < bounds.most or cut_most_silent(known)


def cut_most_silent(peers: Iterable[Peer]) -> bool:
    """Cut the connection that has been waited for longest; False where all are answered."""
    silent = [(each.silent_since, each) for each in peers]
    waited = [(since, each) for since, each in silent if since is not None]
    if not waited:
        return False
    min(waited, key=lambda pair: pair[0])[1].cut()
    return True
