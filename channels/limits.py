"""How often a platform may be called: one budget per place, and one for the whole account.

The rules:

- A budget is a bucket of calls that fills steadily up to its burst. A call takes one from the
  place's bucket and one from the account's.
- Urgent calls may take the last; others leave a reserve for them: a preview only takes what neither
  a notice, a question nor a final text could need soon.
- Nothing waits in here: a call that may not be made is refused with the time when it may, so that
  what is durable is tried again then, and a preview is simply dropped.
- A platform that says "too many" blocks the scope it spoke of until the time it named; a clock that
  is set back meanwhile ends that.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bridge.domain.errors import RateLimited
from bridge.domain.parts import Priority
from bridge.domain.waits import is_over
from bridge.ports.clock import Clock

RESERVED: dict[Priority, float] = {"final": 0.0, "question": 0.0, "notice": 0.2, "preview": 0.5}
"""The share of a full bucket that a call of this priority leaves for more urgent ones."""

MOST_PLACES = 10_000
"""Places kept in mind; then those whose bucket is full are forgotten."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`calls` in `per`, and at most `burst` at once (0: as many as `calls`)."""

    calls: float
    per: timedelta = timedelta(seconds=1)
    burst: int = 0

    @property
    def size(self) -> float:
        return self.burst or max(1.0, self.calls)

    @property
    def each(self) -> timedelta:
        """How long it takes until there is one call more."""
        return self.per / self.calls


@dataclass(slots=True)
class _Bucket:
    rate: Rate
    level: float
    filled_at: datetime
    blocked_until: datetime = LONG_AGO
    blocked_at: datetime = LONG_AGO

    def block(self, until: datetime, now: datetime) -> None:
        self.blocked_until, self.blocked_at = max(self._blocked(now), until), now

    def _blocked(self, now: datetime) -> datetime:
        is_free = is_over(self.blocked_until, now=now, since=self.blocked_at)
        return LONG_AGO if is_free else self.blocked_until

    def fill(self, now: datetime) -> None:
        gained = max(timedelta(0), now - self.filled_at) / self.rate.each
        self.level = min(self.rate.size, self.level + gained)
        self.filled_at = now

    def free_at(self, priority: Priority, now: datetime, calls: int = 1) -> datetime:
        """Return when so many such calls may be made; not after `now`: at once."""
        needed = min(self.rate.size, calls + RESERVED[priority] * self.rate.size)
        return max(self._blocked(now), now + (needed - self.level) * self.rate.each)

    def is_idle(self, now: datetime) -> bool:
        self.fill(now)
        return self.level >= self.rate.size and self._blocked(now) <= now


@dataclass(slots=True)
class Budget:
    """The calls of one account. `place` is every place's rate, or says it of each."""

    clock: Clock
    account: Rate
    place: Rate | Callable[[str], Rate]
    _account: _Bucket = field(init=False)
    _places: dict[str, _Bucket] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._account = _full(self.account, self.clock.now())

    def spend(self, place: str, priority: Priority, *, calls: int = 1) -> None:
        """Count a call, or several that are one change, which is then not left half made.

        Raises `RateLimited` when that may not be made yet, and counts nothing.
        """
        now = self.clock.now()
        buckets = (self._account, self._bucket(place, now))
        for bucket in buckets:
            bucket.fill(now)
        free_at = max(bucket.free_at(priority, now, calls) for bucket in buckets)
        if free_at > now:
            raise RateLimited("our own budget for this is used up", until=free_at, code="budget")
        for bucket in buckets:
            bucket.level -= calls

    def block(self, until: datetime, place: str | None = None) -> None:
        """Make no call before `until`: to this place, or (None) with this account."""
        now = self.clock.now()
        bucket = self._account if place is None else self._bucket(place, now)
        bucket.block(until, now)

    def _bucket(self, place: str, now: datetime) -> _Bucket:
        if place not in self._places:
            self._forget_idle(now)
            rate = self.place if isinstance(self.place, Rate) else self.place(place)
            self._places[place] = _full(rate, now)
        return self._places[place]

    def _forget_idle(self, now: datetime) -> None:
        if len(self._places) >= MOST_PLACES:
            self._places = {
                place: each for place, each in self._places.items() if not each.is_idle(now)
            }


def _full(rate: Rate, now: datetime) -> _Bucket:
    return _Bucket(rate, rate.size, now)
