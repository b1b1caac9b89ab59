"""Programs that ask are called back once their question is over: once, signed, however it ended."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from bridge.domain.commands import ExpireQuestions
from bridge.domain.ids import SessionId
from tests.http.receiver import LOOPBACK, Receiver, receiving
from tests.http.rig import ADA, MAIN, SESSION, Bridge, serving

QUESTIONS = f"{SESSION}/questions"


@pytest.fixture
async def bridge() -> AsyncIterator[Bridge]:
    async with serving(networks=LOOPBACK) as running:
        yield running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


async def asked(client, receiver: Receiver, **more) -> dict:
    body = {"text": "Deploy?", "options": ["yes", "no"], "callback": receiver.url, **more}
    answer = await client.post(QUESTIONS, json=body)
    assert answer.status_code == 201, answer.text
    receiver.secrets = [answer.json()["callback_secret"]]
    return answer.json()


async def answered(client, question: str, option: str = "option-1") -> None:
    body = {"type": "answer", "question": question, "answer": option}
    taken = await client.post(f"/v1/stream/sessions/{MAIN}/inbox", json=body)
    assert taken.status_code == 200, taken.text


async def told(client, question: str) -> dict:
    found = (await client.get(f"{QUESTIONS}/{question}")).json()
    return {name: each for name, each in found.items() if name not in LEFT_OUT}


LEFT_OUT = {"repeated", "callback_secret"}


async def test_an_answer_is_told_as_the_question_shows_it_and_once(bridge, ada, receiver):
    question = await asked(ada, receiver)
    await bridge.say("meanwhile")
    await answered(ada, question["id"])
    await receiver.has(1)
    (told_of,) = receiver.taken
    assert told_of["data"] == await told(ada, question["id"])
    assert (told_of["type"], told_of["data"]["answer"]) == ("question_closed", "yes")
    assert receiver.names == [f"{MAIN}:{question['seq'] + 2}:answer"]
    await until_gone(bridge)
    await bridge.say("after")
    assert receiver.asked == 1


async def until_gone(bridge: Bridge) -> None:
    while await bridge.desk.all_of(None):
        await asyncio.sleep(0.01)


async def test_that_nobody_answered_in_time_is_told_too(bridge, ada, receiver):
    question = await asked(ada, receiver, timeout=1)
    later = datetime.fromisoformat(question["expires_at"])
    await bridge.sessions.submit(MAIN, ExpireQuestions(now=later))
    await receiver.has(1)
    assert receiver.taken[0]["data"]["state"] == "expired"


async def test_that_it_was_taken_back_is_told_too(bridge, ada, receiver):
    question = await asked(ada, receiver)
    await ada.delete(f"{QUESTIONS}/{question['id']}")
    await receiver.has(1)
    assert receiver.taken[0]["data"]["state"] == "withdrawn"
    await until_gone(bridge)


async def test_who_asks_once_more_by_the_key_is_called_once_and_has_the_same_secret(
    bridge, ada, receiver
):
    first = await asked(ada, receiver, key="build-1")
    again = await asked(ada, receiver, key="build-1")
    assert again["repeated"]
    assert again["callback_secret"] == first["callback_secret"]
    await answered(ada, first["id"], "option-2")
    await receiver.has(1)
    await until_gone(bridge)
    over = await ada.post(
        QUESTIONS,
        json={
            "text": "Deploy?",
            "options": ["yes", "no"],
            "callback": receiver.url,
            "key": "build-1",
        },
    )
    assert (over.json()["state"], over.json()["callback_secret"]) == ("answered", None)
    assert receiver.asked == 1


async def test_what_ended_while_the_receiver_was_down_is_told_later(bridge, ada, receiver):
    question = await asked(ada, receiver)
    receiver.status = 503
    await answered(ada, question["id"])
    await receiver.was_asked(1)
    (kept,) = (await ada.get("/v1/subscriptions")).json()["subscriptions"]
    assert kept["question"] == question["id"]
    receiver.status = 200
    await ada.post(f"/v1/subscriptions/{kept['id']}/retry")
    await receiver.has(1)
    await until_gone(bridge)


async def test_who_wants_no_callback_any_more_counts_no_more(bridge, ada, receiver):
    question = await asked(ada, receiver)
    receiver.status = 410
    await answered(ada, question["id"])
    await receiver.was_asked(1)
    await until_gone(bridge)
    assert receiver.asked == 1


async def test_the_same_key_in_two_sessions_is_two_questions_and_both_are_told(
    bridge, ada, receiver
):
    """A program that asks in each of its rooms by the same key waits for each of them."""
    other = SessionId("s_other")
    await bridge.sessions.create(other, title="Other", owner=ADA)
    first = await asked(ada, receiver, key="build-1")
    body = {"text": "Deploy?", "options": ["yes", "no"], "callback": receiver.url, "key": "build-1"}
    second = (await ada.post(f"/v1/sessions/{other}/questions", json=body)).json()
    assert second["callback_secret"] not in {None, first["callback_secret"]}
    receiver.secrets = [second["callback_secret"]]
    answer = {"type": "answer", "question": second["id"], "answer": "option-1"}
    await ada.post(f"/v1/stream/sessions/{other}/inbox", json=answer)
    await receiver.has(1)
    assert receiver.taken[0]["session"] == other
