"""What comes from outside the conversation: pushes, triggers, and the schedules that make them.

A slot of a schedule has a key, so that it fires once however often it is tried.
"""

from datetime import datetime

from bridge import schedule
from bridge.commands import Fire, Push, RemoveSchedule, SetSchedule, Trigger
from bridge.content import Content
from bridge.deciding.drafting import Drafts, one
from bridge.events import Body, Pushed, ScheduleRemoved, ScheduleSet, Source, Triggered
from bridge.session import Session

Prompt = SetSchedule | RemoveSchedule | Fire | Push | Trigger


def prompted(session: Session, command: Prompt, now: datetime) -> Drafts:
    match command:
        case SetSchedule():
            return one(_schedule(command, now))
        case RemoveSchedule(schedule=gone, by=by):
            known = gone in session.schedules
            return one(ScheduleRemoved(schedule=gone, by=by)) if known else ()
        case Fire():
            return _fire(session, command, now)
        case Push():
            pushed = Pushed(
                source=command.source,
                content=command.content,
                to=command.to,
                buttons=command.buttons,
            )
            return one(pushed, key=command.key)
        case Trigger(source=source, prompt=prompt, key=key):
            return one(Triggered(source=source, prompt=prompt), key=key)


def _schedule(command: SetSchedule, now: datetime) -> ScheduleSet:
    return ScheduleSet(
        schedule=command.schedule,
        rule=command.rule,
        action=command.action,
        text=command.text,
        first=schedule.first_slot(command.rule, now),
        to=command.to,
        by=command.by,
    )


def _fire(session: Session, command: Fire, now: datetime) -> Drafts:
    known = session.schedules.get(command.schedule)
    if known is None:
        return ()
    source = Source(
        kind="schedule",
        name=command.schedule,
        slot=command.slot,
        next_slot=schedule.next_slot(known.rule, command.slot, now),
    )
    body: Body = Triggered(source=source, prompt=known.text)
    if known.action == "say":
        body = Pushed(source=source, content=Content(text=known.text), to=known.to)
    return one(body, key=f"schedule:{command.schedule}@{command.slot.isoformat()}")
