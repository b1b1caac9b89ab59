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

from bridge.domain.ids import ParticipantId
from bridge.domain.usage import NOTHING, Level, Limit, Spent, Used, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """The limits there are; None: none."""

    per_run: Limit | None = None
    per_day: Limit | None = None
    per_person_per_day: Limit | None = None

    def is_daily(self) -> bool:
        return self.per_day is not None or self.per_person_per_day is not None


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
