"""What passes beside the log."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from bridge.domain.events import Preview
from bridge.domain.ids import RunId
from bridge.http.pages import offset
from tests.http.rig import (
    ADA,
    BOB,
    LIVE,
    MAIN,
    QUICK,
    Bridge,
    following,
    put,
    seqs,
    serving,
    texts,
)
from tests.waiting import PATIENCE, until

R1 = RunId("r_1")
PATIENT = replace(QUICK, stream=20, keepalive=20)


def preview(revision: int, text: str, activity: str = "") -> Preview:
    return Preview(run=R1, revision=revision, text=text, activity=activity)


async def test_the_first_frame_says_what_is_so_now(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    bridge.live.show(MAIN, preview(7, "The answer so f", "thinking"))
    async with following(ada, LIVE, offset=None, place="web") as read:
        first = await anext(read)
        assert first.event == "live"
        assert first.data == {
            "previews": [
                {"run": "r_1", "revision": 7, "text": "The answer so f", "activity": "thinking"}
            ],
            "typing": [],
            "present": [{"participant": "p_ada", "place": "web"}],
        }


async def test_a_preview_grows_before_the_readers_eyes(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    async with following(ada, LIVE, offset=None) as read:
        await anext(read)
        bridge.live.show(MAIN, preview(1, "The"))
        assert [each["text"] for each in (await anext(read)).data["previews"]] == ["The"]
        bridge.live.show(MAIN, preview(2, "The answer"))
        assert [each["text"] for each in (await anext(read)).data["previews"]] == ["The answer"]
        bridge.live.clear(MAIN, R1)
        assert (await anext(read)).data["previews"] == []


async def test_previews_are_conflated_into_few_frames_and_the_last_one_arrives() -> None:
    async with (
        serving(PATIENT) as bridge,
        bridge.client() as ada,
        following(ada, LIVE, offset=None) as read,
    ):
        await anext(read)
        for revision in range(1, 301):
            bridge.live.show(MAIN, preview(revision, "x" * revision))
            await asyncio.sleep(0.001)
        shown = []
        while not shown or shown[-1] < 300:
            shown.append((await anext(read)).data["previews"][0]["revision"])
        assert shown == sorted(set(shown))
        assert len(shown) < 60


async def test_typing_and_presence_of_others_show() -> None:
    async with serving(PATIENT) as bridge, bridge.client() as ada, bridge.client(BOB) as bob:
        await bridge.join(BOB)
        async with following(ada, LIVE, offset=None, place="web") as read:
            await anext(read)
            assert (await put(bob, {"type": "typing"}))["events"] == []
            assert (await anext(read)).data["typing"] == [BOB]
            async with following(bob, LIVE, offset=None, place="terminal") as bobs:
                await anext(bobs)
                both = [
                    {"participant": ADA, "place": "web"},
                    {"participant": BOB, "place": "terminal"},
                ]
                assert (await anext(read)).data["present"] == both
            assert (await anext(read)).data["present"] == both[:1]


async def test_a_viewer_reads_along_but_is_not_shown_as_typing(bridge: Bridge) -> None:
    await bridge.join(BOB, "viewer")
    async with bridge.client(BOB) as bob:
        answer = await bob.post(f"/v1/stream/sessions/{MAIN}/inbox", json={"type": "typing"})
        assert answer.status_code == 403
    assert bridge.live.glimpse(MAIN).typing == ()


async def test_a_client_says_that_someone_looks_and_how_far_they_have_seen(bridge: Bridge) -> None:
    """What the log has not got nobody has seen. A viewer looks too."""
    await bridge.join(BOB, "viewer")
    head = await bridge.store.head(MAIN)
    async with bridge.client(BOB) as bob:
        said = {"type": "looking", "view": "tab", "visible": True, "seen": head + 100}
        assert (await put(bob, said))["events"] == []
        looking = bridge.live.looking
        assert (looking.looks(MAIN, BOB), looking.seen(MAIN, BOB)) == (True, head)
        assert not looking.looks(MAIN, ADA)
        await put(bob, {**said, "visible": False})
        assert (looking.looks(MAIN, BOB), looking.seen(MAIN, BOB)) == (False, head)
    assert await bridge.store.head(MAIN) == head, "it is not kept"


@pytest.mark.parametrize(
    "wrong",
    [
        {"view": ""},
        {"view": "a b"},
        {"visible": "maybe"},
        {"seen": -1},
        {"seen": 2**60},
        {"more": 1},
    ],
)
async def test_what_is_no_way_to_say_that_someone_looks_is_refused(
    bridge: Bridge, ada: httpx.AsyncClient, wrong: dict[str, Any]
) -> None:
    said = {"type": "looking", "view": "tab", "visible": True, "seen": 0, **wrong}
    answer = await ada.post(f"/v1/stream/sessions/{MAIN}/inbox", json=said)
    assert answer.status_code == 400
    assert not bridge.live.looking.looks(MAIN, ADA)


async def test_with_an_offset_the_same_connection_carries_the_log(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    async with following(ada, LIVE, offset="-1") as read:
        began = [await anext(read) for _ in range(3)]
        assert sorted(frame.event for frame in began) == ["control", "data", "live"]
        bridge.live.show(MAIN, preview(1, "Hel"))
        assert (await anext(read)).event == "live"
        await bridge.say("hello")
        data, control = await anext(read), await anext(read)
        assert (texts(data.data), data.id) == (["hello"], offset(3))
        assert control.data["streamNextOffset"] == offset(3)


async def test_a_page_that_comes_back_reads_on_from_its_last_event_id(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    seen: list[int] = []
    at = "-1"
    for number in range(4):
        await bridge.say(f"{number}")
        async with following(ada, LIVE, headers={"Last-Event-ID": at}) as read:
            async for frame in read:
                if frame.event == "data":
                    seen += seqs(frame.data)
                    at = frame.id
                    break
    assert seen == [1, 2, 3, 4, 5, 6]


async def test_a_quiet_live_stream_keeps_alive_and_ends_by_itself(ada: httpx.AsyncClient) -> None:
    async with following(ada, LIVE, offset=None) as read:
        events = [frame.event async for frame in read]
    assert events[0] == "live"
    assert events[1:] == [":"] * len(events[1:])
    assert 2 <= len(events[1:]) <= 4


async def test_whoever_comes_back_at_once_was_never_shown_as_gone() -> None:
    shown: list[list[str]] = []
    async with (
        serving(replace(PATIENT, linger=0.5)) as bridge,
        bridge.client() as ada,
        bridge.client() as watching,
        following(watching, LIVE, offset=None, place="terminal") as read,
    ):
        await anext(read)
        for _ in range(2):
            async with following(ada, LIVE, offset=None, place="web") as hers:
                await anext(hers)
        while ["terminal"] not in shown:
            shown.append([each["place"] for each in (await anext(read)).data["present"]])
    assert shown[:-1] == [["terminal", "web"]] * len(shown[:-1])
    assert len(shown) > 1


async def test_whoever_leaves_is_not_present_any_more() -> None:
    async with serving(PATIENT) as bridge, bridge.client() as ada:
        async with following(ada, LIVE, offset="now") as read:
            await anext(read)
            assert len(bridge.live.glimpse(MAIN).present) == 1
        await until(lambda: bridge.live.glimpse(MAIN).present == ())


async def test_whoever_is_removed_sees_nothing_live_any_more() -> None:
    async with serving(PATIENT) as bridge, bridge.client(BOB) as bob:
        await bridge.join(BOB)
        async with following(bob, LIVE, offset=None) as read:
            await anext(read)
            await bridge.leave(BOB)
            bridge.live.show(MAIN, preview(1, "about Bob"))
            async with asyncio.timeout(PATIENCE):
                assert [frame async for frame in read] == []
        await until(lambda: bridge.live.glimpse(MAIN).present == ())


@pytest.mark.parametrize("query", ["place=moon", "offset=abc", "offset=-1&offset=now"])
async def test_what_cannot_be_watched_is_malformed(ada: httpx.AsyncClient, query: str) -> None:
    assert (await ada.get(f"{LIVE}?{query}")).status_code == 400
