"""Whoever runs the bridge sees what places are owed, tries it again, or drops it."""

from typing import Any

import httpx

from bridge.domain.ids import ConversationId, PartId, Seq
from bridge.domain.parts import Receipt, Span
from bridge.unseen import unseen
from tests.http.rig import BOB, MAIN, Bridge
from tests.http.test_pushes import CHAT, lane, push, settle

ALL = "/v1/deliveries"


async def rows(ada: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    answer = await ada.get(ALL)
    assert answer.status_code == 200, answer.text
    return {each["conversation"]: each for each in answer.json()["places"]}


async def caught_up(bridge: Bridge, name: str) -> ConversationId:
    place = await lane(bridge, name)
    await bridge.store.advance(MAIN, place, await bridge.store.head(MAIN))
    return place


async def test_what_is_owed_is_told_with_why_and_since_what(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    gone = await caught_up(bridge, "gone")
    down = await caught_up(bridge, "down")
    well = await caught_up(bridge, "well")
    pushed = await push(ada)
    await settle(bridge, well, pushed["seq"])
    for place, is_gone in ((gone, True), (down, False)):
        until = None if is_gone else bridge.clock.now()
        await bridge.store.postpone(
            MAIN, place, until=until, tries=3, error="503", suspended=is_gone
        )
    found = await rows(ada)
    assert (found[gone]["state"], found[gone]["why"]) == ("parked", "closed")
    assert (found[down]["state"], found[down]["why"]) == ("owed", "unanswered")
    assert (found[down]["tries"], found[down]["error"]) == (3, "503")
    assert found[down]["behind"] >= 1
    assert (found[down]["account"], found[down]["title"]) == (CHAT, "Main")


async def test_what_failed_of_late_is_told(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    place = await caught_up(bridge, "one")
    pushed = await push(ada)
    await settle(bridge, place, pushed["seq"], state="failed", code="400")
    assert (await rows(ada))[place]["failed"] == [pushed["seq"]]


async def test_a_place_is_tried_again_at_once(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    place = await lane(bridge, "one")
    await bridge.store.postpone(MAIN, place, until=None, tries=1, error="gone", suspended=True)
    assert (await ada.post(f"{ALL}/{place}/retry")).status_code == 204
    assert place in bridge.woken
    known = await bridge.store.conversation(place)
    assert known is not None
    assert (known.suspended, known.tries) == (False, 0)


async def test_what_is_dropped_is_owed_no_more_and_says_so(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    place = await lane(bridge, "one")
    first, second = await push(ada), await push(ada)
    for pushed, state, tries in ((first, "attempted", 1), (second, "owed", 0)):
        receipt = Receipt(
            session=MAIN,
            conversation=place,
            part=PartId(f"{pushed['seq']}:0"),
            source=Seq(pushed["seq"]),
            upto=Seq(pushed["seq"]),
            span=Span(start=0, end=4),
            state=state,
            tries=tries,
            at=bridge.clock.now(),
        )
        await bridge.store.record(receipt)
    unseen.reset()
    dropped = await ada.post(f"{ALL}/{place}/drop")
    assert dropped.json()["dropped"] >= 2
    assert [each.reason for each in unseen.counts()] == ["dropped"]
    told = [(await ada.get(f"/v1/pushes/{each['id']}")).json() for each in (first, second)]
    stands = [(each["places"][0]["state"], each["places"][0]["why"]) for each in told]
    assert stands == [("failed", "unknown"), ("left_out", "dropped")], "the first may be seen"
    events = (await ada.get(f"/v1/sessions/{MAIN}/events")).json()["events"]
    assert sum(each["type"] == "pushed" for each in events) == 2, "the session has them still"


async def test_no_more_is_dropped_than_was_listed(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    place = await caught_up(bridge, "one")
    first = await push(ada)
    listed = (await rows(ada))[place]
    assert (listed["upto"], listed["behind"]) == (first["seq"], 1)
    second = await push(ada)
    wanted = {"upto": listed["upto"]}
    assert (await ada.post(f"{ALL}/{place}/drop", params=wanted)).json() == {"dropped": 1}
    told = [(await ada.get(f"/v1/pushes/{each['id']}")).json() for each in (first, second)]
    assert [each["places"][0]["state"] for each in told] == ["passed", "owed"]
    assert (await ada.post(f"{ALL}/{place}/drop", params={"upto": 0})).status_code == 400
    later = {"upto": second["seq"] + 1000}
    assert (await ada.post(f"{ALL}/{place}/drop", params=later)).json() == {"dropped": 1}
    await bridge.say("news of after")
    assert (await rows(ada))[place]["behind"] == 1, "what comes later is owed"


async def test_a_drop_that_comes_too_late_for_what_is_under_way_is_refused(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch
) -> None:
    place = await lane(bridge, "one")
    monkeypatch.setattr("bridge.engine.outbound.deliveries.DROP_SECONDS", 0.01)
    monkeypatch.setattr(bridge, "_drop", _never)
    refused = await ada.post(f"{ALL}/{place}/drop")
    assert (refused.status_code, "ask again" in refused.text) == (403, True)


async def _never(_: ConversationId) -> None: ...


async def test_all_of_it_is_for_whoever_runs_the_bridge(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    place = await lane(bridge, "one")
    await bridge.join(BOB, "owner")
    async with bridge.client(BOB) as bob:
        assert (await bob.get(ALL)).status_code == 403
        assert (await bob.get("/metrics")).status_code == 403
        for act in ("retry", "drop"):
            assert (await bob.post(f"{ALL}/{place}/{act}")).status_code == 403
    for act in ("retry", "drop"):
        assert (await ada.post(f"{ALL}/c_nowhere/{act}")).status_code == 404


async def test_metrics_are_counts_without_words(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    await lane(bridge, "one")
    await push(ada, text="a secret word")
    unseen.reset()
    unseen.note("stranger", account="chat")
    told = await ada.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain")
    lines = told.text.splitlines()
    stranger = 'bridgehead_left_out_total{account="chat",kind="refusal",reason="stranger"} 1.0'
    assert stranger in lines
    assert 'bridgehead_places_owed{account="chat"} 1.0' in lines
    assert any(line.startswith("bridgehead_cache_entries{") for line in lines)
    assert "secret" not in told.text
    async with httpx.AsyncClient(base_url=bridge.url) as nobody:
        assert (await nobody.get("/metrics")).status_code == 401
