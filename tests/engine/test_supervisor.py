"""Workers are kept running, each by itself, and their faults are told."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bridge.domain.errors import Unauthorized
from bridge.engine.supervisor import CLEAN_AFTER, PAUSES, Supervisor
from tests.engine.test_keyed_worker import well
from tests.stepping import StepClock, rest


class Worker:
    """Runs until it is cancelled; `ends` are how the first rounds end instead."""

    def __init__(self, *ends: BaseException | None) -> None:
        self.ends = list(ends)
        self.rounds = 0
        self.cut_off = False
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self) -> None:
        self.rounds += 1
        await self.go_on.wait()
        if not self.ends:
            try:
                await asyncio.Event().wait()
            finally:
                self.cut_off = True
        end = self.ends.pop(0)
        if end is not None:
            raise end


@pytest.fixture(autouse=True)
def logs():
    """Keep what is logged, for rendering a traceback takes seconds."""
    with capture_logs() as logs:
        yield logs


@pytest.fixture
def clock():
    return StepClock()


@pytest.fixture
async def supervisor(clock):
    supervisor = Supervisor(clock, well(clock))
    yield supervisor
    await supervisor.stop()


async def test_a_worker_runs_until_it_is_stopped(supervisor):
    worker = Worker()
    supervisor.start("ears", worker)
    await rest()
    assert (worker.rounds, worker.cut_off, supervisor.faults) == (1, False, {})
    await supervisor.stop()
    assert worker.cut_off


async def test_a_worker_that_fails_is_started_again_after_a_growing_pause(supervisor, clock):
    worker = Worker(*[OSError("no")] * 3)
    supervisor.start("ears", worker)
    await clock.pass_by(0)
    for number, pause in enumerate(PAUSES[:3], start=1):
        assert worker.rounds == number
        await clock.pass_by(pause - 0.1)
        assert worker.rounds == number
        await clock.pass_by(0.1)
    assert worker.rounds == 4


async def test_the_pauses_have_an_end(supervisor, clock):
    worker = Worker(*[OSError("no")] * 20)
    supervisor.start("ears", worker)
    for _ in range(20):
        await clock.pass_by(PAUSES[-1])
    assert worker.rounds == 21


async def test_a_fault_is_told_as_long_as_it_lasts(supervisor, clock):
    worker = Worker(OSError("the line is cut"))
    supervisor.start("ears", worker)
    await rest()
    assert supervisor.faults == {"ears": "the line is cut"}
    await clock.pass_by(PAUSES[0])
    assert supervisor.faults == {}


async def test_a_fault_without_words_is_told_by_its_kind(supervisor):
    supervisor.start("ears", Worker(ValueError()))
    await rest()
    assert supervisor.faults == {"ears": "ValueError"}


async def test_a_worker_that_ran_for_a_while_has_a_clean_record(supervisor, clock):
    worker = Worker(*[OSError("no")] * 4)
    supervisor.start("ears", worker)
    await clock.pass_by(PAUSES[0])
    await clock.pass_by(PAUSES[1])
    worker.go_on.clear()
    await clock.pass_by(PAUSES[2])
    assert worker.rounds == 4
    await clock.pass_by(CLEAN_AFTER + 1)
    worker.go_on.set()
    await clock.pass_by(0)
    await clock.pass_by(PAUSES[0])
    assert worker.rounds == 5


async def test_one_workers_failure_touches_no_other(supervisor):
    well = Worker()
    supervisor.start("ill", Worker(OSError("no")))
    supervisor.start("well", well)
    await rest()
    assert (well.rounds, well.cut_off) == (1, False)
    assert set(supervisor.faults) == {"ill"}


async def test_refused_credentials_end_a_worker_for_good(supervisor, clock):
    worker = Worker(Unauthorized("the token was revoked"))
    supervisor.start("ears", worker)
    await clock.pass_by(3600)
    assert worker.rounds == 1
    assert supervisor.faults == {"ears": "the token was revoked"}


async def test_a_worker_that_is_done_is_not_started_again(supervisor, clock):
    worker = Worker(None)
    supervisor.start("once", worker)
    await clock.pass_by(3600)
    assert (worker.rounds, supervisor.faults) == (1, {})


async def test_a_worker_can_be_shut_from_outside(supervisor, clock):
    worker = Worker()
    supervisor.start("ears", worker)
    await rest()
    supervisor.shut("ears", "credentials refused")
    await clock.pass_by(3600)
    assert (worker.rounds, worker.cut_off) == (1, True)
    assert supervisor.faults == {"ears": "credentials refused"}


async def test_some_can_be_stopped_and_the_others_go_on(supervisor):
    ears, hands = Worker(), Worker()
    supervisor.start("ears", ears)
    supervisor.start("hands", hands)
    await rest()
    await supervisor.stop("ears")
    assert (ears.cut_off, hands.cut_off) == (True, False)


async def test_a_worker_in_its_pause_is_stopped_too(supervisor, clock):
    worker = Worker(OSError("no"))
    supervisor.start("ears", worker)
    await rest()
    await supervisor.stop()
    await clock.pass_by(3600)
    assert worker.rounds == 1
