"""Old files are forgotten without anybody asking."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from bridge.engine.blob_sweeper import EVERY, tidy
from storage.memory_blobs import MemoryBlobs
from tests.engine.rig import SetClock


async def test_a_file_is_forgotten_within_the_hour_in_which_its_time_is_over() -> None:
    clock = SetClock()
    blobs = MemoryBlobs(clock=clock, keep=timedelta(days=1))
    kept = await blobs.put(_letter())
    tidying = asyncio.create_task(tidy(blobs, clock))
    for hour in range(26):
        assert (await blobs.size(kept.media) is not None) == (hour < 25), hour
        clock.forward(EVERY)
        for _ in range(5):
            await asyncio.sleep(0)
    tidying.cancel()


async def _letter() -> AsyncIterator[bytes]:
    yield b"dear"
