"""A real `bridge run` with schedules and hooks whose ground gives way, or is put back."""

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge import texts
from bridge.demo.apps import shown
from tests.postgres import Cluster, cluster
from tests.scenarios.planned import missing, opened, plan, slots
from tests.scenarios.standing import Standing, standing
from tests.scenarios.test_ground import deleted, fill, small_disk
from tests.waiting import PATIENCE

__all__ = ["cluster", "small_disk"]

SECRET = "a-secret-of-twenty-one"
MARK = texts.REPEATED.strip("_")


@asynccontextmanager
async def with_hooks(data: Path, url: str = "", **more: Any) -> AsyncIterator[Standing]:
    """Yield a bridge with a hook and two schedules that come due every few seconds."""
    secret = data.with_name("secret")
    secret.write_text(SECRET)
    secret.chmod(0o600)
    hook = {"verify": "bearer", "secret": {"file": str(secret)}, "as": "message"}
    hook["idempotency"] = "order"
    if url:
        more["store"] = {"type": "postgres", "url": "${DATABASE}"}
    async with standing(data, hooks={"orders": hook}, **more) as story:
        story.environ["DATABASE"] = url
        await story.start()
        story.apps.telegram.says("word one")
        await story.until_answered("word one")
        await story.end(signal.SIGTERM)
        async with opened(story.data, url) as kept:
            await plan(kept, "tick", "say", every=4)
            await plan(kept, "tock", "ask", every=5)
        await story.start()
        yield story


async def called(story: Standing, order: int) -> httpx.Response:
    async with story.client() as client:
        headers = {"Authorization": f"Bearer {SECRET}"}
        return await client.post("/hooks/orders", json={"order": order}, headers=headers)


async def until_fired(
    story: Standing, name: str, after: datetime, *, seconds: float = PATIENCE
) -> list[datetime]:
    """Wait until a slot after some time has fired; return all that did."""
    async with asyncio.timeout(seconds):
        while True:
            found = slots(await story.events(), name)
            if found and found[-1] > after:
                return found
            await asyncio.sleep(0.1)


async def counts_once_each(story: Standing, orders: list[int]) -> None:
    """Hold that no slot is missing or doubled, and that each call of the hook counts once."""
    end = datetime.now(UTC)
    for name, step in (("tick", 4), ("tock", 5)):
        found = await until_fired(story, name, end)
        assert found == sorted(set(found)), name
        assert not missing(await story.events(), name, step), name
    told = [
        each["content"]["text"]
        for each in await story.events()
        if each["type"] == "pushed" and each["source"]["kind"] == "webhook"
    ]
    for order in orders:
        assert sum(f'"order": {order}' in each or f"{order}" in each for each in told) == 1, told
    assert len(told) == len(orders)


async def refused_and_stuck(story: Standing, order: int) -> None:
    """Hold that a call of the hook is put off, so that its service sends it again."""
    answer = await called(story, order)
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"]


async def test_with_a_full_disk_nothing_fires_or_counts_and_all_of_it_does_afterwards(
    small_disk: Path,
) -> None:
    async with with_hooks(small_disk) as story:
        assert (await called(story, 101)).status_code == 202
        filler = fill(small_disk)
        while (await story.says("x" * 50_000)).is_success:
            fill(small_disk)
        assert "the disk is full" in await story.until_unready()
        await refused_and_stuck(story, 102)
        await asyncio.sleep(4)
        filler.unlink()
        await story.until_ready()
        assert (await called(story, 102)).status_code == 202
        assert (await called(story, 101)).status_code == 200, "a repeat"
        await counts_once_each(story, [101, 102])
        assert not story.logged("Traceback")


async def test_nothing_fires_or_counts_into_a_database_file_that_was_deleted(
    tmp_path: Path,
) -> None:
    """It is saved by a backup and put back: what it knew counts once, what came meanwhile too."""
    rescued = tmp_path / "rescued.db"
    async with with_hooks(tmp_path / "data") as story:
        assert (await called(story, 101)).status_code == 202
        deleted(story.data)
        assert "is not there any more" in await story.until_unready()
        await refused_and_stuck(story, 102)
        before = await story.command("backup", str(rescued))
        assert before.code == 0, before.err
        await asyncio.sleep(2)
        await story.end(signal.SIGTERM)
        assert (await story.command("restore", str(rescued))).code == 0
        await story.start()
        answers = [(await called(story, order)).status_code for order in (101, 102, 102)]
        assert answers == [200, 202, 200]
        fired = await until_fired(story, "tick", datetime.now(UTC))
        assert fired == sorted(set(fired))
        assert not missing(await story.events(), "tick", 4)
        asked = slots(await story.events(), "tock")
        assert len(asked) == len(set(asked))


async def test_a_database_that_another_holds_for_long_only_puts_it_off(tmp_path: Path) -> None:
    """Somebody copies the file, or looks into it, and holds its lock."""
    async with with_hooks(tmp_path / "data") as story:
        assert (await called(story, 101)).status_code == 202
        with closing(sqlite3.connect(story.data / "bridge.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            calling = asyncio.create_task(called(story, 102))
            await asyncio.sleep(7)
            other.execute("ROLLBACK")
        first = await calling
        assert first.status_code in {202, 503}
        await story.until_ready()
        again = await called(story, 102)
        assert again.status_code == (200 if first.status_code == 202 else 202)
        await counts_once_each(story, [101, 102])
        assert not story.logged("Traceback")


@pytest.mark.postgres
async def test_a_server_that_stands_still_only_puts_it_off(
    tmp_path: Path, cluster: Cluster
) -> None:
    """What was sent to it and never answered is kept once, whenever it was."""
    async with with_hooks(tmp_path / "data", cluster.url) as story:
        assert (await called(story, 101)).status_code == 202
        cluster.freeze()
        assert "does not answer" in await story.until_unready()
        await refused_and_stuck(story, 102)
        cluster.thaw()
        await story.until_ready()
        assert (await called(story, 102)).status_code in {200, 202}
        await counts_once_each(story, [101, 102])
        assert not story.logged("Traceback")


async def test_what_was_due_between_a_copy_and_its_restore_is_marked_or_not_asked_again(
    tmp_path: Path,
) -> None:
    """What is said is said again and marked; what the agent was asked is not, and that is told."""
    copy = tmp_path / "copy.db"
    async with with_hooks(tmp_path / "data") as story:
        phone = story.apps.telegram
        await until_fired(story, "tock", datetime.now(UTC))
        made = await story.command("backup", str(copy))
        assert made.code == 0, made.err
        copied = datetime.now(UTC)
        asked = await until_fired(story, "tock", copied + timedelta(seconds=2))
        assert (await called(story, 101)).status_code == 202
        before = await story.events()
        await story.end(signal.SIGTERM)
        restored = await story.command("restore", str(copy))
        assert restored.code == 0, restored.err
        begun = datetime.now(UTC)
        await story.start()
        assert (await called(story, 101)).status_code == 202, "the copy does not know it"
        again = await until_fired(story, "tock", begun, seconds=150)
        lost = {each for each in asked if each > copied}
        assert lost
        assert not lost & set(again), "its tools may have worked"
        said = [each for each in await story.events() if each["type"] == "pushed"]
        told = [each for each in said if "may have been done then" in each["content"]["text"]]
        assert len(told) == 1, told
        assert any("tick is due" in each and MARK in each for each in shown(phone))
        assert len(again) == len(set(again))
        assert before
