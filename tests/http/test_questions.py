"""A program asks people something and waits for what they say."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from bridge.domain.commands import Answer, Archive, ExpireQuestions, Leave, Stop, Withdraw
from bridge.domain.ids import QuestionId
from bridge.session import decide_questions
from tests.http.rig import ADA, BOB, EVE, MAIN, SESSION, Bridge, put, serving
from tests.http.rig import QUICK as SHORT
from tests.waiting import PATIENCE

QUESTIONS = f"{SESSION}/questions"


async def ask(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    said = {"text": "Deploy?", "options": ["yes", "no"], **more}
    answer = await client.post(QUESTIONS, json=said)
    assert answer.status_code == 201, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


async def state(client: httpx.AsyncClient, asked: dict[str, Any], **wait: str) -> dict[str, Any]:
    answer = await client.get(f"{QUESTIONS}/{asked['id']}", params=wait)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def answer(bridge: Bridge, asked: dict[str, Any], answer: str = "option-2") -> None:
    said = Answer(by=ADA, question=QuestionId(asked["id"]), answer=answer)
    await bridge.sessions.submit(MAIN, said)


async def test_whoever_waits_is_told_what_was_answered_and_by_whom() -> None:
    async with serving(replace(SHORT, long_poll=PATIENCE)) as bridge, bridge.client() as ada:
        asked = await ask(ada)
        assert (asked["state"], asked["answer"], asked["repeated"]) == ("open", None, False)
        waiting = asyncio.create_task(state(ada, asked, wait="closed"))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await answer(bridge, asked)
        known = await waiting
    assert (known["state"], known["answer"], known["index"]) == ("answered", "no", 1)
    assert known["by"] == {"id": ADA, "name": "Ada"}


async def test_a_wait_ends_with_its_time(ada: httpx.AsyncClient) -> None:
    known = await state(ada, await ask(ada), wait="closed", timeout="0.05")
    assert known["state"] == "open"


async def test_it_is_answered_from_a_client_by_its_id_and_run(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    asked = await ask(ada)
    event = (await ada.get(f"{SESSION}/events")).json()["events"][-1]
    assert (event["question"], event["by"]) == (asked["id"], ADA)
    said = {"question": event["question"], "run": event["run"], "answer": "option-1"}
    await put(ada, {"type": "answer", **said})
    assert (await state(ada, asked))["answer"] == "yes"
    session = await bridge.sessions.fold(MAIN)
    assert session.wanted == session.position, "it calls for no agent"


async def test_with_a_key_it_is_the_same_question_for_whoever_asked_it(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """So a program that crashed asks once more, and is told the answer of the first time."""
    asked = await ask(ada, key="deploy-17")
    await answer(bridge, asked)
    again = await ask(ada, key="deploy-17", text="Really deploy?")
    assert (again["id"], again["repeated"], again["answer"]) == (asked["id"], True, "no")
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob:
        assert (await ask(bob, key="deploy-17"))["id"] != asked["id"]


async def test_who_asks_again_is_told_what_became_of_it_whatever_may_be_asked_by_then(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """The session may have ended meanwhile, or whoever was asked left it."""
    await bridge.join(BOB)
    asked, other = await ask(ada, key="deploy-17", to=[BOB]), await ask(ada, key="deploy-18")
    await bridge.sessions.submit(MAIN, Leave(participant=BOB, by=ADA))
    await answer(bridge, other)
    await bridge.sessions.submit(MAIN, Archive(by=ADA))
    again = await ask(ada, key="deploy-17", to=[BOB])
    assert (again["id"], again["repeated"], again["state"]) == (asked["id"], True, "withdrawn")
    assert (await ask(ada, key="deploy-18"))["answer"] == "no"
    new = {"text": "Deploy?", "key": "deploy-19"}
    assert (await ada.post(QUESTIONS, json=new)).status_code == 403
    await bridge.sessions.submit(MAIN, Leave(participant=ADA, by=ADA))
    gone = {"text": "Deploy?", "key": "deploy-18"}
    assert (await ada.post(QUESTIONS, json=gone)).status_code == 404


async def test_words_answer_one_without_options_only_as_a_reply(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """Or else what somebody says to the agent would be a program's answer."""
    asked = await ask(ada, options=[])
    await put(ada, {"type": "message", "text": "good morning"})
    assert (await state(ada, asked))["state"] == "open"
    await put(ada, {"type": "message", "text": "on Friday", "reply_to": asked["seq"]})
    known = await state(ada, asked)
    assert (known["answer"], known["index"]) == ("on Friday", None)


async def test_what_is_said_to_the_agent_chooses_nothing_for_a_program(
    ada: httpx.AsyncClient,
) -> None:
    asked = await ask(ada)
    await put(ada, {"type": "message", "text": "yes"})
    assert (await state(ada, asked))["state"] == "open"
    await put(ada, {"type": "message", "text": "no", "reply_to": asked["seq"]})
    assert (await state(ada, asked))["answer"] == "no"
    another = await ask(ada)
    await put(ada, {"type": "message", "text": "1"})
    assert (await state(ada, another))["answer"] == "yes", "apps without buttons show numbers"


async def test_one_whose_time_is_over_expires(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    asked = await ask(ada, timeout=1)
    later = ExpireQuestions(now=bridge.clock.now().replace(year=2100))
    await bridge.sessions.submit(MAIN, later)
    known = await state(ada, asked, wait="closed")
    assert (known["state"], known["answer"], known["by"]) == ("expired", None, None)


async def test_it_is_taken_back_by_who_asked_it_or_an_owner(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob:
        adas, bobs = await ask(ada), await ask(bob)
        refused = await bob.delete(f"{QUESTIONS}/{adas['id']}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "refused")
        assert (await ada.delete(f"{QUESTIONS}/{bobs['id']}")).json()["state"] == "withdrawn"
    assert (await ada.delete(f"{QUESTIONS}/{adas['id']}")).json()["state"] == "withdrawn"
    assert (await ada.delete(f"{QUESTIONS}/{adas['id']}")).json()["state"] == "withdrawn"


async def test_stop_leaves_it_open_and_leaving_takes_it_back(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob:
        asked = await ask(bob)
    await bridge.sessions.submit(MAIN, Stop(by=ADA))
    assert (await state(ada, asked))["state"] == "open"
    await bridge.sessions.submit(MAIN, Leave(participant=BOB, by=ADA))
    assert (await state(ada, asked))["state"] == "withdrawn"


async def test_only_so_many_are_open_at_once(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch
) -> None:
    monkeypatch.setattr("bridge.session.decide_questions.MOST_OPEN", 2)
    first = await ask(ada, key="one")
    await ask(ada)
    refused = await ada.post(QUESTIONS, json={"text": "And?"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "refused")
    assert (await ask(ada, key="one"))["id"] == first["id"], "a repeat is none more"
    await answer(bridge, first)
    await ask(ada)


async def test_only_members_ask_and_are_asked(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    asked = await ask(ada)
    async with bridge.client(BOB) as bob:
        assert (await bob.get(f"{QUESTIONS}/{asked['id']}")).status_code == 404
        await bridge.join(BOB, "viewer")
        assert (await bob.get(f"{QUESTIONS}/{asked['id']}")).status_code == 403
        assert (await bob.post(QUESTIONS, json={"text": "?"})).status_code == 403
    for who in (EVE, BOB):
        assert (await ada.post(QUESTIONS, json={"text": "?", "to": [who]})).status_code == 403


async def test_who_is_not_asked_cannot_answer(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    await bridge.join(BOB)
    asked = await ask(ada, to=[BOB])
    said = {"type": "answer", "question": asked["id"], "answer": "option-1"}
    refused = await ada.post(f"/v1/stream/sessions/{MAIN}/inbox", json=said)
    assert refused.status_code == 403
    assert (await state(ada, asked))["state"] == "open"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": " "},
        {"options": ["yes", "yes"]},
        {"options": ["x" * 81]},
        {"options": [str(each) for each in range(11)]},
        {"timeout": 0},
        {"timeout": 10**9},
        {"text": "x" * 20_001},
        {"callback": "no address"},
    ],
)
async def test_what_cannot_be_is_malformed(ada: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    said = {"text": "Deploy?", "options": ["yes"], **wrong}
    assert (await ada.post(QUESTIONS, json=said)).status_code == 400


async def test_what_no_program_asked_is_not_found(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    assert (await ada.get(f"{QUESTIONS}/ask_nothing")).status_code == 404
    assert (await ada.delete(f"{QUESTIONS}/ask_nothing")).status_code == 404


async def test_an_answer_is_found_however_much_was_said_since(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch
) -> None:
    """Nobody reads the log for it: not for what was answered, nor for what nobody asked."""
    asked = await ask(ada)
    await answer(bridge, asked)
    monkeypatch.setattr(decide_questions, "MOST_AN_HOUR", 1000)
    for each in range(150):  # more than a session remembers of what is over
        other = await ask(ada, key=f"other-{each}")
        await bridge.sessions.submit(MAIN, Withdraw(by=ADA, question=QuestionId(other["id"])))
    reads = []
    read = bridge.store.read

    async def counted(session, *, after, limit):
        reads.append(limit)
        return await read(session, after=after, limit=limit)

    await bridge.sessions.fold(MAIN)
    monkeypatch.setattr(bridge.store, "read", counted)
    assert (await state(ada, asked))["answer"] == "no"
    assert (await ada.get(f"{QUESTIONS}/ask_nothing")).status_code == 404
    assert (await ada.get(f"{QUESTIONS}/ask_nothing", params={"wait": "closed"})).status_code == 404
    taken_back = await ada.delete(f"{QUESTIONS}/{asked['id']}")
    assert (taken_back.status_code, taken_back.json()["state"]) == (200, "answered"), "a repeat"
    assert sum(reads) <= 10, reads


async def listed(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Return the open questions of all sessions, page after page."""
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = (await client.get("/v1/questions", params={"after": after})).raise_for_status()
        found += page.json()["questions"]
        after = page.json()["next"]
    return found


async def test_what_is_open_in_all_of_ones_sessions_is_listed(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """As the log has it, with who may answer; nothing of a session that one is not in."""
    await bridge.join(BOB)
    await bridge.join(EVE, "viewer")
    other = (await ada.post("/v1/sessions", json={"title": "Other"})).json()["id"]
    await ada.post(f"/v1/sessions/{other}/questions", json={"text": "Elsewhere?"})
    asked = await ask(ada, to=[ADA])
    over = await ask(ada)
    await answer(bridge, over)
    found = {each["event"]["text"]: each for each in await listed(ada)}
    assert {each["session"]: each["title"] for each in found.values()}[other] == "Other"
    mine = found["Deploy?"]
    log = (await ada.get(f"{SESSION}/events")).json()["events"]
    assert mine["event"] in log
    assert (mine["event"]["question"], mine["may_answer"]) == (asked["id"], True)
    assert mine["names"] == {ADA: "Ada"}
    for who in (BOB, EVE):
        async with bridge.client(who) as client:
            theirs = await listed(client)
        assert [(each["session"], each["may_answer"]) for each in theirs] == [(MAIN, False)]


async def test_what_was_asked_before_one_came_is_not_listed(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await ask(ada, text="Before?")
    await bridge.join(BOB)
    await ask(ada, text="After?")
    async with bridge.client(BOB) as bob:
        shown = [each["event"]["text"] for each in await listed(bob)]
        log = (await bob.get(f"{SESSION}/events")).json()["events"]
    assert shown == [each["text"] for each in log if each["type"] == "question_asked"]


async def test_the_list_goes_on_where_it_ended(
    ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.http.questions.SESSIONS_AT_ONCE", 1)
    await ask(ada)
    for title in "abc":
        made = (await ada.post("/v1/sessions", json={"title": title})).json()["id"]
        await ada.post(f"/v1/sessions/{made}/questions", json={"text": f"In {title}?"})
    assert sorted(each["title"] for each in await listed(ada) if each["session"] != MAIN) == [
        *"abc"
    ]
    assert len(await listed(ada)) == 4
    assert (await ada.get("/v1/questions", params={"after": "forged"})).status_code == 400
