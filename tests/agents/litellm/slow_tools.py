"""Tools that take for ever."""

import asyncio

started: list[str] = []
stopped: list[str] = []


async def wait() -> str:
    """Wait for good."""
    started.append("wait")
    try:
        await asyncio.sleep(60)
    finally:
        stopped.append("wait")
    return "never"


def talk() -> str:
    """Talk for long."""
    return "x" * 50_000
