"""What is the SQL store's own: what it knows without asking the database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.domain.errors import StoreUnavailable
from storage.sql.sql_store import SqlStore
from tests.stores import AT, S1, S2, opened, put, said, seqs
from tests.waiting import soon


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    async with opened("sqlite", tmp_path) as store:
        assert isinstance(store, SqlStore)
        await store.create_session(S1, at=AT)
        await store.create_session(S2, at=AT)
        yield store


def unreadable(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: object) -> None:
        raise StoreUnavailable("read")

    monkeypatch.setattr(store._database, "read", fail)


async def test_who_follows_a_session_live_does_not_read_the_database(store, monkeypatch):
    await put(store, S1, said("a"), said("b"))
    unreadable(store, monkeypatch)
    waiting = asyncio.create_task(store.wait(S1, after=2))
    await put(store, S1, said("c"))
    await soon(waiting)
    assert seqs(await store.read(S1, after=2, limit=10)) == [3]
    assert list(await store.read(S1, after=3, limit=10)) == []
    assert await store.head(S1) == 3


async def test_what_was_there_before_the_start_is_read_from_the_database(tmp_path, monkeypatch):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
        await put(store, S1, said("a"), said("b"))
    async with opened("sqlite", tmp_path) as store:
        await put(store, S1, said("c"))
        assert seqs(await store.read(S1, after=0, limit=10)) == [1, 2, 3]
        assert seqs(await store.read(S1, after=0, limit=2)) == [1, 2]


async def test_a_waiter_that_comes_while_the_head_is_read_is_not_forgotten(store):
    waiting = asyncio.create_task(store.wait(S2, after=0))
    await asyncio.sleep(0)
    await put(store, S2, said("a"))
    await soon(waiting)


async def test_a_cancelled_waiter_leaves_nothing(store):
    waiting = asyncio.create_task(store.wait(S1, after=0))
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert store._waiters._waiting == {}


async def test_a_store_that_cannot_be_read_says_so_when_it_is_checked(store, monkeypatch):
    await store.check()
    unreadable(store, monkeypatch)
    with pytest.raises(StoreUnavailable):
        await store.check()


async def test_what_turns_out_to_be_kept_is_seen_with_the_next_write(store, monkeypatch):
    """The answer to a commit was lost, and the database finished it a while later."""
    write, late = store._database.write, []

    async def torn(work):
        late.append(work)
        raise StoreUnavailable("it does not answer")

    monkeypatch.setattr(store._database, "write", torn)
    with pytest.raises(StoreUnavailable):
        await put(store, S1, said("a"))
    monkeypatch.undo()
    assert await store.head(S1) == 0
    for work in late:
        await write(work)
    waiting = asyncio.create_task(store.wait(S1, after=0))
    await asyncio.sleep(0.05)
    await put(store, S2, said("b"))
    await soon(waiting)
    assert seqs(await store.read(S1, after=0, limit=10)) == [1]
