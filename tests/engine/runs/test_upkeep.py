"""An agent works on a session's past while nobody waits for its answer."""

import asyncio
from collections.abc import AsyncGenerator

from bridge.domain.content import Content
from bridge.domain.events import ExchangeUndone, HistoryCompacted, RunFinished, Usage, UsageReported
from bridge.domain.usage import Limit
from bridge.ports.agent import Compacted, Ended, Turn, Using
from bridge.session.budget import Budgets
from bridge.session.routing import SHARED
from tests.engine.rig import Bridge, bridge


class Keeper:
    """Answers at once; between answers it sums up one event after another, as it is let."""

    help = ""

    def __init__(self, *, pieces: int = 3, blocked: bool = False) -> None:
        self.pieces = pieces
        self.begun = 0
        self.cut_off = 0
        self.may_go_on = asyncio.Event()
        if not blocked:
            self.may_go_on.set()

    async def run(self, turn: Turn) -> AsyncGenerator[Ended]:
        yield Ended(content=Content(text="Here I am."))

    async def keep_up(self, turn: Turn) -> AsyncGenerator[Using | Compacted]:
        self.begun += 1
        first = (await turn.fold()).summed_up + 1
        for number, upto in enumerate(range(first, self.pieces + 1), start=1):
            try:
                await self.may_go_on.wait()
            except asyncio.CancelledError:
                self.cut_off += 1
                raise
            yield Using(usage=Usage(input_tokens=100 * number, cost=0.5 * number, model="m"))
            yield Compacted(upto=upto, summary=f"Up to {upto}.")


async def ask(b: Bridge, answers: int) -> None:
    b.platform.say("ada", "ada", "well?")
    await b.until_logged(RunFinished, answers, each=0.05)


async def summed_up(b: Bridge, *upto: int) -> None:
    async def done() -> bool:
        return [each.upto for each in await b.bodies(HistoryCompacted, SHARED)] == list(upto)

    await b.until(done)


async def test_summaries_made_between_answers_are_in_the_log_and_accounted_for() -> None:
    async with bridge(agent=Keeper()) as b:
        await b.place("ada")
        await ask(b, 1)
        await summed_up(b, 1, 2, 3)
        await b.until_logged(UsageReported, 3)
        reports = await b.bodies(UsageReported)
        assert [each.usage.input_tokens for each in reports] == [100, 100, 100]
        assert sum(each.used.cost for each in await b.store.usage()) == 1.5
        assert b.said("ada")[-1] == "Here I am."


async def test_nobody_waits_for_it_and_it_is_asked_for_anew() -> None:
    agent = Keeper(blocked=True)
    async with bridge(agent=agent) as b:
        await b.place("ada")
        await ask(b, 1)
        await b.until(lambda: agent.begun == 1)
        await ask(b, 2)
        await b.until(lambda: agent.begun == 2)
        assert agent.cut_off == 1
        assert await b.bodies(HistoryCompacted) == []
        agent.may_go_on.set()
        await summed_up(b, 1, 2, 3)


async def test_what_was_summed_up_before_the_process_ended_stays_so() -> None:
    agent = Keeper(pieces=1)
    async with bridge(agent=agent) as b:
        await b.place("ada")
        await ask(b, 1)
        await summed_up(b, 1)
        agent.pieces = 2
        await b.restart()
        await ask(b, 2)
        await summed_up(b, 1, 2)


async def test_what_was_summed_up_while_somebody_undid_something_is_not_kept() -> None:
    agent = Keeper(blocked=True)
    async with bridge(agent=agent) as b:
        await b.place("ada")
        await ask(b, 1)
        await b.until(lambda: agent.begun == 1)
        b.platform.say("ada", "ada", "/undo")
        await b.until_logged(ExchangeUndone)
        agent.may_go_on.set()
        await b.until_logged(UsageReported)
        await b.until_at_rest()
        assert await b.bodies(HistoryCompacted) == []


async def test_it_ends_where_a_budget_is_used_up() -> None:
    budgets = Budgets(per_day=Limit(usd=0.9))
    async with bridge(agent=Keeper(pieces=9), budgets=budgets) as b:
        await b.place("ada")
        await ask(b, 1)
        await summed_up(b, 1, 2)
        await b.until_at_rest(each=0.05)
        assert len(await b.bodies(HistoryCompacted)) == 2


async def test_one_that_fails_harms_no_answer() -> None:
    class Broken(Keeper):
        async def keep_up(self, turn: Turn) -> AsyncGenerator[Using | Compacted]:
            self.begun += 1
            raise RuntimeError("no")
            yield

    agent = Broken()
    async with bridge(agent=agent) as b:
        await b.place("ada")
        for answers in (1, 2):
            await ask(b, answers)
            await b.until(lambda wanted=answers: agent.begun == wanted)
        assert [each.outcome for each in await b.bodies(RunFinished)] == ["completed"] * 2


async def test_what_one_used_that_was_cut_off_is_accounted_for() -> None:
    class Costly(Keeper):
        async def keep_up(self, turn: Turn) -> AsyncGenerator[Using | Compacted]:
            yield Using(usage=Usage(input_tokens=100, cost=1.0, model="m"))
            self.begun += 1
            await asyncio.Event().wait()
            yield Compacted(upto=1, summary="too late")

    agent = Costly()
    async with bridge(agent=agent) as b:
        await b.place("ada")
        for answers in (1, 2, 3):
            await ask(b, answers)
            await b.until(lambda wanted=answers: agent.begun == wanted)
        await b.until_logged(UsageReported, 2)
        assert [each.usage.cost for each in await b.bodies(UsageReported)] == [1.0, 1.0]
        assert await b.bodies(HistoryCompacted) == []


async def test_a_summary_that_was_made_is_kept_however_often_it_is_cut_off() -> None:
    """Somebody who writes while each second piece is made has one more summed up each time."""

    class Slow(Keeper):
        async def keep_up(self, turn: Turn) -> AsyncGenerator[Using | Compacted]:
            first = (await turn.fold()).summed_up + 1
            yield Using(usage=Usage(input_tokens=100, cost=0.5, model="m"))
            yield Compacted(upto=first, summary=f"Up to {first}.")
            self.begun += 1
            await asyncio.Event().wait()

    agent = Slow()
    async with bridge(agent=agent) as b:
        await b.place("ada")
        for answers in (1, 2, 3):
            await ask(b, answers)
            await b.until(lambda wanted=answers: agent.begun == wanted)
        await summed_up(b, 1, 2, 3)
        assert [each.usage.cost for each in await b.bodies(UsageReported)] == [0.5] * 3
