"""What is the memory store's own; the rest is in the conformance suite."""

from pathlib import Path

import pytest

from bridge.domain.errors import Refused, StoreUnavailable
from storage.memory import MemorySection, MemoryStore, plugin
from tests.stores import AT, S1, log_of, put, said, surroundings, texts


async def test_what_was_kept_is_there_when_it_is_opened_again():
    store = MemoryStore()
    await store.create_session(S1, at=AT)
    await put(store, S1, said("a"))
    await store.close()
    store.reopen()
    await put(store, S1, said("b"))
    assert texts(await log_of(store)) == ["a", "b"]


async def test_it_has_nothing_to_back_up():
    with pytest.raises(Refused):
        await MemoryStore().backup(Path("copy.db"))


async def test_the_plugin_opens_an_empty_store_and_closes_it():
    async with plugin.open(MemorySection(), surroundings(Path())) as store:
        assert list(await store.sessions()) == []
    with pytest.raises(StoreUnavailable):
        await store.check()
    assert plugin.restore is None
