"""Budgets: the owner is told in time; what is over them is refused before any agent is asked."""

from collections.abc import AsyncGenerator
from datetime import timedelta

from bridge.domain.commands import Trigger
from bridge.domain.content import Content
from bridge.domain.events import (
    MessageComposed,
    MessageReceived,
    Preview,
    Pushed,
    RunFinished,
    Source,
    ToolCalled,
    Usage,
)
from bridge.domain.ids import CallId, ParticipantId
from bridge.domain.usage import Limit
from bridge.ports.agent import Calling, Ended, Said, Turn, Using
from bridge.session.budget import Budgets
from bridge.session.routing import SHARED
from tests.engine.rig import OWNER, Acting, Bridge, bridge

Speech = AsyncGenerator[Preview | Said]
DAY = timedelta(days=1).total_seconds()


class Costly:
    """Every answer costs the same; `bills` are told on the way."""

    def __init__(self, cost: float | None = 0.5, bills: int = 1) -> None:
        self.help = ""
        self.asked = 0
        self.cost = cost
        self.bills = bills

    async def run(self, turn: Turn) -> Speech:
        self.asked += 1
        usage = Usage(input_tokens=100, output_tokens=20, cost=self.cost, model="large")
        for bill in range(1, self.bills):
            cost = None if self.cost is None else self.cost * bill
            yield Using(usage=Usage(input_tokens=100 * bill, cost=cost))
        yield Ended(content=Content(text=f"Answer {self.asked}."), usage=usage)


async def ask(b: Bridge, who: str, *shown: str) -> None:
    b.platform.say(who, who, "well?")
    await b.until_shown(who, *shown, each=0.05)
    await b.until_at_rest(each=0.05)


async def test_ten_answers_without_tokens_or_a_price_are_told_as_ten_answers() -> None:
    async with bridge() as b:
        for number in range(1, 11):
            b.platform.say("ada", "ada", f"word {number}")
            await b.until_logged(RunFinished, number, each=0.05)
        await b.until_at_rest(each=0.05)
        b.platform.say("ada", "ada", "/usage")
        await b.until(lambda: b.platform.notes("ada"))
        told = ["- in this session: 10 answers", "- today: 10 answers", "- this month: 10 answers"]
        assert b.platform.notes("ada")[-1] == "\n".join(told)


async def warnings(b: Bridge) -> list[Pushed]:
    return [each for each in await b.bodies(Pushed) if each.source.kind == "background"]


async def test_what_a_run_used_is_kept_for_its_session_its_person_and_its_day() -> None:
    async with bridge(agent=Costly()) as b:
        await ask(b, "ada", "Answer 1.")
        await ask(b, "bob", "Answer 2.")
        await ask(b, "ada", "Answer 3.")
        ada, bob = sorted(await b.store.usage(), key=lambda each: -each.used.runs)
        assert (ada.used.runs, ada.used.cost, ada.used.tokens) == (2, 1.0, 240)
        assert (bob.used.runs, bob.agent, bob.model) == (1, "echo", "large")
        assert ada.day == b.clock.now().date()
        assert (await b.core.sessions.fold(SHARED)).used.cost == 1.5


async def test_what_was_used_is_told_for_the_session_the_day_and_the_month() -> None:
    async with bridge(agent=Costly()) as b:
        await ask(b, "ada", "Answer 1.")
        b.clock.forward(DAY)
        await ask(b, "ada", "Answer 2.")
        b.clock.forward(31 * DAY)
        await ask(b, "ada", "Answer 3.")
        b.platform.say("ada", "ada", "/usage")
        await b.until(lambda: b.platform.notes("ada"))
        told = b.platform.notes("ada")[-1]
        assert "in this session: 3 answers, 360 tokens, $1.50" in told
        assert "today: 1 answer, 120 tokens, $0.5000" in told
        assert "this month: 1 answer" in told


async def test_the_owner_is_told_once_when_a_budget_is_nearly_up_then_runs_are_refused() -> None:
    agent = Costly(cost=0.4)
    async with bridge(agent=agent, budgets=Budgets(per_day=Limit(usd=1))) as b:
        await ask(b, "ada", "Answer 1.")
        assert await warnings(b) == []
        await ask(b, "ada", "Answer 2.")
        (told,) = await warnings(b)
        assert (told.to, "80% used up" in told.content.text) == ((OWNER,), True)
        await ask(b, "ada", "Answer 3.")
        await ask(b, "bob", "Today's budget is used up ($1.00)")
        assert agent.asked == 3, "no agent is asked any more"
        assert len(await warnings(b)) == 1
        fold = await b.core.sessions.fold(SHARED)
        assert fold.wanted <= fold.position, "the session is not stuck"


async def test_the_next_day_begins_anew() -> None:
    agent = Costly(cost=2)
    async with bridge(agent=agent, budgets=Budgets(per_day=Limit(usd=1))) as b:
        await ask(b, "ada", "Answer 1.")
        await ask(b, "ada", "Today's budget is used up")
        b.clock.forward(DAY)
        await ask(b, "ada", "Answer 2.")


async def test_one_persons_budget_is_no_one_elses() -> None:
    agent = Costly(cost=2)
    async with bridge(agent=agent, budgets=Budgets(per_person_per_day=Limit(usd=1))) as b:
        await ask(b, "ada", "Answer 1.")
        await ask(b, "ada", "Your budget for today is used up")
        await ask(b, "bob", "Answer 2.")
        first, _ = await warnings(b)
        assert "**ada**'s budget for today" in first.content.text


async def test_tokens_count_where_there_is_no_price() -> None:
    agent = Costly(cost=None)
    async with bridge(agent=agent, budgets=Budgets(per_day=Limit(usd=1, tokens=100))) as b:
        await ask(b, "ada", "Answer 1.")
        await ask(b, "ada", "Today's budget is used up ($1.00 or 100 tokens without a price)")
        assert agent.asked == 1


async def test_a_run_that_uses_up_its_own_budget_is_ended_with_a_word_and_not_repeated() -> None:
    agent = Costly(cost=0.4, bills=10)
    async with bridge(agent=agent, budgets=Budgets(per_run=Limit(usd=1))) as b:
        await ask(b, "ada", "this answer has used up the budget of one answer ($1.00)")
        (end,) = await b.bodies(RunFinished)
        assert (end.outcome, end.usage.cost) == ("failed", 0.4 * 4)
        assert agent.asked == 1
        (notice,) = await b.bodies(MessageComposed)
        assert notice.kind == "notice"


async def test_an_answer_that_uses_up_a_budget_is_given_all_the_same() -> None:
    """It is paid for."""
    agent = Costly(cost=2, bills=2)
    async with bridge(agent=agent, budgets=Budgets(per_run=Limit(usd=1))) as b:
        await ask(b, "ada", "Answer 1.")


async def test_a_run_that_uses_up_the_day_makes_no_further_call() -> None:
    async def calling(turn: Turn) -> Speech:
        yield Using(usage=Usage(cost=2.0))
        yield Calling(call=CallId("k_1"), name="look", arguments="{}")
        raise AssertionError("it was let on")

    async with bridge(agent=Acting(calling), budgets=Budgets(per_day=Limit(usd=1))) as b:
        await ask(b, "ada", "today's budget is used up ($1.00)")
        assert await b.bodies(ToolCalled) == []


async def test_people_are_told_once_that_a_schedule_is_refused_and_whoever_asks_each_time() -> None:
    agent = Costly(cost=2)
    async with bridge(agent=agent, budgets=Budgets(per_day=Limit(usd=1))) as b:
        await ask(b, "ada", "Answer 1.")
        for _ in range(3):
            await trigger(b)
        assert await refusals(b) == 1
        await ask(b, "ada", "Today's budget is used up")
        await ask(b, "ada", "Today's budget is used up")
        assert await refusals(b) == 3
        b.clock.forward(DAY)
        await ask(b, "ada", "Answer 2.")
        await trigger(b)
        assert await refusals(b) == 4, "it is news again"


async def test_what_somebody_asks_by_a_program_counts_against_their_own_budget() -> None:
    agent = Costly(cost=2)
    async with bridge(agent=agent, budgets=Budgets(per_person_per_day=Limit(usd=1))) as b:
        await ask(b, "ada", "Answer 1.")
        (said,) = await b.bodies(MessageReceived)
        await trigger(b, by=said.participant)
        assert agent.asked == 1
        await trigger(b)
        assert agent.asked == 2, "it is nobody's"


async def trigger(b: Bridge, *, by: ParticipantId | None = None) -> None:
    report = Trigger(source=Source(kind="api"), prompt="report", by=by)
    await b.core.sessions.submit(SHARED, report)
    await b.until_at_rest(each=0.05)


async def refusals(b: Bridge) -> int:
    return sum(each.kind == "notice" for each in await b.bodies(MessageComposed))


async def test_a_budget_outlives_the_process() -> None:
    agent = Costly(cost=2)
    async with bridge(agent=agent, budgets=Budgets(per_day=Limit(usd=1))) as b:
        await ask(b, "ada", "Answer 1.")
        await b.restart()
        await ask(b, "ada", "Today's budget is used up")
        assert agent.asked == 1
