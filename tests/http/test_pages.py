"""Pages of a log, and sharing them among those who follow it."""

import asyncio
from collections.abc import Sequence

import pytest

from bridge.errors import StoreUnavailable, UnknownSession
from bridge.events import Event
from bridge.http.pages import SharedPages, read_page
from bridge.ids import Seq, SessionId
from storage.memory import MemoryStore
from tests.stores import AT, S1, S2, pushed


class CountingStore(MemoryStore):
    """A memory store that counts how often its log is read, and fails when told to."""

    reads = 0
    broken = False

    async def read(self, session: SessionId, *, after: Seq, limit: int) -> Sequence[Event]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.broken:
            raise StoreUnavailable
        return await super().read(session, after=after, limit=limit)


@pytest.fixture
async def store() -> CountingStore:
    """A log of three events."""
    store = CountingStore()
    await store.create_session(S1, at=AT)
    await store.append(S1, [pushed("one"), pushed("two"), pushed("three")], at=AT)
    return store


async def test_a_page_knows_whether_there_is_more(store: CountingStore) -> None:
    two = await read_page(store, S1, after=0, events=2, size=10_000)
    assert (len(two.events), two.upto, two.at_tail) == (2, 2, False)
    rest = await read_page(store, S1, after=2, events=2, size=10_000)
    assert (len(rest.events), rest.upto, rest.at_tail) == (1, 3, True)
    empty = await read_page(store, S1, after=3, events=2, size=10_000)
    assert (empty.json, empty.upto, empty.at_tail) == (b"[]", 3, True)


async def test_a_page_of_an_unknown_session_is_an_error(store: CountingStore) -> None:
    with pytest.raises(UnknownSession):
        await read_page(store, S2, after=0, events=2, size=10_000)


async def test_many_followers_at_one_place_cost_one_read(store: CountingStore) -> None:
    pages = SharedPages(store, events=100, size=10_000)
    got = await asyncio.gather(*(pages.after(S1, 1) for _ in range(50)))
    assert {page.upto for page in got} == {3}
    assert store.reads == 1
    assert (await pages.after(S1, 2)).upto == 3
    assert store.reads == 2


async def test_an_empty_page_is_not_kept(store: CountingStore) -> None:
    pages = SharedPages(store, events=100, size=10_000)
    assert (await pages.after(S1, 3)).events == ()
    await store.append(S1, [pushed("four")], at=AT)
    assert (await pages.after(S1, 3)).upto == 4


async def test_a_page_is_read_anew_after_a_second(
    store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.http.pages.SHARED_SECONDS", 0.02)
    pages = SharedPages(store, events=100, size=10_000)
    await pages.after(S1, 0)
    await store.append(S1, [pushed("four")], at=AT)
    await asyncio.sleep(0.04)
    assert (await pages.after(S1, 0)).upto == 4


async def test_a_failed_read_is_everyones_and_is_not_kept(store: CountingStore) -> None:
    pages = SharedPages(store, events=100, size=10_000)
    store.broken = True
    both = await asyncio.gather(pages.after(S1, 0), pages.after(S1, 0), return_exceptions=True)
    assert [type(each) for each in both] == [StoreUnavailable, StoreUnavailable]
    store.broken = False
    assert (await pages.after(S1, 0)).upto == 3


async def test_a_follower_that_leaves_does_not_end_the_read_for_the_others(
    store: CountingStore,
) -> None:
    pages = SharedPages(store, events=100, size=10_000)
    first = asyncio.create_task(pages.after(S1, 0))
    second = asyncio.create_task(pages.after(S1, 0))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).upto == 3
