"""Starting and stopping inside a loop that has other things to do."""

import asyncio
import signal
import socket
from contextlib import suppress

import httpx
import pytest

from bridge.domain.errors import ConfigError
from bridge.http.server import HttpServer
from tests.http.rig import INBOX, LIVE, STREAM, Bridge, following, numbered, open_flows, serving
from tests.http.test_slow_readers import PATIENT, fill, stalled_readers
from tests.waiting import until

STOP_SECONDS = 10.0
"""What a stop may take on a busy machine; it is to be within a second on any other."""


async def test_a_port_of_zero_is_chosen_by_the_system() -> None:
    first, second = Bridge(), Bridge()
    ports = [await first.server.start(), await second.server.start()]
    assert len(set(ports)) == 2
    assert all(port > 1023 for port in ports)
    await first.server.stop()
    await second.server.stop()


async def test_an_occupied_port_is_named_with_what_to_do(bridge: Bridge) -> None:
    port = httpx.URL(bridge.url).port
    assert port is not None
    with pytest.raises(ConfigError, match=rf"http\.port: {port} on 127.0.0.1 is in use"):
        await HttpServer(bridge.app, host="127.0.0.1", port=port).start()


async def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(ConfigError, match=r"http\.host: 192\.0\.2\.1"):
        await HttpServer(Bridge().app, host="192.0.2.1", port=0).start()


async def test_a_port_can_be_taken_again_at_once_after_a_stop() -> None:
    async with serving() as bridge, bridge.client() as ada:
        assert (await ada.get("/healthz")).status_code == 200
        port = httpx.URL(bridge.url).port or 0
    again = Bridge()
    again.server = HttpServer(again.app, host="127.0.0.1", port=port)
    assert await again.server.start() == port
    await again.server.stop()


async def test_an_answer_does_not_wait_for_the_clients_acknowledgement(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    loop = asyncio.get_running_loop()
    await ada.get(STREAM)
    began = loop.time()
    for _ in range(20):
        await ada.get(STREAM)
    assert loop.time() - began < 0.8


async def test_a_head_without_end_is_cut_off(bridge: Bridge) -> None:
    url = httpx.URL(bridge.url)
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: bridge\r\n")
    sent = 0
    with suppress(ConnectionError):
        while sent < 50_000_000:
            writer.write(b"X-Long: " + b"x" * 65_536 + b"\r\n")
            sent += 65_536
            await writer.drain()
            await asyncio.sleep(0)
    assert sent < 10_000_000
    writer.transport.abort()


async def test_many_requests_on_one_connection_are_not_one_long_head(
    ada: httpx.AsyncClient,
) -> None:
    large = {"X-Large": "x" * 30_000}
    for _ in range(25):
        assert (await ada.get("/healthz", headers=large)).status_code == 200


async def test_signals_are_left_to_the_process() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with serving():
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_a_stop_ends_every_kind_of_stream_at_once_and_cleanly() -> None:
    async with serving(PATIENT) as bridge, bridge.client() as ada:
        streams = [
            asyncio.create_task(ada.get(STREAM, params={"live": "sse", "offset": "-1"})),
            asyncio.create_task(ada.get(LIVE, params={"offset": "-1"})),
            asyncio.create_task(ada.get(LIVE)),
            asyncio.create_task(ada.get(STREAM, params={"live": "long-poll", "offset": "now"})),
        ]
        await until(lambda: open_flows(bridge) == 4)
        async with asyncio.timeout(STOP_SECONDS):
            await bridge.server.stop()
        answers = await asyncio.gather(*streams)
        assert [answer.status_code for answer in answers] == [200, 200, 200, 204]
        assert answers[0].text.endswith("\n\n")


async def test_a_stop_does_not_wait_for_readers_that_do_not_read() -> None:
    async with serving(PATIENT) as bridge:
        await fill(bridge, messages=800, size=10_000)
        with stalled_readers(bridge, 5):
            await until(lambda: open_flows(bridge) == 5)
            await asyncio.sleep(0.1)
            async with asyncio.timeout(STOP_SECONDS):
                await bridge.server.stop()
            assert open_flows(bridge) == 0


async def test_an_input_in_progress_is_answered_before_the_server_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving() as bridge, bridge.client() as ada:
        append, begun = bridge.store.append, asyncio.Event()

        async def slow(*about: object, **more: object) -> object:
            begun.set()
            await asyncio.sleep(0.3)
            return await append(*about, **more)

        monkeypatch.setattr(bridge.store, "append", slow)
        hello = {"type": "message", "text": "hello"}
        putting = asyncio.create_task(ada.post(INBOX, json=hello, headers=numbered("tab", 0)))
        await begun.wait()
        await bridge.server.stop()
        assert (await putting).json()["events"] == [3]


async def test_a_stopped_server_takes_no_connection(bridge: Bridge) -> None:
    url = httpx.URL(bridge.url)
    await bridge.server.stop()
    with pytest.raises(ConnectionRefusedError), socket.socket() as late:
        late.connect((url.host, url.port))


async def test_waiting_for_the_server_returns_when_it_stopped(bridge: Bridge) -> None:
    waiting = asyncio.create_task(bridge.server.wait())
    async with bridge.client() as ada, following(ada) as read:
        await anext(read)
        assert not waiting.done()
    await bridge.server.stop()
    await waiting
