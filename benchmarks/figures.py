"""What a benchmark returns, and how a number is read."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number. `below` is its target, where it has one; the docs quote the `headline`s."""

    name: str
    value: float
    unit: str
    below: float | None = None
    headline: bool = False

    @property
    def met(self) -> bool | None:
        return None if self.below is None else self.value < self.below

    @property
    def measured(self) -> str:
        return f"{readable(self.value)} {self.unit}"

    @property
    def target(self) -> str:
        return "" if self.below is None else f"< {self.below:g} {self.unit}"


def readable(value: float) -> str:
    """Return a number with about three digits that mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that so many percent are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def latencies(
    name: str,
    seconds: Sequence[float],
    *,
    p50: float | None = None,
    p99: float | None = None,
    headline: bool = False,
) -> list[Figure]:
    """Return the 50th and the 99th percentile in milliseconds; `p50` and `p99` are targets."""
    return [
        Figure(
            name=f"{name}, p{percent}",
            value=percentile(seconds, percent) * 1000,
            unit="ms",
            below=below,
            headline=headline,
        )
        for percent, below in ((50, p50), (99, p99))
    ]


median = statistics.median
