"""The session, sans I/O: what a log folds to, and what is to be done next.

The rules:

- `evolve` is total: it never refuses the past. The fold holds no message text.
- One run at a time. `position` is how far the agent has dealt with the log; only
  `RunFinished.upto` moves it, and never back.
- `wanted` is the last event that calls for the agent: an addressed message, a trigger, or the
  closing of a run's last open question (not its withdrawal). A run is due while
  `wanted > position`, however many questions are still open. What was deleted before it was
  answered calls for nobody any more.
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
  tried for at once. Where an agent says that trying again cannot help (`refused`), all that it read
  is given up together, in one notice, and nothing waits for it, however many runs failed before.
- Whoever most likely goes on (`more`) is waited for a moment, so that what comes as one is asked
  as one; what is waited for is in the log already.
- Asked twice, `next_step` answers the same.
- What someone allowed others (`ALLOWING`) is over once they left or lost the role that it takes; it
  does not come back with them.

What a command appends is decided in `bridge.session.decide`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, assert_never, assert_type

from bridge.domain.commands import Answer, Change
from bridge.domain.events import (
    SHUTDOWN,
    BackgroundBegun,
    BackgroundStarted,
    BackgroundStopped,
    Closing,
    ConversationLinked,
    ConversationUnlinked,
    Event,
    ExchangeUndone,
    HistoryCompacted,
    MemoryEvent,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    Outcome,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantMerged,
    PeopleEvent,
    PlaceEvent,
    PushClosed,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Reacted,
    Redacted,
    Role,
    RoleChanged,
    RunFinished,
    RunStarted,
    ScheduleEvent,
    ScheduleRemoved,
    ScheduleSet,
    SessionArchived,
    SessionEvent,
    SessionForked,
    SettingChanged,
    Source,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
    Usage,
    UsageReported,
)
from bridge.domain.ids import (
    START,
    ConversationId,
    ParticipantId,
    QuestionId,
    RunId,
    ScheduleId,
    Seq,
    SessionId,
)
from bridge.domain.records import replace
from bridge.domain.usage import NOTHING, total, used
from bridge.domain.waits import is_over
from bridge.session import background
from bridge.session.marks import marked
from bridge.session.permission_table import ROLES, roles_for
from bridge.session.state import (
    Call,
    CallKind,
    Exchange,
    Given,
    OpenQuestion,
    OpenRun,
    Session,
    Spoke,
    Unfinished,
    setting_key,
)

__all__ = [
    "MAX_RUN_FAILURES",
    "Begin",
    "Call",
    "Expire",
    "Idle",
    "OpenQuestion",
    "OpenRun",
    "Session",
    "Spoke",
    "Step",
    "Unfinished",
    "due_run",
    "evolve",
    "fold",
    "is_expired",
    "is_shutdown",
    "next_step",
    "run_backoff",
    "setting_key",
    "unread_upto",
]

GOES_ON = timedelta(seconds=1.5)
"""How long is waited for what follows a message whose sender most likely goes on."""

LONGEST_WAIT = timedelta(seconds=10)
"""How long at most, however much follows."""

NARROW_AFTER = 2
NARROW_LATE = 5
"""Failures in a row after which the oldest unread message is tried alone; with tools called."""

MAX_RUN_FAILURES = 3
"""Failures after which the bridge gives up on what a run was to answer."""

LEAST_RUN_PAUSE = timedelta(seconds=1)
MOST_RUN_PAUSE = timedelta(minutes=5)
RUN_PAUSE_GROWTH = 5

GIVEN_UP_KEPT = 20
"""Messages given up that `/retry` takes up again, the newest."""

BLOCK = 500
"""Unread messages kept in one tuple, so that a long queue is not copied for each."""

OVER_KEPT = 50
"""Questions of which it is remembered how they ended, for whoever answers too late."""

SPOKE_KEPT = 8
"""Changes of place that are remembered of each person."""

CALLS_KEPT = 30
"""Events that are to ring that are remembered, and so rung elsewhere where nobody sees them."""

EXCHANGES_KEPT = 20
"""Exchanges that can be undone, one after the other."""

REACTED_KEPT = 50
MOST_REACTIONS = 30
"""Events of which the reactions are remembered, and how many of each."""

RINGS_KEPT = 200
RINGS_COUNT_FOR = timedelta(hours=1)

ALLOWING: Mapping[str, tuple[Role, ...]] = {
    "always:": roles_for(Answer),
    "may:": roles_for(Change),
}
"""How settings begin that let others do something, and who may set them. They end with that."""

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


def run_backoff(failures: int) -> timedelta:
    """Return how long to wait after `failures` in a row before the next run: 1, 5, 25 s."""
    if failures < 1:
        return timedelta(0)
    factor: int = RUN_PAUSE_GROWTH ** min(failures - 1, 8)
    return min(LEAST_RUN_PAUSE * factor, MOST_RUN_PAUSE)


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

_NotFolded = MessageEdited | Transcribed | Redacted | PushClosed
_Setup = PeopleEvent | PlaceEvent | SettingChanged | ScheduleEvent | SessionEvent


def fold(session: Session, events: Iterable[Event]) -> Session:
    """Return the session after these events."""
    for event in events:
        session = evolve(session, event)
    return session


def evolve(session: Session, event: Event) -> Session:
    """Return the session after one event."""
    if isinstance(event.body, MessageReceived):
        return _hear(session, event.body, event)
    session = replace(session, asked=marked(session, event), head=event.seq)
    match event.body:
        case MessageDeleted(target=target):
            return _taken_back(session, target)
        case Triggered() as triggered:
            return _triggered(session, triggered, event)
        case RunStarted() as started:
            refusal = "" if started.agent else session.refusal
            opened = _opened(session, started, event.seq)
            return replace(session, open_run=opened, refusal=refusal)
        case RunFinished() as finished:
            session = replace(_spend(session, finished.usage), rested=event.seq)
            return _finish(session, finished, event)
        case UsageReported(usage=usage):
            return _spend(session, usage)
        case ToolCalled(run=run, usage=usage):
            return _so_far(replace(session, worked=True), run, usage)
        case ToolReturned():  # many of a log's events
            return session
        case MessageComposed() | QuestionAsked() | Pushed():
            return _called(session, event, event.body)
        case BackgroundStarted() | BackgroundStopped() | BackgroundBegun() as worked:
            return background.evolved(session, worked, event)
        case QuestionClosed() as closed:
            spoke = _spoke(session, closed.by, closed.conversation, event.seq)
            session = replace(session, spoke=spoke)
            return _close(session, closed, event.seq)
        case rest:
            return _evolve_people(session, rest)


def _called(
    session: Session, event: Event, body: MessageComposed | QuestionAsked | Pushed
) -> Session:
    match body:
        case MessageComposed(kind="interim"):
            return session
        case Pushed(folded=True, source=source):
            return _fired(session, source)
        case MessageComposed():
            return _calling(session, event, "answer")
        case QuestionAsked(question=question, to=to):
            questions = {**session.questions, question: _asked(body, event)}
            session = replace(session, questions=questions)
            session = background.questioned(session, body.background, question)
            if body.by is not None:
                lately = _lately(session.asks.get(body.by, ()), event.at)
                session = replace(session, asks={**session.asks, body.by: lately})
            if body.quiet:
                return session
            uncalled = session.open_run is not None and session.open_run.asker is None
            if uncalled or body.by is not None or body.background is not None:
                session = _rang(session, event.at)
            return _calling(session, event, "question", to)
        case Pushed(source=source, priority="low"):
            whispers = _lately(session.whispers, event.at)
            return replace(_fired(session, source), whispers=whispers)
        case Pushed(source=source):
            rung = _rung(_fired(session, source), source, event.at)
            return _calling(rung, event, "push", body.to)


def _evolve_memory(session: Session, body: MemoryEvent) -> Session:
    match body:
        case NoteKept(note=note):
            return replace(session, notes={**session.notes, note: session.head})
        case NoteRemoved(note=note):
            return replace(session, notes=_without(session.notes, note))
        case HistoryCompacted(upto=upto):
            is_further = upto > session.summed_up
            return replace(session, summary=session.head, summed_up=upto) if is_further else session
        case ExchangeUndone(first=first, upto=upto):
            left = tuple(each for each in session.exchanges if each.first < first)
            given_up = tuple(seq for seq in session.given_up if not first <= seq <= upto)
            return replace(session, exchanges=left, given_up=given_up, undone=session.head)
        case Reacted() as reacted:
            return _reacted(session, reacted)
        case rest:
            assert_never(rest)


def _evolve_people(session: Session, body: _Setup | MemoryEvent | _NotFolded) -> Session:
    people, places = session.participants, session.conversations
    match body:
        case ParticipantJoined(participant=who, role=role, earlier=earlier):
            hidden = _without(session.hidden, who)
            hidden = hidden if earlier else {**hidden, who: Seq(session.head - 1)}
            return _in_role(replace(session, hidden=hidden), who, role)
        case RoleChanged(participant=who, role=role):
            return _in_role(session, who, role)
        case ParticipantLeft(participant=who, by=by):
            out = session.put_out | {who} if by not in {None, who} else session.put_out
            views = session.left_viewing | ({who} if people.get(who) == "viewer" else frozenset())
            left = replace(session, participants=_without(people, who), put_out=out)
            return _lapsed(replace(left, left_viewing=views))
        case ParticipantMerged(participant=who, into=into):
            return _merge(session, who, into)
        case ConversationLinked(conversation=place, by=by):
            places = {**places, place: by}
            return replace(
                session, conversations=places, linked={**session.linked, place: session.head}
            )
        case ConversationUnlinked(conversation=place):
            places = _without(places, place)
            return replace(session, conversations=places, linked=_without(session.linked, place))
        case rest:
            return _evolve_settings(session, rest)


def _in_role(session: Session, who: ParticipantId, role: Role) -> Session:
    known = session.participants
    given = replace(
        session,
        participants={**known, who: role},
        put_out=session.put_out - {who},
        left_viewing=session.left_viewing - {who},
        hidden=_without(session.hidden, who) if role == "owner" else session.hidden,
    )
    return _lapsed(given) if who in known else given


def _evolve_settings(
    session: Session,
    body: SettingChanged | ScheduleEvent | SessionEvent | MemoryEvent | _NotFolded,
) -> Session:
    match body:
        case SettingChanged(scope="session", name="title", value=title):
            return replace(session, title=title)
        case SettingChanged(scope=scope, of=of, name=name, value=value, by=by):
            key = setting_key(scope, of, name)
            session = replace(session, settings={**session.settings, key: value})
            return _set(session, key, by) if scope == "session" else session
        case ScheduleSet() as schedule:
            return replace(session, schedules={**session.schedules, schedule.schedule: schedule})
        case ScheduleRemoved(schedule=gone):
            return _scheduled_no_more(session, gone)
        case SessionArchived():
            return replace(session, archived=True)
        case SessionForked():
            return _begun_anew(session)
        case (
            NoteKept() | NoteRemoved() | HistoryCompacted() | ExchangeUndone() | Reacted() as memory
        ):
            return _evolve_memory(session, memory)
        case rest:
            assert_type(rest, _NotFolded)
            return session


def _begun_anew(session: Session) -> Session:
    """Return the session that is a copy from here on: what went on in the other stays there."""
    return replace(
        session,
        archived=False,
        parent=None,
        background={},
        used=NOTHING,
        unfinished=None,
        refusal="",
        failures=0,
        troubles=0,
        failed=START,
        failed_at=None,
        put_out=frozenset(),
        left_viewing=frozenset(),
        calls=(),
        rings=(),
        whispers=(),
        asks={},
        asked=(),
        spoke={},
        asked_by={},
        failing={},
    )


def _set(session: Session, key: str, by: ParticipantId | None) -> Session:
    set_by = _without(session.set_by, key)
    return replace(session, set_by=set_by if by is None else {**set_by, key: by})


def _lapsed(session: Session) -> Session:
    """Return the session without what was allowed by someone who may not allow it any more."""
    over = {key for key, by in session.set_by.items() if not _may_allow(session, key, by)}
    if not over:
        return session
    left = {key: value for key, value in session.settings.items() if key not in over}
    set_by = {key: by for key, by in session.set_by.items() if key not in over}
    return replace(session, settings=left, set_by=set_by)


def _may_allow(session: Session, key: str, by: ParticipantId) -> bool:
    name = key.split(":", 2)[2]  # whichever agent it is of
    for prefix, roles in ALLOWING.items():
        if name.startswith(prefix):
            return session.participants.get(by) in roles
    return True


def _hear(session: Session, heard: MessageReceived, event: Event) -> Session:
    unfinished = _unfinished(session, heard, event.at)
    spoke = _spoke(session, heard.participant, heard.conversation, event.seq)
    if not heard.addressed:
        asked = marked(session, event)
        return replace(session, head=event.seq, asked=asked, unfinished=unfinished, spoke=spoke)
    return replace(
        session,
        head=event.seq,
        asked=marked(session, event),
        unfinished=unfinished,
        spoke=spoke,
        exchanges=_exchanges(session, heard.participant, event.seq),
        spoken=event.seq,
        called=event.seq,
        asker=heard.participant,
        payer=None,
        given_up=tuple([seq for seq in session.given_up if seq != heard.again]),
        wanted=event.seq,
        unread=_with(session.unread, event.seq),
    )


def _triggered(session: Session, triggered: Triggered, event: Event) -> Session:
    source = triggered.source
    exchanges, asker = _exchanges(session, None, event.seq), _whose(session, source)
    session = replace(session, exchanges=exchanges, asker=asker, payer=triggered.by)
    session = background.reported(_wanted(session, event.seq), source, event)
    return _fired(_asked_by_schedule(session, source, event.seq), source)


def _spoke(
    session: Session, who: ParticipantId | None, place: ConversationId | None, seq: Seq
) -> Mapping[ParticipantId, tuple[Spoke, ...]]:
    """Return where everybody spoke when one of the participants did."""
    if who is None or place is None or who not in session.participants:
        return session.spoke
    known = session.spoke.get(who, ())
    if known and known[-1].place == place:
        last = Spoke(place=place, since=known[-1].since, last=seq)
        return {**session.spoke, who: (*known[:-1], last)}
    now = Spoke(place=place, since=seq, last=seq)
    return {**session.spoke, who: (*known, now)[-SPOKE_KEPT:]}


def _calling(
    session: Session, event: Event, kind: CallKind, to: tuple[ParticipantId, ...] = ()
) -> Session:
    """Return the session when something happened that is to ring."""
    run = session.open_run if _is_by_agent(event) else None
    asker = run.asker if run is not None else None
    body = event.body
    if isinstance(body, QuestionAsked) and body.background is not None:
        work = session.background.get(body.background)
        asker = work.by if work is not None else None
    call = Call(
        seq=event.seq,
        at=event.at,
        kind=kind,
        to=to,
        asker=asker,
        places=body.places if isinstance(body, Pushed) else (),
        urgent=isinstance(body, Pushed) and body.priority == "high",
    )
    return replace(session, calls=(*session.calls, call)[-CALLS_KEPT:])


def _is_by_agent(event: Event) -> bool:
    body = event.body
    if isinstance(body, QuestionAsked):
        return body.by is None and body.background is None
    return not isinstance(body, Pushed) or body.source.kind == "background"


def _taken_back(session: Session, target: Seq) -> Session:
    """Return the session when somebody deleted what they had said: nothing is asked by it."""
    left = (tuple(seq for seq in block if seq != target) for block in session.unread)
    unread = tuple(block for block in left if block)
    given_up = tuple(seq for seq in session.given_up if seq != target)
    wanted = session.wanted
    if wanted == target:
        wanted = unread[-1][-1] if unread else session.position
    return replace(session, unread=unread, wanted=wanted, given_up=given_up)


def _unfinished(session: Session, heard: MessageReceived, at: datetime) -> Unfinished | None:
    """Return what is waited for after a message; what only was overheard begins nothing."""
    known, who = session.unfinished, heard.participant
    goes_on = known is not None and known.by == who and at - known.at <= GOES_ON
    if not heard.more or not (heard.addressed or goes_on):
        return None
    since = known.since if known is not None and goes_on else at
    return Unfinished(by=who, since=since, at=at)


def _exchanges(session: Session, who: ParticipantId | None, seq: Seq) -> tuple[Exchange, ...]:
    """Return the exchanges with one that begins here, or goes on with somebody else too."""
    kept = session.exchanges
    if session.is_at_rest or not kept:
        return (*kept, Exchange(first=seq, by=who))[-EXCHANGES_KEPT:]
    last = kept[-1]
    return kept if last.by in {None, who} else (*kept[:-1], replace(last, by=None))


def _reacted(session: Session, reacted: Reacted) -> Session:
    given = Given(by=reacted.participant, place=reacted.conversation, emoji=reacted.emoji)
    others = tuple(each for each in session.reactions.get(reacted.target, ()) if each != given)
    now = others if reacted.gone else (*others, given)[-MOST_REACTIONS:]
    left = _without(session.reactions, reacted.target)
    kept = dict([*left.items(), (reacted.target, now)][-REACTED_KEPT:]) if now else left
    return replace(session, reactions=kept)


def _whose(session: Session, source: Source) -> ParticipantId | None:
    """Return on whose behalf something is asked that no person asks now."""
    if source.kind == "background":
        work = session.background.get(SessionId(source.name))
        return work.by if work is not None else None
    known = session.schedules.get(ScheduleId(source.name)) if source.kind == "schedule" else None
    return known.by if known is not None else None


def _fired(session: Session, source: Source) -> Session:
    """Return the session when a schedule fired at its slot: it is next due, or over."""
    name = ScheduleId(source.name)
    known = session.schedules.get(name) if source.kind == "schedule" else None
    if known is None or source.slot is None:
        return session
    if source.next_slot is None:
        return _scheduled_no_more(session, name)
    times = known.times - 1 if known.times is not None else None
    fired = replace(known, first=source.next_slot, times=times)
    return replace(session, schedules={**session.schedules, name: fired})


def _scheduled_no_more(session: Session, name: ScheduleId) -> Session:
    return replace(
        session,
        schedules=_without(session.schedules, name),
        failing=_without(session.failing, name),
    )


def _asked_by_schedule(session: Session, source: Source, seq: Seq) -> Session:
    if source.kind != "schedule":
        return session
    return replace(session, asked_by={**session.asked_by, seq: ScheduleId(source.name)})


def _settled(session: Session, outcome: Outcome, position: Seq) -> Session:
    """Return the session with how often each schedule failed in a row that a run dealt with."""
    over = {seq: name for seq, name in session.asked_by.items() if seq <= position}
    if not over:
        return session
    failing = dict(session.failing)
    for seq, name in over.items():
        if outcome in {"failed", "abandoned"}:
            count, since = failing.get(name, (0, seq))
            failing[name] = (count + 1, since)
        elif outcome != "cancelled":
            failing.pop(name, None)
    left = {seq: name for seq, name in session.asked_by.items() if seq not in over}
    kept = {name: each for name, each in failing.items() if name in session.schedules}
    return replace(session, asked_by=left, failing=kept)


def _wanted(session: Session, seq: Seq) -> Session:
    """Return the session when an event called for the agent."""
    return replace(session, wanted=seq, unread=_with(session.unread, seq))


def _with(unread: tuple[tuple[Seq, ...], ...], seq: Seq) -> tuple[tuple[Seq, ...], ...]:
    *full, last = unread or ((),)
    return (*full, last, (seq,)) if len(last) >= BLOCK else (*full, (*last, seq))


def unread_upto(session: Session, upto: Seq) -> tuple[Seq, ...]:
    """Return what called for the agent since it last dealt with the log, up to a seq."""
    return tuple([seq for block in session.unread for seq in block if seq <= upto])


def _opened(session: Session, started: RunStarted, seq: Seq) -> OpenRun:
    return OpenRun(
        run=started.run,
        agent=started.agent,
        started=seq,
        upto=started.upto,
        node=started.node,
        asker=session.asker,
        payer=session.payer,
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
    return _rang(session, at)


def _rang(session: Session, at: datetime) -> Session:
    return replace(session, rings=_lately(session.rings, at))


def _lately(times: tuple[datetime, ...], at: datetime) -> tuple[datetime, ...]:
    """Return the times of the last hour, with one more."""
    lately = (each for each in times if at - each < RINGS_COUNT_FOR)
    return (*lately, at)[-RINGS_KEPT:]


def _finish(session: Session, finished: RunFinished, event: Event) -> Session:
    moved = max(session.position, finished.upto)
    run = session.open_run
    if run is not None and not run.agent and finished.outcome == "failed":
        session = replace(session, refusal=finished.reason)
    is_good = finished.outcome not in {"failed", "abandoned"}
    if is_good or moved > session.position:
        return _moved(session, finished, moved, event)
    if is_shutdown(finished.outcome, finished.reason):
        return replace(session, open_run=None)
    return replace(
        session,
        open_run=None,
        failures=session.failures + 1,
        troubles=session.troubles + 1,
        failed=event.seq,
        failed_at=event.at,
    )


def _moved(session: Session, finished: RunFinished, position: Seq, event: Event) -> Session:
    """Return the session when a run ended for good, or something was given up."""
    session = _settled(session, finished.outcome, position)
    given_up = session.given_up
    if finished.outcome in {"failed", "abandoned"}:
        given_up = (*given_up, *unread_upto(session, position))[-GIVEN_UP_KEPT:]
    may_help = finished.outcome == "failed" and not finished.refused
    is_away = may_help and session.failures + 1 >= MAX_RUN_FAILURES
    left = [tuple([seq for seq in block if seq > position]) for block in session.unread]
    return replace(
        session,
        open_run=None,
        position=position,
        unread=tuple([block for block in left if block]),
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
        agent=asked.agent,
        kind=asked.kind,
        options=asked.options,
        to=asked.to,
        expires_at=asked.expires_at,
        call=asked.call,
        by=asked.by,
        background=asked.background,
    )


def _close(session: Session, closed: QuestionClosed, seq: Seq) -> Session:
    question = session.questions.get(closed.question)
    if question is None:
        return session
    left = _without(session.questions, closed.question)
    done = all(each.run != question.run for each in left.values())
    over = {**_last(session.over), closed.question: closed.outcome}
    session = replace(session, questions=left, over=over)
    session = background.questioned(session, question.background, closed.question, seq)
    is_of_others = question.by is not None or question.background is not None
    if not done or closed.outcome == "withdrawn" or is_of_others:
        return session
    if session.parent is not None:  # it goes on for whom it was begun, whoever answered
        return _wanted(session, seq)
    called = seq if closed.outcome == "answered" else session.called
    spoken = seq if closed.by is not None else session.spoken
    asker = closed.by or session.asker
    return _wanted(replace(session, spoken=spoken, called=called, asker=asker), seq)


def _last(over: Mapping[QuestionId, Closing]) -> Mapping[QuestionId, Closing]:
    return dict(list(over.items())[-(OVER_KEPT - 1) :])


def _merge(session: Session, who: ParticipantId, into: ParticipantId) -> Session:
    """Return the session with one person in place of the other, in the stronger role of both."""

    def now(each: ParticipantId) -> ParticipantId:
        return into if each == who else each

    people = session.participants
    roles = {people[each] for each in (who, into) if each in people}
    left = _without(people, who)
    out = set(map(now, session.put_out))
    return replace(
        session,
        put_out=frozenset(out - {into} if roles else out),
        left_viewing=frozenset(map(now, session.left_viewing)) - {into if roles else who},
        asker=session.asker and now(session.asker),
        payer=session.payer and now(session.payer),
        open_run=_asked_by(session.open_run, now),
        unfinished=_said_by(session.unfinished, now),
        settings=_of(session.settings, who, into),
        set_by={key: now(each) for key, each in session.set_by.items()},
        spoke=_spoken_by(session.spoke, who, into),
        hidden=_hidden_from(session, who, into),
        merged={**{each: now(known) for each, known in session.merged.items()}, who: into},
        calls=tuple(
            replace(each, to=tuple(map(now, each.to)), asker=each.asker and now(each.asker))
            for each in session.calls
        ),
        participants={**left, into: min(roles, key=ROLES.index)} if roles else left,
        conversations={place: by and now(by) for place, by in session.conversations.items()},
        questions={
            question: replace(each, to=tuple(map(now, each.to)), by=each.by and now(each.by))
            for question, each in session.questions.items()
        },
        schedules={
            schedule: replace(each, by=each.by and now(each.by), to=tuple(map(now, each.to)))
            for schedule, each in session.schedules.items()
        },
        exchanges=tuple(replace(each, by=each.by and now(each.by)) for each in session.exchanges),
        background={
            child: replace(each, by=each.by and now(each.by))
            for child, each in session.background.items()
        },
        reactions={
            target: tuple(dict.fromkeys(replace(each, by=now(each.by)) for each in given))
            for target, given in session.reactions.items()
        },
    )


def _spoken_by(
    spoke: Mapping[ParticipantId, tuple[Spoke, ...]], who: ParticipantId, into: ParticipantId
) -> Mapping[ParticipantId, tuple[Spoke, ...]]:
    both = sorted((*spoke.get(who, ()), *spoke.get(into, ())), key=lambda each: each.since)
    left = _without(spoke, who)
    return {**left, into: tuple(both[-SPOKE_KEPT:])} if both else left


def _hidden_from(
    session: Session, who: ParticipantId, into: ParticipantId
) -> Mapping[ParticipantId, Seq]:
    """Return what is hidden from whom when two are one: nothing that either of them may read."""
    known = [
        session.hidden.get(each, START) for each in (who, into) if each in session.participants
    ]
    left = _without(_without(session.hidden, who), into)
    hidden = min(known, default=START)
    return {**left, into: hidden} if hidden else left


Renamed = Callable[[ParticipantId], ParticipantId]


def _asked_by(run: OpenRun | None, now: Renamed) -> OpenRun | None:
    if run is None:
        return None
    return replace(run, asker=run.asker and now(run.asker), payer=run.payer and now(run.payer))


def _said_by(unfinished: Unfinished | None, now: Renamed) -> Unfinished | None:
    return unfinished and replace(unfinished, by=now(unfinished.by))


def _of(settings: Mapping[str, str], who: ParticipantId, into: ParticipantId) -> Mapping[str, str]:
    """Return the settings with one person's as the other's, where that one has none."""
    theirs = setting_key("participant", who, "")
    mine = setting_key("participant", into, "")
    moved = {
        mine + key.removeprefix(theirs): value
        for key, value in settings.items()
        if key.startswith(theirs)
    }
    left = {key: value for key, value in settings.items() if not key.startswith(theirs)}
    return {**moved, **left}


def _without(mapping: Mapping[Key, Value], key: Key) -> Mapping[Key, Value]:
    return {each: value for each, value in mapping.items() if each != key}
