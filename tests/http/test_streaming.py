"""Leashes: everything a response waits for can be ended."""

import asyncio
from contextlib import ExitStack

import pytest

from bridge.http import streaming
from bridge.http.streaming import Leash, OpenFlows
from tests.waiting import PATIENCE


async def forever() -> None:
    await asyncio.Event().wait()


async def soon() -> None:
    await asyncio.sleep(0.01)


async def test_of_too_many_of_one_person_the_oldest_ends_and_nobody_elses(monkeypatch) -> None:
    monkeypatch.setattr(streaming, "MOST_OF_ONE", 3)
    flows, leashes = OpenFlows(), [Leash() for _ in range(8)]
    with ExitStack() as held:
        for leash in leashes[:3]:
            held.enter_context(flows.holding(leash, "ada"))
        for leash in leashes[3:]:
            held.enter_context(flows.holding(leash, "eve"))
        for _ in range(9):  # of links to files nobody knows whose they are
            held.enter_context(flows.holding(Leash()))
        over = [each.over for each in leashes]
        assert over == [False] * 3 + [True, True, False, False, False]
    assert len(flows) == 0
    with flows.holding(again := Leash(), "eve"):
        assert not again.over


async def test_what_comes_in_time_is_waited_for() -> None:
    leash = Leash()
    assert await leash.wait(soon(), 1)
    assert not await leash.wait(forever(), 0.01)
    assert not leash.over


async def test_a_cut_ends_a_wait_now_and_every_later_one_at_once() -> None:
    leash = Leash()
    waiting = [asyncio.create_task(leash.wait(forever(), 60)) for _ in range(3)]
    await asyncio.sleep(0.01)
    leash.cut()
    async with asyncio.timeout(PATIENCE):
        assert await asyncio.gather(*waiting) == [False] * 3
        assert not await leash.wait(forever(), 60)
        assert not await leash.finish(forever(), 60)
    assert leash.over


async def test_an_end_by_time_ends_waits_but_lets_a_sending_finish() -> None:
    leash = Leash(0.02)
    assert not await leash.wait(forever(), 60)
    assert leash.over
    assert await leash.finish(soon(), 1)


async def test_what_needs_no_waiting_is_done_even_after_the_end() -> None:
    leash = Leash()
    leash.cut()
    assert await leash.finish(asyncio.sleep(0), 1) is False

    async def at_once() -> None:
        return

    assert await leash.finish(at_once(), 1)


async def test_a_cut_just_as_the_time_is_up_does_no_harm() -> None:
    leash = Leash()
    waiting = asyncio.create_task(leash.wait(forever(), 0.01))
    asyncio.get_running_loop().call_later(0.01, leash.cut)
    assert not await waiting


async def test_a_timeout_of_what_is_waited_for_is_its_own() -> None:
    async def late() -> None:
        raise TimeoutError("the database did not answer")

    with pytest.raises(TimeoutError, match="database"):
        await Leash().wait(late(), 1)


async def test_closed_flows_end_the_open_and_the_late_ones() -> None:
    flows, early, late = OpenFlows(), Leash(), Leash()
    with flows.holding(early):
        flows.close()
        assert early.over
        with flows.holding(late):
            assert late.over
            assert len(flows) == 2
    assert len(flows) == 0
