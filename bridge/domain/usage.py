"""What was used, added up, and how far a limit of it is used up, sans I/O.

The rules:

- Money and tokens are kept apart: `cost` is that of the runs whose price is known, `unpriced` the
  tokens of the others, so that neither hides the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bridge.domain.events import Usage
from bridge.domain.ids import ParticipantId, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What several runs used. `cost` is in US dollars; `unpriced` are tokens without a price."""

    runs: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    unpriced: int = 0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


NOTHING = Used()


def used(usage: Usage) -> Used:
    """Return what one run used."""
    tokens = usage.input_tokens + usage.output_tokens
    return Used(
        runs=1,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost=usage.cost or 0.0,
        unpriced=tokens if usage.cost is None else 0,
    )


def total(parts: Iterable[Used]) -> Used:
    """Return the sum."""
    whole = NOTHING
    for part in parts:
        whole = Used(
            runs=whole.runs + part.runs,
            input_tokens=whole.input_tokens + part.input_tokens,
            output_tokens=whole.output_tokens + part.output_tokens,
            cost=whole.cost + part.cost,
            unpriced=whole.unpriced + part.unpriced,
        )
    return whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What was used on one day (in UTC), in one session, on behalf of one person, by one agent.

    `participant` is who asked last before the runs; None where no person did.
    """

    day: date
    session: SessionId
    participant: ParticipantId | None
    agent: str
    model: str
    used: Used


def in_order(spent: Iterable[Spent]) -> tuple[Spent, ...]:
    """Return it with the newest day first, then by session, person, agent and model."""
    return tuple(
        sorted(
            spent,
            key=lambda each: (
                -each.day.toordinal(),
                each.session,
                each.participant or "",
                each.agent,
                each.model,
            ),
        )
    )


NEARLY = 0.8
"""The share of a limit from which the owner is told."""

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
