"""Waiting in tests: as long as a busy machine takes, and over as soon as it has come."""

import psutil

from bridge.testing.rig import PATIENCE as PATIENCE  # noqa: PLC0414 - outside packages wait alike
from bridge.testing.rig import soon as soon  # noqa: PLC0414
from bridge.testing.rig import until as until  # noqa: PLC0414


async def until_dead(*pids: int) -> None:
    await until(lambda: not any(map(lives, pids)))


def lives(pid: int) -> bool:
    """Say whether a process does anything any more; whoever inherits it buries it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
