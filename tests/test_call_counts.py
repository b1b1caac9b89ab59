"""Nothing becomes slower unnoticed: what our code does for each thing is counted, and bounded.

A count is the same on any machine, however busy, so that CI needs no quiet one. Where one of these
fails, `python -m benchmarks.steps` prints which functions are called most; the same before and
after a change says where the new calls come from. Most often something is asked anew for each
place, or for each event, that could be asked once. Where more is really to be done, raise the bound
and say in the commit what for.
"""

import asyncio
import os
import subprocess
import sys
from functools import cache, partial
from pathlib import Path

import pytest

from benchmarks import steps
from benchmarks.counting import Count, Counting
from bridge.session.fold import Session, unread_upto
from bridge.session.routing import SHARED

ROOT = Path(__file__).parent.parent
BOUNDS = {
    "a message heard, answered and shown": (1_030, 5_020),
    "a push, for one more place": (147, 655),
    "a push, for one more place where everybody has four": (180, 850),
    "a push, for one more place of one person": (153, 667),
    "a message and its answer, for one more place": (296, 1_380),
    "ten calls of tools, for one more place": (483, 2_970),
    "a turn in a session of 1,000 events": (567, 3_300),
    "a turn in a session of 10,000 events": (567, 3_300),
    "an append by itself": (104, 410),
    "an append of 64 at once": (32, 190),
}
"""Calls of our functions, and lines that they run: about a twentieth more than there are."""

counted = cache(steps.counted)


def told(name: str, found: Count) -> str:
    """Return what whoever broke a bound wants to know."""
    return (
        f"{name} takes {found.calls:,.1f} calls and {found.lines:,.1f} lines; allowed are"
        f" {BOUNDS[name][0]:,} and {BOUNDS[name][1]:,} ({Path(__file__).name} says what to do)."
        f"\nMost often called:\n{found.most()}"
    )


def test_everything_that_is_counted_has_a_bound():
    assert BOUNDS.keys() == steps.SCENARIOS.keys()


@pytest.mark.parametrize("name", BOUNDS)
def test_no_more_is_done_than_is_allowed(name):
    found = counted(name)
    calls, lines = BOUNDS[name]
    assert found.calls <= calls, told(name, found)
    assert found.lines <= lines, told(name, found)


@pytest.mark.parametrize("name", BOUNDS)
def test_a_bound_is_near_what_is_done(name):
    """So that it says something; whoever makes something faster lowers it."""
    found = counted(name)
    assert found.calls >= 0.85 * BOUNDS[name][0], f"lower the bound: {told(name, found)}"


def test_a_turn_takes_no_more_in_a_session_ten_times_as_long():
    short, long = (counted(f"a turn in a session of {size} events") for size in ("1,000", "10,000"))
    assert long.calls <= 1.02 * short.calls
    assert long.lines <= 1.02 * short.lines


def test_each_place_takes_as_much_however_many_there_are():
    few = counted("a push, for one more place")
    many = steps.counted_in(partial(steps.place, few=80))
    assert many.calls <= 1.02 * few.calls
    assert many.lines <= 1.02 * few.lines


def test_a_count_is_the_same_in_another_process():
    name = next(iter(BOUNDS))
    code = f"from benchmarks.steps import counted; print(counted({name!r}).calls)"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    (calls,) = map(float, found)
    assert counted(name).calls == pytest.approx(calls, rel=0.005)  # here other tests came before


def test_calls_and_loops_are_seen():
    """Also those without a call in them, which a longer log makes longer."""

    def count(blocks: int, times: int) -> Count:
        session = Session(id=SHARED, unread=((1, 2),) * blocks)
        counting = Counting()
        with counting.watching():
            counting.start()
            asyncio.run(_unread(session, times))
            return counting.stop()

    few, many, often = count(10, 1), count(100, 1), count(10, 91)
    assert often.calls - few.calls == 90
    assert many.calls == few.calls
    assert many.lines > few.lines


async def _unread(session: Session, times: int) -> None:
    for _ in range(times):
        unread_upto(session, 5)
