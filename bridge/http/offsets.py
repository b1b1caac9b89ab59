"""Positions in a session's stream, as clients see them: opaque, and strictly read.

A token stands for the position after an event. Its second half is the epoch of the log: a log that
was restored counts on from an earlier event, so older tokens mean other events and get 410.
"""

import re
import secrets
from datetime import UTC, datetime

from bridge.epoch import FIRST, Epoch
from bridge.http.faults import Fault
from bridge.ids import START, Seq

BEGINNING = "-1"
TAIL = "now"

CURSOR_EPOCH = datetime(2024, 10, 9, tzinfo=UTC)
CURSOR_SECONDS = 20
CURSOR_JITTER = 180
"""In intervals of `CURSOR_SECONDS`: an hour. All three are the Durable Streams protocol's."""

SHAPE = "[0-9]{16}_[0-9]{16}"
"""As a regular expression."""

_OFFSET = re.compile(SHAPE)
_CURSOR = re.compile(r"[0-9]{1,15}")


def offset(seq: Seq, epoch: Epoch = FIRST) -> str:
    """Return the token of the position after `seq`."""
    return f"{seq:016d}_{epoch.id:0>16}"


def check_shape(token: str) -> None:
    """Raise `Fault` 400 unless this may be an offset."""
    if token not in {BEGINNING, TAIL} and not _OFFSET.fullmatch(token):
        raise Fault(400, "malformed", "the offset is not one this server gave; use -1 or now")


def position(token: str, *, head: Seq, epoch: Epoch = FIRST) -> Seq:
    """Return the seq a client's offset stands after.

    Raises `Fault`: 400, or 410 for one that is past the end, or of another epoch.
    """
    check_shape(token)
    if token == BEGINNING:
        return START
    if token == TAIL:
        return head
    seq = int(token[:16])
    if token != offset(seq, epoch):
        raise Fault(410, "gone", "the log was restored since this offset was given; reload from -1")
    if seq > head:
        raise Fault(410, "gone", "the log does not reach this offset (any more); reload from -1")
    return seq


def cursor(now: datetime, *, seen: str = "") -> str:
    """Return which interval of time it is, always later than the one the client has `seen`.

    Caches that fold equal requests into one use it to tell two rounds of long-polling apart.
    """
    current = int((now - CURSOR_EPOCH).total_seconds()) // CURSOR_SECONDS
    if _CURSOR.fullmatch(seen) and int(seen) >= current:
        return str(int(seen) + 1 + secrets.randbelow(CURSOR_JITTER))
    return str(current)
