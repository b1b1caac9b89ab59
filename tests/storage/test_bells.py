"""Bells: whoever subscribed before something happened is woken by it."""

import asyncio

from storage.bells import Bells
from tests.stores import S1, S2
from tests.waiting import soon


async def test_a_ring_wakes_everyone_who_waits_for_that_session():
    bells = Bells()
    ours, others = [bells.subscribe(S1) for _ in range(3)], bells.subscribe(S2)
    bells.ring(S1)
    assert all(each.done() for each in ours)
    assert not others.done()


async def test_a_ring_is_not_for_who_comes_later():
    bells = Bells()
    bells.ring(S1)
    assert not bells.subscribe(S1).done()


async def test_ringing_all_wakes_everyone():
    bells = Bells()
    waiting = [bells.subscribe(S1), bells.subscribe(S2)]
    bells.ring_all()
    assert all(each.done() for each in waiting)


async def test_a_waiter_that_gave_up_is_forgotten():
    bells = Bells()
    bell = bells.subscribe(S1)
    bell.cancel()
    bells.ring(S1)
    again = bells.subscribe(S1)
    bells.unsubscribe(S1, again)
    bells.unsubscribe(S1, bell)
    assert bells._waiting == {}


async def test_a_waiter_wakes_in_its_own_turn():
    bells = Bells()
    bell = bells.subscribe(S1)
    asyncio.get_running_loop().call_soon(bells.ring, S1)
    await soon(bell)
