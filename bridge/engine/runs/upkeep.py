"""Agents work on a session's past while nobody waits for an answer, or when somebody asks for it.

The rules:

- It begins once a run is over, and is cut off where the next one of its session begins; after that
  it is asked for anew. Nothing of what is left to do is remembered: the agent derives it.
- One session at a time, so that the answers of the others have the provider almost to themselves.
- It is subject to the budgets as a run of whoever called for the last one, and what it used is
  accounted for with each summary, and where it ends, however it does.
- A summary that was made is kept: what comes next goes on from there, though it was cut off. It is
  not where somebody undid something meanwhile, which it may tell of; then the work ends, too.
- Whoever asks for a summary waits behind no other session. It counts as theirs, and takes the place
  of what was done unasked; where the next run begins it is cut off all the same.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal

import structlog

from bridge.domain.commands import ReportUsage, SumUp
from bridge.domain.errors import AgentError, StoreError
from bridge.domain.events import HistoryCompacted, MessageComposed, MessageReceived, Pushed, Usage
from bridge.domain.ids import ParticipantId, RunId, Seq, SessionId, mint
from bridge.domain.run_output import Compacted, Using
from bridge.engine.agent_registry import AgentRegistry
from bridge.engine.runs.budget_guard import BudgetGuard
from bridge.engine.runs.run_recorder import INTERNAL
from bridge.engine.runs.turn import Desktop, LogTurn
from bridge.ports.agent import KeepingUp, SummingUp
from bridge.ports.engine import Sessions
from bridge.session.fold import Session

log = structlog.get_logger()


@dataclass(slots=True)
class _Meter:
    """What was used in all, and how much of it is accounted for."""

    used: Usage = field(default_factory=Usage)
    reported: Usage = field(default_factory=Usage)


How = Literal["whole", "part", "nothing", "unable", "already", "cut off", "undone", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SummedUp:
    """What came of a summary that was asked for: how many messages it stands for, in which text.

    `how`: "part" where the rest was left, "unable" where the agent keeps its own memory, "cut off"
    since somebody asked for an answer. `why`, in words for people, where it failed.
    """

    how: How
    messages: int = 0
    summary: str = ""
    why: str = ""


class Upkeep:
    def __init__(
        self,
        sessions: Sessions,
        budget_guard: BudgetGuard,
        agents: AgentRegistry,
        desktop: Desktop,
    ) -> None:
        self._sessions = sessions
        self._budget_guard = budget_guard
        self._agents = agents
        self._desktop = desktop
        self._tasks: dict[SessionId, asyncio.Task[None]] = {}
        self._asked: set[SessionId] = set()
        self._turns = asyncio.Semaphore(1)

    def begin(self, agent: object, turn: LogTurn) -> None:
        """Let an agent work on the past of a session, if it has anything to do there."""
        if not isinstance(agent, KeepingUp):
            return
        work = self._work(agent, turn)
        task = asyncio.create_task(work, name=f"upkeep {turn.session}")
        self._tasks[turn.session] = task
        task.add_done_callback(lambda done: self._forget(turn.session, done))

    async def sum_up(self, session: Session, by: ParticipantId, matters: str) -> SummedUp:
        """Have a session that is at rest summed up for somebody; return what came of it."""
        name, run = self._agents.chosen(session), RunId(mint("r"))
        turn = LogTurn(session.id, run, name, upto=session.head, on=self._desktop, asker=by)
        agent = self._agents.agent(name)
        if not isinstance(agent, SummingUp):
            return SummedUp(how="unable")
        if turn.session in self._asked:
            return SummedUp(how="already")
        self._asked.add(turn.session)
        try:
            return await self._sum_up(agent, turn, matters)
        finally:
            self._asked.discard(turn.session)

    async def _sum_up(self, agent: SummingUp, turn: LogTurn, matters: str) -> SummedUp:
        if why := await self._budget_guard.refusal(turn.asker):
            return SummedUp(how="failed", why=why)
        await self.stop(turn.session)
        fold = await self._sessions.fold(turn.session)
        if fold.open_run is not None:
            return SummedUp(how="cut off")
        before = fold.summed_up
        items = agent.sum_up(turn, matters)
        work = self._keep_up(items, turn)
        task = asyncio.create_task(work, name=f"summary {turn.session}")
        self._tasks[turn.session] = task
        task.add_done_callback(lambda done: self._forget(turn.session, done))
        await asyncio.wait({task})
        fold = await self._sessions.fold(turn.session)
        if fold.summed_up == before:
            return _unchanged(task, is_undone=fold.undone > turn.upto)
        is_whole = not task.cancelled() and task.exception() is None
        return SummedUp(
            how="whole" if is_whole else "part",
            messages=await _messages(turn, before, fold.summed_up),
            summary=await _summary(turn, fold.summary),
        )

    async def stop(self, session: SessionId) -> None:
        """Cut off what is done for a session: somebody asks for an answer."""
        if (task := self._tasks.pop(session, None)) is not None:
            await _cut_off(task)

    async def close(self) -> None:
        tasks, self._tasks = [*self._tasks.values()], {}
        await asyncio.gather(*map(_cut_off, tasks))

    def _forget(self, session: SessionId, task: asyncio.Task[None]) -> None:
        if self._tasks.get(session) is task:
            self._tasks.pop(session)

    async def _work(self, agent: KeepingUp, turn: LogTurn) -> None:
        async with self._turns:
            try:
                await self._keep_up(agent.keep_up(turn), turn)
            except (AgentError, StoreError) as error:
                # an agent's reason may quote what was said
                kind, said = type(error).__name__, str(error)
                log.warning("upkeep ended", session=turn.session, error=kind, text=said)
            except Exception:
                log.exception("agent raised", session=turn.session)

    async def _keep_up(self, made: AsyncGenerator[Using | Compacted], turn: LogTurn) -> None:
        meter = _Meter()
        try:
            async with aclosing(made) as items:
                while not await self._budget_guard.refusal(turn.asker):
                    try:
                        item = await anext(items)
                    except StopAsyncIteration:
                        return
                    match item:
                        case Using(usage=usage):
                            meter.used = usage
                        case Compacted() as summary:
                            await _whole(self._keep(turn, summary, meter))
                            if (await self._sessions.fold(turn.session)).undone > turn.upto:
                                return
        finally:
            if meter.used != meter.reported:
                await _whole(self._account(turn, meter))

    async def _keep(self, turn: LogTurn, made: Compacted, meter: _Meter) -> None:
        summary = SumUp(upto=made.upto, summary=made.summary, read=turn.upto)
        await self._sessions.submit(turn.session, summary)
        await self._account(turn, meter)

    async def _account(self, turn: LogTurn, meter: _Meter) -> None:
        usage = _since(meter.reported, meter.used)
        report = ReportUsage(run=RunId(mint("r")), usage=usage, agent=turn.agent, asker=turn.asker)
        await self._sessions.submit(turn.session, report)
        meter.reported = meter.used
        await self._budget_guard.look(turn.asker)


def _unchanged(task: asyncio.Task[None], *, is_undone: bool) -> SummedUp:
    """Return why nothing was summed up."""
    if task.cancelled():
        return SummedUp(how="cut off")
    match task.exception():
        case None:
            return SummedUp(how="undone" if is_undone else "nothing")
        case AgentError() | StoreError() as error:
            return SummedUp(how="failed", why=str(error))
        case error:
            log.error("agent raised", error=type(error).__name__, exc_info=error)
            return SummedUp(how="failed", why=INTERNAL)


async def _messages(turn: LogTurn, after: Seq, upto: Seq) -> int:
    """Return how many messages there are of people, programs and agents past one event."""
    count = 0
    while events := await turn.past(after=after, upto=upto):
        bodies = [each.body for each in events]
        count += sum(isinstance(each, MessageReceived | Pushed) for each in bodies)
        count += sum(isinstance(each, MessageComposed) and each.kind != "notice" for each in bodies)
        after = events[-1].seq
    return count


async def _summary(turn: LogTurn, seq: Seq) -> str:
    found = [each.body for each in await turn.past(after=seq - 1, upto=seq)]
    return found[0].summary if found and isinstance(found[0], HistoryCompacted) else ""


def _since(before: Usage, now: Usage) -> Usage:
    """Return what was used since, for it is told in all."""
    cost = None if now.cost is None else max(now.cost - (before.cost or 0.0), 0.0)
    return Usage(
        input_tokens=now.input_tokens - before.input_tokens,
        output_tokens=now.output_tokens - before.output_tokens,
        cost=cost,
        model=now.model,
    )


async def _whole(work: Coroutine[None, None, None]) -> None:
    """Do something to its end, also where whoever waits for it is cut off meanwhile."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


async def _cut_off(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task}, timeout=1.0)
