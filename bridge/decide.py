"""What a command appends to a session, sans I/O. The themes are in `bridge.deciding`.

The rules:

- `()` means it is so already. `Refused` carries a text for the asker; `RunOver` tells a run that
  it may not speak any more.
- Who may ask what is `bridge.permissions`. An archived session is read, left and unlinked, no more.
"""

from datetime import datetime
from typing import assert_never

from bridge import permissions, texts
from bridge.commands import (
    AbandonRun,
    Announce,
    Answer,
    Archive,
    CallTool,
    Change,
    ChangeRole,
    Command,
    Compact,
    Compose,
    Delete,
    Edit,
    EndRun,
    ExpireQuestions,
    FailRun,
    Fire,
    Join,
    KeepNote,
    Leave,
    Link,
    Push,
    RefuseRun,
    RemoveSchedule,
    ReportUsage,
    Retry,
    ReturnTool,
    Say,
    SetSchedule,
    StartRun,
    Stop,
    Transcribe,
    Trigger,
    Unlink,
)
from bridge.deciding.arranging import arranged
from bridge.deciding.asking import answered, expired
from bridge.deciding.drafting import Drafts, one
from bridge.deciding.prompting import prompted
from bridge.deciding.running import ended, refused, reported, started, stopped
from bridge.deciding.saying import said
from bridge.deciding.working import worked
from bridge.errors import Refused
from bridge.events import ToolReturned
from bridge.ids import ParticipantId
from bridge.session import Session


def decide(session: Session, command: Command, *, now: datetime) -> Drafts:
    """Return what the command appends. Raises `Refused` and `RunOver`."""
    _admit(session, command)
    match command:
        case Say() | Retry() | Edit() | Delete():
            return said(session, command)
        case Answer():
            return answered(session, command, now)
        case ExpireQuestions(now=at):
            return expired(session, at or now)
        case Join() | ChangeRole() | Leave() | Link() | Unlink() | Change() | Archive():
            return arranged(session, command)
        case SetSchedule() | RemoveSchedule() | Fire() | Push() | Trigger():
            return prompted(session, command, now)
        case ReturnTool(call=call, result=result, failed=failed):
            returned = ToolReturned(call=call, result=result, failed=failed)
            return one(returned, key=f"returned:{call}")
        case Compose() | CallTool() | Announce() | KeepNote() | Compact() | Transcribe():
            return worked(session, command)
        case StartRun() | Stop() | EndRun() | FailRun() | AbandonRun() | RefuseRun():
            return _run(session, command)
        case ReportUsage():
            return reported(command)
        case _:
            assert_never(command)


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
    if session.archived and isinstance(command, Push | Trigger):
        raise Refused(texts.ARCHIVED)
    by: ParticipantId | None = getattr(command, "by", None)
    if by is None or (isinstance(command, Leave) and command.operator):
        return
    why = permissions.refusal(session, command)
    if not why and session.archived and not isinstance(command, Archive | Leave | Unlink):
        why = texts.ARCHIVED
    if why:
        raise Refused(why)
