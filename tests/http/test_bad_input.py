"""Whatever is sent, the answer says what was wrong, and nothing gets into the log."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from time import process_time

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.domain.errors import StoreUnavailable
from bridge.domain.ids import Seq, SessionId
from tests.http.rig import ADA, INBOX, MAIN, STREAM, Bridge, bearer, serving
from tests.http.test_agents import SESSION, TOKEN, Distant

JSON = {"Content-Type": "application/json"}
MALFORMED = (
    b"",
    b"{",
    b"hello",
    b"null",
    b"[]",
    b"{}",
    b'{"type": "message"}',
    b'{"type": "message", "text": 1}',
    b'{"type": "message", "text": null}',
    b'{"type": "message", "text": "x", "reply_to": 0}',
    b'{"type": "message", "text": "x", "reply_to": NaN}',
    b'{"type": "message", "text": "x", "reply_to": 1e400}',
    b'{"type": "message", "text": "x", "place": "moon"}',
    b'{"type": "message", "text": "x", "unknown": 1}',
    b'{"type": "message", "text": "\\ud800"}',
    b'{"type": "shout", "text": "x"}',
    b'{"type": "answer", "question": "", "answer": "x"}',
    b'{"type": "answer", "question": "a\\u0000b", "answer": "x"}',
    b'{"type": "push", "text": "x", "key": ""}',
    b'{"type": "push", "text": "x", "key": "\\udfff"}',
    b'{"type": "message", "text": "caf\xe9"}',
    b"\xff\xfe{\x00}\x00",
    b"[" * 100_000,
    b'{"type": "message", "text": "x", "reply_to": ' + b"9" * 5000 + b"}",
)


async def test_what_cannot_be_read_is_malformed_and_changes_nothing(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    for body in MALFORMED:
        answer = await ada.post(INBOX, content=body, headers=JSON)
        assert (answer.status_code, body[:60]) == (400, body[:60])
        assert answer.json()["error"]["code"] == "malformed"
        assert 0 < len(answer.json()["error"]["message"]) <= 500
    assert await bridge.store.head(MAIN) == 2


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**25), max_value=10**25)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["push", "\0", "\ud800", "m_" + "a" * 64, "web", "x" * 300, "p_ada"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
AGENT = {"Authorization": f"Bearer {TOKEN}"}
KINDS = ["message", "push", "trigger", "answer", "stop", "typing", "looking"]
FIELDS = ["text", "key", "attachments", "prompt", "reply_to", "question", "answer", "view", "seen"]
FIELDS += ["literal", "place", "visible", "to", "media", "buttons"]
FILES = st.lists(
    st.dictionaries(st.sampled_from(["media", "name", "kind", "x"]), VALUES), max_size=2
)
BODIES = st.builds(
    lambda kind, fields: {"type": kind, "text": "x", **fields},
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(FIELDS), VALUES | FILES, max_size=4),
)


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(bodies=st.lists(BODIES | VALUES, min_size=30, max_size=30))
async def test_any_value_in_any_field_is_taken_or_refused_in_words(bodies: list[object]) -> None:
    """A push too, by whoever may; and the next thing that is said is heard."""
    async with serving() as bridge, bridge.client() as ada:
        bridge.agents["helper"] = Distant(TOKEN)
        bridge.answering = "helper"
        for body in bodies:
            raw = json.dumps(body).encode()
            for path, own in ((INBOX, {}), (SESSION, AGENT)):
                headers = {**JSON, **own}
                answer = await ada.post(path, content=raw, headers=headers)
                assert answer.status_code in {200, 400, 404, 409, 413, 422}, (raw, answer.text)
                if answer.status_code != 200:
                    assert answer.json()["error"]["message"].strip()
        said = await ada.post(INBOX, json={"type": "message", "text": "hello"})
        assert said.status_code == 200
        seqs = [each.seq for each in await bridge.store.read(MAIN, after=0, limit=1000)]
        assert seqs == list(range(1, len(seqs) + 1))


async def test_a_mistake_is_named_by_its_field_and_not_repeated(ada: httpx.AsyncClient) -> None:
    answer = await ada.post(INBOX, json={"type": "message", "text": 12345678})
    message = answer.json()["error"]["message"]
    assert "text" in message
    assert "12345678" not in message


async def test_only_json_in_utf_8_is_taken(ada: httpx.AsyncClient) -> None:
    body = b'{"type": "stop"}'
    for media, status in (
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON; charset="UTF-8"', 200),
        ("application/json; charset=utf-16", 415),
        ("text/plain", 415),
        ("multipart/form-data", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ):
        answer = await ada.post(INBOX, content=body, headers={"Content-Type": media})
        assert (answer.status_code, media) == (status, media)
    assert answer.json()["error"]["code"] == "unsupported_media_type"


async def test_a_body_may_be_a_mebibyte_and_not_a_byte_more(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    frame = b'{"type":"message","text":""}'
    room = 1_048_576 - len(frame)
    largest = frame[:-2] + b"x" * room + frame[-2:]
    assert (await ada.post(INBOX, content=largest, headers=JSON)).status_code == 200
    answer = await ada.post(INBOX, content=largest + b" ", headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert await bridge.store.head(MAIN) == 3


async def test_a_body_without_a_length_is_cut_off_where_it_becomes_too_large(
    bridge: Bridge,
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'{"type":"message","text":"'
        while sent < 200_000_000:
            yield b"x" * 65_536
            sent += 65_536

    await _post_until_cut_off(bridge, endless())
    assert 1_000_000 < sent < 40_000_000
    assert await bridge.store.head(MAIN) == 2


async def test_a_client_that_leaves_in_mid_body_says_nothing(bridge: Bridge) -> None:
    _, writer = await _opened(bridge)
    writer.write(_head("Content-Length: 1000") + b'{"type":"message","text":"half')
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.05)
    assert await bridge.store.head(MAIN) == 2


async def test_errors_of_the_framework_look_like_ours(ada: httpx.AsyncClient) -> None:
    for method, path, status, code in (
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/docs", 404, "not_found"),
        ("GET", "/redoc", 404, "not_found"),
        ("GET", "/web/../app.py", 404, "not_found"),
        ("DELETE", "/v1/sessions", 405, "method_not_allowed"),
        ("GET", INBOX, 405, "method_not_allowed"),
        ("DELETE", "/", 405, "method_not_allowed"),
    ):
        answer = await ada.request(method, path)
        assert (answer.status_code, path) == (status, path)
        assert answer.json()["error"]["code"] == code
    assert (await ada.delete("/v1/sessions")).headers["allow"] == "GET, POST"


async def test_a_store_that_is_full_asks_for_patience(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise StoreUnavailable("the disk is full; free some space")

    monkeypatch.setattr(bridge.store, "append", full)
    answer = await ada.post(INBOX, json={"type": "message", "text": "x"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"].isdigit()
    assert answer.json()["error"] == {
        "code": "unavailable",
        "message": "the disk is full; free some space",
    }
    assert (await ada.get(STREAM)).status_code == 200


async def test_an_unexpected_error_is_logged_without_what_people_said(
    bridge: Bridge,
    ada: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(session: SessionId, *, after: Seq, limit: int) -> None:
        raise RuntimeError("INSERT ('my secret words')")

    monkeypatch.setattr(bridge.store, "read", broken)
    answer = await ada.get(STREAM)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    logged = capsys.readouterr().out + caplog.text
    assert "http.failed" in logged
    assert "RuntimeError" in logged
    assert "secret" not in logged + answer.text


async def test_a_stream_that_breaks_in_the_middle_is_logged_without_what_people_said(
    bridge: Bridge,
    ada: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(session: SessionId, *, after: Seq, limit: int) -> None:
        raise RuntimeError("INSERT ('my secret words')")

    async with ada.stream("GET", STREAM, params={"live": "sse", "offset": "now"}) as answer:
        chunks = answer.aiter_bytes()
        await anext(chunks)
        monkeypatch.setattr(bridge.store, "read", broken)
        await bridge.say("go on")
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(chunks)
    logged = capsys.readouterr().out + caplog.text
    assert "http.failed" in logged
    assert "secret" not in logged


async def test_every_answer_tells_browsers_what_they_may_not_do(ada: httpx.AsyncClient) -> None:
    for path in ("/v1/me", "/v1/nothing", "/healthz", "/web/nothing", STREAM):
        headers = (await ada.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert ("no-store" in headers.get("cache-control", "")) == path.startswith("/v1/")


# -- by hand --------------------------------------------------------------------------------------


async def _opened(bridge: Bridge) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    url = httpx.URL(bridge.url)
    return await asyncio.open_connection(url.host, url.port)


def _head(*headers: str) -> bytes:
    lines = (
        f"POST {INBOX} HTTP/1.1",
        "Host: bridge",
        f"Authorization: {bearer(ADA)['Authorization']}",
        "Content-Type: application/json",
        *headers,
    )
    return "\r\n".join((*lines, "", "")).encode()


async def _post_until_cut_off(bridge: Bridge, body: AsyncIterator[bytes]) -> None:
    """Send a chunked body for as long as the connection lasts."""
    _, writer = await _opened(bridge)
    writer.write(_head("Transfer-Encoding: chunked"))
    with suppress(ConnectionError):
        async for chunk in body:
            writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            await writer.drain()
            await asyncio.sleep(0)
        await writer.wait_closed()
    writer.transport.abort()


@pytest.mark.parametrize(
    "body",
    [
        '{"type":"message","text":"x",' + ",".join(f'"a{n}":1' for n in range(90_000)) + "}",
        "[" + ",".join(["[]"] * 300_000) + "]",
    ],
    ids=["fields", "lists"],
)
async def test_a_body_of_countless_values_is_refused_at_once(
    ada: httpx.AsyncClient, body: str
) -> None:
    """To say what is wrong with each of them would keep everybody waiting for half a second."""
    begun = process_time()
    answer = await ada.post(INBOX, content=body, headers={"Content-Type": "application/json"})
    assert process_time() - begun < 0.3
    assert answer.status_code == 400
    assert "more than 5000 values" in answer.json()["error"]["message"]


async def test_a_text_may_be_full_of_commas(ada: httpx.AsyncClient) -> None:
    text = '[{"a": "b"}, ' * 20_000
    assert (await ada.post(INBOX, json={"type": "message", "text": text})).status_code == 200


async def test_an_address_of_countless_parameters_is_refused_at_once(bridge: Bridge) -> None:
    """Also before anyone knows who asks."""
    async with httpx.AsyncClient(base_url=bridge.url) as nobody:
        begun = process_time()
        answers = [await nobody.get(f"/media/m_{'0' * 64}?{'a&' * 30_000}") for _ in range(5)]
        assert process_time() - begun < 0.3
    assert {each.status_code for each in answers} == {400}
