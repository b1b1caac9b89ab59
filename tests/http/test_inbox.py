"""Putting something into a session."""

import asyncio
from typing import Any

import httpx

from bridge.domain.commands import EndRun
from bridge.domain.content import Option
from bridge.domain.ids import QuestionId, RunId
from bridge.domain.run_output import Asking
from bridge.http.pages import offset
from bridge.texts import ASKED_BEFORE_RESTORE, QUESTION_OVER
from tests.http.rig import (
    ADA,
    BOB,
    EVE,
    INBOX,
    MAIN,
    STREAM,
    Bridge,
    numbered,
    put,
    seqs,
    texts,
)

RUN = RunId("r_1")
HELLO = {"type": "message", "text": "hello"}


async def log(client: httpx.AsyncClient, after: int = 2) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = (
        await client.get(STREAM, params={"offset": offset(after)})
    ).json()
    return events


async def test_a_message_is_in_the_log_when_it_is_answered(ada: httpx.AsyncClient) -> None:
    taken = await put(ada, {**HELLO, "reply_to": 2, "place": "web"})
    assert taken == {
        "events": [3],
        "offset": offset(3),
        "reply": None,
        "buttons": [],
        "repeated": False,
    }
    (event,) = await log(ada)
    del event["at"]
    assert event == {
        "seq": 3,
        "type": "message_received",
        "participant": ADA,
        "conversation": "http:web",
        "content": {"text": "hello", "literal": True},
        "reply_to": 2,
    }


async def test_slash_commands_are_answered_to_the_asker_alone(ada: httpx.AsyncClient) -> None:
    taken = await put(ada, {"type": "message", "text": "/help"})
    assert taken["events"] == []
    assert "/stop" in taken["reply"]
    assert "Ask me anything." in taken["reply"]
    assert await log(ada) == []


async def test_words_to_the_letter_are_no_command(ada: httpx.AsyncClient) -> None:
    """So the page says what the button of something pushed is called, whatever that is."""
    await put(ada, {"type": "message", "text": "/title Mine", "literal": True})
    (event,) = await log(ada)
    assert event["content"] == {"text": "/title Mine", "literal": True}


async def test_what_a_command_offers_comes_with_what_to_send_for_it(
    ada: httpx.AsyncClient,
) -> None:
    """A client shows these as buttons; pressing one says its text as if it had been typed."""
    told = await put(ada, {"type": "message", "text": "/mode"})
    assert told["buttons"] == [
        {"label": each, "text": f"/mode {each}"} for each in ("steer", "queue", "interrupt")
    ]
    assert (await put(ada, HELLO))["buttons"] == []


async def test_stop_ends_the_open_run(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    await bridge.begin(RUN)
    await put(ada, {"type": "stop"})
    last = (await log(ada))[-1]
    assert (last["type"], last["outcome"], last["by"]) == ("run_finished", "cancelled", ADA)


async def test_the_first_answer_to_a_question_stands(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB)
    await ask(bridge)
    async with bridge.client(BOB) as bob:
        await put(bob, {"type": "answer", "question": "q_1", "answer": "yes"})
        late = await ada.post(INBOX, json={"type": "answer", "question": "q_1", "answer": "no"})
    assert late.status_code == 403
    closed = [event for event in await log(ada) if event["type"] == "question_closed"]
    assert [(event["answer"], event["by"]) for event in closed] == [("yes", BOB)]


async def test_an_answer_with_the_run_that_asked_answers_no_other_question(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """What waits in a page or a terminal may come when its id is another question's."""
    await ask(bridge)
    answer = {"type": "answer", "question": "q_1", "answer": "yes"}
    other = await ada.post(INBOX, json={**answer, "run": "r_of_before"})
    assert (other.status_code, other.json()["error"]["message"]) == (403, QUESTION_OVER)
    await put(ada, {**answer, "run": RUN})


async def test_a_reply_to_an_event_of_a_log_that_was_restored_is_refused(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """Its number may be another event's by now, a question's about a call even."""
    said = await put(ada, HELLO)
    reply = {**HELLO, "text": "yes", "reply_to": said["events"][0]}
    lost = said["offset"][:17] + "1" * 16
    refused = await ada.post(INBOX, json={**reply, "offset": lost})
    assert refused.status_code == 410
    assert ASKED_BEFORE_RESTORE in refused.text
    assert (await ada.post(INBOX, json={**reply, "offset": "x"})).status_code == 400
    await put(ada, {**reply, "offset": said["offset"]})


async def test_pushes_and_triggers_say_that_they_came_through_the_api(
    ada: httpx.AsyncClient,
) -> None:
    await put(ada, {"type": "push", "text": "The build is green."})
    await put(ada, {"type": "trigger", "prompt": "Look at the build."})
    pushed, triggered = await log(ada)
    assert (pushed["type"], pushed["source"]["kind"]) == ("pushed", "api")
    assert (triggered["type"], triggered["prompt"]) == ("triggered", "Look at the build.")


async def test_a_push_with_the_same_key_is_said_once(ada: httpx.AsyncClient) -> None:
    push = {"type": "push", "text": "once", "key": "build-7"}
    first, second = await put(ada, push), await put(ada, push)
    assert first["events"] == second["events"] == [3]
    assert len(await log(ada)) == 1


async def test_a_key_of_a_client_is_none_of_the_cores_own(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """Nobody can keep an event out of the log by using its key up."""
    await put(ada, {"type": "push", "text": "sly", "key": "q_1:closed"})
    events = await bridge.store.read(MAIN, after=2, limit=10)
    assert [event.key for event in events] == ["http:q_1:closed"]


async def test_a_viewer_cannot_write(bridge: Bridge) -> None:
    await bridge.join(BOB, "viewer")
    async with bridge.client(BOB) as bob:
        for body in (
            HELLO,
            {"type": "stop"},
            {"type": "push", "text": "x"},
            {"type": "trigger", "prompt": "x"},
        ):
            answer = await bob.post(INBOX, json=body)
            assert (answer.status_code, body) == (403, body)
            assert answer.json()["error"]["code"] == "refused"
            assert "cannot write" in answer.json()["error"]["message"]
        assert len(await log(bob)) == 1


async def test_a_stranger_cannot_tell_that_the_session_exists(bridge: Bridge) -> None:
    async with bridge.client(EVE) as eve:
        real = await eve.post(INBOX, json=HELLO)
        none = await eve.post("/v1/stream/sessions/s_none/inbox", json=HELLO)
    assert real.status_code == none.status_code == 404
    assert real.json() == none.json()


async def test_words_lose_the_nul_that_databases_refuse(ada: httpx.AsyncClient) -> None:
    await put(ada, {"type": "message", "text": "a\0b"})
    assert texts(await log(ada)) == ["ab"]


# -- producers ------------------------------------------------------------------------------------


async def test_a_repeated_input_gets_the_same_answer_and_is_in_the_log_once(
    ada: httpx.AsyncClient,
) -> None:
    first = await ada.post(INBOX, json=HELLO, headers=numbered("tab", 0))
    assert first.headers["producer-epoch"] == "0"
    assert first.headers["producer-seq"] == "0"
    assert first.json()["repeated"] is False
    await put(ada, {"type": "message", "text": "in between"})
    again = await ada.post(INBOX, json=HELLO, headers=numbered("tab", 0))
    assert again.status_code == 200
    assert again.json() == {**first.json(), "repeated": True}
    assert texts(await log(ada)) == ["hello", "in between"]


async def test_the_same_input_sent_many_times_at_once_is_in_the_log_once(
    ada: httpx.AsyncClient,
) -> None:
    answers = await asyncio.gather(
        *(ada.post(INBOX, json=HELLO, headers=numbered("tab", 0)) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json()["repeated"] for answer in answers].count(False) == 1
    assert len(await log(ada)) == 1


async def test_a_repeated_slash_command_gets_the_same_reply(ada: httpx.AsyncClient) -> None:
    asked = {"type": "message", "text": "/status"}
    first = await ada.post(INBOX, json=asked, headers=numbered("tab", 0))
    await put(ada, HELLO)
    again = await ada.post(INBOX, json=asked, headers=numbered("tab", 0))
    assert again.json()["reply"] == first.json()["reply"] is not None
    assert again.json()["repeated"] is True


async def test_a_number_left_out_is_a_gap_that_names_the_one_expected(
    ada: httpx.AsyncClient,
) -> None:
    await ada.post(INBOX, json=HELLO, headers=numbered("tab", 0))
    answer = await ada.post(INBOX, json=HELLO, headers=numbered("tab", 2))
    assert answer.status_code == 409
    assert answer.headers["producer-expected-seq"] == "1"
    assert answer.headers["producer-received-seq"] == "2"
    assert answer.json()["error"]["code"] == "gap"
    assert len(await log(ada)) == 1


async def test_a_newer_epoch_shuts_the_older_one_out(ada: httpx.AsyncClient) -> None:
    await put(ada, HELLO, **numbered("tab", 0, epoch=1))
    await put(ada, HELLO, **numbered("tab", 0, epoch=2))
    answer = await ada.post(INBOX, json=HELLO, headers=numbered("tab", 1, epoch=1))
    assert answer.status_code == 403
    assert answer.headers["producer-epoch"] == "2"
    assert answer.json()["error"]["code"] == "fenced"


async def test_a_refused_input_uses_its_number_up_and_stays_refused(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    wrong = {"type": "answer", "question": "q_none", "answer": "yes"}
    first = await ada.post(INBOX, json=wrong, headers=numbered("tab", 0))
    again = await ada.post(INBOX, json=wrong, headers=numbered("tab", 0))
    assert first.status_code == again.status_code == 403
    assert first.json() == again.json()
    assert (await put(ada, HELLO, **numbered("tab", 1)))["repeated"] is False


async def test_two_people_can_use_the_same_producer_id(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.join(BOB)
    await put(ada, HELLO, **numbered("tab", 0, epoch=1))
    async with bridge.client(BOB) as bob:
        assert (await put(bob, HELLO, **numbered("tab", 0)))["repeated"] is False
    assert (await put(ada, HELLO, **numbered("tab", 1, epoch=1)))["repeated"] is False


HALF_A_PRODUCER = (
    {"Producer-Id": "tab"},
    {"Producer-Id": "tab", "Producer-Epoch": "0"},
    {"Producer-Epoch": "0", "Producer-Seq": "0"},
    {**numbered("tab", 0), "Producer-Id": ""},
    {**numbered("tab", 0), "Producer-Id": "a b"},
    {**numbered("tab", 0), "Producer-Id": "x" * 129},
    {**numbered("tab", 0), "Producer-Seq": "-1"},
    {**numbered("tab", 0), "Producer-Seq": "1.0"},
    {**numbered("tab", 0), "Producer-Seq": "9007199254740992"},
    {**numbered("tab", 0), "Producer-Epoch": "one"},
)


async def test_producer_headers_come_all_three_and_well_formed(ada: httpx.AsyncClient) -> None:
    for headers in HALF_A_PRODUCER:
        answer = await ada.post(INBOX, json=HELLO, headers=headers)
        assert (answer.status_code, headers) == (400, headers)
        assert "Producer-" in answer.json()["error"]["message"]
    assert await log(ada) == []


async def test_what_the_reader_writes_it_reads_back_at_the_offset_of_the_answer(
    ada: httpx.AsyncClient,
) -> None:
    taken = await put(ada, HELLO)
    assert seqs((await ada.get(STREAM)).json())[-1] == taken["events"][0]
    assert (await ada.get(STREAM, params={"offset": taken["offset"]})).json() == []


async def ask(bridge: Bridge) -> None:
    """Let the agent stop on a question with two options."""
    upto = await bridge.begin(RUN)
    options = (Option(id="yes", label="Yes"), Option(id="no", label="No"))
    asking = Asking(question=QuestionId("q_1"), kind="choice", text="Go on?", options=options)
    await bridge.sessions.submit(MAIN, EndRun(run=RUN, upto=upto, questions=(asking,)))


async def test_whoever_came_after_a_question_is_not_told_of_it_and_answers_it_by_no_number(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await ask(bridge)
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob:
        session = f"/v1/sessions/{MAIN}"
        assert (await ada.get(session)).json()["questions"] == ["q_1"]
        assert (await bob.get(session)).json()["questions"] == []
        sly = await bob.post(INBOX, json={"type": "answer", "question": "q_1", "answer": "yes"})
    assert sly.status_code == 403
    assert (await ada.get(session)).json()["questions"] == ["q_1"]


async def test_a_session_is_begun_listed_and_ended_by_commands_in_the_page(
    ada: httpx.AsyncClient,
) -> None:
    """The page and the terminal go to it themselves: no button does."""
    begun = await put(ada, {**HELLO, "text": "/new Taxes", "place": "web"})
    assert "**Taxes** has begun" in begun["reply"]
    listed = (await ada.get("/v1/sessions")).json()["sessions"]
    (taxes,) = [each["id"] for each in listed if each["title"] == "Taxes"]
    told = await put(ada, {**HELLO, "text": "/sessions", "place": "web"})
    assert "- Taxes" in told["reply"]
    assert "/switch" not in told["reply"]
    assert not told.get("buttons")
    where = await put(ada, {**HELLO, "text": "/switch Taxes", "place": "terminal"})
    assert "bridge chat" in where["reply"]
    await archive(ada, taxes)


async def test_what_somebody_began_in_the_page_they_may_end(ada: httpx.AsyncClient) -> None:
    made = (await ada.post("/v1/sessions", json={"title": "A typo"})).json()["id"]
    await archive(ada, made)


async def archive(person: httpx.AsyncClient, session: str) -> None:
    said = {**HELLO, "text": "/archive yes", "place": "web"}
    answer = await person.post(f"/v1/stream/sessions/{session}/inbox", json=said)
    assert "is archived" in answer.json()["reply"]
    assert (await person.get(f"/v1/sessions/{session}")).json()["archived"]
