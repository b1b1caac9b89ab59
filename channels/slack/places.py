"""Where something is said: a room, or a thread in a room.

A place is written `D024BE91L` (a direct message), `C061EG9T2` (a room: a channel or a group
message) or `C061EG9T2/1700000000.000100` (a thread, by the time stamp of its first message).
"""

from dataclasses import dataclass
from datetime import UTC, datetime


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


Order = tuple[int, int]


def order(ts: str) -> Order:
    """Return a time stamp as something that sorts. Raises `ValueError` when it is none."""
    seconds, _, rest = ts.partition(".")
    return int(seconds), int(rest or 0)


def just_before(ts: str) -> str:
    """Return the last time stamp before one."""
    seconds, micros = order(ts)
    return f"{seconds}.{micros - 1:06}" if micros else f"{seconds - 1}.999999"


def ts_of(at: datetime) -> str:
    """Return a moment as Slack writes it, to the microsecond."""
    return f"{int(at.timestamp())}.{at.microsecond:06}"


def moment(ts: str) -> datetime:
    seconds, micros = order(ts)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros % 1_000_000)
