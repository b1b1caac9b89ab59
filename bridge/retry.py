"""What to do after a failure, as a value. Nothing here waits, and nothing is random.

The courier asks `after` for every failure and does what it says. The rules:

- Surely not taken and worth another try (`Unreachable`): again, after a pause that doubles with
  the failures in a row, from 1 s to 5 min.
- The pause is spread by a hash of the key, so that lanes which failed together do not come back
  together, and so that asking twice answers the same.
- `RateLimited`: again when the platform said, after a breath at least, and it does not count as
  a try.
- `OutcomeUnknown`: a marked repeat is better than a loss. The part stays owed. Where the platform
  can be asked what became of it, it is asked until it answers: for `UNANSWERED_LIMIT` at most, and
  for `UNRESOLVED_LIMIT` where it answers but does not say. Else the part is shown once more and
  marked, once a call to that place succeeds: so an outage of hours costs one repeat.
- A platform that takes every call, but whose answer to this part never comes, may have shown it
  each time: a part is attempted `MAX_ATTEMPTS` times, farther and farther apart (`DOUBTS`). Then
  it is given up, and the place is told what could not be shown.
- A change (an edit, a takeback) is the same done twice, so it is simply done again; after
  `MAX_CHANGES` attempts while the platform takes other calls it is given up too.
- `Rejected`: the part is shown in less (`bridge.lesser`), and dropped when there is no less; the
  lane goes on. Files, texts and changes fail separately: `TextRefused` drops a text without a word,
  for none may be written there; a change that is refused, or whose place is `Gone`, is left out,
  for what is new may still be taken.
- `Gone`: the lane is suspended until someone speaks from the place. `Moved`: the same part goes to
  the new place. `Unauthorized`: the whole channel is shut, because every lane of it would fail the
  same way.
- No wait is longer than itself: a clock that was set back since it began ends it (`is_over`).
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
    Unreachable,
)
from bridge.parts import Less, Part, Why

BREATH = timedelta(milliseconds=200)
LEAST_PAUSE = timedelta(seconds=1)
MOST_PAUSE = timedelta(minutes=5)
UNRESOLVED_LIMIT = timedelta(seconds=60)
"""How long a platform is asked what became of a part while it answers, but does not say."""

UNANSWERED_LIMIT = timedelta(hours=1)
"""How long it is asked while no answer comes: an outage. After that asking itself is broken."""

UNRESOLVED = "unresolved"
UNANSWERED = "unanswered"
"""The codes of an attempted receipt since, at its `at`, the platform did not say, or answer."""

MAX_ATTEMPTS = 5
"""How often a part of unknown outcome is sent, at most."""

DOUBTS = (
    timedelta(seconds=1),
    timedelta(seconds=10),
    timedelta(seconds=40),
    timedelta(minutes=3),
)
"""How long after an attempt of unknown outcome the next one may come, at least."""

PROVEN = timedelta(seconds=10)
"""How long after a failure a lane tries again if its account took something elsewhere since."""

MAX_CHANGES = 6
"""How often a change of unknown outcome is made, at most: for about a minute."""

LONGEST_WAIT = timedelta(hours=1)
"""The longest that a platform's word to wait is believed once its beginning is not known."""

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
    """Never send this part, or make this change, again; go on with the next.

    `why` is its receipt's.
    """

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


Doing = Literal["send", "change", "ask", "probe"]
"""What failed: a message, a change to one, finding out what became of one, or only being there."""


def after(
    error: ChannelError,
    *,
    tries: int,
    now: datetime,
    key: str,
    doing: Doing = "send",
    attempts: int = 1,
    part: Part | None = None,
) -> Decision:
    """Return what to do with a part that failed, having failed `tries` times in a row before.

    `key` names what is retried: a conversation, or a part. `attempts` counts those of this part
    whose outcome could matter, this one included. `part`: what was to be shown, if that failed.
    """
    match error:
        case RateLimited(until=until):
            return Again(at=max(until, now + BREATH), tries=tries)
        case Rejected() if doing == "ask":
            # A platform that refuses to say leaves it as unknown as one that cannot be reached.
            return Resolve(at=now + min(pause(tries, key), UNRESOLVED_LIMIT), tries=tries + 1)
        case ChangeRefused() | Gone() if doing == "change":
            return Drop(why="unchanged")
        case Rejected():
            return _refused(error, part)
        case Gone():
            return Suspend()
        case Moved(place=place):
            return Relocate(place=place)
        case Unauthorized():
            return Shut()
        case OutcomeUnknown() | ChannelError(certain=False) if doing == "send":
            return Resolve(at=now + doubt(attempts, key), tries=tries + 1)
        case OutcomeUnknown() | ChannelError(certain=False) if doing == "change":
            if attempts >= MAX_CHANGES:
                return Drop()
            return Again(at=now + pause(attempts - 1, key), tries=tries + 1)
        case _:
            return Again(at=now + pause(tries, key), tries=tries + 1)


def _refused(error: Rejected, part: Part | None) -> Drop | Lessen:
    if isinstance(error, TextRefused):
        return Drop(why="forbidden")
    step = less(error, part) if part is not None else ""
    return Lessen(less=step) if step else Drop()


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


def is_reached(error: ChannelError) -> bool:
    """Say whether a platform that answered so takes calls, and only did not want this one."""
    return error.certain and not isinstance(error, Unreachable)


def silence(error: ChannelError) -> str:
    """Return why a platform that was asked what became of a part did not say; "" if it will."""
    if isinstance(error, Rejected):
        return UNRESOLVED
    return "" if is_reached(error) else UNANSWERED


def still_asks(code: str, waited: timedelta) -> bool:
    """Say whether the platform is still asked what became of a part that stayed unresolved."""
    limits = {UNRESOLVED: UNRESOLVED_LIMIT, UNANSWERED: UNANSWERED_LIMIT}
    return code not in limits or -limits[code] < waited < limits[code]


def is_over(
    until: datetime,
    *,
    now: datetime,
    since: datetime | None = None,
    longest: timedelta | None = None,
) -> bool:
    """Say whether a wait is over that was to end at `until`.

    It is too when it began in what is now the future, or is to last longer than it ever can: then
    the clock was set back meanwhile, and how much of it has passed nobody knows.
    """
    if until <= now or (since is not None and since > now):
        return True
    return longest is not None and until - now > longest


def pause(tries: int, key: str) -> timedelta:
    """Return how long to wait after `tries` earlier failures: 1-2 s, 2-4 s, … 150-300 s."""
    longest = min(2 * LEAST_PAUSE * (1 << min(tries, 16)), MOST_PAUSE)
    return longest / 2 + longest / 2 * _spread(f"{key}:{tries}")


def doubt(attempts: int, key: str) -> timedelta:
    """Return how long after so many attempts of unknown outcome the next may come."""
    if attempts >= MAX_ATTEMPTS:
        return LEAST_PAUSE
    least = DOUBTS[min(attempts, len(DOUBTS)) - 1]
    return least + least / 2 * _spread(f"{key}:{attempts}")


def run_backoff(failures: int) -> timedelta:
    """Return how long to wait before the next run after `failures` in a row."""
    if failures < 1:
        return timedelta(0)
    factor: int = RUN_PAUSE_GROWTH ** min(failures - 1, 8)
    return min(LEAST_PAUSE * factor, MOST_PAUSE)


def _spread(key: str) -> float:
    # Python's own hash() differs from process to process; this one does not.
    return crc32(key.encode()) / 2**32
