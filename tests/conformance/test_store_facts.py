"""The `Kept` port, sentence by sentence."""

import asyncio

import pytest

from bridge.ports.store import FactChange, Store


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


# -- changes that expect something ----------------------------------------------------------------


def change(key: str, expected: str | None, new: str | None, scope: str = "codes") -> FactChange:
    return FactChange(scope=scope, key=key, expected=expected, new=new)


async def test_facts_that_are_as_expected_are_all_changed(store: Store):
    await store.keep_fact("codes", "old", "1")
    changes = [change("old", "1", None), change("new", None, "2"), change("k", None, "3", "other")]
    assert await store.change_facts(changes)
    assert await store.facts("codes") == {"new": "2"}
    assert await store.facts("other") == {"k": "3"}


@pytest.mark.parametrize(
    "wrong", [change("a", None, "9"), change("a", "2", "9"), change("b", "1", "9")]
)
async def test_if_one_is_not_as_expected_none_is_changed(store: Store, wrong: FactChange):
    await store.keep_fact("codes", "a", "1")
    assert not await store.change_facts([change("c", None, "3"), wrong])
    assert await store.facts("codes") == {"a": "1"}


async def test_expected_is_what_was_kept_whatever_a_database_left_out_of_it(store: Store):
    await store.keep_fact("codes", "a", "o\x00ne")
    kept = await store.fact("codes", "a")
    assert await store.change_facts([change("a", kept, "two")])


async def test_of_many_who_want_the_same_exactly_one_has_it(store: Store):
    """However they come: at once with others, and with plain writes between them."""
    for number in range(20):
        key = f"k{number}"
        await store.keep_fact("codes", key, "free")
        takers = [
            store.change_facts([change(key, "free", f"{who}"), change(f"{key}/{who}", None, "x")])
            for who in range(10)
        ]
        won = await asyncio.gather(*takers)
        assert won.count(True) == 1
        winner = str(won.index(True))
        found = await store.facts("codes")
        assert found[key] == winner
        assert [each for each in found if each.startswith(f"{key}/")] == [f"{key}/{winner}"]
