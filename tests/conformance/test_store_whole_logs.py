"""A session that is put in with all of its log: a copy, or what was exported."""

import pytest

from bridge.domain.content import Content
from bridge.domain.errors import Refused, RunOver
from bridge.domain.events import (
    ConversationLinked,
    Draft,
    Event,
    Every,
    MessageComposed,
    MessageReceived,
    RunFinished,
    RunStarted,
    ScheduleSet,
    SessionArchived,
    SessionForked,
    SettingChanged,
    Usage,
)
from bridge.domain.ids import ScheduleId, SessionId
from bridge.ports.store import Store
from tests.stores import ADA, AT, C1, R1, S1, S2, later, log_of, put, said, texts

NEW = SessionId("s_new")
TITLE = SettingChanged(scope="session", name="title", value="Taxes")


def event(seq: int, body, *, key: str | None = None) -> Event:
    return Event(session=S1, seq=seq, at=later(seq), body=body, key=key)


def words(text: str) -> MessageReceived:
    return MessageReceived(participant=ADA, conversation=C1, content=Content(text=text))


async def test_a_log_is_put_in_as_it_is_and_goes_on_from_there(lived_in: Store):
    log = [event(1, words("one"), key="k"), event(2, TITLE), event(3, words("three"))]
    assert await lived_in.put_session(NEW, log, created_at=AT)
    kept = await log_of(lived_in, NEW)
    assert [(each.seq, each.at, each.body, each.key) for each in kept] == [
        (each.seq, each.at, each.body, each.key) for each in log
    ]
    assert {each.session for each in kept} == {NEW}
    row = await lived_in.session(NEW)
    assert (row.head, row.title, row.archived) == (3, "Taxes", False)
    assert (row.created_at, row.touched_at) == (AT, later(3))
    appended = await lived_in.append(NEW, [said("again", key="k"), said("four")], at=later(9))
    assert [each.seq for each in appended.events] == [1, 4]
    assert await lived_in.head(NEW) == 4


async def test_what_is_there_already_stays_as_it_is(lived_in: Store):
    await put(lived_in, S2, said("mine"))
    assert not await lived_in.put_session(S2, [event(1, words("theirs"))], created_at=AT)
    assert texts(await log_of(lived_in, S2)) == ["mine"]
    assert await lived_in.put_session(NEW, [], created_at=AT)
    assert not await lived_in.put_session(NEW, [event(1, words("x"))], created_at=AT)
    assert await lived_in.head(NEW) == 0


async def test_nothing_is_done_of_what_it_says(lived_in: Store):
    """No place follows it, no schedule is due, and what runs used counts for nobody."""
    rule = Every(seconds=60, start=AT)
    log = [
        event(1, ConversationLinked(conversation=C1)),
        event(2, ScheduleSet(schedule=ScheduleId("z"), rule=rule, action="say", text="", first=AT)),
        event(3, RunStarted(run=R1, agent="echo", upto=2, node="n")),
        event(4, RunFinished(run=R1, outcome="completed", upto=2, usage=Usage(input_tokens=5))),
    ]
    await lived_in.put_session(NEW, log, created_at=AT)
    assert (await lived_in.conversation(C1)).session is None
    assert await lived_in.next_slot() is None
    assert not await lived_in.usage()


async def test_a_run_that_was_open_is_open_there(lived_in: Store):
    await lived_in.put_session(
        NEW, [event(1, RunStarted(run=R1, agent="echo", upto=0, node="n"))], created_at=AT
    )
    composed = MessageComposed(run=R1, agent="echo", content=Content(text="hi"))
    await lived_in.append(NEW, [Draft(body=composed)], at=AT)
    await lived_in.put_session(S1 + "x", [], created_at=AT)
    with pytest.raises(RunOver):
        await lived_in.append(SessionId(S1 + "x"), [Draft(body=composed)], at=AT)


async def test_a_copy_of_what_was_archived_is_not(lived_in: Store):
    log = [event(1, SessionArchived())]
    await lived_in.put_session(NEW, log, created_at=AT)
    assert (await lived_in.session(NEW)).archived
    log.append(event(2, SessionForked(parent=NEW, upto=1)))
    await lived_in.put_session(SessionId("s_copy"), log, created_at=AT)
    assert not (await lived_in.session(SessionId("s_copy"))).archived


async def test_what_no_database_takes_leaves_nothing_behind(lived_in: Store):
    log = [event(1, words("fine")), event(2, words("\ud800"))]
    with pytest.raises(Refused):
        await lived_in.put_session(NEW, log, created_at=AT)
    assert await lived_in.session(NEW) is None
