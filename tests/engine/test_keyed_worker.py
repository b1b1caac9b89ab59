"""One task per key, started when there is something to do and gone when there is nothing."""

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bridge.engine.keyed_worker import PAUSES, KeyedWorker
from bridge.engine.store_health import StoreHealth
from tests.stepping import AT, StepClock, rest
from tests.waiting import soon


class Work:
    """Counts what is done for each key; `answers` are the times to be woken next, or errors."""

    def __init__(self) -> None:
        self.done: dict[str, int] = defaultdict(int)
        self.answers: list[datetime | BaseException | None] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, key: str) -> datetime | None:
        await self.gate.wait()
        self.done[key] += 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def logs():
    """Keep what is logged, for rendering a traceback takes seconds."""
    with capture_logs() as logs:
        yield logs


@pytest.fixture
def clock():
    return StepClock()


@pytest.fixture
def work():
    return Work()


def well(clock):
    async def check() -> None:
        pass

    return StoreHealth(check, clock)


@pytest.fixture
async def tending(work, clock):
    tending = KeyedWorker("test", work, clock, well(clock))
    yield tending
    await tending.close()


async def test_a_key_that_is_woken_is_worked_once(tending, work):
    tending.wake("a")
    await rest()
    assert work.done == {"a": 1}


async def test_keys_are_worked_side_by_side(tending, work):
    work.gate.clear()
    tending.wake("a")
    tending.wake("b")
    await rest()
    work.gate.set()
    await rest()
    assert work.done == {"a": 1, "b": 1}


async def test_many_calls_before_the_work_begins_are_one(tending, work):
    for _ in range(10):
        tending.wake("a")
    await rest()
    assert work.done == {"a": 1}


async def test_a_call_while_the_work_goes_on_is_not_lost(tending, work):
    """What it was about may have come too late for the round under way."""
    work.gate.clear()
    tending.wake("a")
    await rest()
    for _ in range(10):
        tending.wake("a")
    work.gate.set()
    await rest()
    assert work.done == {"a": 2}


async def test_a_key_at_rest_leaves_nothing_behind(tending, work):
    for number in range(100):
        tending.wake(f"key {number}")
    await rest()
    assert sum(work.done.values()) == 100
    assert (tending._tasks, tending._woken, tending._timers) == ({}, {}, {})


# -- when to look again ---------------------------------------------------------------------------


async def test_the_work_says_when_it_wants_to_be_woken(tending, work, clock):
    work.answers = [AT + timedelta(seconds=10)]
    tending.wake("a")
    await clock.pass_by(9)
    assert work.done == {"a": 1}
    await clock.pass_by(1)
    assert work.done == {"a": 2}
    await clock.pass_by(3600)
    assert work.done == {"a": 2}


async def test_the_last_answer_counts(tending, work, clock):
    work.answers = [AT + timedelta(seconds=10), AT + timedelta(seconds=30)]
    tending.wake("a")
    await rest()
    tending.wake("a")
    await clock.pass_by(10)
    assert work.done == {"a": 2}
    await clock.pass_by(20)
    assert work.done == {"a": 3}


async def test_an_answer_of_never_takes_back_an_earlier_time(tending, work, clock):
    work.answers = [AT + timedelta(seconds=10), None]
    tending.wake("a")
    await rest()
    tending.wake("a")
    await clock.pass_by(10)
    assert work.done == {"a": 2}


# -- work that fails ------------------------------------------------------------------------------


async def test_work_that_fails_is_logged_with_its_key(tending, work, logs):
    work.answers = [OSError("no")]
    tending.wake("a")
    await rest()
    (entry,) = logs
    assert (entry["worker"], entry["key"]) == ("test", "a")


async def test_work_that_fails_is_done_again_after_a_growing_pause(tending, work, clock):
    work.answers = [OSError("no"), OSError("no"), OSError("no")]
    tending.wake("a")
    await clock.pass_by(0)
    for number, pause in enumerate(PAUSES[:3], start=1):
        assert work.done == {"a": number}
        await clock.pass_by(pause - 0.1)
        assert work.done == {"a": number}
        await clock.pass_by(0.1)
    assert work.done == {"a": 4}


async def test_the_pauses_have_an_end(tending, work, clock):
    work.answers = [OSError("no")] * 10
    tending.wake("a")
    for _ in range(10):
        await clock.pass_by(PAUSES[-1])
    assert work.done == {"a": 11}


async def test_a_failure_of_one_key_is_none_of_another(tending, work, clock):
    work.answers = [OSError("no")]
    tending.wake("a")
    await rest()
    tending.wake("b")
    await rest()
    assert work.done == {"a": 1, "b": 1}


# -- the bell -------------------------------------------------------------------------------------


async def test_whoever_works_hears_the_call_while_waiting(clock):
    heard = []

    async def listen(key):
        bell = tending.bell(key)
        bell.clear()
        await bell.wait()
        heard.append(key)
        bell.clear()

    tending = KeyedWorker("test", listen, clock, well(clock))
    tending.wake("a")
    await rest()
    assert heard == []
    tending.wake("a")
    await rest()
    assert heard == ["a"]
    await tending.close()


# -- closing --------------------------------------------------------------------------------------


async def test_closing_lets_work_in_hand_come_to_rest(work, clock):
    tending = KeyedWorker("test", work, clock, well(clock))
    work.gate.clear()
    tending.wake("a")
    await rest()
    asyncio.get_running_loop().call_later(0.02, work.gate.set)
    await tending.close(5)
    assert work.done == {"a": 1}


async def test_closing_cuts_off_what_does_not_come_to_rest(work, clock):
    tending = KeyedWorker("test", work, clock, well(clock))
    work.gate.clear()
    tending.wake("a")
    await rest()
    await soon(tending.close(0.02))
    assert work.done == {}
    assert tending._tasks == {}


async def test_once_closed_nobody_is_woken_again(work, clock):
    tending = KeyedWorker("test", work, clock, well(clock))
    work.answers = [AT + timedelta(seconds=10)]
    tending.wake("a")
    await rest()
    await tending.close()
    tending.wake("b")
    await clock.pass_by(3600)
    assert work.done == {"a": 1}
