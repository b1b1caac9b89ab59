"""How much may be used, sans I/O: limits, how far they are used up, and what follows.

The rules:

- A limit is in US dollars; tokens without a price count against its `tokens`, if it has any. How
  far it is used up is the larger of the two shares.
- A run does not begin when a day's limit is used up: that of all, or that of whoever asks. The
  owner is told when it is nearly so.
- A run that uses up its own limit or one of the day goes no further; the answer that was paid for
  is still given.
- A day is one in UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.ids import ParticipantId
from bridge.usage import NOTHING, Spent, Used, total

NEARLY = 0.8
"""The share from which the owner is told."""

Which = Literal["per_run", "per_day", "per_person_per_day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`usd` in US dollars; `tokens` for what has no price. None: as much as you like."""

    usd: float | None = None
    tokens: int | None = None

    def share(self, used: Used) -> float:
        """Return how much of it is used up: 1.0 is all."""
        money = used.cost / self.usd if self.usd else 0.0
        tokens = used.unpriced / self.tokens if self.tokens else 0.0
        return max(money, tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """The limits there are; None: none."""

    per_run: Limit | None = None
    per_day: Limit | None = None
    per_person_per_day: Limit | None = None

    def is_daily(self) -> bool:
        return self.per_day is not None or self.per_person_per_day is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How far one limit is used up. `person` is whose it is, None for everyone's."""

    which: Which
    limit: Limit
    used: Used
    person: ParticipantId | None = None

    @property
    def is_nearly_up(self) -> bool:
        return self.limit.share(self.used) >= NEARLY

    @property
    def is_up(self) -> bool:
        return self.limit.share(self.used) >= 1


def run_level(budgets: Budgets, used: Used) -> Level | None:
    """Return how far a run has used up its own limit, if there is one."""
    limit = budgets.per_run
    return None if limit is None else Level(which="per_run", limit=limit, used=used)


def day_levels(
    budgets: Budgets, today: Sequence[Spent], asker: ParticipantId | None, running: Used = NOTHING
) -> tuple[Level, ...]:
    """Return how far the limits are used up that a run of `asker` counts against today.

    `running` is what it has used itself so far.
    """
    levels = []
    if budgets.per_day is not None:
        whole = total([*(each.used for each in today), running])
        levels.append(Level(which="per_day", limit=budgets.per_day, used=whole))
    if budgets.per_person_per_day is not None and asker is not None:
        theirs = total([*(each.used for each in today if each.participant == asker), running])
        levels.append(
            Level(
                which="per_person_per_day",
                limit=budgets.per_person_per_day,
                used=theirs,
                person=asker,
            )
        )
    return tuple(levels)
