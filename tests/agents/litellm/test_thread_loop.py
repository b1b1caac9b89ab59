"""Work in another loop is like work here: it streams, fails, stalls and is cancelled."""

import asyncio
import threading

import pytest

from agents.litellm.thread_loop import ThreadLoop
from tests.waiting import PATIENCE, until

ELSEWHERE = ThreadLoop("elsewhere")


async def where():
    return threading.current_thread().name


async def test_it_runs_in_its_own_thread():
    assert await ELSEWHERE.call(where) == "elsewhere"


async def test_what_blocks_there_does_not_block_here():
    async def block():
        blocks.set()
        return goes_on.wait(PATIENCE)

    blocks, goes_on = threading.Event(), threading.Event()
    blocking = asyncio.create_task(ELSEWHERE.call(block))
    await until(blocks.is_set)
    assert not blocking.done()
    goes_on.set()
    assert await blocking


async def collected(make, stall_seconds=5):
    return [
        item
        async for batch in ELSEWHERE.stream(make, stall_seconds=stall_seconds)
        for item in batch
    ]


async def test_a_stream_comes_whole_and_in_order():
    async def count():
        for number in range(500):
            yield number

    assert await collected(count) == list(range(500))


async def test_an_error_there_is_an_error_here_after_what_came_before():
    async def fail():
        yield 1
        raise ValueError("there")

    streaming = ELSEWHERE.stream(fail, stall_seconds=5)
    assert await anext(streaming) == [1]
    with pytest.raises(ValueError, match="there"):
        await anext(streaming)


async def test_silence_is_a_time_out():
    async def stall():
        yield 1
        await asyncio.sleep(30)

    with pytest.raises(TimeoutError):
        await collected(stall, stall_seconds=0.05)


async def test_closing_it_here_closes_it_there_first():
    closed = []

    async def stream():
        try:
            while True:
                yield 1
                await asyncio.sleep(0.001)
        finally:
            closed.append(threading.current_thread().name)

    streaming = ELSEWHERE.stream(stream, stall_seconds=5)
    await anext(streaming)
    await streaming.aclose()
    assert closed == ["elsewhere"]


async def test_cancelling_it_here_cancels_it_there():
    begun, cancelled = threading.Event(), threading.Event()

    async def wait():
        begun.set()
        try:
            await asyncio.sleep(30)
        finally:
            cancelled.set()

    waiting = asyncio.create_task(ELSEWHERE.call(wait))
    await asyncio.to_thread(begun.wait, 5)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(cancelled.wait, 5)
