"""Files over HTTP: in with a token, out to those in a session or through a link."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from bridge.domain.content import Attachment
from bridge.domain.errors import NoRoom, StoreUnavailable
from bridge.domain.ids import MediaId
from bridge.http import media as module
from bridge.http.media import disposition, served_type
from tests.http.rig import (
    ADA,
    BOB,
    EVE,
    INBOX,
    MOST,
    QUICK,
    SESSION,
    STREAM,
    Bridge,
    bearer,
    serving,
)
from tests.waiting import until


@pytest.mark.parametrize(
    ("mime", "served"),
    [
        ("image/png", "image/png"),
        ("IMAGE/JPEG", "image/jpeg"),
        ("audio/ogg; codecs=opus", "audio/ogg"),
        ("video/mp4", "video/mp4"),
        ("application/pdf", "application/pdf"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("application/xhtml+xml", "application/octet-stream"),
        ("text/xml", "application/octet-stream"),
        ("text/javascript", "application/octet-stream"),
        ("multipart/x-mixed-replace", "application/octet-stream"),
        ("audio/x\r\nX: y", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_only_types_that_cannot_run_are_told(mime: str, served: str) -> None:
    assert served_type(mime) == served


@pytest.mark.parametrize(
    ("mime", "how"),
    [
        ("image/png", "inline"),
        ("audio/mpeg", "inline"),
        ("video/mp4", "inline"),
        ("application/pdf", "attachment"),
        ("text/plain", "attachment"),
        ("text/html", "attachment"),
    ],
)
def test_only_pictures_sound_and_films_are_shown_in_place(mime: str, how: str) -> None:
    assert disposition("a", mime).startswith(f"{how}; ")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.png", "inline; filename=\"a b.png\"; filename*=UTF-8''a%20b.png"),
        ('a".png', "inline; filename=\"a_.png\"; filename*=UTF-8''a_.png"),
        ("größe.png", "inline; filename=\"gr__e.png\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.png"),
        ("a\r\nX: y", "inline; filename=\"aX_ y\"; filename*=UTF-8''aX_%20y"),
        ("../x.png", "inline; filename=\"x.png\"; filename*=UTF-8''x.png"),
        ("100%.png", "inline; filename=\"100_.png\"; filename*=UTF-8''100%25.png"),
        ("", "inline; filename=\"file\"; filename*=UTF-8''file"),
    ],
)
def test_a_name_stays_in_its_header(name: str, header: str) -> None:
    assert disposition(name, "image/png") == header
    assert disposition(name, "image/png").isascii()


UPLOAD = "/v1/media"
PNG = {"Content-Type": "image/png"}
HELLO = f"m_{hashlib.sha256(b'hello').hexdigest()}"
NONE = "m_" + "0" * 64


def kept(bridge: Bridge) -> int:
    return len(bridge.blobs._files)


async def given(client: httpx.AsyncClient, body: bytes = b"hello") -> str:
    answer = await client.post(UPLOAD, content=body, headers=PNG)
    media: str = answer.json()["media"]
    return media


# -- in -------------------------------------------------------------------------------------------


async def test_a_file_that_is_put_in_is_kept_and_told_as_a_message_may_carry_it(ada) -> None:
    answer = await ada.post(
        f"{UPLOAD}?name=..%2Fgr%C3%B6%C3%9Fe.png", content=b"hello", headers=PNG
    )
    assert answer.status_code == 201
    assert answer.json() == {
        "media": HELLO,
        "size": 5,
        "name": "größe.png",
        "mime": "image/png",
        "kind": "image",
    }
    said = {"type": "message", "text": "", "attachments": [answer.json()]}
    assert (await ada.post(INBOX, json=said)).status_code == 200
    assert (await ada.get(f"{SESSION}/media/{HELLO}")).content == b"hello"


async def test_the_same_file_twice_is_a_success(bridge, ada) -> None:
    assert await given(ada) == await given(ada) == HELLO
    assert kept(bridge) == 1


async def test_a_file_is_for_those_with_a_token(bridge) -> None:
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as stranger:
        assert (await stranger.post(UPLOAD, content=b"hello")).status_code == 401
        assert (await stranger.get(f"{SESSION}/media/{HELLO}")).status_code == 401
    assert kept(bridge) == 0


async def test_any_bytes_of_any_type_are_taken_as_they_are(ada) -> None:
    """What JSON is elsewhere is a file here; a type that is none stands for bytes."""
    body = b'\xff\x00{"not": json'
    for sent in ("application/json", "text/html; charset=utf-16", "nonsense", ""):
        answer = await ada.post(UPLOAD, content=body, headers={"Content-Type": sent})
        assert (answer.status_code, answer.json()["size"]) == (201, len(body))
    assert answer.json()["mime"] == "application/octet-stream"


async def test_an_empty_file_is_none(ada) -> None:
    answer = await ada.post(UPLOAD, content=b"", headers=PNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")


async def test_a_large_file_is_not_held_up_by_the_limit_of_other_bodies(ada) -> None:
    assert (await ada.post(UPLOAD, content=b"x" * MOST, headers=PNG)).json()["size"] == MOST


@pytest.mark.parametrize("more", [1, 5_000_000])
async def test_a_file_too_large_is_refused_in_words_and_not_kept(bridge, ada, more: int) -> None:
    answer = await ada.post(UPLOAD, content=b"x" * (MOST + more), headers=PNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert "kept here has 20 MB" in answer.json()["error"]["message"]
    assert kept(bridge) == 0


async def test_an_endless_file_is_cut_off(bridge) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 400_000_000:
            yield b"x" * 65_536
            sent += 65_536

    async with bridge.client() as ada:
        try:
            answer = await ada.post(UPLOAD, content=endless(), headers=PNG)
        except httpx.TransportError:
            pass
        else:
            assert answer.status_code == 413
    assert MOST < sent < 100_000_000
    assert kept(bridge) == 0


async def test_without_room_the_answer_says_so(bridge, ada, monkeypatch) -> None:
    async def full(chunks: AsyncIterator[bytes]) -> None:
        raise NoRoom

    monkeypatch.setattr(bridge.blobs, "put", full)
    answer = await ada.post(UPLOAD, content=b"hello", headers=PNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "no_room")
    assert "no room left" in answer.json()["error"]["message"]


async def test_a_sender_who_leaves_in_the_middle_leaves_nothing(bridge) -> None:
    _, writer = await opened(bridge, "Content-Length: 1000")
    writer.write(b"half of it")
    await writer.drain()
    await until(lambda: bridge.blobs._quota._coming > 0)
    writer.close()
    await until(lambda: bridge.blobs._quota._coming == 0)
    assert kept(bridge) == 0


async def test_a_sender_who_stalls_is_not_waited_for(monkeypatch) -> None:
    async with serving(replace(QUICK, drain=0.1)) as bridge:
        reader, writer = await opened(bridge, "Content-Length: 1000")
        writer.write(b"half of it")
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 408 " in head.splitlines()[0]
        writer.close()
        assert kept(bridge) == 0


async def test_a_stop_cuts_an_upload_off(bridge) -> None:
    _, writer = await opened(bridge, "Content-Length: 1000")
    writer.write(b"half of it")
    await writer.drain()
    await until(lambda: bridge.blobs._quota._coming > 0)
    await bridge.server.stop()
    assert bridge.blobs._quota._coming == 0
    writer.close()


# -- out ------------------------------------------------------------------------------------------


async def test_a_file_comes_as_it_was_named_and_can_do_nothing(ada) -> None:
    await given(ada)
    answer = await ada.get(f"{SESSION}/media/{HELLO}?name=a.png&type=image/png")
    assert answer.content == b"hello"
    headers = answer.headers
    assert (headers["content-type"], headers["content-length"]) == ("image/png", "5")
    assert headers["content-disposition"].startswith('inline; filename="a.png"')
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert headers["cache-control"].startswith("private, max-age=")
    assert headers["vary"] == "Authorization"
    for mime in ("text/html", "image/svg+xml"):
        answer = await ada.get(f"{SESSION}/media/{HELLO}", params={"type": mime})
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_large_file_comes_whole(ada) -> None:
    body = bytes(range(256)) * 40_000
    media = await given(ada, body)
    assert (await ada.get(f"{SESSION}/media/{media}")).content == body


async def test_who_has_a_file_need_not_fetch_it_again(ada) -> None:
    await given(ada)
    etag = (await ada.get(f"{SESSION}/media/{HELLO}")).headers["etag"]
    again = await ada.get(f"{SESSION}/media/{HELLO}", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


async def test_its_head_tells_its_length(ada) -> None:
    await given(ada)
    answer = await ada.head(f"{SESSION}/media/{HELLO}?type=image/png")
    assert (answer.status_code, answer.content) == (200, b"")
    assert (answer.headers["content-length"], answer.headers["content-type"]) == ("5", "image/png")
    assert (await ada.head(f"{SESSION}/media/{NONE}")).status_code == 404


async def test_what_is_not_kept_is_not_found(ada) -> None:
    for media in (NONE, "m_1", "..%2Fowner-token", HELLO.upper(), "%00"):
        answer = await ada.get(f"{SESSION}/media/{media}")
        assert (answer.status_code, media) == (404, media)
        assert answer.json()["error"]["code"] == "not_found"


async def test_files_are_read_by_those_in_the_session_alone(bridge, ada) -> None:
    """Viewers too. To others there is no such session; after a kick there is none any more."""
    await given(ada)
    await bridge.join(BOB, "viewer")
    async with bridge.client(BOB) as bob, bridge.client(EVE) as eve:
        assert (await bob.get(f"{SESSION}/media/{HELLO}")).content == b"hello"
        assert (await eve.get(f"{SESSION}/media/{HELLO}")).status_code == 404
        await bridge.leave(BOB)
        assert (await bob.get(f"{SESSION}/media/{HELLO}")).status_code == 404


async def test_a_disk_that_fails_asks_for_patience(bridge, ada, monkeypatch) -> None:
    async def broken(media: MediaId) -> None:
        raise StoreUnavailable("files cannot be kept just now")

    monkeypatch.setattr(bridge.blobs, "size", broken)
    answer = await ada.get(f"{SESSION}/media/{HELLO}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")


# -- links ----------------------------------------------------------------------------------------


def link(bridge: Bridge, **changes: str) -> str:
    """Return where a link leads on this server."""
    file = Attachment(kind="image", name="a.png", mime="image/png", size=5, media=MediaId(HELLO))
    made = bridge.links.link(replace(file, **changes), timedelta(minutes=1))
    assert made is not None
    return made.replace("https://bridge.example", bridge.url)


async def test_a_link_needs_no_token(bridge, ada) -> None:
    await given(ada)
    async with httpx.AsyncClient(verify=False) as platform:
        answer = await platform.get(link(bridge))
        assert (answer.status_code, answer.content) == (200, b"hello")
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == "private, no-store"
        assert "sandbox" in answer.headers["content-security-policy"]
        head = await platform.head(link(bridge))
        assert (head.status_code, head.headers["content-length"]) == (200, "5")


async def test_a_document_keeps_its_type_for_the_platform_and_is_not_shown(bridge, ada) -> None:
    await given(ada)
    async with httpx.AsyncClient(verify=False) as platform:
        answer = await platform.get(link(bridge, mime="application/pdf"))
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"].startswith("attachment")
        answer = await platform.get(link(bridge, mime="text/html"))
        assert answer.headers["content-type"] == "application/octet-stream"


async def test_a_link_that_is_wrong_over_or_leads_nowhere_gives_nothing(bridge, ada) -> None:
    await given(ada)
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as platform:
        for wrong in (f"/media/{HELLO}", link(bridge).replace("a.png", "b.png")):
            answer = await platform.get(wrong)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "refused")
        file = Attachment(kind="file", name="", mime="", size=5, media=MediaId(HELLO))
        over = bridge.links.link(file, timedelta(0))
        answer = await platform.get(over.replace("https://bridge.example", ""))
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, "gone")
        answer = await platform.get(link(bridge, media=NONE))
        assert answer.status_code == 404
        assert (await platform.post(link(bridge))).status_code == 405


async def test_the_page_may_show_pictures_and_play_sound_it_fetched_itself(ada) -> None:
    policy = (await ada.get("/")).headers["content-security-policy"]
    assert "img-src 'self' data: blob:;" in policy
    assert "media-src blob:;" in policy


async def test_an_upload_shows_in_no_log(ada) -> None:
    before = (await ada.get(STREAM)).json()
    await given(ada)
    assert (await ada.get(STREAM)).json() == before


async def opened(
    bridge: Bridge, *headers: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    url = httpx.URL(bridge.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    lines = (
        f"POST {module.UPLOAD} HTTP/1.1",
        "Host: bridge",
        f"Authorization: {bearer(ADA)['Authorization']}",
        "Content-Type: image/png",
        *headers,
    )
    writer.write("\r\n".join((*lines, "", "")).encode())
    return reader, writer
