"""Where something is said: a room, or a thread in a room.

A place is written `D024BE91L` (a direct message), `C061EG9T2` (a room: a channel or a group
message) or `C061EG9T2/1700000000.000100` (a thread, by the time stamp of its first message).
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place, taken apart. `thread` is empty outside of threads."""

    room: str
    thread: str = ""

    def __str__(self) -> str:
        return f"{self.room}/{self.thread}" if self.thread else self.room

    @property
    def is_direct(self) -> bool:
        """Say whether only one person reads it."""
        return self.room.startswith("D")


def spot(place: str) -> Spot:
    room, _, thread = place.partition("/")
    return Spot(room=room, thread=thread)


MICROS = 1_000_000


def position(ts: str) -> int:
    """Return a time stamp in microseconds, to sort by. Raises `ValueError` when it is none."""
    seconds, _, micros = ts.partition(".")
    return int(seconds) * MICROS + int(micros or 0)


def ts_at(position: int) -> str:
    """Return a time stamp as Slack writes it: seconds, and six digits of microseconds."""
    return f"{position // MICROS}.{position % MICROS:06}"


def position_of(at: datetime) -> int:
    return int(at.timestamp()) * MICROS + at.microsecond


def ts_of(at: datetime) -> str:
    return ts_at(position_of(at))
