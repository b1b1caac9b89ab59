"""Forgets files that were kept as long as they are to be."""

from bridge.ports.blobs import Blobs
from bridge.ports.clock import Clock

FILES = "the files"
"""The worker's name; no channel can have such a one."""

EVERY = 3600.0
"""Seconds."""


async def tidy(blobs: Blobs, clock: Clock) -> None:
    """Sweep now and every hour."""
    while True:
        await blobs.sweep()
        await clock.sleep(EVERY)
