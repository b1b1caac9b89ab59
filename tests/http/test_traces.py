"""The way of one event over HTTP, for the operator alone."""

from dataclasses import replace

import httpx
import pytest

from bridge.domain.commands import EndRun, Link, StartRun
from bridge.domain.content import Content
from bridge.domain.ids import ChannelName, ConversationId, MessageId, PartId, RunId
from bridge.domain.parts import Address, Receipt, Span
from tests.http.rig import ADA, BOB, MAIN, SESSION, Bridge

LANE, RUN = ConversationId("c_dm"), RunId("r_1")


@pytest.fixture
async def lane(bridge: Bridge) -> ConversationId:
    """A chat that follows the session."""
    address = Address(channel=ChannelName("chat"), place="dm")
    await bridge.store.register(LANE, address, room=False, title="", at=bridge.clock.now())
    await bridge.sessions.submit(MAIN, Link(conversation=LANE, by=ADA))
    return LANE


def receipt(bridge: Bridge, seq: int, **more) -> Receipt:
    known = Receipt(
        session=MAIN,
        conversation=LANE,
        part=PartId(f"{seq}:0"),
        source=seq,
        upto=seq,
        span=Span(start=0, end=3),
        state="sent",
        at=bridge.clock.now(),
        message=MessageId("m_7"),
        tries=2,
    )
    return replace(known, **more)


async def answered(bridge: Bridge) -> tuple[int, int]:
    """Let something be asked and answered; return the numbers of both."""
    asked = await bridge.say("my secret words")
    await bridge.sessions.submit(MAIN, StartRun(run=RUN, agent="echo", node="n"))
    end = EndRun(run=RUN, upto=asked, content=Content(text="my secret answer"))
    ended = await bridge.sessions.submit(MAIN, end)
    return asked, ended.events[0].seq


async def test_a_way_is_who_read_it_what_answered_and_what_each_place_has(
    bridge: Bridge, ada: httpx.AsyncClient, lane: ConversationId
) -> None:
    asked, answer = await answered(bridge)
    await bridge.store.record(receipt(bridge, asked))
    await bridge.store.record(receipt(bridge, answer, state="failed", why="plain", code="400"))
    told = await ada.get(f"{SESSION}/trace", params={"seq": asked})
    assert told.status_code == 200
    assert "secret" not in told.text
    way = told.json()
    assert (way["trace"], way["type"]) == (f"{MAIN}#{asked}", "message_received")
    (run,) = way["runs"]
    assert (run["run"], run["outcome"], run["dealt_with"]) == (RUN, "completed", True)
    assert run["said"] == [answer]
    assert [each["seq"] for each in way["shown"]] == [asked, answer]
    (first,), (second,) = (each["places"] for each in way["shown"])
    (sent,), (failed,) = first["receipts"], second["receipts"]
    assert (first["conversation"], first["label"]) == (lane, "Chat")
    assert (sent["state"], sent["tries"], sent["message"]) == ("sent", 2, "m_7")
    assert (failed["state"], failed["why"], failed["code"]) == ("failed", "plain", "400")


async def test_a_way_is_found_by_the_platforms_message(
    bridge: Bridge, ada: httpx.AsyncClient, lane: ConversationId
) -> None:
    asked, _ = await answered(bridge)
    await bridge.store.record(receipt(bridge, asked))
    told = await ada.get(f"{SESSION}/trace", params={"message": "m_7"})
    assert told.json()["seq"] == asked


async def test_what_no_run_has_read_yet_has_no_runs(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    seq = await bridge.say("hello")
    assert (await ada.get(f"{SESSION}/trace", params={"seq": seq})).json()["runs"] == []


@pytest.mark.parametrize(
    ("params", "status"),
    [({}, 400), ({"seq": 1, "message": "m"}, 400), ({"seq": 999}, 404), ({"message": "m"}, 404)],
)
async def test_an_event_has_to_be_named_and_to_be_there(
    ada: httpx.AsyncClient, params: dict[str, str], status: int
) -> None:
    assert (await ada.get(f"{SESSION}/trace", params=params)).status_code == status


async def test_a_way_is_for_the_operator_alone(bridge: Bridge) -> None:
    """A member may read the log, but not what the platforms say of every place."""
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob:
        assert (await bob.get(f"{SESSION}/trace", params={"seq": 1})).status_code == 403
