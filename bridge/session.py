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
- Whoever most likely goes on (`more`) is waited for a moment, so that what comes as one is asked
  as one; what is waited for is in the log already.
- Asked twice, `next_step` answers the same.

What a command appends is decided in `bridge.decide`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar, get_args

from bridge.content import Option
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
    PlannedCall,
    QuestionAsked,
    QuestionClosed,
    QuestionKind,
    Role,
    RoleChanged,
    RunFinished,
    RunStarted,
    ScheduleRemoved,
    ScheduleSet,
    Scope,
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
    ConversationId,
    ParticipantId,
    QuestionId,
    RunId,
    ScheduleId,
    Seq,
    SessionId,
)
from bridge.retry import run_backoff
from bridge.usage import NOTHING, Used, total, used

ROLES: tuple[Role, ...] = get_args(Role)
"""From the strongest to the weakest."""

GOES_ON = timedelta(seconds=1.5)
"""How long is waited for what follows a message whose sender most likely goes on."""

LONGEST_WAIT = timedelta(seconds=10)
"""How long at most, however much follows."""

OVER_KEPT = 50
"""Questions of which it is remembered how they ended, for whoever answers too late."""

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """The run that may speak; it began with event `started`, in the process `node`.

    `usage` is what it is known to have used so far.
    """

    run: RunId
    agent: str
    started: Seq
    upto: Seq
    node: str
    asker: ParticipantId | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    asked: Seq
    run: RunId
    kind: QuestionKind
    options: tuple[Option, ...]
    to: tuple[ParticipantId, ...]
    expires_at: datetime | None
    call: PlannedCall | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """Someone began at `since` to say something in several messages; the last of them came `at`."""

    by: ParticipantId
    since: datetime
    at: datetime

    def ready_at(self, now: datetime) -> datetime | None:
        """Return when it is waited for no longer; None where that is over, or the clock lies."""
        until = min(self.at + GOES_ON, self.since + LONGEST_WAIT)
        return until if now < until <= now + GOES_ON else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a log folds to. `conversations` says on whose behalf each place was linked.

    `asker` is who called for the agent last; None where it was no person. `spoken` is when a person
    last did, `unfinished` what they may go on with. `refusal` is why the last run was refused,
    until one begins. `used` is what all of its runs used; `over` how the last few questions ended.
    """

    id: SessionId
    head: Seq = START
    title: str = ""
    archived: bool = False
    position: Seq = START
    wanted: Seq = START
    spoken: Seq = START
    asker: ParticipantId | None = None
    unfinished: Unfinished | None = None
    refusal: str = ""
    open_run: OpenRun | None = None
    failures: int = 0
    failed_at: datetime | None = None
    used: Used = NOTHING
    questions: Mapping[QuestionId, OpenQuestion] = field(default_factory=dict)
    over: Mapping[QuestionId, Closing] = field(default_factory=dict)
    participants: Mapping[ParticipantId, Role] = field(default_factory=dict)
    conversations: Mapping[ConversationId, ParticipantId | None] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    schedules: Mapping[ScheduleId, ScheduleSet] = field(default_factory=dict)


def setting_key(scope: Scope, of: str, name: str) -> str:
    return f"{scope}:{of}:{name}"


# -- what is to be done next ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Start a run."""


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
    expiries = [each.expires_at for each in session.questions.values() if each.expires_at]
    if any(at <= now for at in expiries):
        return Expire()
    if session.open_run is not None or session.wanted <= session.position:
        return Idle(until=min(expiries, default=None))
    goes_on = session.unfinished.ready_at(now) if session.unfinished is not None else None
    ready = max((each for each in (_ready_at(session), goes_on) if each is not None), default=now)
    return Idle(until=min([*expiries, ready])) if ready > now else Begin()


def _ready_at(session: Session) -> datetime | None:
    if session.failed_at is None or not session.failures:
        return None
    return session.failed_at + run_backoff(session.failures)


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
        case MessageReceived(participant=who) as heard:
            session = replace(session, unfinished=_unfinished(session, heard, event.at))
            if not heard.addressed:
                return session
            return replace(session, wanted=event.seq, spoken=event.seq, asker=who)
        case Triggered(source=source):
            return replace(session, wanted=event.seq, asker=_whose(session, source))
        case RunStarted() as started:
            refusal = "" if started.agent else session.refusal
            opened = _opened(started, event.seq, session.asker)
            return replace(session, open_run=opened, refusal=refusal)
        case RunFinished() as finished:
            session = _spend(session, finished.usage)
            return _finish(session, finished, event.at)
        case UsageReported(usage=usage):
            return _spend(session, usage)
        case ToolCalled(run=run, usage=Usage() as usage):
            return _so_far(session, run, usage)
        case QuestionAsked() as asked:
            return replace(
                session, questions={**session.questions, asked.question: _asked(asked, event.seq)}
            )
        case QuestionClosed() as closed:
            return _close(session, closed, event.seq)
        case SessionArchived():
            return replace(session, archived=True)
        case _:
            return _evolve_people(session, event)


def _evolve_people(session: Session, event: Event) -> Session:
    people, places = session.participants, session.conversations
    match event.body:
        case (
            ParticipantJoined(participant=who, role=role) | RoleChanged(participant=who, role=role)
        ):
            return replace(session, participants={**people, who: role})
        case ParticipantLeft(participant=who):
            return replace(session, participants=_without(people, who))
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


def _opened(started: RunStarted, seq: Seq, asker: ParticipantId | None) -> OpenRun:
    return OpenRun(
        run=started.run,
        agent=started.agent,
        started=seq,
        upto=started.upto,
        node=started.node,
        asker=asker,
    )


def _spend(session: Session, usage: Usage | None) -> Session:
    if usage is None:
        return session
    return replace(session, used=total([session.used, used(usage)]))


def _so_far(session: Session, run: RunId, usage: Usage) -> Session:
    """Return the session with what its open run has used so far; it counts once the run is over."""
    if session.open_run is None or session.open_run.run != run:
        return session
    return replace(session, open_run=replace(session.open_run, usage=usage))


def _finish(session: Session, finished: RunFinished, at: datetime) -> Session:
    moved = max(session.position, finished.upto)
    run = session.open_run
    if run is not None and not run.agent and finished.outcome == "failed":
        session = replace(session, refusal=finished.reason)
    session = replace(session, open_run=None)
    if moved > session.position or finished.outcome not in {"failed", "abandoned"}:
        return replace(session, position=moved, failures=0, failed_at=None)
    if is_shutdown(finished.outcome, finished.reason):
        return session
    return replace(session, failures=session.failures + 1, failed_at=at)


def is_shutdown(outcome: Outcome, reason: str) -> bool:
    """Say whether a run was cut off by an orderly stop: nobody failed."""
    return outcome == "abandoned" and reason == SHUTDOWN


def _asked(asked: QuestionAsked, seq: Seq) -> OpenQuestion:
    return OpenQuestion(
        asked=seq,
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
    return replace(session, wanted=seq, spoken=spoken, asker=closed.by or session.asker)


def _last(over: Mapping[QuestionId, Closing]) -> Mapping[QuestionId, Closing]:
    return dict(list(over.items())[-(OVER_KEPT - 1) :])


def _merge(session: Session, who: ParticipantId, into: ParticipantId) -> Session:
    """Return the session with one person in place of the other, in the stronger role of both."""
    people = session.participants
    roles = {people[each] for each in (who, into) if each in people}
    left = _without(people, who)
    return replace(
        session,
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
