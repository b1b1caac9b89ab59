"""The real clock."""

import asyncio
from datetime import UTC, datetime

from bridge.engine.clock import SystemClock


def test_it_tells_the_present_in_utc() -> None:
    before = datetime.now(UTC)
    told = SystemClock().now()
    assert told.tzinfo is UTC
    assert before <= told <= datetime.now(UTC)


async def test_it_sleeps_that_long() -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await SystemClock().sleep(0.05)
    assert loop.time() - begun >= 0.04


async def test_a_time_that_is_over_is_no_sleep_but_lets_others_run() -> None:
    """Whoever sleeps until a moment that passed meanwhile goes on at once."""
    ran = asyncio.create_task(asyncio.sleep(0))
    await SystemClock().sleep(-5)
    await SystemClock().sleep(0)
    assert ran.done()
