"""A program pushes something, and is told whom it reached."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from bridge.domain.commands import Archive, ChangeRole, Leave, Link
from bridge.domain.events import Pushed
from bridge.domain.ids import START, ChannelName, ConversationId, ParticipantId, PartId, Seq
from bridge.domain.parts import Address, Receipt, Span
from bridge.http import deliveries
from channels.memory import MemoryChannel
from channels.memory_platform import MemoryPlatform
from tests.feeding import feeding
from tests.http.rig import ADA, BOB, EVE, MAIN, SESSION, Bridge, numbered, put, serving
from tests.http.rig import QUICK as SHORT
from tests.waiting import PATIENCE

CHAT = ChannelName("chat")
PUSHES = f"{SESSION}/pushes"


async def lane(
    bridge: Bridge, name: str, who: ParticipantId = ADA, *, room: bool = False
) -> ConversationId:
    """Let a place of somebody follow the session."""
    bridge.channels.setdefault(CHAT, MemoryChannel(CHAT, MemoryPlatform(), feeding()))
    place = ConversationId(f"c_{name}")
    address = Address(channel=CHAT, place=name)
    await bridge.store.register(place, address, room=room, title="", at=bridge.clock.now())
    await bridge.sessions.submit(MAIN, Link(conversation=place, by=who))
    return place


async def push(client: httpx.AsyncClient, **said: Any) -> dict[str, Any]:
    answer = await client.post(PUSHES, json={"text": "news", **said})
    assert answer.status_code == 201, answer.text
    pushed: dict[str, Any] = answer.json()
    return pushed


async def settle(bridge: Bridge, place: ConversationId, seq: int, **more: Any) -> None:
    """Let a place be shown an event, as the courier does."""
    receipt = Receipt(
        session=MAIN,
        conversation=place,
        part=PartId(f"{seq}:0"),
        source=Seq(seq),
        upto=Seq(seq),
        span=Span(start=0, end=4),
        state="sent",
        at=bridge.clock.now(),
    )
    await bridge.store.record(replace(receipt, **more))
    await bridge.store.advance(MAIN, place, Seq(seq))
    bridge.progress.moved(place)


def states(told: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["conversation"]: (each["state"], each["why"]) for each in told["places"]}


async def test_a_push_says_what_each_place_has_of_it(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    one, other = await lane(bridge, "one"), await lane(bridge, "other")
    pushed = await push(ada)
    assert states(pushed) == {one: ("owed", ""), other: ("owed", "")}
    assert (pushed["reached"], pushed["may_reach"], pushed["told"]) == (False, True, None)
    await settle(bridge, one, pushed["seq"], state="read")
    told = (await ada.get(f"/v1/pushes/{pushed['id']}")).json()
    assert states(told)[one] == ("shown", "")
    assert [each["seen"] for each in told["places"]] == [True, False]
    assert told["reached"]
    same = (await ada.get(f"{SESSION}/deliveries/{pushed['seq']}")).json()
    assert same["places"] == told["places"]


async def test_whoever_waits_is_answered_as_soon_as_it_is_shown() -> None:
    async with serving(replace(SHORT, long_poll=PATIENCE)) as bridge, bridge.client() as ada:
        place = await lane(bridge, "one")
        pushed = await push(ada)
        waiting = asyncio.create_task(
            ada.get(f"/v1/pushes/{pushed['id']}", params={"wait": "shown"})
        )
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await settle(bridge, place, pushed["seq"])
        assert (await waiting).json()["reached"]


async def test_a_wait_ends_with_its_time(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    await lane(bridge, "one")
    pushed = await push(ada)
    wait = {"wait": "settled", "timeout": "0.05"}
    told = (await ada.get(f"/v1/pushes/{pushed['id']}", params=wait)).json()
    assert [each["state"] for each in told["places"]] == ["owed"]


async def test_a_report_that_wakes_nobody_is_found_all_the_same(monkeypatch) -> None:
    monkeypatch.setattr(deliveries, "LOOK_AGAIN", 0.01)
    async with serving(replace(SHORT, long_poll=PATIENCE)) as bridge, bridge.client() as ada:
        place = await lane(bridge, "one")
        pushed = await push(ada)
        wait = ada.get(f"/v1/pushes/{pushed['id']}", params={"wait": "shown"})
        waiting = asyncio.create_task(wait)
        await asyncio.sleep(0.05)
        receipt = bridge.progress.moved
        monkeypatch.setattr(bridge.progress, "moved", lambda _: None)
        await settle(bridge, place, pushed["seq"])
        assert (await waiting).json()["reached"]
        assert receipt is not bridge.progress.moved


async def test_the_sender_is_told_when_nobody_can_be_reached(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """It waits in the session, and whoever waits for it is not kept."""
    place = await lane(bridge, "one")
    await bridge.store.postpone(MAIN, place, until=None, tries=1, error="gone", suspended=True)
    pushed = await push(ada)
    assert states(pushed) == {place: ("parked", "closed")}
    assert "kept in the session" in pushed["told"]
    waited = await ada.get(f"/v1/pushes/{pushed['id']}", params={"wait": "shown"})
    assert (waited.json()["may_reach"], waited.json()["reached"]) == (False, False)


async def test_what_keeps_a_place_from_it_is_told(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    place = await lane(bridge, "one")
    bridge.held.add(place)
    pushed = await push(ada)
    assert states(pushed) == {place: ("held", "held")}
    await bridge.store.postpone(MAIN, place, until=bridge.clock.now(), tries=2, error="503")

    async def now() -> tuple[str, str]:
        return states((await ada.get(f"/v1/pushes/{pushed['id']}")).json())[place]

    assert await now() == ("owed", "unanswered")
    bridge.shut.add(CHAT)
    assert await now() == ("parked", "account_refused")
    bridge.channels.clear()
    assert await now() == ("parked", "no_account")


async def test_with_a_key_it_is_said_once(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    first, again = await push(ada, key="k"), await push(ada, key="k", text="other")
    assert (first["id"], first["repeated"], again["repeated"]) == (again["id"], False, True)
    events = (await ada.get(f"{SESSION}/events")).json()["events"]
    assert [each["content"]["text"] for each in events if each["type"] == "pushed"] == ["news"]


async def test_to_one_person_it_goes_to_their_private_places(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB)
    await lane(bridge, "adas")
    bobs, room = await lane(bridge, "bobs", BOB), await lane(bridge, "team", room=True)
    assert set(states(await push(ada, to=[BOB]))) == {bobs}
    assert set(states(await push(ada, places=[room]))) == {room}


async def test_who_has_no_private_place_is_reached_where_others_read_too(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB)
    await lane(bridge, "adas")
    room = await lane(bridge, "team", room=True)
    assert set(states(await push(ada, to=[BOB]))) == {room}


async def test_nothing_goes_to_people_or_places_outside(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    for more in ({"to": [EVE]}, {"places": ["c_elsewhere"]}):
        refused = await ada.post(PUSHES, json={"text": "news", **more})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "refused")
    await bridge.sessions.submit(MAIN, Archive(by=ADA))
    assert (await ada.post(PUSHES, json={"text": "news"})).status_code == 403


async def test_only_who_may_push_is_told(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    pushed = await push(ada)
    delivery = f"{SESSION}/deliveries/{pushed['seq']}"
    async with bridge.client(BOB) as bob:
        assert (await bob.get(f"/v1/pushes/{pushed['id']}")).status_code == 404
        assert (await bob.get(delivery)).status_code == 404
        await bridge.join(BOB, "viewer")
        assert (await bob.get(f"/v1/pushes/{pushed['id']}")).status_code == 403
        assert (await bob.post(PUSHES, json={"text": "x"})).status_code == 403
        assert (await bob.get(delivery)).status_code == 403


async def test_who_may_not_push_any_more_is_not_told_at_the_end_of_a_wait() -> None:
    async with serving(replace(SHORT, long_poll=PATIENCE)) as bridge, bridge.client() as ada:
        await bridge.join(BOB)
        place = await lane(bridge, "one")
        pushed = await push(ada)
        async with bridge.client(BOB) as bob:
            waiting = asyncio.create_task(
                bob.get(f"/v1/pushes/{pushed['id']}", params={"wait": "shown"})
            )
            await asyncio.sleep(0.05)
            await bridge.sessions.submit(MAIN, ChangeRole(participant=BOB, role="viewer", by=ADA))
            await settle(bridge, place, pushed["seq"])
            assert (await waiting).status_code == 403


@pytest.mark.parametrize("push", ["nothing", "s_main.17", f"{MAIN}.0000000000009999_{0:016d}"])
async def test_what_is_no_push_is_not_found(ada: httpx.AsyncClient, push: str) -> None:
    assert (await ada.get(f"/v1/pushes/{push}")).status_code == 404


async def test_another_event_is_no_push(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    seq = await bridge.say("hello")
    found = await ada.get(f"/v1/pushes/{MAIN}.{seq:016d}_{0:016d}")
    assert found.status_code == 404
    assert (await ada.get(f"{SESSION}/deliveries/{seq}")).status_code == 200


async def test_a_push_of_before_a_restore_is_gone(ada: httpx.AsyncClient) -> None:
    """Its number may be another event's by now."""
    pushed = await push(ada)
    other = f"{pushed['id'][:-16]}{7:016d}"
    assert (await ada.get(f"/v1/pushes/{other}")).status_code == 410


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": " "},
        {"priority": "urgent"},
        {"buttons": ["x"] * 11},
        {"buttons": [""]},
        {"buttons": ["x" * 81]},
        {"to": ["p_ada"] * 51},
        {"attachments": [{"media": "sha256-none"}]},
        {"more": 1},
    ],
)
async def test_what_cannot_be_is_malformed(ada: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    assert (await ada.post(PUSHES, json={"text": "x", **wrong})).status_code == 400


async def test_buttons_priority_and_files_are_in_the_log(ada: httpx.AsyncClient) -> None:
    media = (await ada.post("/v1/media?name=a.png", content=b"bytes")).json()
    await push(ada, text="", attachments=[media], buttons=["Yes", "No"], priority="high")
    event = (await ada.get(f"{SESSION}/events")).json()["events"][-1]
    assert [each["label"] for each in event["buttons"]] == ["Yes", "No"]
    assert (event["priority"], event["content"]["attachments"][0]["name"]) == ("high", "a.png")


async def test_who_else_has_the_page_open_does_not_reach_whoever_it_is_for(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB)
    place = await lane(bridge, "bobs", BOB)
    await bridge.store.postpone(MAIN, place, until=None, tries=1, error="gone", suspended=True)
    async with ada.stream("GET", f"{SESSION}/live", params={"place": "web"}):
        pushed = await push(ada, to=[BOB])
        assert (pushed["present"], pushed["may_reach"]) == ([], False)
        assert pushed["told"] is not None, "Ada looks, but Bob is not reached"
        assert (await push(ada, to=[ADA]))["told"] is None


async def test_whom_a_summary_told_of_it_is_no_lost_one(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    place = await lane(bridge, "one")
    pushed = await push(ada)
    await bridge.store.advance(MAIN, place, Seq(pushed["seq"]))
    told = (await ada.get(f"/v1/pushes/{pushed['id']}")).json()
    assert (states(told)[place], told["told"]) == (("passed", ""), None)


async def test_the_key_of_something_else_is_no_push(ada: httpx.AsyncClient) -> None:
    """Nobody is told that something was pushed which was not."""
    await put(ada, {"type": "trigger", "prompt": "look", "key": "k"})
    refused = await ada.post(PUSHES, json={"text": "news", "key": "k"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    assert not (await push(ada, key="other"))["repeated"]


async def test_who_has_the_page_open_is_named(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    async with ada.stream("GET", f"{SESSION}/live", params={"place": "web"}):
        pushed = await push(ada)
    assert (pushed["present"], pushed["told"]) == ([ADA], None)


# -- once -----------------------------------------------------------------------------------------


async def test_a_push_that_comes_again_is_a_success_whatever_became_of_the_session(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """Its sender lost the answer: the session is archived since, and whom it was for has left."""
    await bridge.join(BOB)
    first = await push(ada, key="build-17", to=[BOB])
    await bridge.sessions.submit(MAIN, Leave(participant=BOB, by=ADA))
    assert (await push(ada, key="build-17", to=[BOB]))["id"] == first["id"]
    await bridge.sessions.submit(MAIN, Archive(by=ADA))
    again = await push(ada, key="build-17", to=[BOB])
    assert (again["id"], again["seq"], again["repeated"]) == (first["id"], first["seq"], True)
    new = await ada.post(PUSHES, json={"text": "news", "key": "build-18"})
    assert (new.status_code, new.json()["error"]["code"]) == (403, "refused")
    events = await bridge.store.read(MAIN, after=START, limit=1000)
    pushes = [each for each in events if isinstance(each.body, Pushed)]
    assert len(pushes) == 1


async def test_who_may_not_push_any_more_learns_nothing_by_a_key(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB)
    await push(ada, key="build-17")
    async with bridge.client(BOB) as bob:
        assert (await bob.post(PUSHES, json={"text": "news", "key": "build-17"})).status_code == 201
        await bridge.sessions.submit(MAIN, ChangeRole(participant=BOB, role="viewer", by=ADA))
        refused = await bob.post(PUSHES, json={"text": "news", "key": "build-17"})
    assert refused.status_code == 403


async def test_a_numbered_push_that_comes_again_once_the_session_is_archived_uses_its_number_up(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    said = {"type": "push", "text": "news", "key": "build-17"}
    first = await put(ada, said, **numbered("script", 0))
    await bridge.sessions.submit(MAIN, Archive(by=ADA))
    again = await put(ada, said, **numbered("script", 1))
    assert (again["repeated"], again["events"]) == (True, first["events"])
