"""Forgets files that were kept as long as they are to be."""

from bridge.ports import Blobs, Clock

EVERY = 3600.0
"""Seconds."""


async def tidy(blobs: Blobs, clock: Clock) -> None:
    """Sweep now and every hour."""
    while True:
        await blobs.sweep()
        await clock.sleep(EVERY)
