"""What work in the background appends, in the parent and in the child.

The rules:

- It begins with the open run of an agent, for whoever that run works for; `MOST_AT_ONCE` at once in
  a session, and `MOST_ALONE` while nobody asks anything: each report calls for the agent, which may
  begin the next. A child begins none.
- The first command in a child says whose it is, all in one append; nobody writes in it after that.
- A report and a stop are decided by the parent's fold: the first ends the work, and the other is
  nothing. Whatever ends it withdraws what it asks.
- An agent stops what it began itself, people all that works.
"""

from typing import assert_never

from bridge import background_texts
from bridge.domain.commands import (
    AnswerBackground,
    AskForBackground,
    BeginBackground,
    EndBackground,
    ReportBackground,
    Say,
    StopBackground,
)
from bridge.domain.errors import Refused
from bridge.domain.events import (
    BackgroundBegun,
    BackgroundStarted,
    Draft,
    QuestionAsked,
    SessionArchived,
    SettingChanged,
    Source,
    Triggered,
)
from bridge.domain.ids import START, ParticipantId, RunId, SessionId
from bridge.domain.records import replace
from bridge.domain.run_output import Delegating
from bridge.session import background, permissions
from bridge.session.decide_questions import closing_key, withdrawn_for
from bridge.session.decide_runs import cut_off
from bridge.session.drafting import Drafts, one
from bridge.session.state import Session, Work

Working = (
    BeginBackground
    | EndBackground
    | AskForBackground
    | AnswerBackground
    | ReportBackground
    | StopBackground
)

MOST_AT_ONCE = 5
"""Children of one session that work at once."""

MOST_ALONE = background.OVER_KEPT
"""Children that begin one after the other while nobody asks anything; no more are remembered."""

LONGEST_TASK, LONGEST_TOLD = 4_000, 40_000
"""Characters."""

LONGEST_REPORT = 40_000
"""Characters of a report; a longer one is cut, and the whole is in the child's log."""


def worked(session: Session, command: Working) -> Drafts:
    match command:
        case BeginBackground():
            return _begin(session, command)
        case EndBackground():
            if session.parent is None or session.archived:
                return ()
            return (*cut_off(session, None), Draft(body=SessionArchived()))
        case AskForBackground():
            return _ask(session, command)
        case AnswerBackground():
            return _answer(session, command)
        case ReportBackground():
            return _report(session, command)
        case StopBackground(child=child, by=by):
            if _working(session, child) is None:
                raise Refused(background_texts.NO_SUCH_WORK)
            return stopped(session, (child,), by)
        case _:
            assert_never(command)


def delegated_in_run(
    session: Session, said: Delegating, *, agent: str, by: ParticipantId | None
) -> Drafts:
    """Return what appends that an agent begins something in the background, or stops it.

    Raises `Refused`.
    """
    child = background.child_of(session.id, said.work)
    known = session.background.get(child)
    if known is not None and known.agent != agent:
        raise Refused(background_texts.WORK_OF_OTHERS)
    if not said.task.strip():
        if known is None or known.is_over:
            raise Refused(background_texts.NO_SUCH_WORK)
        return stopped(session, (child,), None)
    if known is not None:
        return ()  # its call began it already
    _check(session, said, by)
    return one(started(said, child, agent=agent, by=by), key=f"background:{child}")


def started(
    said: Delegating, child: SessionId, *, agent: str, by: ParticipantId | None
) -> BackgroundStarted:
    """Return what the log has of it."""
    return BackgroundStarted(
        child=child,
        task=said.task.strip(),
        told=said.told,
        agent=agent,
        work=said.work,
        by=by,
        outside=said.outside,
    )


def stopped(session: Session, children: tuple[SessionId, ...], by: ParticipantId | None) -> Drafts:
    """Return the end of some work, and of what it asks."""
    return (*withdrawn_for(session, children, by), *background.stopping(children, by))


def work_ended(session: Session, who: ParticipantId) -> Drafts:
    """Return the end of the work that is done for somebody."""
    theirs = [each for each in background.running(session) if session.background[each].by == who]
    return stopped(session, tuple(theirs), None)


def _check(session: Session, said: Delegating, by: ParticipantId | None) -> None:
    if session.parent is not None:
        raise Refused(background_texts.NO_DEEPER)
    if by is not None and (why := permissions.why_not(session, by, Say)):
        raise Refused(why)
    if len(background.running(session)) >= MOST_AT_ONCE:
        raise Refused(background_texts.too_many(MOST_AT_ONCE))
    if background.begun_since_called(session) >= MOST_ALONE:
        raise Refused(background_texts.too_many_alone(MOST_ALONE))
    for text, most in ((said.task, LONGEST_TASK), (said.told, LONGEST_TOLD)):
        if len(text) > most:
            raise Refused(background_texts.too_long(most))


def _working(session: Session, child: SessionId) -> Work | None:
    work = session.background.get(child)
    return None if work is None or work.is_over else work


def _begin(session: Session, command: BeginBackground) -> Drafts:
    if session.head != START:
        return ()
    chosen = {"title": command.title, "agent": command.agent, "model": command.model}
    settings = (
        Draft(body=SettingChanged(scope="session", name=name, value=value, by=command.payer))
        for name, value in chosen.items()
        if value
    )
    source = Source(kind="background", name=command.parent)
    task = Triggered(source=source, prompt=command.prompt, by=command.payer)
    begun = Draft(body=BackgroundBegun(parent=command.parent), key="background")
    return (begun, *settings, Draft(body=task, key="task"))


def _ask(session: Session, command: AskForBackground) -> Drafts:
    work, question = _working(session, command.child), command.asked
    name = background.asked_as(command.child, command.seq)
    if work is None or name in work.questions:
        return ()
    asked = QuestionAsked(
        question=name,
        run=RunId(name),
        kind=question.kind,
        text=question.text,
        options=question.options,
        to=question.to,
        call=question.call,
        expires_at=question.expires_at,
        agent=question.agent,
        background=command.child,
    )
    return one(asked, key=f"asked:{name}")


def _answer(session: Session, command: AnswerBackground) -> Drafts:
    question = session.questions.get(command.question)
    if question is None:
        return ()
    closed = replace(
        command.closed, question=command.question, asked=question.asked, conversation=None
    )
    return one(closed, key=closing_key(command.question, question.asked))


def _report(session: Session, command: ReportBackground) -> Drafts:
    work = _working(session, command.child)
    if work is None:
        return ()
    source = Source(kind="background", name=command.child, outside=command.outside)
    text = command.text
    if len(text) > LONGEST_REPORT:
        text = f"{text[:LONGEST_REPORT]}\n\n{background_texts.CUT}"
    report = Triggered(source=source, prompt=text, by=work.by)
    over = withdrawn_for(session, (command.child,), None)
    return (*over, Draft(body=report, key=f"reported:{command.child}"))
