"""How often things happened since the start of the process, for whoever watches it.

Counts alone: no words, no ids of people or places. What was left out is counted in `bridge.unseen`.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Literal

Outcome = Literal["shown", "retried", "not_shown"]


class Tally:
    """`events` by type, `runs` by how they ended, `parts` by account and what became of a try."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.runs: Counter[str] = Counter()
        self._parts: Counter[tuple[str, Outcome]] = Counter()

    @property
    def parts(self) -> Mapping[tuple[str, Outcome], int]:
        return self._parts

    def part(self, account: str, outcome: Outcome) -> None:
        """Count a try to show something."""
        self._parts[account, outcome] += 1

    def reset(self) -> None:
        """Begin anew, as a process does."""
        for each in (self.events, self.runs, self._parts):
            each.clear()


tally = Tally()
"""This process's, as its log is."""
