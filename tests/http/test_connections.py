"""Whoever has no token holds little, and not for long; whoever is being answered is left alone."""

import asyncio
import resource
import subprocess
import sys
from contextlib import asynccontextmanager

import httpx
import pytest
from structlog.testing import capture_logs

from bridge.http.connections import Bounds, Complaints, room_for
from bridge.http.server import HttpServer, within_files
from tests.http.rig import ADA, SESSION, Bridge, bearer, following
from tests.waiting import until

SOON = Bounds(head=0.5, idle=0.5, stall=0.5, linger=0.5)
HEAD = b"POST /v1/sessions HTTP/1.1\r\nHost: bridge\r\nContent-Type: application/json\r\n"
TOKEN = f"Authorization: {bearer(ADA)['Authorization']}\r\n".encode()
JSON = b"Content-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
LONG = b"Content-Length: 1000000\r\n\r\n"


@asynccontextmanager
async def bounded(bounds=SOON):
    bridge = Bridge()
    bridge.server = HttpServer(bridge.app, host="127.0.0.1", port=0, bounds=bounds)
    await bridge.start()
    try:
        yield bridge
    finally:
        await bridge.server.stop()


async def sent(bridge, *data):
    url = httpx.URL(bridge.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    for each in data:
        writer.write(each)
    return reader, writer


async def ended(reader):
    """Return all that came until the connection was closed."""
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionError:
        return b""


async def test_a_few_requests_may_be_sent_ahead_and_not_hundreds():
    """To read hundreds on hundreds of connections would keep everybody waiting for seconds."""
    one = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    async with bounded() as bridge:
        for count, answered in ((5, range(5, 6)), (500, range(50))):
            reader, writer = await sent(bridge, one * count)
            assert (await ended(reader)).count(b"HTTP/1.1 200") in answered
            writer.close()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", b""),
        (b"GET / HT", b"408"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"408"),
        (HEAD + TOKEN + LONG, b"408"),
        (HEAD + TOKEN + LONG + b'{"a":', b"408"),
        (HEAD + TOKEN + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc", b"408"),
        (HEAD + LONG, b"401"),
        (b"POST /channels/none HTTP/1.1\r\nHost: a\r\n" + LONG + b"abc", b"404"),
        (b"POST /nowhere HTTP/1.1\r\nHost: a\r\n" + LONG + b"abc", b"404"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000, b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000, b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 9_000 + b"\r\n", b"431"),
        (HEAD + TOKEN + CHUNKED + b"0\r\n" + b"X: y\r\n" * 9_000, b"431"),
        (HEAD + TOKEN + CHUNKED + b"0\r\nX: " + b"y" * 100_000, b"431"),
        (HEAD + TOKEN + CHUNKED + b"1;" + b"y" * 100_000, b"431"),
        (b"\x16\x03\x01\x02", b"400"),
        (b"PUT /ntfy/s_main HTTP/1.1\r\nHost: a\r\n" + CHUNKED + b"5\r\nabc", b"401"),
        (b"POST /notify/s_main HTTP/1.1\r\nHost: a\r\n" + LONG + b"abc", b"401"),
        (b"POST /hooks/none HTTP/1.1\r\nHost: a\r\n" + LONG + b"abc", b"404"),
        (b"POST /sign-in HTTP/1.1\r\nHost: a\r\n" + JSON + LONG + b"{", b"413"),
        (b"POST /sign-in HTTP/1.1\r\nHost: a\r\n" + JSON + CHUNKED + b"5\r\n{", b"413"),
        (b"POST /sign-in HTTP/1.1\r\nHost: a\r\n" + JSON + b"Content-Length: 9\r\n\r\n{", b"408"),
    ],
)
async def test_half_a_request_is_told_why_and_closed(data, status):
    """Three hundred of them at once: each is closed in time, and one line of log says so."""
    with capture_logs() as said:
        async with bounded() as bridge:
            opened = [await sent(bridge, data) for _ in range(100)]
            answers = await asyncio.gather(*(ended(reader) for reader, _ in opened))
            for _, writer in opened:
                writer.close()
    told = {answer[9:12] for answer in answers}
    assert status in told
    assert told <= {status, b""}, "a line that is closed may lose its last words"
    assert len([each for each in said if each["event"] == "http.connections_cut"]) <= 1
    assert len(said) <= 2


async def test_a_body_that_drips_is_late():
    """A byte now and then is not enough to keep a connection."""
    async with bounded() as bridge:
        reader, writer = await sent(bridge, HEAD + TOKEN + LONG)
        answer = asyncio.create_task(ended(reader))
        while not answer.done():
            writer.write(b" ")
            await asyncio.sleep(0.1)
        told = await answer  # nothing, where a late byte met a closed connection and undid it
        assert not told or told.startswith(b"HTTP/1.1 408")
        writer.close()


async def test_a_body_that_nobody_asked_for_is_not_waited_for():
    async with bounded() as bridge:
        reader, writer = await sent(bridge, b"GET / HTTP/1.1\r\nHost: bridge\r\n" + LONG)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_a_second_request_may_not_stay_half_either():
    async with bounded() as bridge:
        reader, writer = await sent(bridge, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.write(b"GET /hea")
        assert b"408" in await ended(reader)
        writer.close()


async def test_readers_of_streams_and_uploads_that_move_are_left_alone():
    """They outlast every limit: of head, of body and of silence."""
    async with bounded() as bridge, bridge.client() as ada:

        async def slowly():
            for _ in range(25):
                yield b"x" * 2000
                await asyncio.sleep(0.1)

        uploading = asyncio.create_task(ada.post("/v1/media", content=slowly()))
        async with following(ada) as frames:
            assert (await anext(frames)).event
            await asyncio.sleep(0.2)
        polled = await ada.get(SESSION)
        assert polled.status_code == 200
        assert (await uploading).status_code == 201


async def test_at_the_limit_the_most_silent_makes_room():
    """Silent connections cannot keep anyone out."""
    calm = Bounds(most=20, head=60, idle=60)
    async with bounded(calm) as bridge:
        opened = [await sent(bridge, b"GET / HT") for _ in range(60)]
        async with bridge.client() as ada:
            assert (await ada.get(SESSION)).status_code == 200
        await until(lambda: len(bridge.server._server.server_state.connections) <= 20)
        for _, writer in opened:
            writer.close()


class _Peer:
    def __init__(self, address, since):
        self.address, self.silent_since, self.is_cut = address, since, False

    def cut(self):
        self.is_cut = True


def test_one_address_has_its_own_limit_but_this_machine_has_none():
    bounds = Bounds(most=100, per_address=2)
    far = [_Peer("192.0.2.1", None), _Peer("192.0.2.1", None)]
    assert not room_for(_Peer("192.0.2.1", 0.0), far, bounds)
    assert room_for(_Peer("192.0.2.2", 0.0), far, bounds)
    near = [_Peer("127.0.0.1", None)] * 50
    assert room_for(_Peer("127.0.0.1", 0.0), near, bounds)


def test_who_is_answered_is_never_cut_for_another():
    answered, silent = _Peer("a", None), _Peer("b", 5.0)
    assert room_for(_Peer("c", 9.0), [answered, silent], Bounds(most=2))
    assert silent.is_cut
    assert not answered.is_cut
    assert not room_for(_Peer("c", 9.0), [answered], Bounds(most=1))


def test_what_was_cut_is_told_once_a_minute():
    with capture_logs() as said:
        complaints = Complaints()
        for _ in range(500):
            complaints.note("silent")
    assert said == [{"event": "http.connections_cut", "log_level": "warning", "silent": 1}]


def test_there_are_never_more_connections_than_files():
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert within_files(Bounds(most=100_000)).most <= max(soft, 100_256)


FEW_FILES = """
import asyncio, resource, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
sys.path.insert(0, ".")
from bridge.http.connections import Bounds
from bridge.http.server import HttpServer
from tests.http.rig import Bridge
import bridge.http.server as server
server.within_files = lambda bounds: bounds  # as if others had taken the rest
async def main():
    bridge = Bridge()
    bridge.server = HttpServer(bridge.app, host="127.0.0.1", port=0, bounds=Bounds())
    await bridge.start()
    print(bridge.url.rpartition(":")[2], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    print(time.process_time(), flush=True)
asyncio.run(main())
"""


async def test_at_the_limit_of_files_it_keeps_serving_quietly():
    """Files run out: silent connections go, others are answered, and the log stays small."""
    process = subprocess.Popen(  # noqa: ASYNC220 - it is over within seconds
        [sys.executable, "-c", FEW_FILES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    port = int(await asyncio.to_thread(process.stdout.readline))
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
    async with httpx.AsyncClient(timeout=20) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/healthz")
    assert answer.status_code == 200
    await asyncio.sleep(3)
    out, err = await asyncio.to_thread(process.communicate, "\n")
    for _, writer in held:
        writer.close()
    *told, used = out.splitlines()
    assert len(told) + len(err.splitlines()) < 20, out + err
    assert float(used) < 10, "it is no busy loop"


# -- what all of it costs while it is open --------------------------------------------------------

COSTS = """
import asyncio, sys
import psutil
sys.path.insert(0, ".")
from starlette.datastructures import Headers
from bridge.http import middleware
from pathlib import Path
from tests.hooks.made import hooks
from tests.http.rig import Bridge
if "broken" in sys.argv:  # it takes in what is sent before it looks who sends it
    admit, has_body = middleware.Edge._admit, middleware._has_body
    async def all_first(self, scope, receive, send):
        if has_body(Headers(scope=scope)):
            body = await self._received(receive, None, 10**9)
            receive = middleware._Replay(body, receive)
        await admit(self, scope, receive, send)
    middleware.Edge._admit = all_first
async def main():
    known = {"verify": "bearer", "max_bytes": 1_000_000}
    bridge = Bridge(hooks=hooks(Path(sys.argv[1]), known=known))
    await bridge.start()
    print(bridge.url.rpartition(":")[2], flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(psutil.Process().memory_info().rss, flush=True)
asyncio.run(main())
"""

OPEN = 300
"""Connections of each kind: silent ones, half heads, and half bodies."""

BODY = b"x" * 900_000
ROUTES = [
    *(
        "POST /v1/sessions",
        "POST /v1/stream/sessions/s_main/inbox",
        "POST /v1/sessions/s_main/pushes",
    ),
    *("POST /v1/sessions/s_main/questions", "POST /v1/media", "POST /v1/agents/a/runs/r_1"),
    *("PUT /ntfy/s_main", "POST /ntfy", "POST /notify/s_main", "POST /", "POST /sign-in"),
    *("POST /hooks/known", "POST /hooks/none", "POST /channels/none", "POST /nowhere"),
]
MOST_MEGABYTES = 120
"""What a process may take more while all of them are open. It keeps at most 32 MiB of bodies, and
of each connection what it had read before it knew that it wants no more."""


async def half(port, data):
    """Send as much as is taken of something that is never finished."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for start in range(0, len(data), 65_536):
            writer.write(data[start : start + 65_536])
            async with asyncio.timeout(3):
                await writer.drain()
    except (TimeoutError, ConnectionError):
        pass
    return writer


def unfinished(number):
    """Return a request without a token, whose body lacks its end."""
    route = ROUTES[number % len(ROUTES)]
    how = LONG if number % 2 else CHUNKED + b"%x\r\n" % (len(BODY) + 9)
    head = f"{route} HTTP/1.1\r\nHost: bridge\r\nContent-Type: application/json\r\n"
    return head.encode() + how + BODY


async def megabytes(process):
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"\n")
    return int(await process.stdout.readline()) / 1e6


async def growth(*how):
    """Return how much a process grows while all kinds of half requests are open."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COSTS, *map(str, how),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout
        port = int(await process.stdout.readline())
        before = await megabytes(process)
        heads = [b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 60_000] * OPEN
        kinds = [*[b""] * OPEN, *heads, *map(unfinished, range(OPEN))]
        opened = await asyncio.gather(*(half(port, each) for each in kinds))
        async with httpx.AsyncClient(timeout=20) as client:
            answer = await client.get(f"http://127.0.0.1:{port}/healthz")
        grown = await megabytes(process) - before
        for writer in opened:
            writer.close()
        assert answer.status_code == 200
        return grown
    finally:
        process.kill()
        await process.wait()


async def test_nine_hundred_half_requests_without_a_token_take_little_memory(tmp_path):
    """Silent connections, half heads and half bodies, to whatever there is that takes a body."""
    assert await growth(tmp_path) < MOST_MEGABYTES


async def test_the_measure_tells_an_edge_that_reads_bodies_of_anybody(tmp_path):
    """So that the one above can fail."""
    assert await growth(tmp_path, "broken") > 1.5 * MOST_MEGABYTES
