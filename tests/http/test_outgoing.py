"""Where events are sent: never into the network that the bridge is in, whatever an address says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from bridge.delivery.retry import LONGEST_WAIT
from bridge.domain.errors import ChannelError, Gone, RateLimited, Refused, Rejected, Unreachable
from bridge.http.outgoing import Outgoing
from tests.http.receiver import LOOPBACK, Receiver, receiving
from tests.http.rig import CLOCK, MAIN, serving

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQ="


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


def outgoing(networks=(), **more) -> Outgoing:
    return Outgoing(None, CLOCK, networks, **more)  # type: ignore[arg-type]


def named(*found: str):
    """Return who looks names up, and finds these one after the other, the last for ever."""
    answers = list(found)

    async def resolve(host: str, port: int) -> list[str]:
        return [answers.pop(0) if len(answers) > 1 else answers[0]]

    return resolve


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://10.0.0.1/x",
        "https://192.168.1.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "http://93.184.216.34/x",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "https:///x",
        "https://user:word@93.184.216.34/x",
        "https://93.184.216.34/x#here",
        "https://" + "a" * 600 + "/x",
        "https://93.184.216.34:99999/x",
        "no address",
    ],
)
async def test_an_address_in_here_or_of_no_such_kind_is_refused_when_it_is_given(url):
    with pytest.raises(Refused):
        await outgoing().check(url)


async def test_an_address_outside_is_taken_and_one_in_here_only_where_it_was_allowed():
    await outgoing().check("https://93.184.216.34/x")
    await outgoing(LOOPBACK).check("http://127.0.0.1:8080/x")
    with pytest.raises(Refused):
        await outgoing(LOOPBACK).check("http://10.0.0.1/x")


async def test_a_name_that_means_another_address_later_is_not_called(receiver):
    port = receiver.url.split(":")[2].split("/")[0]
    rebound = outgoing(resolve=named("93.184.216.34", "127.0.0.1"))
    await rebound.check("https://rebinds.example/x")
    with pytest.raises(Unreachable, match="not a public address"):
        await rebound.post(f"https://rebinds.example:{port}/x", {}, b"{}")
    assert receiver.asked == 0


async def test_a_name_with_one_address_in_here_is_not_called_at_any():
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.1"]

    with pytest.raises(Refused, match="not a public address"):
        await outgoing(resolve=resolve).check("https://both.example/x")


async def test_no_redirect_is_followed(receiver):
    async with receiving() as inside:
        receiver.status, receiver.headers = 307, {"Location": inside.url}
        with pytest.raises(Unreachable, match="it answered 307"):
            await outgoing(LOOPBACK).post(receiver.url, {}, b"{}")
        assert (receiver.asked, inside.asked) == (1, 0)


@pytest.mark.parametrize(
    ("status", "what"),
    [
        (400, Rejected),
        (401, Unreachable),
        (404, Unreachable),
        (410, Gone),
        (413, Rejected),
        (422, Rejected),
        (429, Unreachable),
        (500, Unreachable),
    ],
)
async def test_what_an_answer_means_for_what_comes_next(receiver, status, what):
    receiver.status = status
    with pytest.raises(ChannelError) as failed:
        await outgoing(LOOPBACK).post(receiver.url, {}, b"{}")
    assert (type(failed.value), failed.value.code) == (what, str(status))


@pytest.mark.parametrize(
    ("given", "most"),
    [
        ("60", 60),
        ("999999", LONGEST_WAIT.total_seconds()),
        ("9" * 5000, LONGEST_WAIT.total_seconds()),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 9999 07:28:00 GMT", LONGEST_WAIT.total_seconds()),
    ],
)
async def test_how_long_it_asks_to_wait_is_believed_for_an_hour(receiver, given, most):
    receiver.status, receiver.headers = 429, {"Retry-After": given}
    begun = CLOCK.now()
    with pytest.raises(RateLimited) as failed:
        await outgoing(LOOPBACK).post(receiver.url, {}, b"{}")
    assert most - 1 < (failed.value.until - begun).total_seconds() < most + 10


@pytest.mark.parametrize(
    "given",
    [
        "-5",
        "1.5",
        "soon",
        "\u0663".encode().decode("latin-1"),
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "Wed, 99 Oct 2026 07:28:00 +9999",
    ],
)
async def test_who_does_not_say_how_long_to_wait_is_tried_again_as_ever(receiver, given):
    receiver.status, receiver.headers = 429, {"Retry-After": given}
    with pytest.raises(Unreachable) as failed:
        await outgoing(LOOPBACK).post(receiver.url, {}, b"{}")
    assert failed.value.code == "429"


@pytest.mark.parametrize("host", [".example.com", "a..b", "x" * 64 + ".example"])
async def test_what_is_no_name_cannot_be_reached(receiver, host):
    """Whoever looks names up finds it all the same; TLS takes no such name."""
    port = receiver.url.split(":")[2].split("/")[0]
    found = outgoing(LOOPBACK, resolve=named("127.0.0.1"))
    with pytest.raises(Unreachable, match="cannot be reached") as failed:
        await found.post(f"https://{host}:{port}/x", {}, b"{}")
    assert failed.value.code == ""


async def test_who_does_not_answer_or_is_not_there_cannot_be_reached(receiver):
    receiver.held.clear()
    with pytest.raises(Unreachable, match="no answer within") as failed:
        await outgoing(LOOPBACK, seconds=0.05).post(receiver.url, {}, b"{}")
    assert failed.value.code == ""
    with pytest.raises(Unreachable, match="cannot be reached") as failed:
        await outgoing(LOOPBACK).post("http://127.0.0.1:1/x", {}, b"{}")
    assert failed.value.code == ""


async def test_an_answer_without_end_ends_all_the_same():
    """Only its head is read, and of that so much."""
    async with endless() as url:
        with pytest.raises(Unreachable):
            await outgoing(LOOPBACK).post(url, {}, b"{}")


@asynccontextmanager
async def endless() -> AsyncIterator[str]:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"X-More: and more\r\n" * 100)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"


async def test_nobody_subscribes_an_address_in_here(receiver):
    async with serving() as bridge, bridge.client() as ada:
        for path, body in (
            ("/v1/subscriptions", {"url": receiver.url, "session": MAIN}),
            (f"/v1/sessions/{MAIN}/questions", {"text": "Yes?", "callback": receiver.url}),
        ):
            answer: httpx.Response = await ada.post(path, json=body)
            assert answer.status_code == 403, path
            assert "nothing can be sent to this address" in answer.json()["error"]["message"]
    assert receiver.asked == 0
