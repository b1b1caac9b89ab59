"""The `Sessions` port: every session has its queue of commands, which are understood there."""

import asyncio

import pytest

from bridge import texts
from bridge.domain.commands import Change, EndRun, Join, Say, StartRun
from bridge.domain.content import Attachment, Content, Option
from bridge.domain.errors import NotFound, Refused
from bridge.domain.events import MessageReceived, QuestionClosed, SettingChanged
from bridge.domain.ids import START, MediaId, QuestionId, RunId, SessionId
from bridge.domain.run_output import Asking
from bridge.engine import dispatcher as module
from bridge.engine.dispatcher import Dispatcher
from bridge.engine.names import DisplayNames
from bridge.ports.store import Appended, Origin
from storage.memory import MemoryStore
from tests.engine.rig import MoodyStore, SetClock, agent_registry
from tests.playbook import ADA, BOB, DM, HERE, Q1, R1

CROWD = 64
NOWHERE = SessionId("s_nowhere")
TEA = (Option(id="t", label="Tea"), Option(id="c", label="Coffee"))


async def opened(store: MemoryStore) -> Dispatcher:
    """Return a dispatcher over a session that Ada owns."""
    clock = SetClock()
    dispatcher = Dispatcher(
        store,
        clock,
        DisplayNames(store, {}),
        woken=lambda _, __: None,
        agents=agent_registry("I answer here."),
    )
    await store.enrol(ADA, name="Ada", realm="test", user="ada", at=clock.now())
    await dispatcher.create(HERE, title="Main", owner=ADA)
    return dispatcher


async def hear(dispatcher: Dispatcher, text: str, by=ADA, **more) -> Appended:
    content = Content(text=text, attachments=more.pop("attachments", ()))
    origin = more.pop("origin", None)
    said = Say(by=by, conversation=DM, content=content, **more)
    return await dispatcher.hear(HERE, said, origin=origin)


async def let_ask(dispatcher: Dispatcher, *questions: Asking) -> None:
    """Let a run end on questions."""
    await hear(dispatcher, "hello")
    await dispatcher.submit(HERE, StartRun(run=R1, agent="echo", node="n"))
    upto = (await dispatcher.fold(HERE)).head - 1
    await dispatcher.submit(HERE, EndRun(run=R1, upto=upto, questions=questions))


def choice(question: QuestionId = Q1) -> Asking:
    return Asking(question=question, kind="choice", text="Tea or coffee?", options=TEA)


def bodies(appended: Appended) -> list[object]:
    return [event.body for event in appended.events]


# -- sessions -------------------------------------------------------------------------------------


async def test_a_session_is_made_with_its_owner_and_title() -> None:
    dispatcher = await opened(MemoryStore())
    fold = await dispatcher.fold(HERE)
    assert (fold.title, dict(fold.participants)) == ("Main", {ADA: "owner"})


async def test_making_it_again_changes_nothing() -> None:
    """Not even the title, if people gave it another meanwhile."""
    store = MemoryStore()
    dispatcher = await opened(store)
    await dispatcher.submit(HERE, Change(scope="session", name="title", value="Ours", by=ADA))
    head = await store.head(HERE)
    await dispatcher.create(HERE, title="Main", owner=ADA)
    assert (await dispatcher.fold(HERE)).title == "Ours"
    assert await store.head(HERE) == head


async def test_what_a_death_left_half_made_is_completed() -> None:
    store = MemoryStore()
    await store.create_session(HERE, at=SetClock().now())
    dispatcher = await opened(store)
    fold = await dispatcher.fold(HERE)
    assert (fold.title, dict(fold.participants)) == ("Main", {ADA: "owner"})


async def test_a_session_that_is_not_there_is_not_found() -> None:
    """Whatever is asked of it; and no queue is kept for it."""
    dispatcher = await opened(MemoryStore())
    with pytest.raises(NotFound):
        await dispatcher.fold(NOWHERE)
    with pytest.raises(NotFound):
        await dispatcher.submit(NOWHERE, Join(participant=ADA, role="owner"))
    said = Say(by=ADA, conversation=DM, content=Content(text="/status"))
    with pytest.raises(NotFound):
        await dispatcher.hear(NOWHERE, said)
    assert set(dispatcher._queues) == {HERE}


async def test_sixty_four_sessions_are_written_to_at_once() -> None:
    store = MoodyStore()
    dispatcher = await opened(store)
    sessions = [SessionId(f"s_n{n}") for n in range(CROWD)]
    await asyncio.gather(*(dispatcher.create(each, title="", owner=ADA) for each in sessions))
    said = Say(by=ADA, conversation=DM, content=Content(text="hello"))
    await asyncio.gather(*(dispatcher.hear(each, said) for each in sessions for _ in range(3)))
    assert {await store.head(each) for each in sessions} == {4}


async def test_desks_that_nobody_asks_are_put_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least recently asked first; whoever comes back finds the session as it was."""
    monkeypatch.setattr(module, "KEPT", 3)
    dispatcher = await opened(MemoryStore())
    sessions = [SessionId(f"s_n{n}") for n in range(10)]
    for each in sessions:
        await dispatcher.create(each, title=f"title of {each}", owner=ADA)
    assert set(dispatcher._queues) == set(sessions[-3:])
    assert (await dispatcher.fold(sessions[0])).title == "title of s_n0"
    assert (await dispatcher.fold(HERE)).title == "Main"


async def test_a_desk_at_work_is_not_put_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two queues of one session would fight over its head."""
    monkeypatch.setattr(module, "KEPT", 1)
    store = MoodyStore()
    dispatcher = await opened(store)
    sessions = [SessionId(f"s_n{n}") for n in range(5)]
    for each in sessions:
        await store.create_session(each, at=SetClock().now())
    join = Join(participant=ADA, role="owner")
    working = [asyncio.create_task(dispatcher.submit(each, join)) for each in sessions]
    await asyncio.sleep(0)
    assert set(sessions) <= set(dispatcher._queues)
    await asyncio.gather(*working)


# -- slash commands -------------------------------------------------------------------------------


async def test_help_tells_the_commands_and_what_the_agent_can_do() -> None:
    dispatcher = await opened(MemoryStore())
    reply = (await hear(dispatcher, "/help")).reply
    assert reply is not None
    assert {"`/help`", "`/status`", "`/stop`"} <= set(reply.text.split())
    assert "I answer here." in reply.text


async def test_status_tells_what_is_going_on_and_who_is_here() -> None:
    dispatcher = await opened(MemoryStore())

    async def status() -> str:
        reply = (await hear(dispatcher, "/status")).reply
        assert reply is not None
        return reply.text

    assert f"**Main** is {texts.IDLE}." in await status()
    assert "people: Ada" in await status()
    await hear(dispatcher, "hello")
    await dispatcher.submit(HERE, StartRun(run=R1, agent="echo", node="n"))
    assert texts.RUNNING in await status()
    await dispatcher.submit(HERE, EndRun(run=R1, upto=3, questions=(choice(),)))
    assert texts.WAITING in await status()


async def test_stop_ends_the_run() -> None:
    dispatcher = await opened(MemoryStore())
    await hear(dispatcher, "hello")
    await dispatcher.submit(HERE, StartRun(run=RunId("r_1"), agent="echo", node="n"))
    stopped = await hear(dispatcher, "/stop")
    assert [(body.outcome, body.by) for body in bodies(stopped)] == [("cancelled", ADA)]
    assert (await dispatcher.fold(HERE)).open_run is None


async def test_stop_says_when_there_is_nothing_to_stop() -> None:
    dispatcher = await opened(MemoryStore())
    stopped = await hear(dispatcher, "/stop")
    assert stopped.events == ()
    assert stopped.reply is not None
    assert (stopped.reply.text, stopped.reply.refused) == (texts.NOTHING_TO_STOP, False)


async def test_a_command_that_is_not_known_is_no_saying() -> None:
    store = MemoryStore()
    dispatcher = await opened(store)
    head = await store.head(HERE)
    reply = (await hear(dispatcher, "/nonsense at all")).reply
    assert reply is not None
    assert "/nonsense" in reply.text
    for text in ("/help", "/status", "/stop"):
        await hear(dispatcher, text)
    assert await store.head(HERE) == head, "what is answered to one alone is not in the log"


async def test_a_repeat_of_a_command_gets_the_reply_of_the_first_time() -> None:
    dispatcher = await opened(MemoryStore())
    origin = Origin(account="chat", external_id="m1")
    first = await hear(dispatcher, "/status", origin=origin)
    await dispatcher.submit(HERE, Change(scope="session", name="title", value="Ours", by=ADA))
    again = await hear(dispatcher, "/status", origin=origin)
    assert again.reply == first.reply
    assert again.repeated


async def test_what_is_overheard_commands_and_answers_nothing() -> None:
    """Two people who talk about /stop or Tea in a room mean each other."""
    dispatcher = await opened(MemoryStore())
    await let_ask(dispatcher, choice())
    for text in ("/stop", "Tea", "1"):
        (heard,) = bodies(await hear(dispatcher, text, addressed=False))
        assert isinstance(heard, MessageReceived)
    assert Q1 in (await dispatcher.fold(HERE)).questions


async def test_a_path_is_something_said() -> None:
    dispatcher = await opened(MemoryStore())
    (heard,) = bodies(await hear(dispatcher, "/etc/hosts is empty"))
    assert isinstance(heard, MessageReceived)


# -- answers that are typed -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "answer"), [("1", "t"), ("2", "c"), ("tea", "t"), (" Coffee ", "c")]
)
async def test_a_number_or_a_label_answers_the_question(typed: str, answer: str) -> None:
    dispatcher = await opened(MemoryStore())
    await let_ask(dispatcher, choice())
    (closed,) = bodies(await hear(dispatcher, typed))
    assert isinstance(closed, QuestionClosed)
    assert (closed.question, closed.answer, closed.by) == (Q1, answer, ADA)


@pytest.mark.parametrize("typed", ["3", "0", "Tee", "tea please"])
async def test_other_words_are_something_said(typed: str) -> None:
    dispatcher = await opened(MemoryStore())
    await let_ask(dispatcher, choice())
    (heard,) = bodies(await hear(dispatcher, typed))
    assert isinstance(heard, MessageReceived)


async def test_words_with_a_file_answer_no_choice() -> None:
    dispatcher = await opened(MemoryStore())
    await let_ask(dispatcher, choice())
    picture = Attachment(kind="image", name="a", mime="image/png", size=1, media=MediaId("m"))
    (heard,) = bodies(await hear(dispatcher, "1", attachments=(picture,)))
    assert isinstance(heard, MessageReceived)


async def test_any_words_answer_an_open_question() -> None:
    dispatcher = await opened(MemoryStore())
    await let_ask(dispatcher, Asking(question=Q1, kind="open", text="What is your name?"))
    (closed,) = bodies(await hear(dispatcher, "Ada Lovelace"))
    assert isinstance(closed, QuestionClosed)
    assert closed.answer == "Ada Lovelace"


async def test_of_two_people_who_type_an_answer_at_once_one_answers_and_one_speaks() -> None:
    """The question is closed for the second, so the words are just words."""
    dispatcher = await opened(MemoryStore())
    await let_ask(dispatcher, choice())
    await dispatcher.submit(HERE, Join(participant=BOB, role="member"))
    first, second = await asyncio.gather(hear(dispatcher, "1"), hear(dispatcher, "2", by=BOB))
    assert [type(body) for body in (*bodies(first), *bodies(second))] == [
        QuestionClosed,
        MessageReceived,
    ]


# -- refusals -------------------------------------------------------------------------------------


async def test_whoever_is_not_in_the_session_is_refused_in_words() -> None:
    store = MemoryStore()
    dispatcher = await opened(store)
    head = await store.head(HERE)
    with pytest.raises(Refused, match="not part of this session"):
        await hear(dispatcher, "hello", by=BOB)
    kept = await hear(dispatcher, "hello", by=BOB, origin=Origin(account="chat", external_id="m1"))
    assert kept.reply is not None
    assert (kept.reply.text, kept.reply.refused) == (texts.NOT_IN_SESSION, True)
    assert await store.head(HERE) == head


async def test_a_setting_that_is_so_already_is_a_success_without_an_event() -> None:
    store = MemoryStore()
    dispatcher = await opened(store)
    again = await dispatcher.submit(
        HERE, Change(scope="session", name="title", value="Main", by=ADA)
    )
    assert again == Appended()
    kept = [
        e
        for e in await store.read(HERE, after=START, limit=99)
        if isinstance(e.body, SettingChanged)
    ]
    assert len(kept) == 1
