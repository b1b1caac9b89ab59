"""A turn in a session of a hundred thousand events, with each kind of agent.

What it costs is counted in the events that are read from the store: the tail of the log, whether
the process has read it before or was just started. Nothing hangs on how fast a machine is.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from agents.echo import Echo
from agents.litellm import plugin as litellm
from agents.litellm.working_log import Readings
from bridge.domain.content import Content
from bridge.domain.events import (
    Body,
    Draft,
    HistoryCompacted,
    MessageComposed,
    MessageReceived,
    RunFinished,
    RunStarted,
)
from bridge.domain.ids import ConversationId, ParticipantId, RunId, Seq
from bridge.engine.runs.log_cache import MOST, NEWEST, PAGE, weight_of
from bridge.ports.agent import Agent
from bridge.ports.surroundings import AgentSurroundings
from bridge.session.routing import SHARED
from storage.memory_blobs import MemoryBlobs
from tests.agents.elsewhere import elsewhere, http, lines
from tests.agents.litellm.rig import section
from tests.agents.outside import program
from tests.engine.rig import NINE, Bridge, SetClock
from tests.engine.runs.test_log_cache import Counting
from tests.fakes.models import Answers, Asked, FakeModels

EVENTS = 100_000
TURN = 4
"""Events of one turn in the log."""

WARM = 50
"""Events that a turn may read again: those that it added itself, by each who looks."""

MOST_CALLS = 200_000
"""Calls of functions in one step of the loop: some 40 ms on a small machine, at the very most."""

HEAVY = 40_000
"""Events since the last summary that weigh more than all that is kept of other sessions."""

WINDOW = 128_000 * 4
"""Characters that the largest window of the model could hold at the very most."""

SAYS = "turn = hear(); say('ended', text='You said: ' + turn['messages'][-1]['text'])"


def _turn(number: int, upto: Seq) -> list[Body]:
    run, who = RunId(f"r_old{number}"), ParticipantId("p_past")
    said, answer = Content(text=f"This is message {number}."), Content(text="I hear.")
    return [
        MessageReceived(participant=who, conversation=ConversationId("c_past"), content=said),
        RunStarted(run=run, agent="echo", upto=upto, node="n"),
        MessageComposed(run=run, agent="echo", content=answer),
        RunFinished(run=run, outcome="completed", upto=upto),
    ]


async def fill(store: Counting, events: int = EVENTS) -> None:
    """Let this have happened; all of it was answered."""
    head = await store.head(SHARED)
    turns = range(events // TURN)
    bodies = [body for n in turns for body in _turn(n, head + TURN * n + 1)]
    await store.append(SHARED, [Draft(body=each) for each in bodies], at=NINE)


@pytest.fixture
async def models() -> AsyncIterator[FakeModels]:
    fake = await FakeModels().start()
    yield fake
    await fake.stop()


@pytest.fixture(params=["echo", "process", "http", "litellm"])
def agent(request, tmp_path, models, monkeypatch) -> Iterator[Agent]:
    clock = SetClock()
    match request.param:
        case "echo":
            yield Echo(delay=0, clock=clock)
        case "process":
            yield program(tmp_path, SAYS)
        case "http":
            with elsewhere() as server:
                server.answering["agent"] = lambda asked: lines(
                    {"type": "ended", "text": f"You said: {asked.turn['messages'][-1]['text']}"}
                )
                yield http(server.url("/agent"))
        case _:
            monkeypatch.setattr(Readings, "owes", lambda *_: False)  # nothing is summed up beside
            models.replies = [_repeated] * 200
            around = AgentSurroundings(clock=clock, data=tmp_path, blobs=MemoryBlobs(clock=clock))
            yield litellm.create("helper", section(models), around)


def _repeated(asked: Asked) -> Answers:
    return Answers(text=f"You said: {str(asked.messages[-1]['content'])[-40:]}")


async def begun(agent: Agent, *, heavy: bool = False) -> Bridge:
    made = Bridge(agent=agent, store=Counting())
    await made.start()
    await made.core.stop(0)
    await fill(made.store)
    if heavy:
        summed_up = HistoryCompacted(upto=await made.store.head(SHARED), summary="Small talk.")
        said = Content(text="word " * 200)
        heard = MessageReceived(
            participant=ParticipantId("p_past"),
            conversation=ConversationId("c_past"),
            content=said,
            addressed=False,
        )
        drafts = [Draft(body=summed_up), *[Draft(body=heard)] * HEAVY]
        await made.store.append(SHARED, drafts, at=NINE)
        assert HEAVY * weight_of(heard) > MOST
    await made.start()
    await made.gather("ada")
    await asked(made, "the first")
    return made


async def asked(made: Bridge, words: str) -> None:
    """Say something and wait for its answer."""
    made.platform.say("ada", "ada", words)
    await made.until_shown("ada", words)
    await made.until_at_rest(each=1)


async def test_a_turn_reads_the_tail_of_a_hundred_thousand_events(agent):
    made = await begun(agent)
    try:
        made.store.gave = 0
        await asked(made, "the second")
        assert made.store.gave <= WARM
        await made.core.stop(0)
        made.store.gave = 0
        await made.start()
        assert made.store.gave <= WARM, "a start reads what came since its snapshot"
        await asked(made, "the third")
        most = NEWEST if agent.__class__.__name__ == "LitellmAgent" else 2 * PAGE
        assert made.store.gave <= most + PAGE + WARM
    finally:
        await made.core.stop(0)


@contextmanager
def steps() -> Iterator[list[int]]:
    """Yield how many functions each step of the loop calls: work that holds it, without a clock."""
    made: list[int] = []
    run = asyncio.events.Handle._run

    def counted(handle: asyncio.Handle) -> None:
        calls = 0

        def count(_frame: object, event: str, _argument: object) -> None:
            nonlocal calls
            calls += event in {"call", "c_call"}

        sys.setprofile(count)
        try:
            run(handle)
        finally:
            sys.setprofile(None)
            made.append(calls)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asyncio.events.Handle, "_run", counted)
        yield made


async def test_no_turn_of_a_hundred_thousand_events_holds_the_loop(agent):
    """Neither the first one of a process, nor the one after it."""
    made = await begun(agent)
    try:
        with steps() as warm:
            await asked(made, "the second")
        await made.core.stop(0)
        await made.start()
        with steps() as cold:
            await asked(made, "the third")
        assert max(*warm, *cold) <= MOST_CALLS
    finally:
        await made.core.stop(0)


@pytest.mark.parametrize("agent", ["litellm"], indirect=True)
async def test_an_answer_in_a_hundred_thousand_events_is_one_request_of_a_bounded_size(
    agent, models
):
    """None of them was ever summed up; what is read for it is the newest of the log."""
    made = await begun(agent)
    try:
        await asked(made, "the second")
        await asked(made, "the third")
        assert len(models.asked) == 3
        for request, words in zip(models.asked, ["first", "second", "third"], strict=True):
            shown = request.text()
            assert f"the {words}" in shown
            assert len(shown) < WINDOW
            assert "older events are left out here" in shown
            assert "This is message 0." not in shown
        folded = EVENTS  # once, at the start: the log came without a snapshot
        assert made.store.gave <= folded + NEWEST + PAGE + 4 * WARM
    finally:
        await made.core.stop(0)


@pytest.mark.parametrize("agent", ["litellm"], indirect=True)
async def test_a_session_heavier_than_what_is_kept_is_not_read_anew_at_each_turn(agent):
    made = await begun(agent, heavy=True)
    try:
        for words in ("the second", "the third"):
            made.store.gave = 0
            with steps() as taken:
                await asked(made, words)
            assert made.store.gave <= WARM
            assert max(taken) <= MOST_CALLS
    finally:
        await made.core.stop(0)


async def test_a_program_is_told_how_much_it_is_not_shown(tmp_path):
    counts = "turn = hear(); told, left_out = len(turn['messages']), turn['left_out']"
    says = "say('ended', text=f'the first: {told}, {left_out}')"
    made = await begun(program(tmp_path, f"{counts}; {says}", history=10))
    try:
        shown = made.said("ada")[-1]
        told, left_out = shown.removeprefix("the first: ").split(", ")
        assert int(told) == 10
        assert EVENTS // 2 < int(left_out) <= EVENTS
    finally:
        await made.core.stop(0)
