"""Reading the log from its end: the last events, those before them, and what still matters."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from bridge.domain.commands import Answer, Edit, EndRun
from bridge.domain.content import Content, Option
from bridge.domain.events import Event
from bridge.domain.ids import QuestionId, RunId, Seq
from bridge.domain.run_output import Asking
from bridge.http import pages, streams
from bridge.http.pages import offset
from tests.http.rig import (
    ADA,
    BOB,
    MAIN,
    QUICK,
    SESSION,
    STREAM,
    Bridge,
    bearer,
    seqs,
    serving,
    texts,
)

EVENTS = f"{SESSION}/events"
TEA = QuestionId("q_tea")


async def page(client: httpx.AsyncClient, **asked: int) -> dict[str, Any]:
    answer = await client.get(EVENTS, params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def answered(bridge: Bridge, number: int, *questions: Asking) -> Seq:
    """Let the agent answer something that Ada says, and ask; return where it began."""
    run = RunId(f"r_{number}")
    started = await bridge.begin(run)
    end = EndRun(
        run=run, content=Content(text=f"answer {number}"), questions=questions, upto=started
    )
    await bridge.sessions.submit(MAIN, end)
    return started


def asking(question: QuestionId = TEA) -> Asking:
    options = (Option(id="yes", label="Yes"), Option(id="no", label="No"))
    return Asking(question=question, kind="choice", text="Tea?", options=options)


async def test_the_last_events_come_as_in_the_stream_which_goes_on_after_them(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    for number in range(10):
        await bridge.say(f"{number}")
    last = await page(ada, limit=4)
    assert texts(last["events"]) == ["6", "7", "8", "9"]
    assert last["events"] == (await ada.get(STREAM)).json()[-4:]
    assert (last["standing"], last["more"]) == ([], True)
    await bridge.say("later")
    on = await ada.get(STREAM, params={"offset": last["offset"]})
    assert texts(on.json()) == ["later"]


async def test_what_came_before_is_read_page_by_page_up_to_the_beginning(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    for number in range(50):
        await bridge.say(f"{number}")
    read: list[int] = []
    more, before = True, dict[str, int]()
    while more:
        found = await page(ada, limit=20, **before)
        read[:0] = seqs(found["events"])
        more, before = found["more"], {"before": read[0]}
    assert read == list(range(1, 53))
    assert found["offset"] == offset(12)


async def test_of_a_log_that_ends_before_it_is_given_all(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.say("hello")
    found = await page(ada, before=10**9)
    assert seqs(found["events"]) == [1, 2, 3]
    assert (found["more"], found["offset"]) == (False, offset(3))
    assert (await page(ada, before=1))["events"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "before=0", "before=-1"])
async def test_a_page_that_is_none_is_refused(ada: httpx.AsyncClient, query: str) -> None:
    answer = await ada.get(f"{EVENTS}?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")


async def test_a_page_is_bounded_in_bytes_but_holds_the_last_event_however_large() -> None:
    async with serving(replace(QUICK, page=3000)) as bridge, bridge.client() as ada:
        for size in (10, 5000, 1000, 1000):
            await bridge.say("x" * size)
        sizes, found = [], await page(ada)
        while found["more"]:
            sizes.append([len(text) for text in texts(found["events"])])
            found = await page(ada, before=found["events"][0]["seq"])
        assert sizes == [[1000, 1000], [5000]]
        assert seqs(found["events"]) == [1, 2, 3]


async def test_a_page_begins_where_no_run_was_under_way_if_there_is_such_a_place(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    """An answer that ends within its first half is on the page before, whole."""
    for number in range(4):
        await answered(bridge, number)
    found = await page(ada, limit=10)
    types = [each["type"] for each in found["events"]]
    assert types == ["message_received", "run_started", "message_composed", "run_finished"] * 2
    assert seqs((await page(ada, before=found["events"][0]["seq"]))["events"])[-1] == 10


async def test_an_open_question_and_the_open_run_of_before_come_with_the_page(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await answered(bridge, 1, asking())
    for number in range(10):
        await bridge.say(f"word {number}")
    await bridge.begin(RunId("r_2"))
    for number in range(10):
        await bridge.say(f"word {number}")
    found = await page(ada, limit=5)
    assert [each["type"] for each in found["standing"]] == ["question_asked", "run_started"]
    assert [each["question"] for each in found["standing"][:1]] == [TEA]
    assert max(seqs(found["standing"])) < min(seqs(found["events"]))


async def test_a_question_closed_on_the_page_is_told_with_it(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await answered(bridge, 1, asking())
    for number in range(10):
        await bridge.say(f"word {number}")
    await bridge.sessions.submit(MAIN, Answer(by=ADA, question=TEA, answer="yes"))
    found = await page(ada, limit=3)
    assert [each["type"] for each in found["standing"]] == ["question_asked"]
    await bridge.say("and on")
    assert (await page(ada, limit=1))["standing"] == []


async def test_whoever_came_later_reads_back_to_their_coming_and_not_what_was_asked_before(
    bridge: Bridge,
) -> None:
    await answered(bridge, 1, asking())
    said = await bridge.say("between us")
    await bridge.join(BOB)
    edit = Edit(by=ADA, target=said, content=Content(text="between us!"))
    await bridge.sessions.submit(MAIN, edit)
    await bridge.sessions.submit(MAIN, Answer(by=ADA, question=TEA, answer="yes"))
    await bridge.say("welcome")
    async with bridge.client(BOB) as bob:
        for asked in ({}, {"limit": 1000}, {"before": 10**6}):
            found = await page(bob, **asked)
            assert [each["type"] for each in found["events"]] == [
                "participant_joined",
                "message_edited",
                "question_closed",
                "message_received",
            ]
            assert (found["more"], found["standing"]) == (False, [])
            assert "between us" not in json.dumps(found)
        for before in (1, said, said + 1):
            found = await page(bob, before=before)
            assert (found["events"], found["more"], found["standing"]) == ([], False, [])
            assert found["offset"] == offset(said)


async def test_whoever_is_put_out_while_a_page_is_read_back_is_not_told_it(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bridge.join(BOB)
    await bridge.say("between us")

    async def slowly(*given: Any, **named: Any) -> pages.Earlier:
        found = await pages.read_back(*given, **named)
        await bridge.leave(BOB)
        return found

    monkeypatch.setattr(streams, "read_back", slowly)
    async with bridge.client(BOB) as bob:
        answer = await bob.get(EVENTS)
    assert answer.status_code == 404
    assert "between us" not in answer.text


async def test_nobody_else_reads_a_session_back(bridge: Bridge) -> None:
    async with httpx.AsyncClient(base_url=bridge.url, verify=False) as client:
        assert (await client.get(EVENTS)).status_code == 401
        assert (await client.get(EVENTS, headers=bearer(BOB))).status_code == 404


async def test_the_last_page_of_a_long_log_takes_no_more_reading_than_of_a_short_one(
    bridge: Bridge, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    reading = bridge.store.read

    async def counted(*given: Any, **named: Any) -> Sequence[Event]:
        found = await reading(*given, **named)
        read.append(len(found))
        return found

    monkeypatch.setattr(bridge.store, "read", counted)
    counts = []
    for _ in range(2):
        for number in range(400):
            await bridge.say(f"word {number}")
        read.clear()
        await page(ada)
        counts.append((len(read), sum(read)))
    assert counts[0] == counts[1] == (4, 200)
