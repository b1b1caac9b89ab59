"""Agents work on a session's past while nobody waits for an answer.

The rules:

- It begins once a run is over, and is cut off where the next one of its session begins; after that
  it is asked for anew. Nothing of what is left to do is remembered: the agent derives it.
- One session at a time, so that the answers of the others have the provider almost to themselves.
- It is subject to the budgets as a run of whoever called for the last one, and what it used is
  accounted for with each summary, and where it ends, however it does.
- A summary that was made is kept: what comes next goes on from there, though it was cut off. It is
  not where somebody undid something meanwhile, which it may tell of; then the work ends, too.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from bridge.domain.commands import ReportUsage, SumUp
from bridge.domain.errors import AgentError, StoreError
from bridge.domain.events import Usage
from bridge.domain.ids import RunId, SessionId, mint
from bridge.domain.run_output import Compacted, Using
from bridge.engine.runs.budget_guard import BudgetGuard
from bridge.engine.runs.turn import LogTurn
from bridge.ports.agent import KeepingUp
from bridge.ports.engine import Sessions

log = structlog.get_logger()


@dataclass(slots=True)
class _Meter:
    """What was used in all, and how much of it is accounted for."""

    used: Usage = field(default_factory=Usage)
    reported: Usage = field(default_factory=Usage)


class Upkeep:
    def __init__(self, sessions: Sessions, budget_guard: BudgetGuard) -> None:
        self._sessions = sessions
        self._budget_guard = budget_guard
        self._tasks: dict[SessionId, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(1)

    def begin(self, agent: object, turn: LogTurn) -> None:
        """Let an agent work on the past of a session, if it has anything to do there."""
        if not isinstance(agent, KeepingUp):
            return
        work = self._work(agent, turn)
        task = asyncio.create_task(work, name=f"upkeep {turn.session}")
        self._tasks[turn.session] = task
        task.add_done_callback(lambda done: self._forget(turn.session, done))

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
                await self._keep_up(agent, turn)
            except (AgentError, StoreError) as error:
                # an agent's reason may quote what was said
                kind, said = type(error).__name__, str(error)
                log.warning("upkeep ended", session=turn.session, error=kind, text=said)
            except Exception:
                log.exception("agent raised", session=turn.session)

    async def _keep_up(self, agent: KeepingUp, turn: LogTurn) -> None:
        meter = _Meter()
        try:
            async with aclosing(agent.keep_up(turn)) as items:
                while not await self._budget_guard.refusal(turn.asker):
                    try:
                        item = await anext(items)
                    except StopAsyncIteration:
                        return
                    match item:
                        case Using(usage=usage):
                            meter.used = usage
                        case Compacted() as made:
                            await _whole(self._keep(turn, made, meter))
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
