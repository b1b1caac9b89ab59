"""The session, sans I/O: what a log folds to, and what is to be done next.

The rules:

- `evolve` is total: it never refuses the past. The fold holds no message text.
- One run at a time. `position` is how far the agent has dealt with the log; only
  `RunFinished.upto` moves it, and never back.
- `wanted` is the last event that calls for the agent: an addressed message, a trigger, or the
  closing of a run's last open question (not its withdrawal). A run is due while
  `wanted > position`, however many questions are still open.
- A run that failed or was abandoned without moving the position is a failure; the next one waits
  for a pause that grows with the failures in a row. A run cut off by an orderly stop is none.
- Blame is narrowed before anything is given up. A run reads all that is unread; after
  `NARROW_AFTER` failures it reads only up to the message after the oldest unread one, which is so
  tried alone. If that fails as well it is given up, with a notice that names it, and `/retry` takes
  it up again; what came later is then read as if nothing had been. Where the runs that failed had
  called tools, a run reads everything for longer (`NARROW_LATE`), so as to see what they did.
- What was given up because its process died is over, and the rest is tried at once. An agent that
  is only away for a while (`failed`) would fail for every message: so the pause goes on growing,
  to five minutes, and at most one message is given up in three tries. Who speaks meanwhile is
  tried for at once. Where an agent says that trying again cannot help, all that it read is given
  up together, in one notice.
- Whoever most likely goes on (`more`) is waited for a moment, so that what comes as one is asked
  as one; what is waited for is in the log already.
- Asked twice, `next_step` answers the same.

What a command appends is decided in `bridge.decide`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar, get_args

from bridge.events import (
    SHUTDOWN,
    Closing,
    ConversationLinked,
    ConversationUnlinked,
    Event,
    MessageReceived,
    Outcome,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantMerged,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Role,
    RoleChanged,
    RunFinished,
    RunStarted,
    ScheduleRemoved,
    ScheduleSet,
    SessionArchived,
    SettingChanged,
    Source,
    ToolCalled,
    Triggered,
    Usage,
    UsageReported,
)
from bridge.ids import (
    START,
    ParticipantId,
    QuestionId,
    RunId,
    ScheduleId,
    Seq,
)
from bridge.retry import MAX_RUN_FAILURES, is_over, run_backoff
from bridge.state import OpenQuestion, OpenRun, Session, Unfinished, setting_key
from bridge.usage import total, used

__all__ = [
    "Begin",
    "Expire",
    "Idle",
    "OpenQuestion",
    "OpenRun",
    "Session",
    "Step",
    "Unfinished",
    "due_run",
    "evolve",
    "fold",
    "is_expired",
    "is_shutdown",
    "next_step",
    "setting_key",
    "unread_upto",
]

ROLES: tuple[Role, ...] = get_args(Role)
"""From the strongest to the weakest."""

GOES_ON = timedelta(seconds=1.5)
"""How long is waited for what follows a message whose sender most likely goes on."""

LONGEST_WAIT = timedelta(seconds=10)
"""How long at most, however much follows."""

NARROW_AFTER = 2
NARROW_LATE = 5
"""Failures in a row after which the oldest unread message is tried alone; with tools called."""

GIVEN_UP_KEPT = 20
"""Messages given up that `/retry` takes up again, the newest."""

BLOCK = 500
"""Unread messages kept in one tuple, so that a long queue is not copied for each."""

OVER_KEPT = 50
"""Questions of which it is remembered how they ended, for whoever answers too late."""

RINGS_KEPT = 200
RINGS_COUNT_FOR = timedelta(hours=1)

Key = TypeVar("Key")
Value = TypeVar("Value")


# -- what is to be done next ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Start a run that reads the log up to `upto`; None: all of it."""

    upto: Seq | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expire:
    """Close the questions whose time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Nothing, before `until`; None: until something is appended."""

    until: datetime | None = None


Step = Begin | Expire | Idle


def next_step(session: Session, *, now: datetime) -> Step:
    """Return what the session needs. An open run needs nothing: it is being worked on."""
    if session.archived:
        return Idle()
    if any(is_expired(each, now) for each in session.questions.values()):
        return Expire()
    expiries = [each.expires_at for each in session.questions.values() if each.expires_at]
    due = due_run(session)
    if due is None:
        return Idle(until=min(expiries, default=None))
    waits = [each for each in (_ready_at(session, now), _goes_on(session, now)) if each is not None]
    return Idle(until=min([*expiries, max(waits)])) if waits else due


def due_run(session: Session) -> Begin | None:
    """Return which run is to begin, whenever it may."""
    if session.archived or session.open_run is not None or session.wanted <= session.position:
        return None
    unread = [seq for block in session.unread[:2] for seq in block]
    is_narrowed = session.failures >= (NARROW_LATE if session.worked else NARROW_AFTER)
    return Begin(upto=unread[1] - 1 if is_narrowed and len(unread) > 1 else None)


def is_expired(question: OpenQuestion, now: datetime) -> bool:
    """Say whether the time of a question is over.

    After the clock was set back, that is not known to the second; but nobody waits for it twice as
    long as was meant.
    """
    if question.expires_at is None:
        return False
    asked_at = question.asked_at
    longest = 2 * (question.expires_at - asked_at) if asked_at is not None else None
    return is_over(question.expires_at, now=now, longest=longest)


def _ready_at(session: Session, now: datetime) -> datetime | None:
    """Return when the pause after a failure is over; None where it is, or there is none."""
    is_new = session.failures == 0 and session.wanted > session.failed
    if session.failed_at is None or not session.troubles or is_new:
        return None
    ready = session.failed_at + run_backoff(session.troubles)
    return None if is_over(ready, now=now, since=session.failed_at) else ready


def _goes_on(session: Session, now: datetime) -> datetime | None:
    """Return until when is waited for the rest; None where that is over, or the clock lies."""
    known = session.unfinished
    if known is None:
        return None
    until = min(known.at + GOES_ON, known.since + LONGEST_WAIT)
    return until if now < until <= now + GOES_ON else None


# -- the fold -------------------------------------------------------------------------------------


def fold(session: Session, events: Iterable[Event]) -> Session:
    """Return the session after these events."""
    for event in events:
        session = evolve(session, event)
    return session


def evolve(session: Session, event: Event) -> Session:
    """Return the session after one event."""
    session = replace(session, head=event.seq)
    match event.body:
        case MessageReceived() as heard:
            return _hear(session, heard, event)
        case Triggered(source=source):
            return _wanted(replace(session, asker=_whose(session, source)), event.seq)
        case RunStarted() as started:
            refusal = "" if started.agent else session.refusal
            opened = _opened(session, started, event.seq)
            return replace(session, open_run=opened, refusal=refusal)
        case RunFinished() as finished:
            session = _spend(session, finished.usage)
            return _finish(session, finished, event)
        case UsageReported(usage=usage):
            return _spend(session, usage)
        case ToolCalled(run=run, usage=usage):
            return _so_far(replace(session, worked=True), run, usage)
        case QuestionAsked() as asked:
            return replace(
                session, questions={**session.questions, asked.question: _asked(asked, event)}
            )
        case QuestionClosed() as closed:
            return _close(session, closed, event.seq)
        case SessionArchived():
            return replace(session, archived=True)
        case Pushed(folded=False, source=source):
            return _rung(session, source, event.at)
        case _:
            return _evolve_people(session, event)


def _evolve_people(session: Session, event: Event) -> Session:
    people, places = session.participants, session.conversations
    match event.body:
        case (
            ParticipantJoined(participant=who, role=role) | RoleChanged(participant=who, role=role)
        ):
            inside = session.put_out - {who}
            return replace(session, participants={**people, who: role}, put_out=inside)
        case ParticipantLeft(participant=who, by=by):
            out = session.put_out | {who} if by not in {None, who} else session.put_out
            return replace(session, participants=_without(people, who), put_out=out)
        case ParticipantMerged(participant=who, into=into):
            return _merge(session, who, into)
        case ConversationLinked(conversation=place, by=by):
            return replace(session, conversations={**places, place: by})
        case ConversationUnlinked(conversation=place):
            return replace(session, conversations=_without(places, place))
        case _:
            return _evolve_settings(session, event)


def _evolve_settings(session: Session, event: Event) -> Session:
    match event.body:
        case SettingChanged(scope="session", name="title", value=title):
            return replace(session, title=title)
        case SettingChanged(scope=scope, of=of, name=name, value=value):
            key = setting_key(scope, of, name)
            return replace(session, settings={**session.settings, key: value})
        case ScheduleSet() as schedule:
            return replace(session, schedules={**session.schedules, schedule.schedule: schedule})
        case ScheduleRemoved(schedule=gone):
            return replace(session, schedules=_without(session.schedules, gone))
        case _:
            return session


def _hear(session: Session, heard: MessageReceived, event: Event) -> Session:
    session = replace(session, unfinished=_unfinished(session, heard, event.at))
    if not heard.addressed:
        return session
    left = tuple(seq for seq in session.given_up if seq != heard.again)
    session = replace(session, spoken=event.seq, asker=heard.participant, given_up=left)
    return _wanted(session, event.seq)


def _unfinished(session: Session, heard: MessageReceived, at: datetime) -> Unfinished | None:
    """Return what is waited for after a message; what only was overheard begins nothing."""
    known, who = session.unfinished, heard.participant
    goes_on = known is not None and known.by == who and at - known.at <= GOES_ON
    if not heard.more or not (heard.addressed or goes_on):
        return None
    since = known.since if known is not None and goes_on else at
    return Unfinished(by=who, since=since, at=at)


def _whose(session: Session, source: Source) -> ParticipantId | None:
    """Return on whose behalf something is asked that no person asks now."""
    known = session.schedules.get(ScheduleId(source.name)) if source.kind == "schedule" else None
    return known.by if known is not None else None


def _wanted(session: Session, seq: Seq) -> Session:
    """Return the session when an event called for the agent."""
    *full, last = session.unread or ((),)
    blocks = (*full, last, (seq,)) if len(last) >= BLOCK else (*full, (*last, seq))
    return replace(session, wanted=seq, unread=blocks)


def unread_upto(session: Session, upto: Seq) -> tuple[Seq, ...]:
    """Return what called for the agent since it last dealt with the log, up to a seq."""
    return tuple(seq for block in session.unread for seq in block if seq <= upto)


def _opened(session: Session, started: RunStarted, seq: Seq) -> OpenRun:
    return OpenRun(
        run=started.run,
        agent=started.agent,
        started=seq,
        upto=started.upto,
        node=started.node,
        asker=session.asker,
        alone=len(unread_upto(session, started.upto)) <= 1,
    )


def _spend(session: Session, usage: Usage | None) -> Session:
    if usage is None:
        return session
    return replace(session, used=total([session.used, used(usage)]))


def _so_far(session: Session, run: RunId, usage: Usage | None) -> Session:
    """Return the session with what its open run has used so far; it counts once the run is over."""
    if usage is None or session.open_run is None or session.open_run.run != run:
        return session
    return replace(session, open_run=replace(session.open_run, usage=usage))


def _rung(session: Session, source: Source, at: datetime) -> Session:
    run = session.open_run
    if run is not None and source.kind == "background":
        session = replace(session, open_run=replace(run, rings=run.rings + 1))
    lately = (each for each in session.rings if at - each < RINGS_COUNT_FOR)
    return replace(session, rings=(*lately, at)[-RINGS_KEPT:])


def _finish(session: Session, finished: RunFinished, event: Event) -> Session:
    moved = max(session.position, finished.upto)
    run = session.open_run
    if run is not None and not run.agent and finished.outcome == "failed":
        session = replace(session, refusal=finished.reason)
    session = replace(session, open_run=None)
    is_good = finished.outcome not in {"failed", "abandoned"}
    if is_good or moved > session.position:
        return _moved(session, finished, moved, event)
    if is_shutdown(finished.outcome, finished.reason):
        return session
    return replace(
        session,
        failures=session.failures + 1,
        troubles=session.troubles + 1,
        failed=event.seq,
        failed_at=event.at,
    )


def _moved(session: Session, finished: RunFinished, position: Seq, event: Event) -> Session:
    """Return the session when a run ended for good, or something was given up."""
    given_up = session.given_up
    if finished.outcome in {"failed", "abandoned"}:
        given_up = (*given_up, *unread_upto(session, position))[-GIVEN_UP_KEPT:]
    is_away = finished.outcome == "failed" and session.failures + 1 >= MAX_RUN_FAILURES
    left = tuple(tuple(seq for seq in block if seq > position) for block in session.unread)
    return replace(
        session,
        position=position,
        unread=tuple(block for block in left if block),
        given_up=given_up,
        worked=False,
        failures=0,
        troubles=session.troubles + 1 if is_away else 0,
        failed=event.seq if is_away else START,
        failed_at=event.at if is_away else None,
    )


def is_shutdown(outcome: Outcome, reason: str) -> bool:
    """Say whether a run was cut off by an orderly stop: nobody failed."""
    return outcome == "abandoned" and reason == SHUTDOWN


def _asked(asked: QuestionAsked, event: Event) -> OpenQuestion:
    return OpenQuestion(
        asked=event.seq,
        asked_at=event.at,
        run=asked.run,
        kind=asked.kind,
        options=asked.options,
        to=asked.to,
        expires_at=asked.expires_at,
        call=asked.call,
    )


def _close(session: Session, closed: QuestionClosed, seq: Seq) -> Session:
    question = session.questions.get(closed.question)
    if question is None:
        return session
    left = _without(session.questions, closed.question)
    done = all(each.run != question.run for each in left.values())
    over = {**_last(session.over), closed.question: closed.outcome}
    session = replace(session, questions=left, over=over)
    if not done or closed.outcome == "withdrawn":
        return session
    spoken = seq if closed.by is not None else session.spoken
    return _wanted(replace(session, spoken=spoken, asker=closed.by or session.asker), seq)


def _last(over: Mapping[QuestionId, Closing]) -> Mapping[QuestionId, Closing]:
    return dict(list(over.items())[-(OVER_KEPT - 1) :])


def _merge(session: Session, who: ParticipantId, into: ParticipantId) -> Session:
    """Return the session with one person in place of the other, in the stronger role of both."""
    people = session.participants
    roles = {people[each] for each in (who, into) if each in people}
    left = _without(people, who)
    out = {into if each == who else each for each in session.put_out}
    return replace(
        session,
        put_out=frozenset(out - {into} if roles else out),
        asker=into if session.asker == who else session.asker,
        participants={**left, into: min(roles, key=ROLES.index)} if roles else left,
        conversations={
            place: into if by == who else by for place, by in session.conversations.items()
        },
        questions={
            question: replace(each, to=tuple(into if one == who else one for one in each.to))
            for question, each in session.questions.items()
        },
    )


def _without(mapping: Mapping[Key, Value], key: Key) -> Mapping[Key, Value]:
    return {each: value for each, value in mapping.items() if each != key}
