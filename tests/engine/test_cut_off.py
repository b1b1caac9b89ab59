"""Runs end before their time: stopped, left behind, abandoned, cut off by an orderly stop."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from bridge import texts
from bridge.domain.commands import Archive, Trigger
from bridge.domain.content import Content, Option
from bridge.domain.events import (
    SHUTDOWN,
    Draft,
    MessageComposed,
    MessageReceived,
    ParticipantJoined,
    Preview,
    RunFinished,
    RunStarted,
    Source,
    ToolCalled,
    ToolReturned,
    Usage,
)
from bridge.domain.ids import CallId, QuestionId, RunId, SessionId
from bridge.domain.run_output import Asking
from bridge.domain.usage import Limit
from bridge.engine.runs import runner as module
from bridge.ports.agent import Calling, Ended, Remark, Returned, Said, Turn, Using
from bridge.session.budget import Budgets
from bridge.session.routing import SHARED
from tests.engine.rig import OWNER, Acting, Bridge, Stalled, bridge
from tests.stepping import rest

Speech = AsyncGenerator[Preview | Said]
YES = (Option(id="y", label="Yes"), Option(id="n", label="No"))


def words(text: str) -> Ended:
    return Ended(content=Content(text=text))


def asking(question: QuestionId, **more) -> Asking:
    return Asking(question=question, kind="choice", text="Shall I?", options=YES, **more)


async def outcomes(b: Bridge) -> list[str]:
    return [each.outcome for each in await b.bodies(RunFinished)]


async def composed(b: Bridge) -> list[tuple[str, str]]:
    return [(each.kind, each.content.text) for each in await b.bodies(MessageComposed)]


# -- stop -----------------------------------------------------------------------------------------


async def test_stop_cuts_a_stalled_agent_off_at_once() -> None:
    """No time passes on the clock, and what it would have said is not said."""
    agent = Stalled()
    async with bridge(agent=agent) as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until(lambda: agent.began == 1)
        b.platform.say("ada", "Ada", "/stop")
        await b.until(lambda: agent.cut_off == 1)
        agent.released.set()
        await b.until(lambda: not b.core.live.glimpse(SHARED).previews)
        await b.until_shown("ada", texts.stopped_by("Ada"))
        assert await outcomes(b) == ["cancelled"]
        assert await composed(b) == []
        assert agent.began == 1, "what was asked before the stop is dealt with"


async def test_after_a_stop_the_next_message_is_answered() -> None:
    agent = Stalled()
    async with bridge(agent=agent) as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until(lambda: agent.began == 1)
        b.platform.say("ada", "Ada", "/stop")
        b.platform.say("ada", "Ada", "something else, then")
        await b.until(lambda: agent.began == 2)
        agent.released.set()
        await b.until_shown("ada", "So it is.", each=0.1)
        assert await outcomes(b) == ["cancelled", "completed"]


async def test_stop_reaches_a_run_that_waits_for_its_next_try() -> None:
    async with bridge() as b:
        b.platform.say("ada", "Ada", "flaky")
        await b.until_logged(RunFinished)
        b.platform.say("ada", "Ada", "/stop")
        await b.until_logged(RunFinished, 2)
        b.clock.forward(600)
        await b.until_at_rest()
        assert await outcomes(b) == ["failed", "cancelled"]


def zombie(released: asyncio.Event, *, last_inbound: Callable[[Turn], list[Preview | Said]]):
    """Return an agent that does not let itself be stopped."""

    async def run(turn: Turn) -> Speech:
        heard = [e for e in await turn.history() if isinstance(e.body, MessageReceived)]
        if len(heard) > 1:
            yield words("I am another one.")
            return
        yield Calling(call=CallId("k_1"), name="drill", arguments="{}")
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        for each in last_inbound(turn):
            yield each

    return Acting(run)


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CUT_OFF_LIMIT", 0.05)


@pytest.mark.usefixtures("short_patience")
async def test_an_agent_that_does_not_stop_is_left_behind_and_cannot_speak() -> None:
    released = asyncio.Event()

    def shout(turn: Turn) -> list[Preview | Said]:
        return [Remark(content=Content(text="I live!")), words("I live!")]

    async with bridge(agent=zombie(released, last_inbound=shout)) as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until_logged(ToolCalled)
        b.platform.say("ada", "Ada", "/stop")
        b.platform.say("ada", "Ada", "and now?")
        await b.until_shown("ada", "I am another one.", each=0.1)
        undead = [task for task in asyncio.all_tasks() if task.get_name().startswith("run ")]
        released.set()
        await asyncio.wait(undead)
        await b.until_at_rest()
        assert await composed(b) == [("final", "I am another one.")]
        assert len(undead) == 1


@pytest.mark.usefixtures("short_patience")
async def test_an_agent_that_was_left_behind_shows_no_previews() -> None:
    released = asyncio.Event()

    def haunt(turn: Turn) -> list[Preview | Said]:
        return [Preview(run=turn.run, revision=7, text="I live")]

    async with bridge(agent=zombie(released, last_inbound=haunt)) as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until_logged(ToolCalled)
        b.platform.say("ada", "Ada", "/stop")
        b.platform.say("ada", "Ada", "and now?")
        await b.until_shown("ada", "I am another one.", each=0.1)
        await b.until_logged(RunFinished, 2)
        (undead,) = [task for task in asyncio.all_tasks() if task.get_name().startswith("run ")]
        released.set()
        await asyncio.wait({undead})
        assert b.core.live.glimpse(SHARED).previews == ()


@pytest.mark.usefixtures("short_patience")
async def test_what_a_tool_did_is_taken_down_although_its_run_is_over() -> None:
    released = asyncio.Event()

    def report(turn: Turn) -> list[Preview | Said]:
        return [Returned(call=CallId("k_1"), result="drilled"), words("Done!")]

    async with bridge(agent=zombie(released, last_inbound=report)) as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until_logged(ToolCalled)
        b.platform.say("ada", "Ada", "/stop")
        await b.until_logged(RunFinished)
        released.set()
        await b.until_logged(ToolReturned)
        (returned,) = await b.bodies(ToolReturned)
        assert (returned.call, returned.result) == ("k_1", "drilled")
        assert await composed(b) == []


# -- processes come and go ------------------------------------------------------------------------


# -- agents that do not let themselves be closed --------------------------------------------------


def clinging(released: asyncio.Event, then: Callable[[Turn], AsyncGenerator[Said]]):
    """Return an agent whose cleaning up does not end before it is released."""

    async def run(turn: Turn) -> Speech:
        heard = [e for e in await turn.history() if isinstance(e.body, MessageReceived)]
        if len(heard) > 1:
            yield words("I am another one.")
            return
        try:
            async for each in then(turn):
                yield each
        finally:
            while not released.is_set():
                try:
                    await released.wait()
                except asyncio.CancelledError:
                    continue

    return Acting(run)


async def _answering(turn: Turn) -> AsyncGenerator[Said]:
    yield words("So it is.")


async def _stalling(turn: Turn) -> AsyncGenerator[Said]:
    yield Remark(content=Content(text="I am looking."))
    await asyncio.Event().wait()


async def _failing(turn: Turn) -> AsyncGenerator[Said]:
    yield Using(usage=Usage(cost=9.0))
    yield Using(usage=Usage(cost=9.1))
    raise AssertionError("its budget is used up")


@pytest.mark.usefixtures("short_patience")
@pytest.mark.parametrize("then", [_answering, _stalling, _failing])
async def test_an_agent_that_clings_to_its_run_holds_nothing_up(then) -> None:
    """Whether it answered, was stopped or used up its budget: the end of its run is in the log,
    people see it, and the next message is answered."""
    released = asyncio.Event()
    budgets = Budgets(per_run=Limit(usd=1))
    async with bridge(agent=clinging(released, then), budgets=budgets) as b:
        b.platform.say("ada", "Ada", "hello")
        if then is _stalling:
            await b.until_shown("ada", "I am looking.", each=0.1)
            b.platform.say("ada", "Ada", "/stop")
            await b.until_shown("ada", texts.stopped_by("Ada"), each=0.1)
        await b.until_logged(RunFinished, each=0.1)
        b.platform.say("ada", "Ada", "and now?")
        await b.until_shown("ada", "I am another one.", each=0.1)
        undead = [task for task in asyncio.all_tasks() if task.get_name().startswith("run ")]
        released.set()
        if undead:
            await asyncio.wait(undead)


async def test_what_an_agent_raises_when_it_is_closed_harms_nobody() -> None:
    async def sulking(turn: Turn) -> Speech:
        try:
            yield words("So it is.")
        finally:
            raise RuntimeError("I was not done")

    async with bridge(agent=Acting(sulking)) as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until_shown("ada", "So it is.", each=0.1)
        await b.until_at_rest(each=0.1)
        assert await outcomes(b) == ["completed"]


async def left_over(b: Bridge) -> RunId:
    """Leave what a process leaves behind that died in the middle of a run."""
    await b.core.stop(0)
    who = (await b.bodies(ParticipantJoined))[0].participant
    there = (await b.lane("ada")).id
    said = MessageReceived(participant=who, conversation=there, content=Content(text="anyone?"))
    head = await b.store.head(SHARED)
    started = RunStarted(run=RunId("r_dead"), agent="echo", upto=head + 1, node="n_dead")
    drafts = [Draft(body=said), Draft(body=started)]
    await b.store.append(SHARED, drafts, at=b.clock.now())
    return started.run


async def test_a_run_left_over_from_a_process_that_died_is_abandoned_and_answered() -> None:
    async with bridge() as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until_logged(RunFinished)
        dead = await left_over(b)
        await b.start()
        await b.until_logged(RunFinished, 3, each=0.5)
        abandoned, answered = (await b.bodies(RunFinished))[1:]
        assert (abandoned.run, abandoned.outcome) == (dead, "abandoned")
        assert answered.outcome == "completed"
        await b.until_shown("ada", "anyone?", each=0.5)


async def test_an_orderly_stop_cuts_off_without_blame() -> None:
    """The next process answers at once; nobody waits out a pause, and no try is counted."""
    agent = Stalled()
    async with bridge(agent=agent) as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until(lambda: agent.began == 1)
        for times in (2, 3, 4, 5):
            await b.restart()
            await b.until(lambda times=times: agent.began == times)
        assert agent.cut_off == 4
        finished = await b.bodies(RunFinished)
        assert {(e.outcome, e.reason) for e in finished} == {("abandoned", SHUTDOWN)}
        agent.released.set()
        await b.until_shown("ada", "So it is.")


async def test_a_stop_lets_a_run_finish_within_its_grace() -> None:
    agent = Stalled()
    async with bridge(agent=agent) as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until(lambda: agent.began == 1)
        stopping = asyncio.create_task(b.core.stop(30))
        await rest()
        agent.released.set()
        await stopping
        assert await outcomes(b) == ["completed"]
        assert b.shown("ada") == ["So it is."], "and its answer is shown before the end"


async def test_no_run_begins_while_the_bridge_stops() -> None:
    agent = Stalled()
    async with bridge(agent=agent) as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until(lambda: agent.began == 1)
        stopping = asyncio.create_task(b.core.stop(30))
        await rest()
        ask = Trigger(source=Source(kind="api"), prompt="one more?", by=OWNER)
        await b.core.sessions.submit(SHARED, ask)
        agent.released.set()
        await stopping
        assert agent.began == 1
        await b.start()
        await b.until(lambda: agent.began == 2)


async def test_archiving_stops_the_agent_and_takes_its_questions_back() -> None:
    """Nobody can answer them any more, and nothing that it still does would be told."""
    stalled, runs = Stalled(), 0

    async def play(turn: Turn) -> Speech:
        nonlocal runs
        runs += 1
        if runs == 1:
            yield Ended(questions=(asking(QuestionId("q_1")),))
            return
        async for each in stalled.run(turn):
            yield each

    async with bridge(agent=Acting(play)) as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until_shown("ada", "Shall I?")
        b.platform.say("ada", "Ada", "and on")
        await b.until(lambda: stalled.began == 1)
        await b.core.sessions.submit(SHARED, Archive(by=OWNER))
        await b.until(lambda: stalled.cut_off == 1)
        await b.until(lambda: any(texts.WITHDRAWN in each for each in b.said("ada")))
        assert (await outcomes(b))[-1] == "cancelled"


async def test_an_archived_session_starts_no_run() -> None:
    """Not even the next try of one that failed."""
    async with bridge() as b:
        session = SessionId("s_old")
        await b.core.sessions.create(session, title="Old", owner=OWNER)
        ask = Trigger(source=Source(kind="api"), prompt="flaky", by=OWNER)
        await b.core.sessions.submit(session, ask)

        async def failed() -> bool:
            return bool(await b.bodies(RunFinished, session))

        await b.until(failed)
        await b.core.sessions.submit(session, Archive(by=OWNER))
        b.clock.forward(600)
        await b.until_at_rest()
        assert len(await b.bodies(RunStarted, session)) == 1
