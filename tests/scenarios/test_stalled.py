"""A real `bridge run` on a PostgreSQL that stands still."""

import asyncio
from pathlib import Path

import pytest

from tests.postgres import Cluster, cluster
from tests.scenarios.standing import standing

__all__ = ["cluster"]

pytestmark = pytest.mark.postgres


async def test_a_database_that_stands_still_is_told_and_nothing_is_lost_or_doubled(
    tmp_path: Path, cluster: Cluster
) -> None:
    """Nothing is acknowledged meanwhile; afterwards everything goes on by itself."""
    store = {"type": "postgres", "url": "${DATABASE}"}
    async with standing(tmp_path / "data", store=store) as story:
        story.environ["DATABASE"] = cluster.url
        await story.start()
        story.apps.telegram.says("word one")
        await story.until_answered("word one")
        faults, well = await story.doctor()
        assert not faults
        cluster.freeze()
        told = await story.until_unready()
        assert "does not answer" in told
        status, said, seconds = await story.ready()
        assert (status, seconds < 4.0) == (503, True), "it waits for no database"
        assert [each["name"] for each in said["parts"] if not each["ok"]] == ["store"]
        story.apps.telegram.says("word two")
        writing = [asyncio.create_task(story.says(f"word {each}")) for each in ("three", "four")]
        faults, seconds = await story.doctor()
        assert "does not answer" in faults["store"]
        assert seconds < 2 * well + 8, "a busy machine takes longer to start a program"
        assert [(await each).status_code for each in writing] == [503, 503]
        cluster.thaw()
        assert await story.until_ready() < 10
        await story.until_said("word three", 0)
        await story.until_said("word four", 1)
        await story.until_answered("word two", "word three", "word four")
        assert sorted(await story.heard()) == ["word four", "word one", "word three", "word two"]
        assert not story.logged("Traceback")
        assert len(story.logged("store unavailable")) <= 3


async def test_one_short_standstill_is_only_a_wait(tmp_path: Path, cluster: Cluster) -> None:
    store = {"type": "postgres", "url": "${DATABASE}"}
    async with standing(tmp_path / "data", store=store) as story:
        story.environ["DATABASE"] = cluster.url
        await story.start()
        cluster.freeze()
        saying = asyncio.create_task(story.says("word one"))
        await asyncio.sleep(1.5)
        cluster.thaw()
        assert (await saying).status_code == 200
        await story.until_answered("word one")
        assert not story.logged("unavailable")
