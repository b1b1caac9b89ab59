"""The runner lets agents answer: it does what `next_step` says, session by session.

The rules:

- A run that is open when nobody here works on it is left over from a process that died: it is
  abandoned, and `next_step` decides anew.
- Each thing an agent says is durable before the agent is resumed; its last words and the end of its
  run are one append.
- When the log says that the run is over (stopped, replaced), the agent is cut off. One that does
  not stop is left behind: nothing it says is taken down, nor shown as a preview.
- At an orderly stop, runs get a grace period; then they are abandoned for now, without blame.
"""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from datetime import datetime
from typing import assert_never

import structlog

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
    ReturnTool,
    StartRun,
    Transcribe,
)
from bridge.errors import AgentFailed, AgentUnavailable, NotFound, RunOver, StoreError
from bridge.events import SHUTDOWN, Preview
from bridge.ids import RunId, SessionId, mint
from bridge.ports import (
    Agent,
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
from bridge.session import Begin, Expire, Idle, Session, next_step, setting_key
from bridge.workers.names import Names
from bridge.workers.tending import Tending
from bridge.workers.turn import Desktop, LogTurn

log = structlog.get_logger()

CUT_OFF_LIMIT = 5.0
"""Seconds an agent that is cut off may take to clean up before it is left behind."""

INTERNAL = "something went wrong inside"


class Runner:
    """Runs agents for the sessions it is woken for. `node` names this process in the log."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        live: Live,
        agents: Mapping[str, Agent],
        *,
        default: str,
        names: Names,
        blobs: Blobs,
        clock: Clock,
        node: str,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._live = live
        self._agents = agents
        self._default = default
        self._desktop = Desktop(log=store, sessions=sessions, names=names, blobs=blobs, clock=clock)
        self._clock = clock
        self._node = node
        self._tending = Tending("runner", self._tend, clock)
        self._stopping = False

    def wake(self, session: SessionId) -> None:
        self._tending.wake(session)

    async def close(self, grace: float) -> None:
        """Start no more runs; give those under way `grace` seconds, then abandon them."""
        self._stopping = True
        await self._tending.close(grace)

    def agent_of(self, session: Session) -> str:
        """Return the name of the agent that answers in a session."""
        chosen = session.settings.get(setting_key("session", "", "agent"), self._default)
        return chosen if chosen in self._agents else self._default

    def help(self, session: Session) -> str:
        return self._agents[self.agent_of(session)].help

    async def _tend(self, session: SessionId) -> datetime | None:
        """Do what the session needs until it needs nothing; return when to look again."""
        while not self._stopping:
            try:
                fold = await self._sessions.fold(session)
            except NotFound:
                return None
            if fold.open_run is not None:
                with suppress(RunOver):
                    await self._sessions.submit(session, AbandonRun(run=fold.open_run.run))
                continue
            match next_step(fold, now=self._clock.now()):
                case Begin():
                    await self._run(fold)
                case Expire():
                    await self._sessions.submit(session, ExpireQuestions())
                case Idle(until=until):
                    await self._store.settle(session, head=fold.head, due_at=until)
                    return until
        return None

    # -- one run

    async def _run(self, session: Session) -> None:
        run, name = RunId(mint("r")), self.agent_of(session)
        start = StartRun(run=run, agent=name, node=self._node)
        started = await self._sessions.submit(session.id, start)
        if not started.fresh:
            return
        turn = LogTurn(session.id, run, name, upto=started.fresh[0].seq - 1, on=self._desktop)
        work = asyncio.create_task(self._converse(turn, self._agents[name]), name=f"run {run}")
        try:
            await self._watch(turn, work)
        except asyncio.CancelledError:
            await self._abandon(turn, SHUTDOWN)
            raise
        finally:
            await self._cut_off(work)
            self._live.clear(session.id, run)

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
        elif not work.cancelled():
            work.exception()  # its run is over; nobody is left to hear of it

    async def _abandon(self, turn: LogTurn, reason: str) -> None:
        try:
            await self._sessions.submit(turn.session, AbandonRun(run=turn.run, reason=reason))
        except (RunOver, StoreError):
            log.info("run was over already", run=turn.run)

    async def _converse(self, turn: LogTurn, agent: Agent) -> None:
        """Let the agent answer, and end its run whatever happens."""
        try:
            await self._listen(turn, agent)
        except (RunOver, StoreError):
            raise
        except AgentFailed as error:
            await self._fail(turn, str(error), retry=False)
        except AgentUnavailable as error:
            await self._fail(turn, str(error), retry=True)
        except Exception:
            log.exception("agent raised", run=turn.run)
            await self._fail(turn, INTERNAL, retry=True)

    async def _fail(self, turn: LogTurn, reason: str, *, retry: bool) -> None:
        command = FailRun(run=turn.run, reason=reason, retry=retry)
        await self._sessions.submit(turn.session, command)

    async def _listen(self, turn: LogTurn, agent: Agent) -> None:
        async with aclosing(agent.run(turn)) as saying:
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
            case Calling(call=call, name=name, arguments=arguments):
                calling = CallTool(run=run, call=call, name=name, arguments=arguments)
                if not (await self._sessions.submit(turn.session, calling)).fresh:
                    raise AgentFailed(f"the call {call} was made before")
            case Returned(call=call, result=result, failed=failed):
                returned = ReturnTool(call=call, result=result, failed=failed)
                await self._sessions.submit(turn.session, returned)
            case Pushing() | Noting() | Compacted() | Transcript():
                await self._sessions.submit(turn.session, _aside(run, said))
            case Using():
                pass
            case Ended(content=content, questions=questions, usage=usage):
                ending = EndRun(
                    run=run, upto=turn.upto, content=content, questions=questions, usage=usage
                )
                await self._sessions.submit(turn.session, ending)
            case _:
                assert_never(said)


def _aside(run: RunId, said: Pushing | Noting | Compacted | Transcript) -> Aside:
    match said:
        case Pushing(content=content, to=to):
            return Announce(run=run, content=content, to=to)
        case Noting(note=note, text=text, about=about):
            return KeepNote(run=run, note=note, text=text, about=about)
        case Compacted(upto=upto, summary=summary):
            return Compact(run=run, upto=upto, summary=summary)
        case Transcript(target=target, media=media, text=text):
            return Transcribe(run=run, target=target, media=media, text=text)
