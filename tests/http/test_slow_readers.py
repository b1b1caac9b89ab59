"""Readers that do not read."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import httpx
import psutil

from bridge.domain.content import Content
from bridge.domain.events import Draft, Pushed, Source
from tests.http.rig import (
    ADA,
    MAIN,
    QUICK,
    STREAM,
    Bridge,
    bearer,
    following,
    open_flows,
    serving,
    texts,
)
from tests.waiting import PATIENCE, until

STALLED = 30
PATIENT = replace(QUICK, stream=30, keepalive=10, drain=30)


async def test_stalled_readers_cost_little_memory_and_do_not_slow_the_others() -> None:
    async with serving(PATIENT) as bridge, bridge.client() as ada:
        megabytes = await fill(bridge, messages=400, size=10_000)
        before = resident()
        with stalled_readers(bridge, STALLED):
            await until(lambda: open_flows(bridge) == STALLED)
            async with following(ada, offset="now") as read:
                await anext(read)
                async with asyncio.timeout(PATIENCE):
                    for number in range(20):
                        await bridge.say(f"{number}")
                        assert texts((await anext(read)).data) == [f"{number}"]
                        await anext(read)
            grown = resident() - before
        assert grown < 40 < STALLED * megabytes


async def test_a_reader_that_does_not_read_for_long_is_cut_off() -> None:
    async with serving(replace(PATIENT, drain=1.5)) as bridge:
        await fill(bridge, messages=800, size=10_000)
        with stalled_readers(bridge, 3):
            await until(lambda: open_flows(bridge) == 3)
            await until(lambda: open_flows(bridge) == 0)
            await until(lambda: not bridge.server._server.server_state.connections)


async def test_a_slow_reader_gets_everything_as_long_as_it_reads_on() -> None:
    async with serving(replace(PATIENT, drain=1.5)) as bridge, bridge.client() as ada:
        await fill(bridge, messages=300, size=10_000)
        seen = 0
        async with following(ada) as read:
            while seen < 300:
                frame = await anext(read)
                if frame.event == "data":
                    seen += len(texts(frame.data))
                    await asyncio.sleep(0.05)


async def fill(bridge: Bridge, *, messages: int, size: int) -> float:
    """Make the log long; return its size in MB."""
    push = Pushed(source=Source(kind="api"), content=Content(text="x" * size))
    drafts = [Draft(body=push) for _ in range(messages)]
    await bridge.store.append(MAIN, drafts, at=bridge.clock.now())
    return messages * size / 1e6


@contextmanager
def stalled_readers(bridge: Bridge, count: int) -> Iterator[None]:
    """Ask for the whole log this often, and read none of it."""
    url = httpx.URL(bridge.url)
    asked = (
        f"GET {STREAM}?live=sse&offset=-1 HTTP/1.1\r\nHost: bridge\r\n"
        f"Authorization: {bearer(ADA)['Authorization']}\r\n\r\n"
    )
    with ExitStack() as sockets:
        for _ in range(count):
            reader = sockets.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect((url.host, url.port))
            reader.sendall(asked.encode())
        yield


def resident() -> float:
    """Return this process's memory in MB."""
    return psutil.Process().memory_info().rss / 1e6
