"""A loop that is held is noticed, with the place that holds it."""

import asyncio
import selectors
import sys
import threading
import time

from structlog.testing import capture_logs

from bridge import logs
from bridge.config.model import LogSection
from bridge.engine.watchdog import BEAT, Watchdog, _places, is_waiting

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
    """What is said begins in the function that sleeps, and names files and lines only."""
    watchdog, said = await watched(stand_still, quiet=0.0)
    longest = max(said, key=lambda each: each["seconds"])
    assert longest["seconds"] >= HOLD - BEAT - 0.01
    first = longest["lines"][0]
    assert first.startswith(__file__)
    assert first.endswith(f":{stand_still.__code__.co_firstlineno + 1}")
    assert abs(watchdog.holds.longest - longest["seconds"]) < 0.01


async def test_many_holds_are_one_line_and_counted():
    watchdog, said = await watched(stand_still, stand_still, stand_still)
    assert len(said) == 1
    assert watchdog.holds.count >= 3
    assert watchdog.holds.unsaid == watchdog.holds.count - 1


async def test_the_next_line_says_how_many_were_left_out():
    _, said = await watched(*[stand_still] * 6, quiet=HOLD * 4)
    assert sum(each["unsaid"] for each in said) >= 1


async def test_the_doctor_is_told_only_of_a_loop_that_was_held():
    assert Watchdog().check() is None
    watchdog, _ = await watched(stand_still)
    check = watchdog.check()
    assert check is not None
    assert check.ok
    assert "test_watchdog.py" in check.detail


class Starved(Watchdog):
    """One whose loop is seen where it waits, for that is where it is when it gets no processor."""

    def _beat(self):
        since, _ = self._seen
        self._seen = (since, (f"{selectors.__file__}:468", "base_events.py:1898"))
        super()._beat()


async def test_where_the_machine_was_busy_no_line_of_code_is_blamed():
    watchdog = Starved(quiet=60.0)
    watchdog.start()
    with capture_logs() as said:
        await asyncio.sleep(2 * BEAT)
        for _ in range(3):
            time.sleep(HOLD)  # noqa: ASYNC251 - it stands for a loop that does not get to run
            await asyncio.sleep(0.3)
        watchdog.stop()
    (line,) = said
    assert (line["event"], "lines" in line) == ("machine_busy", False)
    assert watchdog.holds.count == 0
    assert watchdog.holds.busy >= 3
    detail = watchdog.check().detail
    assert detail.startswith("the machine was busy ")
    assert "select" not in detail


async def test_the_line_where_a_loop_waits_is_known_for_one():
    """What is seen of a loop that has nothing to do is no place that holds it."""
    loop = threading.get_ident()
    seen = asyncio.get_running_loop().run_in_executor(None, stack_of, loop)
    assert is_waiting(await seen)
    assert not is_waiting(stack_of(loop))


def stack_of(thread):
    time.sleep(0.1)
    return _places(sys._current_frames()[thread])


async def test_it_costs_next_to_nothing():
    """A second of watching takes less than 5 % of one core, far more than it should."""
    watchdog = Watchdog()
    watchdog.start()
    before = time.process_time()
    await asyncio.sleep(1)
    used = time.process_time() - before
    watchdog.stop()
    assert used < 0.05


def test_the_line_is_written_in_both_formats(capsys):
    """`stack` is a key of its own in structlog's console, which would raise over it."""
    for written in ("console", "json"):
        logs.configure(LogSection(format=written), secrets=())
        Watchdog()._note(0.3, ("a.py:1", "b.py:2"), 1.0)
        err = capsys.readouterr().err
        assert "Traceback" not in err
        assert "a.py:1" in err
