"""A real `bridge run` that is killed with -9 where something is due: it fires once, on both stores.

A kill aims at the moment in which a slot comes: before it is appended, while it is, or just after.
"""

import asyncio
import random
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.postgres import empty_database
from tests.scenarios.planned import missing, opened, plan, slots
from tests.scenarios.standing import Standing, standing
from tests.waiting import PATIENCE

__all__ = ["empty_database"]

STORES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
KILLS = 6


async def due_soon(dice: random.Random) -> None:
    """Wait for a moment around the one in which the next second begins, after a while."""
    await asyncio.sleep(dice.uniform(0.0, 1.5))
    left = 1 - datetime.now(UTC).microsecond / 1e6
    await asyncio.sleep(max(0.0, left + dice.uniform(-0.02, 0.08)))


@pytest.mark.parametrize("store", STORES)
async def test_what_is_due_every_few_seconds_under_kills_fires_once_each_and_none_is_missing(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """What is said, what is asked of the agent, and what fires once for all it missed."""
    url = request.getfixturevalue("empty_database") if store == "postgres" else ""
    more = {"store": {"type": "postgres", "url": "${DATABASE}"}} if url else {}
    dice = random.Random(store)
    async with standing(tmp_path / "data", **more) as story:
        story.environ["DATABASE"] = url
        await story.start()
        await story.end(signal.SIGTERM)
        async with opened(story.data, url) as kept:
            first = await plan(kept, "tick", "say", every=3)
            asked = await plan(kept, "tock", "ask", every=4)
            await plan(kept, "once", "say", every=2, late="once")
        for _ in range(KILLS):
            await story.start()
            await due_soon(dice)
            await story.end(signal.SIGKILL)
        await story.start()
        end = datetime.now(UTC)
        events = await until_fired(story, end)
        found = {name: slots(events, name) for name in ("tick", "tock", "once")}
        for name, start, step in (("tick", first, 3), ("tock", asked, 4)):
            assert found[name][0] == start
            assert found[name] == sorted(set(found[name])), name
            assert not missing(events, name, step), name
        assert found["once"] == sorted(set(found["once"]))
        assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
        await until_no_run_is_open(story)


async def until_fired(story: Standing, end: datetime) -> list[dict]:
    """Wait until everything that was due by then has fired; return the log."""
    async with asyncio.timeout(3 * PATIENCE):
        while True:
            events = await story.events()
            newest = [slots(events, each)[-1:] for each in ("tick", "tock", "once")]
            if all(each and each[0] > end for each in newest):
                return events
            await asyncio.sleep(0.1)


async def until_no_run_is_open(story: Standing) -> None:
    """Wait until the agent has ended whatever a kill cut off."""
    async with asyncio.timeout(3 * PATIENCE):
        while True:
            events = await story.events()
            begun = sum(each["type"] == "run_started" for each in events)
            ended = sum(each["type"] == "run_finished" for each in events)
            if begun and begun == ended:
                return
            await asyncio.sleep(0.05)
