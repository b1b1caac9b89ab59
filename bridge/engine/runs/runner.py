"""The runner lets agents answer: it does what `next_step` says, session by session.

The rules:

- A run that is open when nobody here works on it is left over: of this process, or of one that is
  gone (`bridge/engine/nodes.py`). It is abandoned, and `next_step` decides anew. A run of another
  process that lives is that one's; it is looked at again later.
- What the agent says is taken down by `run_recorder`.
- When the log says that the run is over (stopped, replaced), the agent is cut off. One that does
  not stop is left behind: nothing it says is taken down, nor shown as a preview.
- A run that may not begin, for a budget is used up, is refused before any agent is asked. One that
  uses up a budget may still answer, and goes no further: it is ended at its next call, or when it
  has used even more. What a stopped run used is reported after it.
- Where the log was restored, what was asked before is not answered: it may have been, with all that
  this did. People are told, and ask again.
- A run that the store cut off is abandoned without blame once the store can be used again.
- What is owed between a session and what works in its background is done before anything else, so
  that no session is at rest while any of it is left (`bridge.engine.runs.background`). A child
  waits until it is; its parent goes on all the same.
- At an orderly stop, runs get a grace period; then they are abandoned for now, without blame.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from structlog.contextvars import bound_contextvars

from bridge import texts
from bridge.domain.commands import (
    AbandonRun,
    ExpireQuestions,
    RefuseRun,
    StartRun,
)
from bridge.domain.errors import (
    NotFound,
    RunOver,
    StoreError,
    StoreUnavailable,
)
from bridge.domain.events import (
    SHUTDOWN,
    Event,
    RunStarted,
)
from bridge.domain.ids import RunId, Seq, SessionId, mint, trace_of
from bridge.engine.access.designated import Designated
from bridge.engine.agent_registry import AgentRegistry
from bridge.engine.arrivals import Arrivals
from bridge.engine.keyed_worker import KeyedWorker
from bridge.engine.names import DisplayNames
from bridge.engine.nodes import Nodes
from bridge.engine.runs.background import Background
from bridge.engine.runs.budget_guard import BudgetGuard
from bridge.engine.runs.given_up import GivenUp
from bridge.engine.runs.log_cache import LogCache
from bridge.engine.runs.run_recorder import RunRecorder, note_given_up
from bridge.engine.runs.turn import Desktop, LogTurn
from bridge.engine.runs.upkeep import Upkeep
from bridge.engine.store_health import StoreHealth
from bridge.ports.blobs import Blobs
from bridge.ports.clock import Clock
from bridge.ports.engine import LetsIn, Live, Sessions
from bridge.ports.store import Store
from bridge.session.background import spent_before
from bridge.session.fold import (
    LONGEST_WAIT,
    Begin,
    Expire,
    Idle,
    Session,
    next_step,
    unread_upto,
)
from bridge.unseen import note

log = structlog.get_logger()

CUT_OFF_LIMIT = 1.0
"""Seconds an agent that is cut off may take to clean up before it is left behind."""

ELSEWHERE = timedelta(seconds=5)
"""How soon a run of another process is looked at again."""

LOOK_AGAIN = timedelta(seconds=0.25)
"""How soon it is looked again whether what is being fetched has come."""


class Runner:
    """Runs agents for the sessions it is woken for. `nodes` say which processes there are.

    `arrivals`: where something is still being fetched, which is waited for a little.
    """

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        live: Live,
        agents: AgentRegistry,
        *,
        budget_guard: BudgetGuard,
        names: DisplayNames,
        blobs: Blobs,
        clock: Clock,
        health: StoreHealth,
        nodes: Nodes,
        lets_in: LetsIn,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._live = live
        self._agents = agents
        self._budget_guard = budget_guard
        self._given_up = GivenUp(store, names)
        self._desktop = Desktop(
            log=store,
            log_cache=LogCache(store),
            sessions=sessions,
            names=names,
            designated=Designated(store),
            blobs=blobs,
            clock=clock,
            lets_in=lets_in,
        )
        self.upkeep = Upkeep(sessions, budget_guard, agents, self._desktop)
        self._clock = clock
        self._nodes = nodes
        self.arrivals = Arrivals()
        self._worker = KeyedWorker("runner", self._work_on, clock, health)
        self.background = Background(store, sessions, agents, clock, health, lets_in=lets_in)
        self._stopping = False
        self._cut_short: set[RunId] = set()
        self._left: set[asyncio.Task[None]] = set()
        self._recorder = RunRecorder(sessions, live, agents, budget_guard, self._given_up)

    @property
    def faults(self) -> Mapping[str, str]:
        """Agents whose last run failed, and why."""
        return self._recorder.faults

    def wake(self, session: SessionId) -> None:
        self._worker.wake(session)

    async def close(self, grace: float) -> None:
        """Start no more runs; give those under way `grace` seconds, then abandon them."""
        self._stopping = True
        await self.background.close()
        await self.upkeep.close()
        await self._worker.close(grace)
        await self.upkeep.close()

    async def _work_on(self, session: SessionId) -> datetime | None:
        """Do what the session needs until it needs nothing; return when to look again."""
        bell = self._worker.bell(session)
        while not self._stopping:
            bell.clear()  # whatever it rang for is in the fold
            try:
                fold = await self._sessions.fold(session)
            except NotFound:
                return None
            if fold.open_run is not None:
                if await self._nodes.is_elsewhere(fold.open_run.node):
                    return self._worker.now(session) + ELSEWHERE
                run = fold.open_run.run
                reason = SHUTDOWN if run in self._cut_short else ""
                await self._leave(fold, AbandonRun(run=run, reason=reason))
                self._cut_short.discard(run)
                continue
            now = self._worker.now(session)
            fold, is_tended = await self.background.tended(fold)
            if fold.parent is not None and not is_tended:
                return now + ELSEWHERE
            match next_step(fold, now=now):
                case Begin() if (later := self._later(fold, now)) is not None:
                    await self._store.settle(session, head=fold.head, due_at=later)
                    return later
                case Begin():
                    await self._begin(fold)
                case Expire():
                    await self._sessions.submit(session, ExpireQuestions(now=now))
                case Idle() if not is_tended:
                    return now + ELSEWHERE
                case Idle(until=until):
                    await self._store.settle(session, head=fold.head, due_at=until)
                    return until
        return None

    async def _leave(self, session: Session, abandon: AbandonRun) -> None:
        """End a run that nobody works on any more, and name what is given up with it."""
        with suppress(RunOver):
            await self._sessions.submit(session.id, await self._given_up.naming(session, abandon))
            note_given_up(session, abandon)

    def _later(self, fold: Session, now: datetime) -> datetime | None:
        """Return when to look again while the rest of what comes as one is being fetched."""
        unfinished = fold.unfinished
        if unfinished is None or not self.arrivals.is_expected(fold.id):
            return None
        waited = now - unfinished.since
        return now + LOOK_AGAIN if timedelta(0) <= waited < LONGEST_WAIT else None

    async def _begin(self, session: Session) -> None:
        """Start the run that is due, or say why it may not start."""
        await self.upkeep.stop(session.id)
        run = RunId(mint("r"))
        why = self._agents.gone(session) or await _of_old(self._store, session, self._clock.now())
        why = why or await self._budget_guard.refusal(session.counts_for, spent_before(session))
        if why:
            await self._sessions.submit(session.id, RefuseRun(run=run, reason=why))
            note("run_refused", trace=trace_of(session.id, session.wanted), run=run)
            await self._budget_guard.look(session.counts_for)
            return
        start = StartRun(run=run, agent=self._agents.chosen(session), node=self._nodes.own)
        started = await self._sessions.submit(session.id, start)
        if started.fresh:
            begun, upto = started.fresh[0], _upto(started.fresh[0])
            turn = LogTurn(
                session.id,
                run,
                start.agent,
                upto=upto,
                narrowed=begun.seq if upto < begun.seq - 1 else None,
                on=self._desktop,
                asker=session.counts_for,
            )
            asked = (unread_upto(session, turn.upto) or (session.wanted,))[-1]
            with bound_contextvars(trace=trace_of(session.id, asked), run=run):
                await self._run(turn)
            if not self._stopping and not turn.over:
                self.upkeep.begin(self._agents.agent(start.agent), turn)

    async def _run(self, turn: LogTurn) -> None:
        work = asyncio.create_task(self._recorder.take_down(turn), name=f"run {turn.run}")
        try:
            await self._watch(turn, work)
        except asyncio.CancelledError:
            await self._abandon(turn, SHUTDOWN)
            raise
        except StoreUnavailable:
            self._cut_short.add(turn.run)
            raise
        finally:
            await self._cut_off(work)
            self._live.clear(turn.session, turn.run)
        await self._recorder.account(turn)

    async def _watch(self, turn: LogTurn, work: asyncio.Task[None]) -> None:
        """Return when the agent is done, or when the log says that its run is over."""
        bell = self._worker.bell(turn.session)
        while not work.done():
            bell.clear()
            ring = asyncio.create_task(bell.wait())
            try:
                await asyncio.wait({work, ring}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                ring.cancel()
            if not await self._recorder.is_open(turn):
                break
        if work.done():
            try:
                work.result()
            except RunOver:
                note("run_over", run=turn.run)
            except asyncio.CancelledError:
                pass

    async def _cut_off(self, work: asyncio.Task[None]) -> None:
        if work.done():
            return
        work.cancel()
        await asyncio.wait({work}, timeout=CUT_OFF_LIMIT)
        if not work.done():
            log.warning("agent does not stop", run=work.get_name())
            self._left.add(work)
            work.add_done_callback(self._left.discard)
        work.add_done_callback(_heard_out)

    async def _abandon(self, turn: LogTurn, reason: str) -> None:
        try:
            abandon = AbandonRun(run=turn.run, reason=reason, usage=turn.used)
            await self._sessions.submit(turn.session, abandon)
        except (RunOver, StoreError):
            log.info("run was over already", run=turn.run)


async def _of_old(store: Store, session: Session, now: datetime) -> str:
    """Return that what is asked may have been answered before the log was restored, or ""."""
    epoch = await store.epoch()
    if epoch.began is None or epoch.was_ahead(now):
        return ""
    asked = await store.read(session.id, after=session.wanted - 1, limit=1)
    return texts.ASKED_BEFORE_RESTORE if asked and epoch.is_older(asked[0].at) else ""


def _upto(begun: Event) -> Seq:
    return begun.body.upto if isinstance(begun.body, RunStarted) else begun.seq - 1


def _heard_out(work: asyncio.Task[None]) -> None:
    """Take note of how a run ended that nobody waits for any more."""
    if not work.cancelled():
        work.exception()
