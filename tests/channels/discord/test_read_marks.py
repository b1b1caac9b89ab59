"""From where a place is read back: its mark, or where there is none, since we could hear."""

from datetime import timedelta

import pytest
from discord.utils import time_snowflake

from bridge.domain.errors import StoreUnavailable
from bridge.engine.inbound.read_marks import KeptMarks
from channels.discord.read_marks import MARKING, SPAN, Seen
from tests.channels.discord.account import MemoryFacts
from tests.stores import AT, StillClock

NOW = time_snowflake(AT)


class Known:
    """What one account has heard, and its marks, as a process has them."""

    def __init__(self, facts: MemoryFacts) -> None:
        self.marks = KeptMarks(facts, MARKING)
        self.seen = Seen(self.marks, facts, StillClock())

    async def hear(self, place: str, message: int) -> None:
        self.seen.heard(message)
        self.marks.moved(self.seen.mark(place, message))
        await self.seen.save()
        await self.marks.save()


@pytest.fixture
def facts():
    return MemoryFacts()


@pytest.fixture
async def known(facts):
    return await loaded(facts)


async def loaded(facts):
    known = Known(facts)
    await known.seen.load()
    return known


async def test_a_place_without_a_mark_is_read_since_the_account_first_connected(facts, known):
    assert known.seen.after("1") == NOW
    facts.kept["since"] = str(NOW - 5)
    again = await loaded(facts)
    await again.seen.load()
    assert again.seen.after("1") == NOW - 5


async def test_or_since_the_bot_joined_there(known):
    known.seen.joined("1", AT + timedelta(days=1))
    assert known.seen.after("1") == time_snowflake(AT + timedelta(days=1))
    known.seen.joined("2", AT - timedelta(days=1))
    assert known.seen.after("2") == NOW


async def test_a_clock_that_was_ahead_at_the_first_start_hides_nothing_in_new_rooms(facts):
    """Whatever was heard, also of our own, was after it; by its number, which is Discord's."""
    facts.kept["since"] = str(time_snowflake(AT + timedelta(days=1)))
    known = await loaded(facts)
    await known.hear("1", NOW)
    await known.hear("1", NOW + 10 * SPAN)
    later = await loaded(facts)
    assert later.seen.after("2") == NOW
    assert later.seen.is_behind("2", NOW + 1)


async def test_also_where_that_was_before_this_was_known(facts):
    facts.kept |= {"since": str(NOW + 9 * SPAN), "room:1": f"{NOW + 2} {NOW + 1}"}
    assert (await loaded(facts)).seen.after("2") == NOW + 1


async def test_since_when_is_kept_when_the_store_takes_it_again(facts, monkeypatch):
    facts.kept["since"] = str(NOW)
    known = await loaded(facts)
    assert not known.seen.heard(NOW + 1)
    assert known.seen.heard(NOW - 1)
    with monkeypatch.context() as store:
        store.setattr(facts, "put", _refused)
        await known.seen.save()
    assert known.seen.heard(NOW + 2)
    await known.seen.save()
    assert facts.kept["since"] == str(NOW - 1)
    assert not known.seen.heard(NOW + 3)


async def test_a_chat_is_not_known_before_that_is_kept(facts, known, monkeypatch):
    known.seen.direct.add("1")
    with monkeypatch.context() as away:
        away.setattr(facts, "put", _refused)
        with pytest.raises(StoreUnavailable):
            await known.seen.know("1", NOW)
    assert not known.seen.knows("1")
    await known.seen.know("1", NOW)
    assert known.seen.knows("1")
    assert facts.kept["dm:1"] == str(NOW - 1)


async def test_a_mark_is_kept_with_what_its_place_is(facts, known):
    known.seen.direct.add("1")
    await known.hear("1", NOW)
    await known.hear("2", NOW + 1)
    assert facts.kept == {"since": str(NOW), "dm:1": str(NOW), "room:2": str(NOW + 1)}
    later = await loaded(facts)
    assert later.seen.direct == {"1"}
    assert set(later.seen.places()) == {"1", "2"}
    assert later.seen.latest(1) == ["2"]


async def test_it_is_read_again_from_a_little_before_and_knows_what_it_had(facts, known):
    for number in (NOW + 2, NOW, NOW - SPAN):
        await known.hear("1", number)
    later = await loaded(facts)
    assert later.seen.after("1") == NOW + 2 - SPAN
    numbers = (NOW, NOW + 2, NOW + 1, NOW - SPAN)
    has = [later.marks.has(later.seen.mark("1", each)) for each in numbers]
    assert has == [True, True, False, False]


async def test_what_comes_late_does_not_move_a_mark_back(known):
    await known.hear("1", NOW + 9)
    await known.hear("1", NOW)
    assert not known.seen.is_behind("1", NOW + 9)
    assert known.seen.is_behind("1", NOW + 10)


async def test_a_place_that_is_forgotten_is_gone(facts, known):
    await known.hear("1", NOW)
    await known.seen.forget("1")
    assert facts.kept == {"since": str(NOW)}
    assert not known.seen.places()


async def _refused(key, value):
    raise StoreUnavailable
