"""What is asked of a store as a whole: being closed, being checked."""

import asyncio

import pytest

from bridge.domain.errors import Refused, StoreUnavailable
from bridge.ports.store import Store
from tests.stores import AT, C1, S1, log_of, put, said
from tests.waiting import soon


async def test_an_open_store_can_be_used(lived_in: Store):
    await lived_in.check()
    await put(lived_in, S1, said("a"))
    assert len(await log_of(lived_in)) == 1


async def test_every_waiter_returns_when_the_store_is_closed(lived_in: Store):
    waiting = [asyncio.create_task(lived_in.wait(S1, after=0)) for _ in range(3)]
    await asyncio.sleep(0.05)
    await lived_in.close()
    await soon(asyncio.gather(*waiting))
    await soon(lived_in.wait(S1, after=0))


async def test_a_closed_store_cannot_be_used(lived_in: Store):
    await lived_in.close()
    for use in (
        lived_in.check(),
        lived_in.head(S1),
        lived_in.append(S1, [said("a")], at=AT),
        lived_in.create_session(S1, at=AT),
        lived_in.advance(S1, C1, 1),
        lived_in.sessions(),
    ):
        with pytest.raises(StoreUnavailable):
            await use


async def test_closing_twice_is_no_error(lived_in: Store):
    await lived_in.close()
    await lived_in.close()


async def test_what_was_asked_for_before_closing_is_kept_or_refused(lived_in: Store):
    calls = [asyncio.create_task(put(lived_in, S1, said(str(n)))) for n in range(50)]
    await asyncio.sleep(0)
    await lived_in.close()
    done = await soon(asyncio.gather(*calls, return_exceptions=True))
    assert all(isinstance(each, StoreUnavailable | tuple) for each in done)


async def test_a_body_that_is_not_text_is_refused_and_leaves_the_rest_alone(lived_in: Store):
    calls = [put(lived_in, S1, said(text)) for text in ("a", "\ud800", "b")]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(results[1], Refused)
    assert len(await log_of(lived_in)) == 2
