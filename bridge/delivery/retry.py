"""What to do after a failure, as a value. Nothing here waits, and nothing is random.

The courier asks `after` for every failure and does what it says, `left` and `anew` for the receipt
that the failure leaves, `asks_first` whether to look before it tries once more, and `waits_until`
whether a wait is over. The rules:

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
- That something is not there is believed once it can be under way no more (`is_absent`): a request
  of a process that is dead, or of a connection that broke, may arrive after the answer.
- A platform that takes every call, but whose answer to this part never comes, may have shown it
  each time, or never does, as it says where it can be asked: a part is attempted `MAX_ATTEMPTS`
  times, farther and farther apart (`DOUBTS`). Then the place is told what may be missing. That line
  is owed until it is taken, at last every `MOST_PAUSE`; then the part is attempted one last time.
- A change (an edit, a takeback) is the same done twice, so it is simply done again; after
  `MAX_CHANGES` attempts while the platform takes other calls it is given up too. Where a text that
  was to replace a preview cannot, it is sent as a message of its own.
- What surely was not taken is owed and costs no try; what may have been stays attempted, and before
  it is done once more the platform is asked whether it takes calls at all.
- `Rejected`: the part is shown in less (`bridge.delivery.lesser`), and dropped when there is no
  less; the lane goes on. Files, texts and changes fail separately: `TextRefused` drops a text
  without a word, for none may be written there; a change that is refused, or whose place is `Gone`,
  is left out, for what is new may still be taken.
- `Gone`: the lane is suspended until someone speaks from the place. `Moved`: the same part goes to
  the new place. `Unauthorized`: the whole channel is shut, because every lane of it would fail the
  same way.
- No wait is longer than itself: a clock that was set back since it began ends it
  (`bridge.domain.waits`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, assert_never
from zlib import crc32

from bridge.delivery.shown_receipts import UNSEEN, is_loss
from bridge.domain.errors import (
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
from bridge.domain.parts import Less, Part, Receipt, ReceiptState, Why
from bridge.domain.records import replace
from bridge.domain.waits import is_over

BREATH = timedelta(milliseconds=200)
LEAST_PAUSE = timedelta(seconds=1)
MOST_PAUSE = timedelta(minutes=5)
UNRESOLVED_LIMIT = timedelta(seconds=60)
"""How long a platform is asked what became of a part while it answers, but does not say."""

UNANSWERED_LIMIT = timedelta(hours=1)
"""How long it is asked while no answer comes: an outage. After that asking itself is broken."""

UNDER_WAY = timedelta(seconds=5)
"""How long after an attempt it may still arrive at a platform that answers promptly."""

PROMPT = timedelta(seconds=2)
"""An answer that took longer was held up, and so may the attempt have been."""

UNRESOLVED = "unresolved"
UNANSWERED = "unanswered"
"""The codes of an attempted receipt since, at its `at`, the platform did not say, or answer."""

MAX_ATTEMPTS = 5
"""How often a part of unknown outcome is sent before its place is told of it."""

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

PREVIEW_PAUSE = timedelta(seconds=10)
"""How long a place is shown no preview after one could not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """It was surely not done: do it again at `at`.

    `tries` is the number of failures in a row to remember.
    """

    at: datetime
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """Nobody knows whether it was done: find out at `at`, or else do it once more."""

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

    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocate:
    """Send it, and all that follows, to `place` instead.

    `otherwise`: where another lane delivers there already.
    """

    place: str
    otherwise: Suspend


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """Stop the channel and tell the operator; what it was to send waits until `at`."""

    at: datetime
    tries: int


Waiting = Again | Resolve | Suspend | Relocate | Shut
"""What a lane has to wait for."""

Decision = Waiting | Drop | Lessen

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
            return Suspend(tries=tries + 1)
        case Moved(place=place):
            return Relocate(place=place, otherwise=Suspend(tries=tries + 1))
        case Unauthorized():
            return Shut(at=now + MOST_PAUSE, tries=tries + 1)
        case OutcomeUnknown() | ChannelError(certain=False) if doing == "send":
            is_line = part is not None and is_loss(part.id)
            return Resolve(at=now + doubt(attempts, key, is_line=is_line), tries=tries + 1)
        case OutcomeUnknown() | ChannelError(certain=False) if doing == "change":
            if attempts >= MAX_CHANGES:
                return Drop()
            return Resolve(at=now + pause(attempts - 1, key), tries=tries + 1)
        case _:
            return Again(at=now + pause(tries, key), tries=tries + 1)


def left(receipt: Receipt, decision: Decision, error: ChannelError) -> Receipt | None:
    """Return the receipt of an attempt that failed so; None: it stays attempted, in doubt."""
    owed = replace(receipt, state="owed", tries=receipt.tries - 1, message=None)
    match decision:
        case Resolve():
            return None
        case Again() | Suspend() | Relocate() | Shut():
            return owed
        case Lessen(less=step):
            tries = 0 if receipt.code == UNSEEN else owed.tries
            return replace(owed, why=step, code=error.code, tries=tries)
        case Drop(why="unchanged"):
            return replace(receipt, state="skipped", why="unchanged", code=error.code)
        case Drop(why=why):
            state: ReceiptState = "failed" if error.certain else "unknown"
            return replace(receipt, state=state, why=why or receipt.why, code=error.code)
        case _:
            assert_never(decision)


def anew(receipt: Receipt, error: ChannelError) -> Receipt:
    """Return the receipt of a change that is to be a message instead.

    It is a repeat where what was to be changed may have become it.
    """
    tries = 0 if error.certain else 1
    return replace(receipt, state="owed", tries=tries, message=None)


def asks_first(attempts: int) -> bool:
    """Say whether the platform is asked for something that leaves no trace before an attempt."""
    return attempts > 1


def waits_until(
    due_at: datetime, *, since: datetime | None, now: datetime, is_back: bool
) -> datetime | None:
    """Return until when a lane waits that began to `since` and is to until `due_at`; None: no more.

    `is_back`: its account took something in another place since.
    """
    until = due_at if since is None or not is_back else min(due_at, since + PROVEN)
    longest = LONGEST_WAIT if since is None else None
    return None if is_over(until, now=now, since=since, longest=longest) else until


def preview_rests(error: ChannelError, now: datetime) -> datetime:
    """Return until when a place is shown no preview after one failed; it is never tried again."""
    return error.until if isinstance(error, RateLimited) else now + PREVIEW_PAUSE


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


def is_absent(tried_at: datetime, *, asked_at: datetime, now: datetime) -> bool:
    """Say whether what a platform does not have, asked from `asked_at` to `now`, will not come."""
    if is_over(tried_at + UNRESOLVED_LIMIT, now=now, since=tried_at):
        return True
    is_late = is_over(tried_at + UNDER_WAY, now=asked_at, since=tried_at)
    return is_late and timedelta(0) <= now - asked_at < PROMPT


def pause(tries: int, key: str) -> timedelta:
    """Return how long to wait after `tries` earlier failures: 1-2 s, 2-4 s, … 150-300 s."""
    longest = min(2 * LEAST_PAUSE * (1 << min(tries, 16)), MOST_PAUSE)
    return longest / 2 + longest / 2 * _spread(f"{key}:{tries}")


def doubt(attempts: int, key: str, *, is_line: bool = False) -> timedelta:
    """Return how long after so many attempts of unknown outcome the next deed may come.

    After the last attempt of a part that is the line which tells of it, or what comes after it.
    """
    if attempts >= MAX_ATTEMPTS:
        return MOST_PAUSE if is_line else LEAST_PAUSE
    least = DOUBTS[min(attempts, len(DOUBTS)) - 1]
    return least + least / 2 * _spread(f"{key}:{attempts}")


def _spread(key: str) -> float:
    # Python's own hash() differs from process to process; this one does not.
    return crc32(key.encode()) / 2**32
