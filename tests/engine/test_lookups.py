"""Names that nobody finds hold up nothing else: no other name, no thread, no end."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from bridge.engine import lookups
from bridge.engine.lookups import Lookups, own_lookups
from tests.waiting import PATIENCE, until

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))]


class Servers:
    """Name servers that answer nothing about hosts that are `lost`, until they are let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked: list[str] = []

    def getaddrinfo(self, host, port, *more):
        self.asked.append(host)
        if host.startswith("lost"):
            self.let_go.wait(PATIENCE)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return FOUND


@pytest.fixture
def servers(monkeypatch) -> Iterator[Servers]:
    made = Servers()
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    yield made
    made.let_go.set()


async def test_many_lookups_that_stall_hold_up_no_other_and_no_thread(servers: Servers) -> None:
    """Everything that a thread is asked for would wait behind the sixth of them."""
    loop = asyncio.get_running_loop()
    with own_lookups(loop):
        lost = [
            asyncio.create_task(loop.getaddrinfo(f"lost{number % 20}.example", 443))
            for number in range(200)
        ]
        await until(lambda: len(servers.asked) == 20)
        async with asyncio.timeout(PATIENCE / 2):
            assert await loop.getaddrinfo("found.example", 443) == FOUND
            assert await asyncio.gather(*(asyncio.to_thread(int, "7") for _ in range(20)))
        assert not any(each.done() for each in lost)
        assert len(servers.asked) == 21, "each name once, however many ask"
        servers.let_go.set()
        ended = await asyncio.gather(*lost, return_exceptions=True)
        assert {type(each) for each in ended} == {socket.gaierror}


async def test_who_waits_no_more_leaves_the_others_waiting(servers: Servers) -> None:
    found = Lookups(asyncio.get_running_loop())
    one, other = (
        asyncio.create_task(found.getaddrinfo("lost.example", 443, type=socket.SOCK_STREAM))
        for _ in range(2)
    )
    await until(lambda: servers.asked)
    one.cancel()
    servers.let_go.set()
    ended = await asyncio.gather(one, other, return_exceptions=True)
    assert [type(each) for each in ended] == [asyncio.CancelledError, socket.gaierror]
    assert servers.asked == ["lost.example"]
    await until(lambda: not found._open)


async def test_no_more_than_so_many_are_under_way(servers: Servers, monkeypatch) -> None:
    monkeypatch.setattr(lookups, "MOST", 2)
    found = Lookups(asyncio.get_running_loop())
    waiting = [
        asyncio.create_task(found.getaddrinfo(f"lost{number}.example", 443)) for number in range(2)
    ]
    await until(lambda: len(servers.asked) == 2)
    with pytest.raises(OSError, match="too many"):
        await found.getaddrinfo("found.example", 443)
    servers.let_go.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await found.getaddrinfo("found.example", 443) == FOUND


async def test_real_connections_go_through_it_and_the_loop_is_as_it_was_afterwards() -> None:
    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    before = loop.getaddrinfo
    with own_lookups(loop):
        _, writer = await asyncio.open_connection("localhost", port, family=socket.AF_INET)
        writer.close()
    assert loop.getaddrinfo == before
    server.close()


async def test_a_name_for_which_no_thread_was_to_be_had_is_looked_for_when_next_asked(
    servers: Servers, monkeypatch
) -> None:
    """Else its app would be silent until the next start."""
    found = Lookups(asyncio.get_running_loop())

    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", none_left)
        with pytest.raises(OSError, match="no thread"):
            await found.getaddrinfo("found.example", 443)
    async with asyncio.timeout(PATIENCE):
        assert await found.getaddrinfo("found.example", 443) == FOUND


@pytest.mark.parametrize("port", [10**30, "\ud800"])
async def test_whatever_the_system_says_of_a_name_ends_its_lookup(port: str | int) -> None:
    found = Lookups(asyncio.get_running_loop())
    async with asyncio.timeout(PATIENCE):
        with pytest.raises((OverflowError, UnicodeError)):
            await found.getaddrinfo("127.0.0.1", port)
    await until(lambda: not found._open)


async def test_what_one_does_with_its_addresses_is_not_seen_by_another(servers: Servers) -> None:
    found = Lookups(asyncio.get_running_loop())
    one, other = await asyncio.gather(*(found.getaddrinfo("found.example", 443) for _ in range(2)))
    assert servers.asked == ["found.example"]
    one.clear()
    assert other == FOUND
