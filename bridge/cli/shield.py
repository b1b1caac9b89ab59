"""Keeps other programs of the same user out of this process's memory and environment.

On Linux a process that is not dumpable cannot be traced, and its `/proc/…/environ` and `mem` cannot
be read, but by root. So what a bridge starts, such as an agent's program, does not get at its
secrets. A program that it starts is dumpable again. Elsewhere nothing is done here.
"""

import ctypes
import sys

PR_SET_DUMPABLE = 4


def close_to_others() -> bool:
    """Make this process not dumpable; say whether it is so now."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
    except (OSError, AttributeError):  # a C library without it
        return False
