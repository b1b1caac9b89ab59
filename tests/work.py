"""How much work something is, in calls: no other load on a machine changes their number."""

from collections.abc import Iterator
from contextlib import contextmanager
from cProfile import Profile


class Work:
    calls = 0


@contextmanager
def counted() -> Iterator[Work]:
    """Count what this thread calls meanwhile; what it leaves to other threads is not counted."""
    work, profile = Work(), Profile()
    profile.enable()
    try:
        yield work
    finally:
        profile.disable()
        work.calls = sum(each.callcount for each in profile.getstats())
