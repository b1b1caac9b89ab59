"""Platforms call the bridge: what comes in goes to the channel of that name, as it came."""

import asyncio

import httpx
import pytest

from bridge.domain.ids import ChannelName
from bridge.ports.channel import WebhookAnswer, WebhookCall
from tests.http.rig import Bridge

WORK = ChannelName("work")


class Listening:
    """A channel that keeps what it is called with."""

    def __init__(self) -> None:
        self.calls: list[WebhookCall] = []
        self.answer = WebhookAnswer(status=200)

    async def receive(self, call: WebhookCall) -> WebhookAnswer:
        self.calls.append(call)
        return self.answer


class Broken:
    async def receive(self, call: WebhookCall) -> WebhookAnswer:
        raise RuntimeError(f"cannot read {call.body!r} from {call.path}")


class Slow:
    def __init__(self) -> None:
        self.ended = False

    async def receive(self, call: WebhookCall) -> WebhookAnswer:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True
        raise AssertionError


class OutOfTime:
    """A channel whose own call took too long: that is its failure, not the bridge's limit."""

    async def receive(self, call: WebhookCall) -> WebhookAnswer:
        raise TimeoutError


@pytest.fixture
def work(bridge: Bridge) -> Listening:
    channel = Listening()
    bridge.receiving[WORK] = channel
    return channel


@pytest.fixture
async def platform(bridge: Bridge):
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as client:
        yield client


async def test_a_call_reaches_its_channel_as_it_came(work, platform) -> None:
    """No token, any type of body, bytes that are not text: the channel alone can tell."""
    await platform.post(
        "/channels/work/events?a=1&b=%20x",
        content=b"\xff\x00raw",
        headers=[("X-Signature", "t=1"), ("X-Twice", "one"), ("X-Twice", "two")],
    )
    (call,) = work.calls
    assert (call.method, call.path, call.query) == ("POST", "/events", "a=1&b=%20x")
    assert call.body == b"\xff\x00raw"
    assert call.headers["x-signature"] == "t=1"
    assert call.headers["x-twice"] == "one, two"
    assert call.headers["host"] == platform.base_url.netloc.decode()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/channels/work", ""),
        ("/channels/work?x", ""),
        ("/channels/work/", "/"),
        ("/channels/work/a/b", "/a/b"),
        ("/channels/work/a%2Fb%20c", "/a%2Fb%20c"),
        ("/channels/work/channels/work", "/channels/work"),
    ],
)
async def test_the_path_is_what_follows_the_accounts_own_address(work, platform, url, path) -> None:
    await platform.get(url)
    assert work.calls[0].path == path


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_every_method_goes_through(work, platform, method) -> None:
    assert (await platform.request(method, "/channels/work")).status_code == 200
    assert work.calls[0].method == method


async def test_the_answer_is_the_channels_own(work, platform) -> None:
    work.answer = WebhookAnswer(
        status=418, body=b"<Response/>", headers={"Content-Type": "text/xml", "X-Own": "1"}
    )
    answer = await platform.post("/channels/work", data={"Body": "hi"})
    assert (answer.status_code, answer.content) == (418, b"<Response/>")
    assert (answer.headers["content-type"], answer.headers["x-own"]) == ("text/xml", "1")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_where_no_channel_is_called_there_is_nothing(work, platform) -> None:
    for url in ("/channels/other", "/channels/", "/channels/WORK", "/channels//work"):
        answer = await platform.post(url, content=b"x")
        assert (answer.status_code, url) == (404, url)
        assert answer.json()["error"]["code"] == "not_found"
    assert work.calls == []


async def test_a_body_may_be_a_mebibyte_and_not_a_byte_more(work, platform) -> None:
    assert (await platform.post("/channels/work", content=b"x" * 1_048_576)).status_code == 200
    answer = await platform.post("/channels/work", content=b"x" * 1_048_577)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert len(work.calls) == 1


async def test_a_channel_that_takes_too_long_is_called_again_later(bridge, platform) -> None:
    slow = bridge.receiving[WORK] = Slow()
    answer = await platform.post("/channels/work")
    assert answer.status_code == 503
    assert answer.headers["retry-after"].isdigit()
    assert slow.ended


@pytest.mark.parametrize("channel", [Broken(), OutOfTime()])
async def test_a_channel_that_fails_tells_the_caller_and_the_log_nothing_of_what_was_sent(
    bridge, platform, channel, capsys, caplog
) -> None:
    bridge.receiving[WORK] = channel
    answer = await platform.post("/channels/work/s3cret-path", content=b"my secret words")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    logged = capsys.readouterr().out + caplog.text
    assert "webhook.failed" in logged
    assert "test_platform_callbacks.py" in logged
    assert "secret" not in logged + answer.text
    assert "s3cret" not in logged + answer.text


async def test_channels_are_no_part_of_the_document(bridge, platform) -> None:
    assert "channels" not in str((await platform.get("/openapi.json")).json()["paths"])
