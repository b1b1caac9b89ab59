"""What a run says becomes the log, one thing after the other.

The rules:

- Each thing an agent says is durable before the agent is resumed; its last words and the end of its
  run are one append.
- Once the log says that the run is over, nothing it says is taken down, nor shown as a preview.
- A run that uses up its budget may still answer, and goes no further: it is ended at its next call,
  or where it begins something in the background.
- A run ends whatever its agent does: one that raises has failed, one that falls silent is done.
- An agent may only say what is its own: the result of a call it made, words spoken in a file that
  the message holds, a question of a new id. Anything else is its failure.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import assert_never, assert_type

import structlog

from bridge import texts
from bridge.delivery.notify import QUESTIONS_AT_ONCE
from bridge.domain.commands import (
    AbandonRun,
    EndRun,
    FailRun,
    Record,
    ReportUsage,
)
from bridge.domain.content import Content, ours
from bridge.domain.errors import (
    AgentFailed,
    AgentUnavailable,
    Refused,
    RunOver,
    StoreError,
)
from bridge.domain.events import (
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    OutsideEvent,
    Preview,
    RunStarted,
    SilentEvent,
    ToolCalled,
)
from bridge.domain.ids import CallId, MediaId, RunId, trace_of
from bridge.domain.records import replace
from bridge.domain.run_output import (
    Asking,
    Calling,
    Compacted,
    Delegating,
    Ended,
    Noting,
    Pushing,
    Recorded,
    Remark,
    Returned,
    Said,
    Scheduling,
    Transcript,
    Using,
)
from bridge.engine.agent_registry import AgentRegistry
from bridge.engine.runs.budget_guard import BudgetGuard
from bridge.engine.runs.given_up import GivenUp
from bridge.engine.runs.turn import LogTurn
from bridge.ports.engine import Live, Sessions
from bridge.ports.store import Appended
from bridge.session.background import child_of, spent_before
from bridge.session.decide_questions import is_taken
from bridge.session.decide_runs import gives_up
from bridge.session.fold import (
    Session,
    unread_upto,
)
from bridge.unseen import note

log = structlog.get_logger()

SPOKEN = frozenset({"voice", "audio", "video"})
"""Kinds of files in which someone may speak."""

INTERNAL = "something went wrong inside"


class RunRecorder:
    """Takes down what agents say. `faults`: agents whose last run failed, and why."""

    def __init__(
        self,
        sessions: Sessions,
        live: Live,
        agents: AgentRegistry,
        budget_guard: BudgetGuard,
        given_up: GivenUp,
    ) -> None:
        self._sessions = sessions
        self._live = live
        self._agents = agents
        self._budget_guard = budget_guard
        self._given_up = given_up
        self.faults: dict[str, str] = {}

    async def is_open(self, turn: LogTurn) -> bool:
        open_run = (await self._sessions.fold(turn.session)).open_run
        return open_run is not None and open_run.run == turn.run

    async def take_down(self, turn: LogTurn) -> None:
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

    async def account(self, turn: LogTurn) -> None:
        """See to it that what the run used is in the log, and that the owner hears of budgets."""
        if turn.used is None:
            return
        if not turn.accounted:
            report = ReportUsage(run=turn.run, usage=turn.used, agent=turn.agent, asker=turn.asker)
            await self._sessions.submit(turn.session, report)
        await self._budget_guard.look(turn.asker)

    async def _fail(self, turn: LogTurn, reason: str, *, retry: bool) -> None:
        if not turn.over:  # a budget that is used up is no fault of the agent
            self.faults[turn.agent] = reason
        fail = FailRun(run=turn.run, reason=reason, retry=retry, usage=turn.used)
        fold = await turn.fold()
        await self._sessions.submit(turn.session, await self._given_up.naming(fold, fail))
        note_given_up(fold, fail)
        turn.accounted = True

    async def _listen(self, turn: LogTurn, saying: AsyncGenerator[Preview | Said]) -> None:
        async for said in saying:
            if isinstance(said, Preview):
                open_run = (await self._sessions.fold(turn.session)).open_run
                if open_run is None or open_run.run != turn.run:
                    raise RunOver
                self._live.show(turn.session, said)
                continue
            await self._say(turn, said)
            if isinstance(said, Ended):
                return
        await self._say(turn, Ended())

    async def _say(self, turn: LogTurn, said: Said) -> None:
        match said:
            case Calling():
                await self._call(turn, said)
            case Returned(call=call):
                await _check_own(turn, call)
                await self._record(turn, said)
            case Scheduling() | Delegating():
                await self._arrange(turn, said)
            case Remark() | Pushing() | Noting() | Compacted() | Transcript():
                await _check_spoken(turn, said)
                await self._record(turn, said)
            case Using(usage=usage):
                turn.used = usage
                _go_on(turn)
                spent = spent_before(await turn.fold())
                turn.over = await self._budget_guard.end(usage, turn.asker, spent)
            case Ended():
                await self._end(turn, said)
            case _:
                assert_never(said)

    async def _record(self, turn: LogTurn, said: Recorded) -> Appended:
        if isinstance(said, Compacted):
            # A narrowed run is shown what others did later, but not every message before that.
            said = replace(said, upto=min(said.upto, turn.upto))
        command = Record(run=turn.run, said=said, usage=turn.used)
        return await self._sessions.submit(turn.session, command)

    async def _arrange(self, turn: LogTurn, said: Scheduling | Delegating) -> None:
        if isinstance(said, Delegating) and said.task.strip():
            _go_on(turn)
        try:
            await self._record(turn, said)
        except Refused as refused:  # its tool looks first: somebody else was quicker
            if isinstance(said, Delegating) and _is_over(await turn.fold(), said):
                return
            raise AgentFailed(str(refused)) from refused

    async def _call(self, turn: LogTurn, calling: Calling) -> None:
        _go_on(turn)
        if not (await self._record(turn, calling)).fresh:
            raise AgentFailed(f"the call {calling.call} was made before")
        turn.made.add(calling.call)

    async def _end(self, turn: LogTurn, ended: Ended) -> None:
        if ended.questions:
            await self._check_questions(turn, ended.questions[:QUESTIONS_AT_ONCE])
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

    async def _check_questions(self, turn: LogTurn, questions: Sequence[Asking]) -> None:
        """Raise `AgentFailed` where what is asked has the id of another question."""
        fold, ids = await turn.fold(), [each.question for each in questions]
        for each in questions:
            if is_taken(fold, each) or ids.count(each.question) > 1:
                raise AgentFailed(f"the question {each.question} was asked before")


async def _check_own(turn: LogTurn, call: CallId) -> None:
    """Raise `AgentFailed` for the result of a call that this agent never made.

    The agent that made it would take it for what its tool returned.
    """
    if call in turn.made:
        return
    made_by: RunId | None = None
    async with aclosing(turn.backwards()) as events:
        async for event in events:
            body = event.body
            if isinstance(body, ToolCalled) and body.call == call:
                made_by = body.run
            elif isinstance(body, RunStarted) and body.run == made_by:
                if body.agent == turn.agent:
                    return
                break
    raise AgentFailed(f"the call {call} is not one that this agent made")


_HoldsNoVoice = MessageDeleted | MessageComposed | OutsideEvent | SilentEvent


async def _check_spoken(turn: LogTurn, said: Said) -> None:
    """Raise `AgentFailed` where a transcript is of a file that its message does not hold.

    It is shown as the words of whoever sent the message.
    """
    if not isinstance(said, Transcript):
        return
    async with aclosing(turn.forwards(said.target)) as events:
        async for event in events:
            match event.body:
                case MessageReceived(content=content):
                    target = event.seq
                case MessageEdited(target=target, content=content):
                    pass
                case rest:
                    assert_type(rest, _HoldsNoVoice)
                    continue
            if target == said.target and _holds(content, said.media):
                return
    raise AgentFailed(f"message {said.target} holds no such voice or audio file")


def _holds(content: Content, media: MediaId) -> bool:
    return any(each.media == media and each.kind in SPOKEN for each in content.attachments)


def note_given_up(session: Session, ending: FailRun | AbandonRun) -> None:
    """Note each message that is given up by the end of the run that was open."""
    run = session.open_run
    if run is None or run.run != ending.run or not gives_up(session, ending):
        return
    for seq in unread_upto(session, run.upto):
        note("given_up", trace=trace_of(session.id, seq), run=run.run)


def _is_over(session: Session, stop: Delegating) -> bool:
    """Say whether what is to be stopped in the background is over by now: it reported first."""
    work = session.background.get(child_of(session.id, stop.work))
    return not stop.task.strip() and work is not None and work.is_over


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


def _with_left_out(ended: Ended) -> Content | None:
    """Return what a run says at its end, and how many of its questions are not asked now."""
    left_out = len(ended.questions) - QUESTIONS_AT_ONCE
    if left_out <= 0:
        return ended.content
    told = texts.too_many_questions(QUESTIONS_AT_ONCE, left_out)
    if ended.content is None:
        return ours(told)
    return replace(ended.content, text=f"{ended.content.text}\n\n{told}".strip())
