"""What to do after a failure, as a value. Nothing here waits, and nothing is random.

The rules:

- Surely not taken and worth another try (`Unreachable`): again, after a pause that doubles with
  the failures in a row, from 1 s to 5 min.
- The pause is spread by a hash of the key, so that lanes which failed together do not come back
  together, and so that asking twice answers the same.
- `RateLimited`: again when the platform said, after a breath at least, and it does not count as
  a try.
- `OutcomeUnknown`: first find out. A part that stays unresolved blocks its lane for
  `UNRESOLVED_LIMIT` at most.
- `Rejected`: the part is shown in less (`bridge.lesser`), and dropped when there is no less; the
  lane goes on. Files, texts and changes fail separately: `TextRefused` drops a text without a word,
  for none may be written there; a change that is refused, or whose place is `Gone`, is left out,
  for what is new may still be taken.
- `Gone`: the lane is suspended until someone speaks from the place. `Moved`: the same part goes to
  the new place. `Unauthorized`: the whole channel is shut, because every lane of it would fail the
  same way.
- A run that failed is tried again after 1 s, 5 s, 25 s …; after `MAX_RUN_FAILURES` the bridge
  gives up on what it was to answer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zlib import crc32

from bridge.errors import (
    ChangeRefused,
    ChannelError,
    FileRefused,
    Gone,
    Moved,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TextRefused,
    Unauthorized,
)
from bridge.parts import Less, Part, Why

BREATH = timedelta(milliseconds=200)
LEAST_PAUSE = timedelta(seconds=1)
MOST_PAUSE = timedelta(minutes=5)
UNRESOLVED_LIMIT = timedelta(seconds=60)
MAX_RUN_FAILURES = 3
RUN_PAUSE_GROWTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Send it again at `at`. `tries` is the number of failures in a row to remember."""

    at: datetime
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """Find out at `at` what became of it; where the platform cannot say, send it once more."""

    at: datetime
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Never send this part, or make this change; go on with the next. `why` is its receipt's."""

    why: Why = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessen:
    """Show this part in less, at once."""

    less: Less


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend:
    """Send nothing to this place until someone speaks from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocate:
    """Send it, and all that follows, to `place` instead."""

    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """Stop the channel and tell the operator."""


Decision = Again | Resolve | Drop | Lessen | Suspend | Relocate | Shut


Doing = Literal["send", "change"]
"""What failed: a message, or a change to one."""


def after(
    error: ChannelError,
    *,
    tries: int,
    now: datetime,
    key: str,
    doing: Doing = "send",
    part: Part | None = None,
) -> Decision:
    """Return what to do with a part that failed, having failed `tries` times in a row before.

    `key` names what is retried: a conversation, or a part. `part`: what was to be shown, if that
    is what failed.
    """
    match error:
        case RateLimited(until=until):
            return Again(at=max(until, now + BREATH), tries=tries)
        case ChangeRefused() | Gone() if doing == "change":
            return Drop(why="unchanged")
        case TextRefused():
            return Drop(why="forbidden")
        case Rejected() if part is not None and (step := less(error, part)):
            return Lessen(less=step)
        case Rejected():
            return Drop()
        case Gone():
            return Suspend()
        case Moved(place=place):
            return Relocate(place=place)
        case Unauthorized():
            return Shut()
        case OutcomeUnknown() | ChannelError(certain=False):
            return Resolve(at=now + min(pause(tries, key), UNRESOLVED_LIMIT), tries=tries + 1)
        case _:
            return Again(at=now + pause(tries, key), tries=tries + 1)


def less(error: Rejected, part: Part) -> Less:
    """Return in how much less a refused part is shown next; "" when there is no less."""
    match error:
        case FileRefused() if part.attachments:
            return "bare" if part.is_plain else "without_file"
        case _ if not part.is_plain:
            return "bare" if part.less == "without_file" else "plain"
        case _:
            return "bare" if part.attachments else ""


def further(why: Why, step: Less) -> Less:
    """Return what is next of a part that failed as `why` says, where `step` may be taken."""
    if not step or why in {step, "bare"}:
        return ""
    return "bare" if why in {"plain", "without_file"} else step


def pause(tries: int, key: str) -> timedelta:
    """Return how long to wait after `tries` earlier failures: 1-2 s, 2-4 s, … 150-300 s."""
    longest = min(2 * LEAST_PAUSE * (1 << min(tries, 16)), MOST_PAUSE)
    return longest / 2 + longest / 2 * _spread(f"{key}:{tries}")


def run_backoff(failures: int) -> timedelta:
    """Return how long to wait before the next run after `failures` in a row."""
    if failures < 1:
        return timedelta(0)
    factor: int = RUN_PAUSE_GROWTH ** min(failures - 1, 8)
    return min(LEAST_PAUSE * factor, MOST_PAUSE)


def _spread(key: str) -> float:
    # Python's own hash() differs from process to process; this one does not.
    return crc32(key.encode()) / 2**32
