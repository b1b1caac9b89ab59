"""The wire passes on what is said, and does the trouble that was arranged."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.chaos.wire import Wire


class Echo:
    """A server that answers each line with itself. `got`: what reached it."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                while line := await reader.readline():
                    self.got.append(line)
                    writer.write(line)
                    await writer.drain()
        finally:
            writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    made = Echo()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


@pytest.fixture
async def wire(echo: Echo) -> AsyncIterator[Wire]:
    made = Wire(echo.port)
    await made.up()
    yield made
    await made.close()


async def asked(wire: Wire, words: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    try:
        writer.write(words)
        return await reader.readline()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_what_is_said_is_passed_on_both_ways(wire, echo):
    assert await asked(wire, b"hello\n") == b"hello\n"
    assert echo.got == [b"hello\n"]


async def test_cut_before_keeps_the_request_from_the_platform(wire, echo):
    wire.trouble("cut before", b"send")
    assert await asked(wire, b"look\n") == b"look\n"
    assert await asked(wire, b"send\n") == b""
    assert await asked(wire, b"send\n") == b"send\n"
    assert echo.got == [b"look\n", b"send\n"]
    assert wire.done == {"cut before": 1}


async def test_cut_after_keeps_the_answer_from_the_bridge(wire, echo):
    wire.trouble("cut after", b"send", times=2)
    for _ in range(2):
        assert await asked(wire, b"send\n") == b""
    assert echo.got == [b"send\n", b"send\n"]


@pytest.mark.parametrize(("how", "answer"), [("hang", b""), ("slow", b"send\n")])
async def test_an_answer_may_come_late_or_never(wire, echo, how, answer):
    wire.trouble(how, b"send", seconds=0.2)
    begun = time.monotonic()
    assert await asked(wire, b"send\n") == answer
    assert time.monotonic() - begun >= 0.2
    assert echo.got == [b"send\n"]


async def test_while_it_is_down_nobody_connects_and_what_was_open_is_cut(wire):
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(b"half")
    await asyncio.sleep(0.05)
    await wire.down()
    with pytest.raises(ConnectionError):
        await asked(wire, b"hello\n")
    with suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()
    await wire.up()
    assert await asked(wire, b"hello\n") == b"hello\n"


async def test_what_is_stalled_comes_when_it_flows_again(wire, echo):
    wire.stall()
    asking = asyncio.create_task(asked(wire, b"hello\n"))
    await asyncio.sleep(0.1)
    assert echo.got == []
    wire.flow()
    assert await asking == b"hello\n"


async def test_healed_it_does_no_harm(wire):
    wire.trouble("cut before", times=5)
    wire.stall()
    wire.heal()
    assert await asked(wire, b"hello\n") == b"hello\n"
