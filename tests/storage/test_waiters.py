"""Bells: whoever subscribed before something happened is woken by it."""

import asyncio

from storage.waiters import Waiters
from tests.stores import S1, S2
from tests.waiting import soon


async def test_a_ring_wakes_everyone_who_waits_for_that_session():
    waiters = Waiters()
    ours, others = [waiters.subscribe(S1) for _ in range(3)], waiters.subscribe(S2)
    waiters.ring(S1)
    assert all(each.done() for each in ours)
    assert not others.done()


async def test_a_ring_is_not_for_who_comes_later():
    waiters = Waiters()
    waiters.ring(S1)
    assert not waiters.subscribe(S1).done()


async def test_ringing_all_wakes_everyone():
    waiters = Waiters()
    waiting = [waiters.subscribe(S1), waiters.subscribe(S2)]
    waiters.ring_all()
    assert all(each.done() for each in waiting)


async def test_a_waiter_that_gave_up_is_forgotten():
    waiters = Waiters()
    bell = waiters.subscribe(S1)
    bell.cancel()
    waiters.ring(S1)
    again = waiters.subscribe(S1)
    waiters.unsubscribe(S1, again)
    waiters.unsubscribe(S1, bell)
    assert waiters._waiting == {}


async def test_a_waiter_wakes_in_its_own_turn():
    waiters = Waiters()
    bell = waiters.subscribe(S1)
    asyncio.get_running_loop().call_soon(waiters.ring, S1)
    await soon(bell)
