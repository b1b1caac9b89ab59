"""`/compact`: the agent's past of a session is summed up at once, and who asked is told."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bridge import session_texts, texts
from bridge.domain.commands import ChangeRole
from bridge.domain.content import Content
from bridge.domain.errors import AgentFailed
from bridge.domain.events import (
    ExchangeUndone,
    HistoryCompacted,
    MessageReceived,
    Pushed,
    RunFinished,
    RunStarted,
    Usage,
    UsageReported,
)
from bridge.domain.ids import ParticipantId
from bridge.domain.usage import Limit
from bridge.engine.commands.compacting import told
from bridge.engine.runs.upkeep import SummedUp
from bridge.ports.agent import Compacted, Ended, Turn, Using
from bridge.session.budget import Budgets
from bridge.session.routing import SHARED
from tests.engine.rig import Bridge, Stalled, bridge


class Scribe:
    """Answers at once, and sums up what it is asked to: all that was said, in three words."""

    help = ""

    def __init__(self, *, fails: Exception | None = None, blocked: bool = False) -> None:
        self.fails = fails
        self.asked: list[str] = []
        self.may_go_on = asyncio.Event()
        if not blocked:
            self.may_go_on.set()

    async def run(self, turn: Turn) -> AsyncGenerator[Ended]:
        yield Ended(content=Content(text="Here I am."))

    async def sum_up(self, turn: Turn, matters: str) -> AsyncGenerator[Using | Compacted]:
        self.asked.append(matters)
        fold = await turn.fold()
        await self.may_go_on.wait()
        if self.fails is not None:
            raise self.fails
        if fold.rested > fold.summed_up:
            yield Using(usage=Usage(input_tokens=100, cost=0.5, model="m"))
            yield Compacted(upto=fold.rested, summary="Ada asked twice.")


async def ask(b: Bridge, answers: int = 1) -> None:
    b.platform.say("ada", "ada", "well?")
    await b.until_logged(RunFinished, answers, each=0.05)
    await b.until_at_rest()


async def own(b: Bridge) -> ParticipantId:
    """Let Ada own the session, and return her."""
    (who,) = {each.participant for each in await b.bodies(MessageReceived)}
    await b.core.sessions.submit(SHARED, ChangeRole(participant=who, role="owner", by=None))
    return who


async def compact(b: Bridge, words: str = "/compact") -> str:
    """Return what whoever asks for it is told."""
    before = len(b.platform.notes("ada"))
    b.platform.say("ada", "ada", words)
    await b.until(lambda: len(b.platform.notes("ada")) > before)
    return b.platform.notes("ada")[-1]


async def test_who_asks_is_told_how_much_was_summed_up_and_it_is_in_the_log() -> None:
    agent = Scribe()
    async with bridge(agent=agent) as b:
        await b.place("ada")
        await ask(b, 1)
        await ask(b, 2)
        who = await own(b)
        assert await compact(b, "/compact what was decided") == session_texts.compacted(
            4, 3, whole=True
        )
        assert agent.asked == ["what was decided"]
        (summary,) = await b.bodies(HistoryCompacted)
        assert summary.summary == "Ada asked twice."
        (report,) = await b.bodies(UsageReported)
        assert (report.usage.cost, report.asker) == (0.5, who)
        assert len(await b.bodies(MessageReceived)) == 2
        await b.restart()
        assert await compact(b) == session_texts.COMPACT_NOTHING
        assert len(await b.bodies(HistoryCompacted)) == 1


async def test_who_does_not_own_the_session_is_told_so_and_nothing_is_asked() -> None:
    agent = Scribe()
    async with bridge(agent=agent) as b:
        await b.place("ada")
        await ask(b)
        assert await compact(b) == texts.OWNERS_ONLY
        assert agent.asked == []


async def test_an_agent_that_keeps_its_own_memory_says_so() -> None:
    async with bridge() as b:
        await b.place("ada")
        await ask(b)
        await own(b)
        assert await compact(b) == session_texts.OWN_MEMORY


async def test_it_is_not_done_while_an_answer_is_written() -> None:
    agent = Stalled()
    async with bridge(agent=agent) as b:
        await b.place("ada")
        b.platform.say("ada", "ada", "well?")
        await b.until_logged(RunStarted, each=0.05)
        await own(b)
        assert await compact(b) == session_texts.COMPACT_BUSY


@pytest.mark.parametrize(
    ("fails", "why"),
    [
        (AgentFailed("the model does not answer."), "the model does not answer"),
        (RuntimeError("a secret"), "something went wrong inside"),
    ],
)
async def test_where_it_fails_nothing_changed_and_the_reason_is_told(
    fails: Exception, why: str
) -> None:
    async with bridge(agent=Scribe(fails=fails)) as b:
        await b.place("ada")
        await ask(b)
        await own(b)
        assert await compact(b) == session_texts.not_compacted(why)
        assert await b.bodies(HistoryCompacted) == []
        await ask(b, 2)


async def test_where_a_budget_is_used_up_the_agent_is_not_asked() -> None:
    agent = Scribe()
    budgets = Budgets(per_day=Limit(usd=0.4))
    async with bridge(agent=agent, budgets=budgets) as b:
        await b.place("ada")
        await ask(b)
        await own(b)
        await compact(b)
        await ask(b, 2)
        assert "Nothing changed" in await compact(b)
        assert len(agent.asked) == 1


async def test_what_takes_long_is_told_of_once_it_is_done() -> None:
    agent = Scribe(blocked=True)
    async with bridge(agent=agent) as b:
        b.core.sessions.slash_commands.compacting.patience = 0.01
        await b.place("ada")
        await ask(b)
        who = await own(b)
        assert await compact(b) == session_texts.COMPACT_TAKES_LONG
        assert await compact(b) == session_texts.COMPACT_ALREADY
        agent.may_go_on.set()
        await b.until_logged(Pushed)
        (push,) = await b.bodies(Pushed)
        assert push.content.text == session_texts.compacted(2, 3, whole=True)
        assert push.to == (who,)


async def test_who_asks_the_agent_meanwhile_goes_first() -> None:
    agent = Scribe(blocked=True)
    async with bridge(agent=agent) as b:
        b.core.sessions.slash_commands.compacting.patience = 0.01
        await b.place("ada")
        await ask(b)
        await own(b)
        assert await compact(b) == session_texts.COMPACT_TAKES_LONG
        b.platform.say("ada", "ada", "and now?")
        await b.until_logged(RunFinished, 2, each=0.05)
        await b.until_logged(Pushed)
        (push,) = await b.bodies(Pushed)
        assert push.content.text == session_texts.COMPACT_CUT_OFF
        assert await b.bodies(HistoryCompacted) == []


async def test_a_summary_that_may_tell_of_what_was_undone_meanwhile_is_not_kept() -> None:
    agent = Scribe(blocked=True)
    async with bridge(agent=agent) as b:
        b.core.sessions.slash_commands.compacting.patience = 0.01
        await b.place("ada")
        await ask(b)
        await own(b)
        await compact(b)
        b.platform.say("ada", "ada", "/undo")
        await b.until_logged(ExchangeUndone)
        agent.may_go_on.set()
        await b.until_logged(Pushed)
        (push,) = await b.bodies(Pushed)
        assert push.content.text == session_texts.COMPACT_UNDONE
        assert await b.bodies(HistoryCompacted) == []


async def test_where_the_process_ends_in_the_middle_nothing_changed_and_it_can_be_asked_again() -> (
    None
):
    agent = Scribe(blocked=True)
    async with bridge(agent=agent) as b:
        await b.place("ada")
        await ask(b)
        await own(b)
        b.platform.say("ada", "ada", "/compact")
        await b.until(lambda: len(agent.asked) == 1)
        await b.restart()
        assert await b.bodies(HistoryCompacted) == []
        agent.may_go_on.set()
        await b.until_logged(HistoryCompacted, each=0.05)
        await b.until(lambda: session_texts.compacted(2, 3, whole=True) in b.platform.notes("ada"))


def test_every_sign_of_chinese_counts_as_a_word_and_what_is_left_is_said() -> None:
    reply = told(SummedUp(how="part", messages=1, summary="会议在星期三 at nine"))
    assert reply.text == session_texts.compacted(1, 8, whole=False)
    assert reply.text.startswith("Summed up 1 message in 8 words.")
    assert session_texts.COMPACT_REST in reply.text
