"""How far it was heard: never back, not past what was missed, and not written too often."""

import asyncio
from datetime import timedelta

import pytest

from bridge.errors import StoreUnavailable
from channels.slack import limits
from channels.slack.places import spot, ts_of
from channels.slack.seen import Seen
from tests.channels.slack.rig import MemoryFacts, QuickClock
from tests.waiting import until

NOW = QuickClock().now()
ONE, TWO, THREE = (ts_of(NOW - timedelta(hours=hours)) for hours in (3, 2, 1))
THREAD = f"C1/{ONE}"


@pytest.fixture
def seen(facts):
    return Seen(facts, QuickClock())


def test_a_mark_moves_on_and_never_back(seen):
    seen.move("C1", TWO)
    seen.move("C1", ONE)
    assert seen.marks() == {"C1": TWO}
    seen.move("C1", THREE)
    assert seen.marks() == {"C1": THREE}


def test_to_begin_moves_nothing(seen):
    seen.begin("C1", TWO)
    seen.begin("C1", THREE)
    assert seen.marks() == {"C1": TWO}


def test_a_thread_is_taken_part_in_once_it_was_begun_and_not_for_what_is_overheard(seen):
    seen.move(THREAD, TWO)
    assert not seen.takes_part(spot(THREAD))
    seen.begin(THREAD, TWO)
    assert seen.takes_part(spot(THREAD))
    assert not seen.takes_part(spot("C1"))


async def test_marks_are_there_after_a_restart(facts, seen):
    async with seen.kept():
        seen.move("C1", TWO)
        seen.begin(THREAD, TWO)
    again = Seen(facts, QuickClock())
    async with again.kept():
        assert again.marks() == {"C1": TWO, THREAD: TWO}


async def test_marks_made_before_they_were_read_stand(facts, seen):
    facts.kept["seen/C1"] = TWO
    facts.kept["another/C1"] = "something else"
    seen.begin("C2", ONE)
    await seen.load()
    assert seen.marks() == {"C1": TWO, "C2": ONE}


async def test_an_old_thread_is_forgotten_and_an_old_room_is_not(facts):
    old = ts_of(QuickClock().now() - limits.REMEMBER_THREADS - timedelta(days=1))
    facts.kept |= {"seen/C1": old, f"seen/C1/{old}": old}
    seen = Seen(facts, QuickClock())
    await seen.load()
    assert seen.marks() == {"C1": old}
    assert [*facts.kept] == ["seen/C1"]


async def test_a_forgotten_room_takes_its_threads_along(facts, seen):
    async with seen.kept():
        for source in ("C1", THREAD, "C12"):
            seen.begin(source, TWO)
        seen.forget("C1")
    assert facts.kept == {"seen/C12": TWO}


async def test_while_a_room_is_behind_its_marks_are_not_written(facts, seen):
    task = asyncio.create_task(seen.keep())
    seen.fall_behind("C1")
    seen.move("C1", TWO)
    seen.move("C2", TWO)
    await until(lambda: facts.kept == {"seen/C2": TWO})
    seen.catch_up("C1")
    await until(lambda: facts.kept == {"seen/C1": TWO, "seen/C2": TWO})
    task.cancel()


async def test_what_could_not_be_written_is_written_later():
    class Failing(MemoryFacts):
        failures = 2

        async def put(self, key: str, value: str) -> None:
            if self.failures:
                self.failures -= 1
                raise StoreUnavailable
            await super().put(key, value)

    facts = Failing()
    seen = Seen(facts, QuickClock())
    task = asyncio.create_task(seen.keep())
    seen.move("C1", TWO)
    await until(lambda: facts.kept == {"seen/C1": TWO})
    task.cancel()
