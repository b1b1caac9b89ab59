"""Importing a library without what it would take along, and without what it would hold up."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*packages: str) -> Iterator[None]:
    """Let what is imported in here find these optional packages missing.

    One that was imported before stays as it is; afterwards each can be imported as ever.
    """
    hidden = [name for name in packages if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            if sys.modules.get(name) is None:
                sys.modules.pop(name, None)


@contextmanager
def for_good() -> Iterator[None]:
    """Keep what is imported or made in here out of the garbage collector's rounds.

    A round through the hundreds of thousands of objects of a large library stops every thread, for
    a third of a second with litellm; and none of them is ever garbage. Also after an error the
    collector goes on.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()
