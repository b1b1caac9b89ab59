"""What comes from outside the conversation: pushes, triggers, and the schedules that make them.

The rules of schedules:

- Only the slot that a schedule is next due at fires, and its time is its key: so it fires once,
  however often it is tried, whatever another process saw due before the schedule was changed, and
  whatever was done to the clock. A slot that comes again, as the clock was set back, is passed.
- What may have been asked of the agent before the log was restored is not asked again; whose it is
  is told. What is said is said again: places mark it.
- A schedule runs while whoever set it may set one. It is removed with their right to, and the
  owners are told.
- Whoever pauses a schedule, or lets it go on, does not become whose it is; whoever changes it does.
- What failed several times in a row is told once, to whose schedule it is, or to the owners.
- Each plan of a schedule has a number (`again`), but a slot is the same one in all of them. Those
  of a schedule that was over and has the same id are others (`since`).
- In a session that is over nothing is due; what was planned there all the same is removed.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from bridge import schedule_texts, texts
from bridge.domain.commands import (
    ClosePush,
    Fire,
    PauseSchedule,
    PlanAnew,
    Push,
    RemoveSchedule,
    RunSchedule,
    SetSchedule,
    Trigger,
)
from bridge.domain.content import Content, on_one_line, ours
from bridge.domain.errors import Refused
from bridge.domain.events import (
    Cron,
    Draft,
    Every,
    Once,
    PushClosed,
    Pushed,
    ScheduleRemoved,
    ScheduleSet,
    Source,
    Triggered,
)
from bridge.domain.ids import ParticipantId, ScheduleId
from bridge.domain.run_output import Scheduling
from bridge.domain.wording import wording_of
from bridge.session import permissions, schedule
from bridge.session.drafting import Drafts, one
from bridge.session.fold import Session

Planning = SetSchedule | PauseSchedule | RunSchedule | RemoveSchedule | Fire | PlanAnew

MOST_SCHEDULES = 50
"""Of one session."""

SHORTEST = timedelta(minutes=1)
"""Between two times of what a person sets."""

LONGEST_TEXT = 4000
"""Characters of what is said or asked."""

MOST_TIMES = 10_000
LONGEST_LOOP = 100
"""Times that what an agent repeats within a day runs, where it says no end."""


def prompted(session: Session, command: Push | Trigger | ClosePush) -> Drafts:
    match command:
        case Push():
            return _pushed(session, command)
        case Trigger(source=source, prompt=prompt, key=key, by=by):
            return one(Triggered(source=source, prompt=prompt, by=by), key=key)
        case ClosePush(push=push, text=text):
            said = PushClosed(push=push, text=text, wording=wording_of(text))
            return one(said, key=f"push closed:{push}")
        case _:
            assert_never(command)


def _pushed(session: Session, command: Push) -> Drafts:
    """Return a push. What a program pushes goes to people and places of the session alone."""
    if command.by is not None:
        if any(each not in session.participants for each in command.to):
            raise Refused(texts.PUSHED_OUTSIDE)
        if any(each not in session.conversations for each in command.places):
            raise Refused(texts.PUSHED_ELSEWHERE)
    pushed = Pushed(
        source=command.source,
        content=command.content,
        to=command.to,
        buttons=tuple(map(on_one_line, command.buttons)),
        places=command.places,
        priority=command.priority,
    )
    return one(pushed, key=command.key)


def planned(session: Session, command: Planning, now: datetime) -> Drafts:
    match command:
        case SetSchedule():
            return _set(session, command, now)
        case PauseSchedule():
            return _pause(session, command, now)
        case RunSchedule(schedule=name, by=by):
            return one(_said(_known(session, name), Source(kind="schedule", name=name), by))
        case RemoveSchedule(schedule=gone, by=by):
            known = gone in session.schedules
            return one(ScheduleRemoved(schedule=gone, by=by)) if known else ()
        case Fire():
            return _fire(session, command, now)
        case PlanAnew():
            return _planned_anew(session, command, now)
        case _:
            assert_never(command)


def schedules_ended(session: Session, who: ParticipantId, name: str = "") -> Drafts:
    """Return the end of someone's schedules, with a notice to the owners who stay."""
    over = [each for each, known in session.schedules.items() if known.by == who]
    if not over:
        return ()
    roles = session.participants.items()
    told = Pushed(
        source=Source(kind="background", name="bridge"),
        content=ours(texts.schedules_ended(len(over), name)),
        to=tuple(each for each, role in roles if role == "owner" and each != who),
    )
    removed = (Draft(body=ScheduleRemoved(schedule=each)) for each in over)
    return (*removed, Draft(body=told))


def _known(session: Session, name: ScheduleId) -> ScheduleSet:
    known = session.schedules.get(name)
    if known is None:
        raise Refused(schedule_texts.NO_SUCH_SCHEDULE)
    return known


def planned_by_agent(said: Scheduling, *, agent: str, by: ParticipantId | None) -> ScheduleSet:
    """Return what an agent plans for somebody, as the log has it but for when it is first due."""
    assert said.rule is not None
    return ScheduleSet(
        schedule=said.schedule,
        rule=said.rule,
        action=said.action,
        text=said.text,
        first=None,
        by=by,
        late=said.late,
        until=said.until,
        times=said.times,
        agent=agent,
    )


def with_an_end(said: Scheduling) -> Scheduling:
    """Return what an agent plans with an end, where it would go on often, and for ever."""
    rule = said.rule
    if said.until is not None or said.times is not None:
        return said
    match rule:
        case Every():
            is_often = _step(rule) < timedelta(days=1)
        case Cron(expression=expression):
            is_often = not all(each.isdigit() for each in expression.split()[:2])
        case Once() | None:
            is_often = False
    return replace(said, times=LONGEST_LOOP) if is_often else said


def planned_in_run(
    session: Session,
    said: Scheduling,
    *,
    agent: str,
    by: ParticipantId | None,
    now: datetime,
) -> Drafts:
    """Return what appends that an agent plans something, or takes back what it planned.

    Raises `Refused`: it may do what the person may whom it works for, and take back its own alone.
    """
    known = session.schedules.get(said.schedule)
    if by is None or not permissions.may_do(session, by, SetSchedule):
        raise Refused(schedule_texts.NOBODY_TO_PLAN_FOR)
    if known is not None and known.agent != agent:
        raise Refused(texts.SCHEDULE_OF_OTHERS)
    if said.rule is None:
        return one(ScheduleRemoved(schedule=said.schedule, by=by)) if known is not None else ()
    if known is not None:
        return ()  # its call made it already
    wanted = planned_by_agent(with_an_end(said), agent=agent, by=by)
    _check(session, wanted, is_new=True)
    return one(replace(wanted, first=schedule.first_of(wanted, now)))


def _set(session: Session, command: SetSchedule, now: datetime) -> Drafts:
    known = session.schedules.get(command.schedule)
    _check(session, command, is_new=known is None)
    wanted = ScheduleSet(
        schedule=command.schedule,
        rule=command.rule,
        action=command.action,
        text=command.text,
        first=None,
        to=command.to,
        by=command.by,
        again=known.again + 1 if known is not None else 0,
        since=known.since if known is not None else session.head,
        late=command.late,
        until=command.until,
        times=command.times,
        paused=known is not None and known.paused,
        name=command.name,
    )
    if known is None:
        first = schedule.first_of(wanted, now)
    else:
        first = schedule.first_changed(known, wanted, now)
    return one(wanted if wanted.paused else replace(wanted, first=first))


def _check(session: Session, command: SetSchedule | ScheduleSet, *, is_new: bool) -> None:
    """Refuse what is too much."""
    if is_new and len(session.schedules) >= MOST_SCHEDULES:
        raise Refused(schedule_texts.too_many_schedules(MOST_SCHEDULES))
    if not command.text.strip():
        raise Refused(schedule_texts.SCHEDULE_WHAT)
    if len(command.text) > LONGEST_TEXT:
        raise Refused(schedule_texts.too_long(LONGEST_TEXT))
    if command.times is not None and not 1 <= command.times <= MOST_TIMES:
        raise Refused(schedule_texts.how_often(MOST_TIMES))
    rule = command.rule
    is_often = isinstance(rule, Every) and timedelta(seconds=1) <= _step(rule) < SHORTEST
    if is_often and command.by is not None:
        raise Refused(schedule_texts.TOO_OFTEN_FOR_PEOPLE)


def _step(rule: Every) -> timedelta:
    try:
        return timedelta(seconds=rule.seconds)
    except OverflowError:
        return timedelta.max


def _pause(session: Session, command: PauseSchedule, now: datetime) -> Drafts:
    known = _known(session, command.schedule)
    if known.paused == command.paused:
        return ()
    changed = replace(known, paused=command.paused, again=known.again + 1)
    first = None if command.paused else schedule.first_of(known, now)
    return one(replace(changed, first=first))


def _fire(session: Session, command: Fire, now: datetime) -> Drafts:
    known = session.schedules.get(command.schedule)
    if known is None:
        return ()
    if session.archived:
        return one(ScheduleRemoved(schedule=command.schedule))
    if known.by is not None and not permissions.may_do(session, known.by, SetSchedule):
        # They left before a schedule ended with that.
        return schedules_ended(session, known.by)
    if known.first != command.slot:
        return ()
    failures, since = session.failing.get(command.schedule, (0, 0))
    if command.is_over:
        return _left_out(known, _next(known, command.slot, now))
    if command.restored is not None and known.action == "ask":
        following = _next(replace(known, late="once"), command.slot, command.restored)
        words = schedule_texts.due_before_restore(known.text)
        key = f"restored:{_slot(known, command)}"
        return (*_left_out(known, following), *one(_told(session, known, words), key=key))
    if known.late == "skip" and schedule.is_late(command.slot, now):
        return _left_out(known, _next(known, command.slot, now, failures=failures))
    following = schedule.slot_after(known, command.slot, now, failures=failures)
    source = Source(kind="schedule", name=command.schedule, slot=command.slot, next_slot=following)
    fired = one(_said(known, source), key=f"schedule:{_slot(known, command)}")
    if failures < schedule.FAILED_OFTEN:
        return fired
    told = _failing(session, known, failures)
    return (*fired, Draft(body=told, key=f"schedule failing:{command.schedule}@{since}"))


def _said(
    known: ScheduleSet, source: Source, by: ParticipantId | None = None
) -> Triggered | Pushed:
    if known.action == "say":
        return Pushed(source=source, content=Content(text=known.text), to=known.to)
    return Triggered(source=source, prompt=known.text, by=by)


def _next(
    known: ScheduleSet, slot: datetime, now: datetime, *, failures: int = 0
) -> datetime | None:
    """Return the slot after one that is no run; None: never again."""
    return schedule.slot_after(replace(known, times=None), slot, now, failures=failures)


def _left_out(known: ScheduleSet, following: datetime | None) -> Drafts:
    """Return what moves a schedule on without a run."""
    if following is None:
        return one(ScheduleRemoved(schedule=known.schedule))
    return one(replace(known, first=following, again=known.again + 1))


def _failing(session: Session, known: ScheduleSet, failures: int) -> Pushed:
    return _told(session, known, schedule_texts.schedule_failing(known.text, failures))


def _told(session: Session, known: ScheduleSet, text: str) -> Pushed:
    """Return what whoever's schedule it is is told, or the owners."""
    owners = tuple(who for who, role in session.participants.items() if role == "owner")
    return Pushed(
        source=Source(kind="background", name="bridge"),
        content=ours(text),
        to=(known.by,) if known.by is not None else owners,
    )


def _planned_anew(session: Session, command: PlanAnew, now: datetime) -> Drafts:
    known = session.schedules.get(command.schedule)
    if known is None or known.first != command.slot:
        return ()
    rule, first = schedule.planned_anew(known.rule, command.slot, now, again=known.again)
    if first == command.slot:
        return ()
    anew = replace(known, rule=rule, first=first, again=known.again + 1)
    return one(anew, key=f"planned anew:{_plan(anew)}")


def _slot(known: ScheduleSet, command: Fire) -> str:
    """Return by which name a slot is told from all others of this schedule, and of others."""
    return f"{_name(known)}@{command.slot.isoformat()}"


def _plan(known: ScheduleSet) -> str:
    """Return by which name a plan of a schedule is told from all others that it ever had."""
    return f"{_name(known)}#{known.again}"


def _name(known: ScheduleSet) -> str:
    return f"{known.schedule}+{known.since}" if known.since else known.schedule
