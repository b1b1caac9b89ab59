"""What an agent is given: the log as its run took it in, and what came in since."""

import asyncio

from bridge.content import Content
from bridge.events import Draft, MessageReceived, SettingChanged
from bridge.ids import START, ChannelName, ConversationId, ParticipantId, RunId, SessionId
from bridge.parts import Address
from bridge.workers.designated import Designated
from bridge.workers.desks import Desks
from bridge.workers.histories import PAGE, Histories
from bridge.workers.names import Names
from bridge.workers.turn import Desktop, LogTurn
from storage.memory import MemoryStore
from storage.memory_blobs import MemoryBlobs
from tests.playbook import ADA, DM, HERE
from tests.workers.rig import NINE, SetClock, roster


async def told(store: MemoryStore, *texts: str) -> None:
    """Append things that Ada said."""
    await store.create_session(HERE, at=NINE)
    said = [
        MessageReceived(participant=ADA, conversation=DM, content=Content(text=t)) for t in texts
    ]
    await store.append(HERE, [Draft(body=each) for each in said], at=NINE)


def turn(store: MemoryStore, upto: int) -> LogTurn:
    names = Names(store, {ChannelName("chat"): "Chat"})
    clock = SetClock()
    desktop = Desktop(
        log=store,
        histories=Histories(store),
        sessions=Desks(store, clock, names, woken=lambda *_: None, agents=roster()),
        names=names,
        designated=Designated(store),
        blobs=MemoryBlobs(clock=clock),
        clock=clock,
    )
    return LogTurn(HERE, RunId("r_1"), "echo", upto=upto, on=desktop)


async def test_the_history_ends_where_the_run_began() -> None:
    """What was said after belongs to the news."""
    store = MemoryStore()
    await told(store, "one", "two", "three")
    assert [each.seq for each in await turn(store, 2).history()] == [1, 2]


async def test_news_are_told_once_and_move_the_run_on() -> None:
    store = MemoryStore()
    await told(store, "one", "two")
    run = turn(store, 1)
    assert [each.seq for each in await run.news()] == [2]
    assert run.upto == 2
    assert await run.news() == []
    await told(store, "three", "four")
    assert [each.seq for each in await run.news()] == [3, 4]
    assert run.upto == 4


async def test_the_history_grows_with_the_news() -> None:
    """Asked again, it holds what was taken in."""
    store = MemoryStore()
    await told(store, "one", "two")
    run = turn(store, 1)
    await run.news()
    assert [each.seq for each in await run.history()] == [1, 2]


async def test_a_long_history_is_read_in_pages_without_a_gap() -> None:
    store = MemoryStore()
    count = 2 * PAGE + 7
    await told(store, *(f"word {n}" for n in range(count)))
    run = turn(store, count - 3)
    assert [each.seq for each in await run.history()] == list(range(1, count - 2))
    assert [each.seq for each in await run.news()] == [count - 2, count - 1, count]


async def test_a_history_of_exactly_a_page_is_whole() -> None:
    store = MemoryStore()
    await told(store, *(f"word {n}" for n in range(PAGE)))
    assert len(await turn(store, PAGE).history()) == PAGE
    assert len(await turn(store, START).news()) == PAGE


async def test_people_and_places_have_the_names_that_people_know() -> None:
    store = MemoryStore()
    await store.create_session(HERE, at=NINE)
    await store.enrol(ADA, name="Ada", realm="chat", user="ada", at=NINE)
    await store.register(
        DM, Address(channel=ChannelName("chat"), place="dm"), room=False, title="", at=NINE
    )
    run = turn(store, 0)
    assert await asyncio.gather(run.who(ADA), run.where(DM)) == ["Ada", "Chat"]
    nobody, nowhere = ParticipantId("p_x"), ConversationId("c_x")
    assert await asyncio.gather(run.who(nobody), run.where(nowhere)) == ["someone", "elsewhere"]


def test_it_says_which_run_of_which_session_it_is() -> None:
    run = turn(MemoryStore(), 0)
    assert (run.session, run.run) == (SessionId("s_1"), RunId("r_1"))


async def test_there_are_no_news_where_words_wait_for_the_next_run() -> None:
    store = MemoryStore()
    await told(store, "one", "two")
    queue = SettingChanged(scope="session", name="mode", value="queue")
    await store.append(HERE, [Draft(body=queue)], at=NINE)
    run = turn(store, 1)
    assert (await run.news(), run.upto) == ((), 1)


async def test_it_has_the_session_as_it_stands() -> None:
    store = MemoryStore()
    await told(store, "one", "two")
    assert (await turn(store, 1).fold()).wanted == 2
