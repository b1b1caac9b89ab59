"""What is read past the bridge is what a real store holds: a story in it comes out whole."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.domain.content import Content
from bridge.domain.events import Draft, MessageComposed, QuestionAsked, QuestionClosed
from bridge.domain.ids import QuestionId
from bridge.ports.store import Store
from tests.chaos import book
from tests.chaos.ledger import Message, Recap, Seen, Word, judge
from tests.postgres import empty_database
from tests.stores import AT, C1, C2, R1, S1, address, linked, opened, put, receipt, said, started

__all__ = ["empty_database"]

HERE, THERE = "telegram:1", "telegram:2"
ANSWER = Draft(body=MessageComposed(run=R1, agent="a", content=Content(text="a00001 heard")))
CARD = Draft(
    body=QuestionAsked(question=QuestionId("q"), run=R1, kind="open", text="May I count? q00002")
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Store, str]]:
    """A store in which a place said a word, another follows, an answer and a card came."""
    url = request.getfixturevalue("empty_database") if request.param == "postgres" else ""
    async with opened(request.param, tmp_path, url) as store:
        await store.create_session(S1, at=AT)
        await store.register(C1, address("1"), room=False, title="Ada", at=AT)
        await store.register(C2, address("2"), room=True, title="Room", at=AT)
        await put(store, S1, linked(C1), linked(C2), said("w00001 please"), started())
        await put(store, S1, ANSWER, CARD)
        yield store, url or str(tmp_path / "bridge.db")


async def test_words_answers_cards_and_the_open_run_are_read(kept):
    read = await book.read(kept[1])
    found = [(each.seq, each.kind, each.text, each.place) for each in read.entries()]
    assert found == [
        (3, "word", "w00001 please", HERE),
        (5, "answer", "a00001 heard", ""),
        (6, "card", "May I count? q00002", ""),
    ]
    assert [(each.head, list(each.seqs), each.open_run) for each in read.logs()] == [
        (6, [1, 2, 3, 4, 5, 6], R1)
    ]
    assert read.following() == {HERE: S1, THERE: S1}


async def test_an_open_question_is_counted_until_it_is_closed(kept):
    store, where = kept
    assert (await book.read(where)).open_questions() == 1
    closed = QuestionClosed(question=QuestionId("q"), asked=6, outcome="withdrawn")
    await put(store, S1, Draft(body=closed))
    assert (await book.read(where)).open_questions() == 0


async def test_a_lane_is_empty_when_its_cursor_is_there_and_nothing_is_owed(kept):
    store, where = kept
    assert (await book.read(where)).left()[HERE].startswith("5 behind")
    await store.advance(S1, C1, 6)
    assert HERE not in (await book.read(where)).left()
    await store.record(receipt("6:0", "owed", source=6))
    assert (await book.read(where)).left()[HERE] == "6:0 owed"


async def test_an_answer_that_the_receipts_gave_up_is_lost_and_one_in_a_recap_is_not(kept):
    store, where = kept
    await store.record(receipt("5:0", "unknown", source=5))
    summed = receipt("recap:3", source=3, conversation=C2)
    await store.record(replace(summed, upto=6))
    await store.record(receipt("recap:3:lost", source=3, conversation=C2))
    recap = Message(text="While you were away: 1 message, 1 answer.")
    read = await book.read(where)
    here, there = read.places({HERE: [Message(text="q00002")], THERE: [recap]})
    assert (here.since, there.since, there.recaps) == (1, 2, [Recap(first=3, upto=6)])
    verdict = judge(
        Seen(
            words=[Word(number=1, place=HERE)],
            entries=read.entries(),
            logs=(),
            places=[here, there],
        )
    )
    lost = [each for each in verdict.faults if each.startswith("lost")]
    assert lost == [f"lost: the answer 00001 in {HERE} ({S1}#5: 5:0 unknown)"]
    assert verdict.counts["summed up"] == 3
