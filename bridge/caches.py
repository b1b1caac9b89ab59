"""What a process keeps in memory of what others may change too: named, and told when it is stale.

The rules:

- Whatever is read from the store and kept is registered here with its name, its size and how it
  forgets. `stale` tells all of it, or what has one name, that it may be older than the store:
  what is asked for next is read anew. Nothing else changes, for people or for clients.
- What was read before and comes back after it was told so is not kept.
- What a process keeps of its own work is no cache: what it waits for, what it has open, what its
  platform told its own connection. tests/test_caches.py names each memory and says which it is.
- Registering holds nobody in memory.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from weakref import WeakMethod

from bridge.ports.health import Check

_doors: list[tuple[str, WeakMethod[Callable[[], None]], WeakMethod[Callable[[], int]]]] = []


def cache(name: str, *, forget: Callable[[], None], size: Callable[[], int]) -> None:
    """Register a cache by two methods of whoever keeps it. `size` is how many entries it has."""
    _doors[:] = [each for each in _doors if each[1]() is not None]
    _doors.append((name, WeakMethod(forget), WeakMethod(size)))


def stale(name: str | None = None) -> None:
    """Tell each cache, or those of one name, that what it knows may be old."""
    for each, forget, _ in tuple(_doors):
        if name in {None, each} and (told := forget()) is not None:
            told()


def sizes() -> Mapping[str, int]:
    """Return how many entries the caches of each name have."""
    found: Counter[str] = Counter()
    for name, _, size in tuple(_doors):
        if (asked := size()) is not None:
            found[name] += asked()
    return found


def check() -> Check:
    """Return what the doctor tells of them."""
    told = [f"{name} {count:,}" for name, count in sorted(sizes().items())]
    return Check(name="caches", ok=True, detail=", ".join(told) or "none")
