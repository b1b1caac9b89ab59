"""What goes wrong at the fake: arranged beforehand, it happens to the next calls that it fits."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Fault:
    """`applied`: done all the same. `hangs_up`: never answered. `times` None: until `recover`.

    `delay`: seconds that pass before it fails.
    """

    method: str
    status: int = 500
    code: int | None = None
    is_html: bool = False
    retry_after: int | None = None
    times: int | None = 1
    applied: bool = False
    hangs_up: bool = False
    delay: float = 0.0


class Faults:
    def __init__(self) -> None:
        self._arranged: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._arranged.append(fault)

    def recover(self) -> None:
        self._arranged.clear()

    def take(self, method: str) -> Fault | None:
        """Return the fault that happens now, and count it."""
        for fault in self._fitting(method):
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None

    def _fitting(self, method: str) -> Iterator[Fault]:
        return (each for each in self._arranged if each.method in {"*", method} and each.times != 0)
