"""How runs begin and end.

The rules:

- Only the open run speaks. Whatever ends it is one set of drafts: its last words, its questions
  and its `RunFinished` share their fate.
- A failed run is tried again. From the third failure on, if it had only one message to answer, or
  when trying again cannot help, it ends with a notice to the people that names what is given up,
  and with the `upto` of its start, so that the session lives on (`bridge.session.fold`).
- When a run begins is `next_step`'s to say; here it is only asked whether one is due at all.
- `/stop` ends the run and all that works in the background, withdraws every open question, and
  covers all that was said before it. A run that is due but not begun (it waits for its next try) is
  begun and ended at once.
- A run that may not begin is begun and ended at once, with a notice of the reason. It covers all
  that was said before it too. Where no person waits for it (a schedule, a webhook), people are told
  of the same reason once.
- What a run used is its end's to say, with whose it was; where the end came from elsewhere, it is
  reported after it, once. Of a run whose process died, what it had used at its last call counts.
"""

from bridge import texts
from bridge.domain.commands import (
    AbandonRun,
    EndRun,
    FailRun,
    RefuseRun,
    ReportUsage,
    StartRun,
    Stop,
)
from bridge.domain.content import on_one_line, ours
from bridge.domain.errors import RunOver
from bridge.domain.events import (
    Draft,
    MessageComposed,
    Outcome,
    QuestionAsked,
    RunFinished,
    RunStarted,
    Usage,
    UsageReported,
)
from bridge.domain.ids import ParticipantId, RunId, Seq
from bridge.domain.run_output import Asking
from bridge.session import background
from bridge.session.decide_questions import withdrawn
from bridge.session.drafting import Drafts, one, shows_something
from bridge.session.fold import MAX_RUN_FAILURES, OpenRun, Session, due_run, is_shutdown

Ending = EndRun | FailRun | AbandonRun


def open_run(session: Session, run: RunId) -> OpenRun:
    """Return the run if it may speak. Raises `RunOver`."""
    if session.open_run is None or session.open_run.run != run:
        raise RunOver
    return session.open_run


# -- beginnings -----------------------------------------------------------------------------------


def started(session: Session, command: StartRun) -> Drafts:
    due = due_run(session)
    if due is None:
        return ()
    upto = session.head if due.upto is None else due.upto
    return one(RunStarted(run=command.run, agent=command.agent, upto=upto, node=command.node))


def refused(session: Session, command: RefuseRun) -> Drafts:
    if due_run(session) is None:
        return ()
    finished = RunFinished(
        run=command.run,
        outcome="failed",
        upto=session.head,
        reason=command.reason,
        refused=True,
    )
    waited_for = session.spoken > session.position
    told = session.refusal == command.reason and not waited_for
    notice = () if told else (_notice(command.run, "", command.reason),)
    return (_unbegun(command.run, session.head), *notice, Draft(body=finished))


def cut_off(session: Session, by: ParticipantId | None, *, programs: bool = True) -> Drafts:
    """Return the end of the open run, of every open question, and of what works in the background.

    Or not of the questions of programs.
    """
    over = withdrawn(session, by, programs=programs)
    over = (*over, *background.stopping(background.running(session), by))
    if session.open_run is None:
        return over
    return (*over, _cancelled(session, session.open_run.run, by))


def stopped(session: Session, command: Stop) -> Drafts:
    return at_rest(session, command.by, programs=False)


def at_rest(session: Session, by: ParticipantId | None, *, programs: bool = True) -> Drafts:
    """Return what ends all that goes on, and what was about to begin."""
    over = cut_off(session, by, programs=programs)
    if session.open_run is not None or session.wanted <= session.position:
        return over
    run = RunId(f"stopped:{session.head}")
    return (*over, _unbegun(run, session.head), _cancelled(session, run, by))


def _unbegun(run: RunId, upto: Seq) -> Draft:
    return Draft(body=RunStarted(run=run, agent="", upto=upto, node=""))


def _cancelled(session: Session, run: RunId, by: ParticipantId | None) -> Draft:
    return Draft(body=RunFinished(run=run, outcome="cancelled", upto=session.head, by=by))


# -- ends -----------------------------------------------------------------------------------------


def ended(session: Session, command: Ending) -> Drafts:
    run = open_run(session, command.run)
    match command:
        case EndRun():
            return _end(session, run, command)
        case FailRun() | AbandonRun():
            return _fail(session, run, command)


def reported(command: ReportUsage) -> Drafts:
    report = UsageReported(
        run=command.run, usage=command.usage, agent=command.agent, asker=command.asker
    )
    return one(report, key=f"usage:{command.run}")


def _end(session: Session, run: OpenRun, command: EndRun) -> Drafts:
    words = (
        one(MessageComposed(run=run.run, agent=run.agent, content=command.content))
        if command.content is not None and shows_something(command.content)
        else ()
    )
    questions = tuple(Draft(body=_asked(run, each)) for each in command.questions)
    outcome: Outcome = "paused" if questions else "completed" if words else "silent"
    upto = min(max(run.upto, command.upto), session.head)
    return (*words, *questions, _finished(run, outcome, upto, usage=command.usage))


def _asked(run: OpenRun, asking: Asking) -> QuestionAsked:
    return QuestionAsked(
        question=asking.question,
        run=run.run,
        agent=run.agent,
        kind=asking.kind,
        text=asking.text,
        options=tuple(map(on_one_line, asking.options)),
        to=asking.to,
        call=asking.call,
        expires_at=asking.expires_at,
    )


def gives_up(session: Session, command: FailRun | AbandonRun) -> bool:
    """Say whether what a run was to answer is given up if it ends so now."""
    run = open_run(session, command.run)
    if isinstance(command, FailRun) and not command.retry:
        return True
    return not is_shutdown(_outcome(command), command.reason) and _is_last(session, run)


def _fail(session: Session, run: OpenRun, command: FailRun | AbandonRun) -> Drafts:
    over, outcome = gives_up(session, command), _outcome(command)
    finished = _finished(
        run,
        outcome,
        run.upto if over else session.position,
        reason=command.reason,
        usage=command.usage or (run.usage if outcome == "abandoned" else None),
        refused=isinstance(command, FailRun) and not command.retry,
    )
    if not over:
        return (finished,)
    reason = command.reason if outcome == "failed" else texts.CRASHED
    return (_notice(run.run, run.agent, texts.gave_up(reason, command.unread)), finished)


def _outcome(command: FailRun | AbandonRun) -> Outcome:
    return "failed" if isinstance(command, FailRun) else "abandoned"


def _is_last(session: Session, run: OpenRun) -> bool:
    """Say whether there is no more to try: it failed often enough, the last time alone."""
    return run.alone and session.failures + 1 >= MAX_RUN_FAILURES


ANSWERED: tuple[Outcome, ...] = ("completed", "paused")
"""Ends that people see as an answer: they count, also where the agent does not say what it used."""


def _finished(
    run: OpenRun,
    outcome: Outcome,
    upto: Seq,
    *,
    usage: Usage | None,
    reason: str = "",
    refused: bool = False,
) -> Draft:
    counted = usage is not None or outcome in ANSWERED
    return Draft(
        body=RunFinished(
            run=run.run,
            outcome=outcome,
            upto=upto,
            reason=reason,
            usage=usage,
            agent=run.agent if counted else "",
            asker=run.counts_for if counted else None,
            refused=refused,
        )
    )


def _notice(run: RunId, agent: str, text: str) -> Draft:
    content = ours(text)
    return Draft(body=MessageComposed(run=run, agent=agent, content=content, kind="notice"))
