"""A whole session as a file, over HTTP, for the operator alone."""

import base64
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from bridge.domain.codec import encode
from bridge.domain.content import Attachment, Content
from bridge.domain.errors import StoreUnavailable
from bridge.domain.events import Draft, MessageReceived, ParticipantJoined
from bridge.domain.ids import ChannelName, ConversationId, MediaId
from bridge.domain.parts import Address
from bridge.domain.session_file import PIECE, Seal
from tests.http.rig import ADA, BOB, MAIN, MOST, SESSION, Bridge

LANE = ConversationId("c_dm")


async def once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def attached(media: str, size: int) -> Content:
    file = Attachment(
        kind="file", name="a/../b", mime="text/plain", size=size, media=MediaId(media)
    )
    return Content(text="look", attachments=(file,))


async def lived_in(bridge: Bridge) -> bytes:
    """Fill the session with what a file of it has to hold; return the bytes of the file sent."""
    content = bytes(range(256)) * ((PIECE * 2 + 1_000) // 256)
    content = content[:MOST]
    address = Address(channel=ChannelName("chat"), place="dm\x1b7")
    await bridge.store.register(LANE, address, room=False, title="", at=bridge.clock.now())
    blob = await bridge.blobs.put(once(content))
    said = [attached(blob.media, blob.size), attached("m_gone", 7), *[Content(text="x")] * 250]
    drafts = [MessageReceived(participant=ADA, conversation=LANE, content=each) for each in said]
    joined = ParticipantJoined(participant=BOB, role="member", earlier=False)
    keyed = [Draft(body=each, key=f"k{n}") for n, each in enumerate((*drafts, joined))]
    await bridge.store.append(MAIN, keyed, at=bridge.clock.now())
    return content


async def test_the_file_of_a_session_holds_all_of_it_and_is_sealed(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    content = await lived_in(bridge)
    answer = await ada.get(f"{SESSION}/export")
    assert answer.status_code == 200
    Seal().check(iter(answer.content.splitlines(keepends=True)))
    told = [json.loads(line) for line in answer.content.split(b"\n")[:-1]]
    kinds = [each["type"] for each in told]
    assert list(dict.fromkeys(kinds)) == [
        "session", "participant", "place", "event", "file", "bytes", "end"
    ]  # fmt: skip
    first = told[0]
    counts = {name: first[f"{name}s"] for name in ("participant", "place", "event", "file")}
    assert counts == {name: kinds.count(name) for name in counts}
    assert (first["format"], first["session"]) == (1, MAIN)

    stored = await bridge.store.read(MAIN, after=0, limit=1_000)
    lines = [each for each in answer.content.split(b"\n") if each.startswith(b'{"type":"event"')]
    assert [(each["seq"], each["key"]) for each in map(json.loads, lines)] == [
        (each.seq, each.key) for each in stored
    ]
    for line, event in zip(lines, stored, strict=True):
        assert line.endswith(encode(event.body).encode() + b"}")

    assert [each["id"] for each in told if each["type"] == "place"] == [LANE]
    assert {each["id"] for each in told if each["type"] == "participant"} == {ADA, BOB}
    files = {each["media"]: each["size"] for each in told if each["type"] == "file"}
    assert list(files.values()) == [len(content), None]
    pieces = [base64.b64decode(each["data"]) for each in told if each["type"] == "bytes"]
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= PIECE


async def test_only_the_operator_gets_it_and_only_of_a_session_there_is(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    async with bridge.client(BOB) as bob:
        assert (await bob.get(f"{SESSION}/export")).status_code == 403
    assert (await ada.get("/v1/sessions/s_none/export")).status_code == 404


async def test_an_export_that_fails_in_the_middle_does_not_look_whole(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived_in(bridge)

    def broken(media: MediaId) -> AsyncIterator[bytes]:
        raise StoreUnavailable("the disk is gone")

    monkeypatch.setattr(bridge.blobs, "open", broken)
    with pytest.raises(httpx.RemoteProtocolError):
        await ada.get(f"{SESSION}/export")
