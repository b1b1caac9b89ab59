"""What works in the background, over HTTP: who reads it, and who stops it."""

import httpx

from bridge.domain.commands import (
    AskForBackground,
    BeginBackground,
    Join,
    Leave,
    Record,
    Say,
    StartRun,
)
from bridge.domain.content import Content
from bridge.domain.events import BackgroundStopped, QuestionAsked
from bridge.domain.ids import ConversationId, RunId, Seq
from bridge.domain.run_output import Delegating
from bridge.session.background import asked_as, child_of
from tests.http.rig import ADA, BOB, EVE, MAIN, SESSION, Bridge

CHILD = child_of(MAIN, "w")
BACKGROUND = f"{SESSION}/background"
THERE = f"/v1/sessions/{CHILD}"


async def begin(bridge: Bridge, *, child: bool = True) -> None:
    """Let a run of Ada's begin something; and the child be told of it."""
    web = ConversationId("http:web")
    submit = bridge.sessions.submit
    await submit(MAIN, Say(by=ADA, conversation=web, content=Content(text="go")))
    run = RunId("r_1")
    await submit(MAIN, StartRun(run=run, agent="echo", node="n"))
    await submit(MAIN, Record(run=run, said=Delegating(work="w", task="Do it.")))
    if child:
        await bridge.store.create_session(CHILD, at=bridge.clock.now())
        told = BeginBackground(parent=MAIN, prompt="Do it.", title="Do it", payer=ADA)
        await submit(CHILD, told)


async def test_it_is_listed_with_what_it_used(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    assert (await ada.get(BACKGROUND)).json() == {"background": [], "may_stop": True}
    await begin(bridge)
    (line,) = (await ada.get(BACKGROUND)).json()["background"]
    assert line["began"]
    del line["began"]
    assert line == {
        "id": CHILD,
        "called": CHILD[3:7].upper(),
        "task": "Do it.",
        "agent": "echo",
        "by": ADA,
        "state": "works",
        "ended": None,
        "used": {"tokens": 0, "cost": 0.0, "unpriced": 0},
    }


async def test_what_it_asks_is_no_question_of_a_program(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await begin(bridge)
    name = asked_as(CHILD, Seq(4))
    asked = QuestionAsked(question=name, run=RunId("r_2"), kind="open", text="Which one?")
    await bridge.sessions.submit(MAIN, AskForBackground(child=CHILD, seq=Seq(4), asked=asked))
    assert name in (await bridge.sessions.fold(MAIN)).questions
    assert (await ada.get(f"{SESSION}/questions/{name}")).status_code == 404
    assert (await ada.delete(f"{SESSION}/questions/{name}")).status_code == 404


async def test_what_is_about_to_begin_is_listed(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    await begin(bridge, child=False)
    (line,) = (await ada.get(BACKGROUND)).json()["background"]
    assert line["state"] == "works"
    assert (await ada.get(THERE)).status_code == 404


async def test_it_is_stopped_by_its_word_or_its_id(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    await begin(bridge)
    assert (await ada.delete(f"{BACKGROUND}/nothing")).status_code == 404
    answer = await ada.delete(f"{BACKGROUND}/{CHILD}")
    assert answer.json() == {"text": "It is stopped. It reports nothing."}
    log = await bridge.store.read(MAIN, after=0, limit=100)
    assert isinstance(log[-1].body, BackgroundStopped)
    (line,) = (await ada.get(BACKGROUND)).json()["background"]
    assert (line["state"], line["ended"] is not None) == ("stopped", True)
    again = await ada.delete(f"{BACKGROUND}/{CHILD[3:7]}", headers={"Accept-Language": "de"})
    assert again.status_code == 403
    assert "Hintergrund" in again.json()["error"]["message"]


async def test_viewers_see_it_and_stop_nothing(
    bridge: Bridge,
) -> None:
    await bridge.sessions.submit(MAIN, Join(participant=BOB, role="viewer", earlier=True))
    await begin(bridge)
    async with bridge.client(BOB) as bob:
        answer = (await bob.get(BACKGROUND)).json()
        assert (len(answer["background"]), answer["may_stop"]) == (1, False)
        assert (await bob.delete(f"{BACKGROUND}/{CHILD}")).status_code == 403


async def test_a_child_is_read_by_those_of_its_parent_alone(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """It is not among anyone's sessions, and gone for whoever leaves the parent."""
    await bridge.sessions.submit(MAIN, Join(participant=BOB, role="member"))
    await begin(bridge)
    stream = {"url": f"/v1/stream/sessions/{CHILD}", "params": {"offset": "-1"}}
    async with bridge.client(BOB) as bob, bridge.client(EVE) as eve:
        for client in (ada, bob):
            assert (await client.get(THERE)).json()["title"] == "Do it"
            listed = (await client.get("/v1/sessions")).json()["sessions"]
            assert [each["id"] for each in listed] == [MAIN]
            assert "Do it." in (await client.get(**stream)).text
        assert (await eve.get(THERE)).status_code == 404
        assert (await eve.get(BACKGROUND)).status_code == 404
        await bridge.sessions.submit(MAIN, Leave(participant=BOB, by=ADA))
        assert (await bob.get(THERE)).status_code == 404
        assert (await bob.get(**stream)).status_code == 404


async def test_whoever_came_after_it_began_does_not_read_it(bridge: Bridge) -> None:
    await begin(bridge)
    await bridge.sessions.submit(MAIN, Join(participant=EVE, role="member"))
    async with bridge.client(EVE) as eve:
        assert (await eve.get(BACKGROUND)).json()["background"] == []
        assert (await eve.get(THERE)).status_code == 404


async def test_nobody_writes_in_it_over_http(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    await begin(bridge)
    said = {"text": "hm", "addressed": False}
    answer = await ada.post(f"/v1/stream/sessions/{CHILD}/inbox", json=said)
    assert answer.status_code in {400, 403}
    assert len(await bridge.store.read(CHILD, after=0, limit=100)) == 3
