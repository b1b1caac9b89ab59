"""A loop that is held is noticed, with the place that holds it."""

import asyncio
import time

from structlog.testing import capture_logs

from bridge.workers.watchdog import BEAT, Watchdog

HOLD = 0.6


async def watched(*holds, quiet=60.0, between=0.3):
    watchdog = Watchdog(quiet=quiet)
    watchdog.start()
    with capture_logs() as said:
        await asyncio.sleep(2 * BEAT)
        for hold in holds:
            hold()
            await asyncio.sleep(between)
        watchdog.stop()
    return watchdog, [each for each in said if each["event"] == "loop_held"]


def stand_still():
    time.sleep(HOLD)


async def test_a_loop_that_is_held_is_said_with_how_long_and_where():
    """The stack begins in the function that sleeps, and names files and lines only."""
    watchdog, said = await watched(stand_still, quiet=0.0)
    longest = max(said, key=lambda each: each["seconds"])
    assert longest["seconds"] >= HOLD - BEAT - 0.01
    first = longest["where"][0]
    assert first.startswith(__file__)
    assert first.endswith(f":{stand_still.__code__.co_firstlineno + 1}")
    assert abs(watchdog.holds.longest - longest["seconds"]) < 0.01


async def test_many_holds_are_one_line_and_counted():
    watchdog, said = await watched(stand_still, stand_still, stand_still)
    assert len(said) == 1
    assert watchdog.holds.count >= 3
    assert watchdog.holds.unsaid == watchdog.holds.count - 1


async def test_the_next_line_says_how_many_were_left_out():
    _, said = await watched(stand_still, stand_still, stand_still, quiet=HOLD * 2)
    assert sum(each["unsaid"] for each in said) >= 1


async def test_the_doctor_is_told_only_of_a_loop_that_was_held():
    assert Watchdog().check() is None
    watchdog, _ = await watched(stand_still)
    check = watchdog.check()
    assert check is not None
    assert check.ok
    assert "test_watchdog.py" in check.detail


async def test_it_costs_next_to_nothing():
    """A second of watching takes less than 5 % of one core, far more than it should."""
    watchdog = Watchdog()
    watchdog.start()
    before = time.process_time()
    await asyncio.sleep(1)
    used = time.process_time() - before
    watchdog.stop()
    assert used < 0.05
