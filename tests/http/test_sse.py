"""Following the log by server-sent events."""

import asyncio
import json
from dataclasses import replace

import httpx
import httpx_sse
import pytest

from bridge.domain.ids import Seq, SessionId
from bridge.http.pages import offset
from bridge.http.sse import dump
from tests.http.rig import (
    ADA,
    BOB,
    QUICK,
    STREAM,
    Bridge,
    following,
    frames,
    open_flows,
    seqs,
    serving,
    texts,
)
from tests.waiting import PATIENCE, until

SSE = {"live": "sse", "offset": "-1"}
PATIENT = replace(QUICK, stream=20, keepalive=20)


async def test_a_stream_begins_with_what_is_there_then_says_where_it_stands(
    ada: httpx.AsyncClient,
) -> None:
    async with ada.stream("GET", STREAM, params=SSE) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        assert "content-length" not in answer.headers
        read = frames(answer)
        data, control = await anext(read), await anext(read)
        assert (data.event, seqs(data.data), data.id) == ("data", [1, 2], offset(2))
        assert control.event == "control"
        assert control.data.pop("streamCursor").isdigit()
        assert control.data == {"streamNextOffset": offset(2), "upToDate": True}


async def test_the_framing_is_the_protocols_to_the_byte(ada: httpx.AsyncClient) -> None:
    answer = await ada.get(STREAM, params=SSE)
    text = answer.text
    assert text.startswith('event: data\ndata:[{"seq":1,')
    assert f"}}]\nid: {offset(2)}\n\nevent: control\ndata:{{" in text


async def test_a_stream_from_the_end_says_at_once_that_it_is_up_to_date(
    ada: httpx.AsyncClient,
) -> None:
    async with ada.stream("GET", STREAM, params={**SSE, "offset": "now"}) as answer:
        first = await anext(frames(answer))
        assert first.event == "control"
        assert first.data["upToDate"] is True


async def test_what_is_said_arrives_while_the_stream_is_open(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    async with following(ada, offset="now") as read:
        await anext(read)
        for text in ("one", "two"):
            await bridge.say(text)
            data, control = await anext(read), await anext(read)
            assert texts(data.data) == [text]
            assert control.data["streamNextOffset"] == data.id


async def test_a_quiet_stream_keeps_the_connection_alive_then_ends_by_itself(
    ada: httpx.AsyncClient,
) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with following(ada) as read:
        events = [frame.event async for frame in read]
    assert events[:2] == ["data", "control"]
    assert set(events[2:]) == {":"}
    assert 2 <= len(events[2:]) <= 4
    assert QUICK.stream - 0.1 < loop.time() - began < QUICK.stream + 0.5


async def test_the_last_event_id_overrides_the_offset(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.say("three")
    async with following(ada, headers={"Last-Event-ID": offset(2)}) as read:
        assert seqs((await anext(read)).data) == [3]


async def test_an_offset_that_is_overridden_has_to_be_one_all_the_same(
    ada: httpx.AsyncClient,
) -> None:
    params = {"live": "sse", "offset": "nonsense"}
    answer = await ada.get(STREAM, params=params, headers={"Last-Event-ID": offset(2)})
    assert answer.status_code == 400


async def test_an_event_source_needs_only_its_own_headers(ada: httpx.AsyncClient) -> None:
    """An EventSource asks for `text/event-stream` and knows nothing of `live`."""
    async with httpx_sse.aconnect_sse(ada, "GET", STREAM) as source:
        first = await anext(source.aiter_sse())
        assert (first.event, first.id, seqs(first.json())) == ("data", offset(2), [1, 2])


async def test_resuming_again_and_again_shows_every_event_once_and_in_order() -> None:
    limits = replace(QUICK, stream=0.1, frame=400)
    async with serving(limits) as bridge, bridge.client() as ada:
        writing = asyncio.create_task(_write(bridge, 120))
        seen: list[int] = []
        at = "-1"
        while len(seen) < 122:
            async with following(ada, offset=at) as read:
                async for frame in read:
                    if frame.event == "data":
                        seen += seqs(frame.data)
                        at = frame.id
        await writing
        assert seen == list(range(1, 123))


async def test_a_frame_of_many_events_is_bounded_and_only_the_last_is_up_to_date() -> None:
    async with serving(replace(QUICK, frame=500)) as bridge, bridge.client() as ada:
        for number in range(10):
            await bridge.say(f"{number}")
        async with following(ada) as read:
            controls = []
            while not controls or "upToDate" not in controls[-1].data:
                data = await anext(read)
                assert len(json.dumps(data.data)) < 700
                controls.append(await anext(read))
        assert len(controls) > 2


async def test_line_ends_of_every_kind_stay_inside_their_event(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    sly = "a\rb\nc\r\nevent: control\ndata:{}\n\nd\u2028e\u2029f\x85g\x0bh"
    await bridge.say(sly)
    async with following(ada, offset=offset(2)) as read:
        assert texts((await anext(read)).data) == [sly]
    async with httpx_sse.aconnect_sse(ada, "GET", STREAM, params={"offset": offset(2)}) as source:
        assert texts((await anext(source.aiter_sse())).json()) == [sly]
    raw = (await ada.get(STREAM, params={"offset": offset(2), "live": "sse"})).text
    assert raw.splitlines() == raw.split("\n")[:-1]


def test_half_a_character_cannot_break_a_stream() -> None:
    assert dump(["\ud83d"]) == b'["?"]'


async def test_whoever_is_removed_sees_their_stream_close_without_what_came_after() -> None:
    async with serving(PATIENT) as bridge, bridge.client(BOB) as bob:
        await bridge.join(BOB)
        async with following(bob, offset="now") as read:
            await anext(read)
            await bridge.leave(BOB)
            await bridge.say("about Bob")
            async with asyncio.timeout(PATIENCE):
                assert [frame async for frame in read] == []
        assert (await bob.get(STREAM)).status_code == 404


async def test_a_revoked_token_closes_its_streams() -> None:
    async with serving(replace(PATIENT, token_memory=0.01)) as bridge, bridge.client() as ada:
        async with following(ada, offset="now") as read:
            await anext(read)
            await bridge.store.revoke_tokens(ADA, label="test")
            await asyncio.sleep(0.02)
            await bridge.say("not for this token any more")
            async with asyncio.timeout(PATIENCE):
                assert [frame async for frame in read] == []
        assert (await ada.get(STREAM)).status_code == 401


async def test_a_client_that_leaves_leaves_nothing_behind() -> None:
    async with serving(PATIENT) as bridge, bridge.client() as ada:
        async with following(ada, offset="now") as read:
            await anext(read)
            assert open_flows(bridge) == 1
        await until(lambda: open_flows(bridge) == 0)


async def test_a_store_that_wakes_for_nothing_does_not_make_its_readers_spin(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken = []

    async def wake_at_once(session: SessionId, *, after: Seq) -> None:
        woken.append(after)

    monkeypatch.setattr(bridge.store, "wait", wake_at_once)
    async with following(ada, offset="now") as read:
        assert (await anext(read)).event == "control"
        await until(lambda: len(woken) >= 2)
        await asyncio.sleep(0.3)
        assert len(woken) < 20


async def _write(bridge: Bridge, count: int) -> None:
    for number in range(count):
        await bridge.say(f"message {number}")
        await asyncio.sleep(0.002)
