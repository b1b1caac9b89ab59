"""What a run does on its way: it speaks, calls tools, and keeps things beside its answer.

Only the open run may; a tool's return is accepted even after that.
"""

from datetime import datetime
from typing import assert_never

from bridge.domain.commands import Record, SumUp
from bridge.domain.events import (
    Body,
    HistoryCompacted,
    MessageComposed,
    NoteKept,
    NoteRemoved,
    Pushed,
    ScheduleRemoved,
    Source,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Usage,
)
from bridge.domain.ids import ParticipantId, RunId, SessionId
from bridge.domain.run_output import (
    Calling,
    Compacted,
    Delegating,
    Noting,
    Pushing,
    Recorded,
    Remark,
    Returned,
    Scheduling,
    Transcript,
)
from bridge.session.background import child_of
from bridge.session.decide_background import delegated_in_run, started
from bridge.session.decide_external import planned_by_agent, planned_in_run
from bridge.session.decide_runs import open_run
from bridge.session.drafting import Drafts, one, shows_something
from bridge.session.fold import Session


def recorded(session: Session, command: Record, now: datetime) -> Drafts:
    """Return what something said appends.

    Raises `RunOver`, and `Refused` for what is planned or delegated.
    """
    said = command.said
    if isinstance(said, Returned):
        return one(body_of(said, run=command.run), key=_key(said))
    run = open_run(session, command.run)
    if isinstance(said, Pushing) and not shows_something(said.content):
        return ()
    if isinstance(said, Scheduling):
        return planned_in_run(session, said, agent=run.agent, by=run.asker or run.payer, now=now)
    if isinstance(said, Delegating):
        return delegated_in_run(session, said, agent=run.agent, by=run.asker or run.payer)
    body = body_of(said, run=run.run, agent=run.agent, asker=run.asker, usage=command.usage)
    return one(body, key=_key(said))


def summed_up(session: Session, command: SumUp) -> Drafts:
    """Return what a summary that no run made appends: nothing where one reaches as far.

    Nor where something was undone since what it is made of was read: it may tell of that.
    """
    if not session.summed_up < command.upto <= session.head:
        return ()
    if command.read is not None and command.read < session.undone:
        return ()
    return one(HistoryCompacted(upto=command.upto, summary=command.summary))


def body_of(
    said: Recorded,
    *,
    run: RunId,
    agent: str = "",
    asker: ParticipantId | None = None,
    usage: Usage | None = None,
) -> Body:
    """Return what the log has of something that a run of `agent` says, which `asker` called for."""
    match said:
        case Remark(content=content, kind=kind):
            return MessageComposed(run=run, agent=agent, content=content, kind=kind)
        case Calling(call=call, name=name, arguments=arguments):
            return ToolCalled(run=run, call=call, name=name, arguments=arguments, usage=usage)
        case Returned(call=call, result=result, failed=failed):
            return ToolReturned(call=call, result=result, failed=failed)
        case Pushing(content=content, to=to):
            return Pushed(source=background(agent), content=content, to=to)
        case Noting(note=note, text=text, about=about, outside=outside) if text.strip():
            return NoteKept(note=note, text=text, about=about, run=run, by=asker, outside=outside)
        case Noting(note=note):
            return NoteRemoved(note=note)
        case Scheduling(schedule=schedule, rule=None):
            return ScheduleRemoved(schedule=schedule, by=asker)
        case Scheduling():
            return planned_by_agent(said, agent=agent, by=asker)
        case Delegating(work=work):
            return started(said, child_of(SessionId(run), work), agent=agent, by=asker)
        case Compacted(upto=upto, summary=summary):
            return HistoryCompacted(upto=upto, summary=summary)
        case Transcript(target=target, media=media, text=text):
            return Transcribed(target=target, media=media, text=text)
        case _:
            assert_never(said)


def background(agent: str) -> Source:
    """Return the source of what an agent says beside its answer."""
    return Source(kind="background", name=agent)


def _key(said: Recorded) -> str | None:
    """Return what makes saying it again a repeat."""
    match said:
        case Calling(call=call):
            return f"called:{call}"
        case Returned(call=call):
            return f"returned:{call}"
        case Transcript(target=target, media=media):
            return f"transcribed:{target}:{media}"
        case Remark() | Pushing() | Noting() | Scheduling() | Delegating() | Compacted():
            return None
        case _:
            assert_never(said)
