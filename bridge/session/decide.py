"""What a command appends to a session, sans I/O. The themes are in `bridge.session`.

The rules:

- `()` means it is so already. `Refused` carries a text for the asker; `RunOver` tells a run that
  it may not speak any more.
- Who may ask what is `bridge.session.permissions`. An archived session is read, left and unlinked,
  no more.
"""

from datetime import datetime
from typing import assert_never

from bridge import background_texts, texts
from bridge.domain.commands import (
    AbandonRun,
    Answer,
    AnswerBackground,
    Archive,
    Ask,
    AskForBackground,
    BeginBackground,
    Change,
    ChangeRole,
    ClosePush,
    Command,
    Delete,
    Edit,
    EndBackground,
    EndRun,
    ExpireQuestions,
    FailRun,
    Fire,
    Forget,
    Join,
    Leave,
    Link,
    Merge,
    PauseSchedule,
    PlanAnew,
    Push,
    React,
    Record,
    RefuseRun,
    RemoveSchedule,
    ReportBackground,
    ReportUsage,
    Retry,
    RunSchedule,
    Say,
    SetSchedule,
    StartRun,
    Stop,
    StopBackground,
    SumUp,
    Trigger,
    Undo,
    Unlink,
    Withdraw,
)
from bridge.domain.errors import Refused
from bridge.domain.ids import ParticipantId
from bridge.session import permissions
from bridge.session.decide_background import worked
from bridge.session.decide_external import planned, prompted
from bridge.session.decide_membership import arranged
from bridge.session.decide_messages import said, undone
from bridge.session.decide_questions import answered, asked, asking_key, expired, taken_back
from bridge.session.decide_run_output import recorded, summed_up
from bridge.session.decide_runs import ended, refused, reported, started, stopped
from bridge.session.drafting import Drafts
from bridge.session.fold import Session
from bridge.session.forgetting import redacted


def decide(session: Session, command: Command, *, now: datetime) -> Drafts:
    """Return what the command appends. Raises `Refused` and `RunOver`."""
    _admit(session, command)
    match command:
        case Say() | Retry() | Edit() | Delete() | React():
            return said(session, command)
        case Answer() | Ask() | Withdraw() | ExpireQuestions():
            return _question(session, command, now)
        case Join() | ChangeRole() | Leave() | Merge() | Link() | Unlink() | Change() | Archive():
            return arranged(session, command)
        case Push() | Trigger() | ClosePush():
            return prompted(session, command)
        case (
            SetSchedule() | PauseSchedule() | RunSchedule() | RemoveSchedule() | Fire() | PlanAnew()
        ):
            return planned(session, command, now)
        case (
            BeginBackground()
            | EndBackground()
            | AskForBackground()
            | AnswerBackground()
            | ReportBackground()
            | StopBackground()
        ):
            return worked(session, command)
        case Record():
            return recorded(session, command, now)
        case StartRun() | Stop() | EndRun() | FailRun() | AbandonRun() | RefuseRun():
            return _run(session, command)
        case ReportUsage():
            return reported(command)
        case SumUp() | Undo():
            return _remembered(session, command)
        case Forget():
            return redacted(command)
        case _:
            assert_never(command)


def repeated_key(session: Session, command: Command, *, now: datetime) -> str:
    """Return the key under which what is refused now may have been taken before; "" where not.

    A repeat is a success, whatever became of the session meanwhile; but not for whoever may not
    ask it any more.
    """
    match command:
        case Push(key=str(key), by=by) | Trigger(key=str(key), by=by) if key:
            pass
        case Ask(question=question, by=by):
            key = asking_key(question)
        case _:
            return ""
    if by is not None and permissions.refusal(session, command):
        return ""
    try:
        decide(session, command, now=now)
    except Refused:
        return key
    return ""


def _remembered(session: Session, command: SumUp | Undo) -> Drafts:
    if isinstance(command, Undo):
        return undone(session, command)
    return summed_up(session, command)


def _question(
    session: Session, command: Answer | Ask | Withdraw | ExpireQuestions, now: datetime
) -> Drafts:
    match command:
        case Answer():
            return answered(session, command, now)
        case Ask():
            return asked(session, command, now)
        case Withdraw():
            return taken_back(session, command)
        case ExpireQuestions(now=at):
            return expired(session, at or now)


def _run(
    session: Session,
    command: StartRun | Stop | EndRun | FailRun | AbandonRun | RefuseRun,
) -> Drafts:
    match command:
        case StartRun():
            return started(session, command)
        case RefuseRun():
            return refused(session, command)
        case Stop():
            return stopped(session, command)
        case EndRun() | FailRun() | AbandonRun():
            return ended(session, command)


def _admit(session: Session, command: Command) -> None:
    by: ParticipantId | None = getattr(command, "by", None)
    is_new = isinstance(command, Push | Trigger) or (isinstance(command, SetSchedule) and not by)
    if session.archived and is_new:
        raise Refused(texts.ARCHIVED)
    if session.parent is not None and isinstance(command, Trigger):
        raise Refused(background_texts.NOT_WRITTEN_IN)  # what a child costs stays whose it is
    if by is None or (isinstance(command, Leave) and command.operator):
        return
    if session.parent is not None:
        raise Refused(background_texts.NOT_WRITTEN_IN)
    why = permissions.refusal(session, command)
    if not why and session.archived and not isinstance(command, Archive | Leave | Unlink):
        why = texts.ARCHIVED
    if why:
        raise Refused(why)
