"""Windows are remembered with few writes, and never closed too early."""

import asyncio
from datetime import timedelta

import pytest

from bridge.caches import stale
from bridge.domain.errors import StoreUnavailable
from channels.whatsapp.service_window import LAG, Windows
from tests.channels.whatsapp.stage import MemoryFacts
from tests.stores import AT

ADA = "whatsapp:+4915112345678"
HOUR = timedelta(hours=1)


class HandClock:
    def __init__(self) -> None:
        self.time = AT

    def now(self):
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def facts():
    return MemoryFacts()


async def test_it_is_open_for_a_day_after_their_last_word(clock, facts):
    windows = Windows(clock, facts)
    assert await windows.is_open(ADA)
    await windows.heard(ADA, clock.now())
    clock.time += 24 * HOUR - timedelta(seconds=1)
    assert await windows.is_open(ADA)
    clock.time += timedelta(seconds=1)
    assert not await windows.is_open(ADA)
    assert await windows.closed() == 1
    await windows.heard(ADA, clock.now())
    assert await windows.is_open(ADA)
    assert await windows.closed() == 0


async def test_who_wrote_to_another_process_may_be_told_things_once_that_is_known(clock, facts):
    here, elsewhere = Windows(clock, facts), Windows(clock, facts)
    await here.heard(ADA, clock.now())
    clock.time += 25 * HOUR
    await elsewhere.heard(ADA, clock.now())
    assert not await here.is_open(ADA)
    stale("service windows")
    assert await here.is_open(ADA)


async def test_to_be_told_so_makes_no_window_longer_or_shorter(clock, facts):
    windows = Windows(clock, facts)
    await windows.heard(ADA, clock.now())
    clock.time += 24 * HOUR
    stale("service windows")
    assert not await windows.is_open(ADA)
    await windows.heard(ADA, clock.now())
    windows.shut(ADA, clock.now())
    stale("service windows")
    assert not await windows.is_open(ADA)


async def test_what_was_found_late_opens_no_longer_than_it_should(clock, facts):
    windows = Windows(clock, facts)
    await windows.heard(ADA, clock.now() - 23 * HOUR)
    clock.time += 2 * HOUR
    assert not await windows.is_open(ADA)


async def test_an_older_word_found_later_shortens_nothing(clock, facts):
    windows = Windows(clock, facts)
    await windows.heard(ADA, clock.now())
    await windows.heard(ADA, clock.now() - 20 * HOUR)
    clock.time += 23 * HOUR
    assert await windows.is_open(ADA)


async def test_a_lively_conversation_is_written_down_rarely(clock, facts):
    windows = Windows(clock, facts)
    for _ in range(60):
        await windows.heard(ADA, clock.now())
        clock.time += timedelta(seconds=30)
    assert facts.writes == 3


async def test_after_a_restart_it_is_never_closed_while_it_is_open(clock, facts):
    windows = Windows(clock, facts)
    await windows.heard(ADA, clock.now())
    clock.time += LAG - timedelta(seconds=1)
    await windows.heard(ADA, clock.now())  # too soon to be written down
    clock.time += 24 * HOUR - timedelta(seconds=2)
    assert await windows.is_open(ADA)
    assert await Windows(clock, facts).is_open(ADA)
    clock.time += LAG
    assert not await Windows(clock, facts).is_open(ADA)


async def test_twilios_word_closes_it_until_they_write(clock, facts):
    windows = Windows(clock, facts)
    await windows.heard(ADA, clock.now())
    assert windows.shut(ADA, clock.now())
    assert not await windows.is_open(ADA)
    await windows.heard(ADA, clock.now())
    assert await windows.is_open(ADA)


async def test_twilios_word_of_a_message_from_before_they_wrote_closes_nothing(clock, facts):
    windows, tried_at = Windows(clock, facts), clock.now()
    clock.time += timedelta(seconds=1)
    await windows.heard(ADA, clock.now())
    assert not windows.shut(ADA, tried_at)
    assert await windows.is_open(ADA)


async def test_a_window_from_a_clock_that_was_ahead_is_closed_when_twilio_says_so(clock, facts):
    windows = Windows(clock, facts)
    await windows.heard(ADA, clock.now())
    clock.time -= timedelta(days=3)
    assert windows.shut(ADA, clock.now())
    assert not await windows.is_open(ADA)


async def test_a_store_that_is_away_closes_nothing(clock, facts, monkeypatch):
    async def away(*args):
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(facts, "all", away)
        patched.setattr(facts, "put", away)
        windows = Windows(clock, facts)
        await windows.heard(ADA, clock.now())
        assert await windows.is_open(ADA)
    await windows.heard(ADA, clock.now())
    assert facts.writes == 1


async def test_of_many_failures_at_once_one_asks_them_to_write(clock, facts, monkeypatch):
    get = facts.get

    async def slow(key):
        found = await get(key)
        await asyncio.sleep(0)
        return found

    monkeypatch.setattr(facts, "get", slow)
    windows = Windows(clock, facts)
    asked = await asyncio.gather(*(windows.may_ask(ADA) for _ in range(3)))
    assert sorted(asked) == [False, False, True]
