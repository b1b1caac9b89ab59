"""The `Kept` port, sentence by sentence."""

import asyncio

from bridge.ports import Store


async def test_a_fact_that_nobody_kept_is_none(store: Store):
    assert await store.fact("chat", "seen") is None
    assert await store.facts("chat") == {}


async def test_a_fact_is_kept_and_replaced(store: Store):
    await store.keep_fact("chat", "seen", "1")
    await store.keep_fact("chat", "seen", "2")
    assert await store.fact("chat", "seen") == "2"


async def test_scopes_do_not_see_each_other(store: Store):
    await store.keep_fact("chat", "seen", "1")
    await store.keep_fact("team", "seen", "2")
    assert await store.facts("chat") == {"seen": "1"}
    assert await store.facts("team") == {"seen": "2"}


async def test_a_dropped_fact_is_gone_and_dropping_it_again_is_a_success(store: Store):
    await store.keep_fact("chat", "seen", "1")
    await store.drop_fact("chat", "seen")
    await store.drop_fact("chat", "seen")
    assert await store.fact("chat", "seen") is None


async def test_of_writes_at_once_each_key_has_its_last(store: Store):
    writes = [store.keep_fact("chat", f"k{n % 3}", str(n)) for n in range(30)]
    await asyncio.gather(*writes)
    assert await store.facts("chat") == {"k0": "27", "k1": "28", "k2": "29"}
