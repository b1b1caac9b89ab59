"""What is looked up to show events in one place serves the other places for a moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bridge import texts
from bridge.domain.content import Content
from bridge.domain.events import Draft, MessageReceived
from bridge.domain.ids import ChannelName, ConversationId, ParticipantId, SessionId
from bridge.engine.names import DisplayNames
from bridge.engine.outbound.lane_reader import AT_ONCE, LaneReader
from bridge.session.fold import Session
from storage.memory import MemoryStore
from tests.stepping import StepClock

HERE, ADA = SessionId("s"), ParticipantId("p_ada")
THERE = ConversationId("c_ada")


async def reading(clock):
    """Return a reader, its store, the fold, and what Ada, whom nobody knows yet, has said."""
    store = MemoryStore()
    await store.create_session(HERE, at=clock.now())
    said = MessageReceived(participant=ADA, conversation=THERE, content=Content(text="hello"))
    await store.append(HERE, [Draft(body=said)], at=clock.now())
    names = DisplayNames(store, {ChannelName("chat"): "Chat"})
    events = await store.read(HERE, after=0, limit=10)
    return LaneReader(store, names, clock, several=False), store, Session(id=HERE, head=1), events


async def known(store):
    await store.enrol(ADA, name="Ada", realm="r", user="ada", at=datetime(2026, 1, 1, tzinfo=UTC))


async def test_what_was_looked_up_for_one_place_serves_the_next_at_the_time_of_then() -> None:
    clock = StepClock()
    reader, store, session, events = await reading(clock)
    first = await reader.scene(session, events)
    await known(store)
    clock.at += AT_ONCE
    second = await reader.scene(session, list(events))
    assert first.names == second.names == {ADA: texts.SOMEONE}
    assert second == replace(first, now=clock.now())


async def test_a_moment_later_it_is_looked_up_anew() -> None:
    clock = StepClock()
    reader, store, session, events = await reading(clock)
    await reader.scene(session, events)
    await known(store)
    clock.at += AT_ONCE + timedelta(milliseconds=1)
    assert (await reader.scene(session, events)).names == {ADA: "Ada"}


async def test_other_events_and_another_state_of_the_session_are_looked_up_anew() -> None:
    clock = StepClock()
    reader, store, session, events = await reading(clock)
    await reader.scene(session, events)
    await known(store)
    assert (await reader.scene(replace(session), events)).names == {ADA: "Ada"}
    assert (await reader.scene(session, [])).names == {}
    assert (await reader.scene(session, [replace(events[0])])).names == {ADA: "Ada"}
