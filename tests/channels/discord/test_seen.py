"""Marks say up to where each place was heard; they survive a restart and never move back."""

from datetime import timedelta
from functools import partial

import pytest
from discord.utils import time_snowflake

from bridge.errors import StoreUnavailable
from channels.discord.seen import SPAN, Seen
from tests.channels.discord.account import MemoryFacts
from tests.stores import AT, StillClock

NOW = time_snowflake(AT)


@pytest.fixture
def facts():
    return MemoryFacts()


@pytest.fixture
async def seen(facts):
    return await loaded(facts)


async def loaded(facts):
    seen = Seen(facts, StillClock())
    await seen.load()
    return seen


async def test_a_place_without_a_mark_is_read_since_the_account_first_connected(facts, seen):
    assert seen.after("1") == NOW
    again = Seen(facts, StillClock())
    facts.kept["since"] = str(NOW - 5)
    await again.load()
    assert again.after("1") == NOW - 5


async def test_or_since_the_bot_joined_there(seen):
    seen.joined("1", AT + timedelta(days=1))
    assert seen.after("1") == time_snowflake(AT + timedelta(days=1))
    seen.joined("2", AT - timedelta(days=1))
    assert seen.after("2") == NOW


async def test_a_mark_is_kept_with_what_its_place_is(facts, seen):
    seen.direct.add("1")
    seen.moved("1", NOW)
    seen.moved("2", NOW + 1)
    await seen.save()
    assert facts.kept == {"since": str(NOW), "dm:1": str(NOW), "room:2": str(NOW + 1)}
    later = await loaded(facts)
    assert later.direct == {"1"}
    assert set(later.places()) == {"1", "2"}
    assert later.latest(1) == ["2"]


async def test_it_is_read_again_from_a_little_before_and_knows_what_it_had(facts, seen):
    for number in (NOW + 2, NOW, NOW - SPAN):
        seen.moved("1", number)
    await seen.save()
    later = await loaded(facts)
    assert later.after("1") == NOW + 2 - SPAN
    assert later.has("1", NOW)
    assert later.has("1", NOW + 2)
    assert not later.has("1", NOW + 1)
    assert not later.has("1", NOW - SPAN)


async def test_what_comes_late_does_not_move_a_mark_back(seen):
    seen.moved("1", NOW + 9)
    seen.moved("1", NOW)
    assert not seen.is_behind("1", NOW + 9)
    assert seen.is_behind("1", NOW + 10)


async def test_a_mark_names_only_so_many(facts, seen):
    for number in range(1000):
        seen.moved("1", NOW + number)
    await seen.save()
    assert len(facts.kept["room:1"].split()) == 50


async def test_only_what_moved_is_written(facts, seen, monkeypatch):
    written = []
    monkeypatch.setattr(facts, "put", partial(_noted, written))
    seen.moved("1", NOW)
    seen.moved("1", NOW + 1)
    await seen.save()
    await seen.save()
    assert written == ["room:1"]


async def test_what_the_store_does_not_take_is_written_next_time(facts, seen, monkeypatch):
    seen.moved("1", NOW)
    with monkeypatch.context() as store:
        store.setattr(facts, "put", _refused)
        await seen.save()
    await seen.save()
    assert facts.kept["room:1"] == str(NOW)


async def test_a_place_that_is_forgotten_is_gone(facts, seen):
    seen.moved("1", NOW)
    await seen.save()
    await seen.forget("1")
    assert facts.kept == {"since": str(NOW)}
    assert seen.places() == ()


async def _noted(written, key, value):
    written.append(key)


async def _refused(key, value):
    raise StoreUnavailable
