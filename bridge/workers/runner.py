"""The runner lets agents answer: it does what `next_step` says, session by session.

The rules:

- A run that is open when nobody here works on it is left over from a process that died: it is
  abandoned, and `next_step` decides anew.
- Each thing an agent says is durable before the agent is resumed; its last words and the end of its
  run are one append.
- When the log says that the run is over (stopped, replaced), the agent is cut off. One that does
  not stop is left behind: nothing it says is taken down, nor shown as a preview.
- A run that may not begin, for a budget is used up, is refused before any agent is asked. One that
  uses up a budget may still answer, and goes no further: it is ended at its next call, or when it
  has used even more. What a stopped run used is reported after it.
- Where the log was restored, what was asked before is not answered: it may have been, with all that
  this did. People are told, and ask again.
- A run that the store cut off is abandoned without blame once the store can be used again.
- At an orderly stop, runs get a grace period; then they are abandoned for now, without blame.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar, assert_never

import structlog

from bridge import texts
from bridge.commands import (
    AbandonRun,
    Announce,
    Aside,
    CallTool,
    Compact,
    Compose,
    EndRun,
    ExpireQuestions,
    FailRun,
    KeepNote,
    RefuseRun,
    ReportUsage,
    ReturnTool,
    StartRun,
    Transcribe,
)
from bridge.content import Content
from bridge.deciding.running import gives_up
from bridge.errors import (
    AgentFailed,
    AgentUnavailable,
    NotFound,
    RunOver,
    StoreError,
    StoreUnavailable,
)
from bridge.events import SHUTDOWN, Event, Preview, RunStarted
from bridge.ids import RunId, Seq, SessionId, mint
from bridge.notify import QUESTIONS_AT_ONCE
from bridge.ports import (
    Blobs,
    Calling,
    Clock,
    Compacted,
    Ended,
    Live,
    Noting,
    Pushing,
    Remark,
    Returned,
    Said,
    Sessions,
    Store,
    Transcript,
    Using,
)
from bridge.session import LONGEST_WAIT, Begin, Expire, Idle, Session, next_step
from bridge.workers.arrivals import Arrivals
from bridge.workers.designated import Designated
from bridge.workers.given_up import GivenUp
from bridge.workers.histories import Histories
from bridge.workers.names import Names
from bridge.workers.roster import Roster
from bridge.workers.spending import Spending
from bridge.workers.store_health import StoreHealth
from bridge.workers.tending import Tending
from bridge.workers.turn import Desktop, LogTurn

log = structlog.get_logger()

CUT_OFF_LIMIT = 1.0
"""Seconds an agent that is cut off may take to clean up before it is left behind."""

LOOK_AGAIN = timedelta(seconds=0.25)
"""How soon it is looked again whether what is being fetched has come."""

Failing = TypeVar("Failing", FailRun, AbandonRun)

INTERNAL = "something went wrong inside"


class Runner:
    """Runs agents for the sessions it is woken for. `node` names this process in the log.

    `arrivals`: where something is still being fetched, which is waited for a little.
    """

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        live: Live,
        agents: Roster,
        *,
        spending: Spending,
        names: Names,
        blobs: Blobs,
        clock: Clock,
        health: StoreHealth,
        node: str,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._live = live
        self._agents = agents
        self._spending = spending
        self._given_up = GivenUp(store, names)
        self._desktop = Desktop(
            log=store,
            histories=Histories(store),
            sessions=sessions,
            names=names,
            designated=Designated(store),
            blobs=blobs,
            clock=clock,
        )
        self._clock = clock
        self._node = node
        self.arrivals = Arrivals()
        self._tending = Tending("runner", self._tend, clock, health)
        self._stopping = False
        self._cut_short: set[RunId] = set()
        self._left: set[asyncio.Task[None]] = set()
        self.faults: dict[str, str] = {}
        """Agents whose last run failed, and why."""

    def wake(self, session: SessionId) -> None:
        self._tending.wake(session)

    async def close(self, grace: float) -> None:
        """Start no more runs; give those under way `grace` seconds, then abandon them."""
        self._stopping = True
        await self._tending.close(grace)

    async def _tend(self, session: SessionId) -> datetime | None:
        """Do what the session needs until it needs nothing; return when to look again."""
        while not self._stopping:
            try:
                fold = await self._sessions.fold(session)
            except NotFound:
                return None
            if fold.open_run is not None:
                run = fold.open_run.run
                reason = SHUTDOWN if run in self._cut_short else ""
                await self._leave(fold, AbandonRun(run=run, reason=reason))
                self._cut_short.discard(run)
                continue
            now = self._tending.now(session)
            match next_step(fold, now=now):
                case Begin() if (later := self._later(fold, now)) is not None:
                    await self._store.settle(session, head=fold.head, due_at=later)
                    return later
                case Begin():
                    await self._begin(fold)
                case Expire():
                    await self._sessions.submit(session, ExpireQuestions(now=now))
                case Idle(until=until):
                    await self._store.settle(session, head=fold.head, due_at=until)
                    return until
        return None

    async def _leave(self, session: Session, abandon: AbandonRun) -> None:
        """End a run that nobody works on any more, and name what is given up with it."""
        with suppress(RunOver):
            await self._sessions.submit(session.id, await self._naming(session, abandon))

    async def _naming(self, session: Session, ending: Failing) -> Failing:
        """Return the end of a run with what it was to answer, if that is given up."""
        if not gives_up(session, ending):
            return ending
        return replace(ending, unread=await self._given_up.named(session))

    def _later(self, fold: Session, now: datetime) -> datetime | None:
        """Return when to look again while the rest of what comes as one is being fetched."""
        unfinished = fold.unfinished
        if unfinished is None or not self.arrivals.is_expected(fold.id):
            return None
        waited = now - unfinished.since
        return now + LOOK_AGAIN if timedelta(0) <= waited < LONGEST_WAIT else None

    # -- one run

    async def _begin(self, session: Session) -> None:
        """Start the run that is due, or say why it may not start."""
        run = RunId(mint("r"))
        why = await self._of_old(session) or await self._spending.refusal(session.asker)
        if why:
            await self._sessions.submit(session.id, RefuseRun(run=run, reason=why))
            await self._spending.look(session.asker)
            return
        name = self._agents.chosen(session)
        start = StartRun(run=run, agent=name, node=self._node)
        started = await self._sessions.submit(session.id, start)
        if started.fresh:
            turn = LogTurn(
                session.id,
                run,
                name,
                upto=_upto(started.fresh[0]),
                narrowed=_upto(started.fresh[0]) < started.fresh[0].seq - 1,
                on=self._desktop,
                asker=session.asker,
            )
            await self._run(turn)

    async def _of_old(self, session: Session) -> str:
        """Return that what is asked may have been answered before the log was restored, or ""."""
        epoch = await self._store.epoch()
        if epoch.began is None:
            return ""
        asked = await self._store.read(session.id, after=session.wanted - 1, limit=1)
        return texts.ASKED_BEFORE_RESTORE if asked and epoch.is_older(asked[0].at) else ""

    async def _run(self, turn: LogTurn) -> None:
        work = asyncio.create_task(self._converse(turn), name=f"run {turn.run}")
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
        await self._account(turn)

    async def _account(self, turn: LogTurn) -> None:
        """See to it that what the run used is in the log, and that the owner hears of budgets."""
        if turn.used is None:
            return
        if not turn.accounted:
            report = ReportUsage(run=turn.run, usage=turn.used, agent=turn.agent, asker=turn.asker)
            await self._sessions.submit(turn.session, report)
        await self._spending.look(turn.asker)

    async def _watch(self, turn: LogTurn, work: asyncio.Task[None]) -> None:
        """Return when the agent is done, or when the log says that its run is over."""
        bell = self._tending.bell(turn.session)
        while not work.done():
            bell.clear()
            ring = asyncio.create_task(bell.wait())
            try:
                await asyncio.wait({work, ring}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                ring.cancel()
            if not await self._is_open(turn):
                break
        bell.set()
        if work.done():
            with suppress(asyncio.CancelledError, RunOver):
                work.result()

    async def _is_open(self, turn: LogTurn) -> bool:
        open_run = (await self._sessions.fold(turn.session)).open_run
        return open_run is not None and open_run.run == turn.run

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
        abandon = AbandonRun(run=turn.run, reason=reason, usage=turn.used)
        try:
            await self._sessions.submit(turn.session, abandon)
        except (RunOver, StoreError):
            log.info("run was over already", run=turn.run)

    async def _converse(self, turn: LogTurn) -> None:
        """Let the agent answer, and end its run whatever happens, before it is closed."""
        saying = self._agents.agent(turn.agent).run(turn)
        try:
            await self._listen(turn, saying)
        except (RunOver, StoreError):
            raise
        except AgentFailed as error:
            await self._fail(turn, str(error), retry=False)
        except AgentUnavailable as error:
            await self._fail(turn, str(error), retry=True)
        except Exception:
            log.exception("agent raised", run=turn.run)
            await self._fail(turn, INTERNAL, retry=True)
        finally:
            await _close(turn, saying)

    async def _fail(self, turn: LogTurn, reason: str, *, retry: bool) -> None:
        if not turn.over:  # a budget that is used up is no fault of the agent
            self.faults[turn.agent] = reason
        fail = FailRun(run=turn.run, reason=reason, retry=retry, usage=turn.used)
        command = await self._naming(await turn.fold(), fail)
        await self._sessions.submit(turn.session, command)
        turn.accounted = True

    async def _listen(self, turn: LogTurn, saying: AsyncGenerator[Preview | Said]) -> None:
        async for said in saying:
            if isinstance(said, Preview):
                await self._show(turn, said)
                continue
            await self._take_down(turn, said)
            if isinstance(said, Ended):
                return
        await self._take_down(turn, Ended())

    async def _show(self, turn: LogTurn, preview: Preview) -> None:
        if not await self._is_open(turn):
            raise RunOver
        self._live.show(turn.session, preview)

    async def _take_down(self, turn: LogTurn, said: Said) -> None:
        run = turn.run
        match said:
            case Remark(content=content, kind=kind):
                command = Compose(run=run, content=content, kind=kind)
                await self._sessions.submit(turn.session, command)
            case Calling():
                await self._call(turn, said)
            case Returned(call=call, result=result, failed=failed):
                returned = ReturnTool(call=call, result=result, failed=failed)
                await self._sessions.submit(turn.session, returned)
            case Pushing() | Noting() | Compacted() | Transcript():
                await self._sessions.submit(turn.session, _aside(run, said))
            case Using(usage=usage):
                turn.used = usage
                _go_on(turn)
                turn.over = await self._spending.end(usage, turn.asker)
            case Ended():
                await self._end(turn, said)
            case _:
                assert_never(said)

    async def _call(self, turn: LogTurn, calling: Calling) -> None:
        _go_on(turn)
        command = CallTool(
            run=turn.run,
            call=calling.call,
            name=calling.name,
            arguments=calling.arguments,
            usage=turn.used,
        )
        if not (await self._sessions.submit(turn.session, command)).fresh:
            raise AgentFailed(f"the call {calling.call} was made before")

    async def _end(self, turn: LogTurn, ended: Ended) -> None:
        self.faults.pop(turn.agent, None)
        turn.used = ended.usage or turn.used
        ending = EndRun(
            run=turn.run,
            upto=turn.upto,
            content=_with_left_out(ended),
            questions=ended.questions[:QUESTIONS_AT_ONCE],
            usage=turn.used,
        )
        await self._sessions.submit(turn.session, ending)
        turn.accounted = True


def _upto(begun: Event) -> Seq:
    return begun.body.upto if isinstance(begun.body, RunStarted) else begun.seq - 1


def _go_on(turn: LogTurn) -> None:
    """Let a run go on. Raises `AgentFailed` where it may not."""
    if turn.over:
        raise AgentFailed(turn.over)


async def _close(turn: LogTurn, saying: AsyncGenerator[Preview | Said]) -> None:
    """Close what an agent says. Its run is over by now: if this takes long it is cut off."""
    try:
        await saying.aclose()
    except Exception:
        log.exception("agent raised when it was closed", run=turn.run)


def _heard_out(work: asyncio.Task[None]) -> None:
    """Take note of how a run ended that nobody waits for any more."""
    if not work.cancelled():
        work.exception()


def _aside(run: RunId, said: Pushing | Noting | Compacted | Transcript) -> Aside:
    match said:
        case Pushing(content=content, to=to):
            return Announce(run=run, content=content, to=to)
        case Noting(note=note, text=text, about=about, outside=outside):
            return KeepNote(run=run, note=note, text=text, about=about, outside=outside)
        case Compacted(upto=upto, summary=summary):
            return Compact(run=run, upto=upto, summary=summary)
        case Transcript(target=target, media=media, text=text):
            return Transcribe(run=run, target=target, media=media, text=text)


def _with_left_out(ended: Ended) -> Content | None:
    """Return what a run says at its end, and how many of its questions are not asked now."""
    left_out = len(ended.questions) - QUESTIONS_AT_ONCE
    if left_out <= 0:
        return ended.content
    told = texts.too_many_questions(QUESTIONS_AT_ONCE, left_out)
    if ended.content is None:
        return Content(text=told)
    return replace(ended.content, text=f"{ended.content.text}\n\n{told}".strip())
