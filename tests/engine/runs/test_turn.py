"""What an agent is given: the log as its run took it in, and what came in since."""

import asyncio
from dataclasses import replace

from agents.log_index import LogIndex
from bridge.domain.content import Content
from bridge.domain.events import (
    BackgroundBegun,
    Body,
    Draft,
    HistoryCompacted,
    MessageComposed,
    MessageReceived,
    NoteKept,
    ParticipantJoined,
    PlannedCall,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
    SettingChanged,
)
from bridge.domain.ids import (
    START,
    CallId,
    ChannelName,
    ConversationId,
    NoteId,
    ParticipantId,
    QuestionId,
    RunId,
    SessionId,
)
from bridge.domain.parts import Address
from bridge.engine.access.designated import Designated
from bridge.engine.dispatcher import Dispatcher
from bridge.engine.names import DisplayNames
from bridge.engine.runs.log_cache import PAGE, LogCache
from bridge.engine.runs.turn import Desktop, LogTurn
from bridge.session.fold import Session
from storage.memory import MemoryStore
from storage.memory_blobs import MemoryBlobs
from tests.engine.rig import NINE, SetClock, agent_registry
from tests.engine.runs.test_log_cache import Counting
from tests.playbook import ADA, DM, HERE

CALL = PlannedCall(call=CallId("k_1"), name="die", arguments="{}")


async def told(store: MemoryStore, *texts: str) -> None:
    """Append things that Ada said."""
    await store.create_session(HERE, at=NINE)
    said = [
        MessageReceived(participant=ADA, conversation=DM, content=Content(text=t)) for t in texts
    ]
    await store.append(HERE, [Draft(body=each) for each in said], at=NINE)


def turn(store: MemoryStore, upto: int, narrowed: int | None = None) -> LogTurn:
    names = DisplayNames(store, {ChannelName("chat"): "Chat"})
    clock = SetClock()
    sessions = Dispatcher(store, clock, names, woken=lambda *_: None, agents=agent_registry())
    desktop = Desktop(
        log=store,
        log_cache=LogCache(store),
        sessions=sessions,
        names=names,
        designated=Designated(store),
        blobs=MemoryBlobs(clock=clock),
        clock=clock,
        lets_in=sessions.admission.lets_in,
    )
    return LogTurn(HERE, RunId("r_1"), "echo", upto=upto, narrowed=narrowed, on=desktop)


async def test_the_history_ends_where_the_run_began() -> None:
    """What was said after belongs to the news."""
    store = MemoryStore()
    await told(store, "one", "two", "three")
    assert [each.seq for each in await turn(store, 2).history()] == [1, 2]


async def test_what_matters_from_before_the_last_summary_comes_with_what_came_since() -> None:
    store = Counting()
    await told(store, *["word"] * (3 * PAGE))
    run = RunId("r_0")
    kept = NoteKept(note=NoteId("n_1"), text="likes tea", run=run)
    asked = QuestionAsked(question=QuestionId("q_1"), run=run, text="Which?", kind="open")
    summed_up = HistoryCompacted(upto=6 * PAGE, summary="Words were said.")
    begun = RunStarted(run=run, agent="echo", upto=3 * PAGE, node="n")
    over = RunFinished(run=run, outcome="paused", upto=3 * PAGE)
    await store.append(HERE, [Draft(body=each) for each in (begun, kept, asked, over)], at=NINE)
    await told(store, *["word"] * (3 * PAGE))
    later = RunId("r_1")
    begun = RunStarted(run=later, agent="echo", upto=6 * PAGE + 4, node="n")
    over = RunFinished(run=later, outcome="silent", upto=6 * PAGE + 4)
    await store.append(HERE, [Draft(body=each) for each in (begun, over, summed_up)], at=NINE)
    reader = turn(store, 6 * PAGE + 7)
    await reader.fold()  # as the engine has it
    store.gave = 0
    recent = await reader.recent()
    assert store.gave <= PAGE + 10
    assert recent.whole == 6 * PAGE
    assert [each.body for each in recent.before] == [kept, asked]
    assert recent.log[-1].body == summed_up


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


async def test_whoever_tries_one_message_alone_knows_what_was_done_meanwhile() -> None:
    """What was said after it is kept from the run; what runs did is not: it was answered, asked."""
    store = MemoryStore()
    await told(store, "one", "two", "three")
    run = RunId("r_0")
    done = [
        RunStarted(run=run, agent="echo", upto=1, node="n"),
        MessageComposed(run=run, agent="echo", content=Content(text="You said one.")),
        RunFinished(run=run, outcome="completed", upto=1),
    ]
    for body in done:
        await store.append(HERE, [Draft(body=body)], at=NINE)
    await told(store, "four")
    began = RunStarted(run=RunId("r_1"), agent="echo", upto=2, node="n")
    await store.append(HERE, [Draft(body=began)], at=NINE)
    alone = turn(store, 2, narrowed=8)
    history = await alone.history()
    assert [each.seq for each in history] == [1, 2, 4, 5, 6]
    index = LogIndex(agent="me")
    index.take(history)
    asked = index.asks(history, after=index.position)
    assert [each.content.text for each in asked] == ["two"]
    assert await alone.news() == ()


async def long_ago(store: MemoryStore, *bodies, quiet: int) -> int:
    """Append something, then so much that is only overheard; returns where it begins."""
    begin = await store.head(HERE) + 1
    await store.append(HERE, [Draft(body=each) for each in bodies], at=NINE)
    said = MessageReceived(
        participant=ADA, conversation=DM, content=Content(text="word"), addressed=False
    )
    await store.append(HERE, [Draft(body=said)] * quiet, at=NINE)
    return begin


async def test_of_a_long_log_only_so_many_are_read_as_are_asked_for() -> None:
    store = Counting()
    await told(store, "hello")
    run = RunId("r_0")
    done = RunFinished(run=run, outcome="completed", upto=1)
    await long_ago(store, RunStarted(run=run, agent="echo", upto=1, node="n"), done, quiet=5 * PAGE)
    reader = turn(store, 5 * PAGE + 3)
    await reader.fold()
    store.gave = 0
    recent = await reader.recent(newest=10)
    assert store.gave == PAGE + 10
    assert recent.log[-1].seq == 5 * PAGE + 3


async def test_what_nobody_has_answered_is_read_however_few_are_asked_for() -> None:
    store = Counting()
    await told(store, "hello")
    await long_ago(store, quiet=3 * PAGE)
    recent = await turn(store, 3 * PAGE + 1).recent(newest=10)
    assert recent.log[0].seq == 1


async def test_a_question_that_was_asked_long_ago_is_read_with_its_answer() -> None:
    """Of two questions of one run, too, the first of which was answered long ago."""
    store = Counting()
    await told(store, "hello")
    run = RunId("r_0")
    questions = [
        QuestionAsked(question=QuestionId(name), run=run, text="May I?", kind="approval", call=call)
        for name, call in [("q_1", CALL), ("q_2", None)]
    ]
    begun = RunStarted(run=run, agent="echo", upto=1, node="n")
    over = RunFinished(run=run, outcome="paused", upto=1)
    await long_ago(store, quiet=2 * PAGE)
    asked = await long_ago(store, begun, *questions, over, quiet=2 * PAGE) + 1
    first = QuestionClosed(
        question=QuestionId("q_1"), asked=asked, outcome="answered", answer="approve"
    )
    await long_ago(store, first, quiet=2 * PAGE)
    last = QuestionClosed(
        question=QuestionId("q_2"), asked=asked + 1, outcome="answered", answer="yes"
    )
    end = await long_ago(store, last, quiet=0)
    recent = await turn(store, end).recent(newest=10)
    index = LogIndex(agent="echo")
    index.take([*recent.before, *recent.log])
    assert index.approved(QuestionId("q_1")) == CALL
    assert recent.log[0].seq > PAGE // 2, "not all of it"


async def test_whoever_works_from_less_is_given_less_of_what_others_read() -> None:
    store = Counting()
    await told(store, "hello")
    run = RunId("r_0")
    done = RunFinished(run=run, outcome="completed", upto=1)
    await long_ago(store, RunStarted(run=run, agent="echo", upto=1, node="n"), done, quiet=5 * PAGE)
    reader = turn(store, 5 * PAGE + 3)
    await reader.recent()
    store.gave = 0
    recent = await reader.recent(newest=10)
    assert (store.gave, len(recent.log), recent.whole) == (0, PAGE + 10, 4 * PAGE - 7)


async def test_in_the_background_those_are_let_in_who_are_let_in_where_it_was_begun() -> None:
    """What was given to them there, by a code or an owner, is of that session alone."""
    store, above = MemoryStore(), SessionId("s_above")
    await store.enrol(ADA, name="Ada", realm="chat", user="ada", at=NINE)
    joined = ParticipantJoined(participant=ADA, role="member")
    begun: dict[SessionId, Body] = {above: joined, HERE: BackgroundBegun(parent=above)}
    for session, body in begun.items():
        await store.create_session(session, at=NINE)
        await store.append(session, [Draft(body=body)], at=NINE)
    run = turn(store, 1)

    async def only_above(_: ParticipantId, session: Session) -> bool:
        return session.id == above

    run._on = replace(run._on, lets_in=only_above)
    assert await run.meant("chat:ada") == {ADA}
