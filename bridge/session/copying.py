"""A session that begins as a copy of another, sans I/O: what its log says.

The rules:

- The log of a copy is whole in itself: it has every event of the other's up to where it was copied,
  under the same numbers, times and keys, and needs the other no more.
- Nothing of what went on there goes on here: the run that was open is over, and so is what was
  unread; questions are withdrawn; no place follows it; nothing works for it in the background.
  Schedules of whoever copied it are paused, those of others are removed.
- It is of whoever copied it alone, who owns it. What they may not read there has no words here.
- What of it was used there counts there.
- The same holds for a session that comes from elsewhere, in a file; who is in it stays, for there
  they are nobody whom the bridge knows.
- The last of its first events is `SessionForked`: then nothing of it is as it was.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bridge.domain.events import (
    Body,
    ConversationUnlinked,
    Draft,
    Event,
    ParticipantJoined,
    ParticipantLeft,
    QuestionAsked,
    QuestionClosed,
    QuestionKind,
    RoleChanged,
    ScheduleRemoved,
    SessionArchived,
    SessionForked,
)
from bridge.domain.ids import ParticipantId, QuestionId, Seq, SessionId
from bridge.domain.records import replace
from bridge.session.decide_runs import at_rest
from bridge.session.fold import Session, fold
from bridge.session.forgetting import without_words
from bridge.session.visible import readable


def copied(
    log: Sequence[Event],
    *,
    into: SessionId,
    by: ParticipantId,
    at: datetime,
    hidden: Seq = 0,
) -> list[Event]:
    """Return the log of a copy of these events, the first ones of a session, made for somebody.

    `hidden` is the last event that they may not read.
    """
    events = [replace(each, session=into) for each in shown(log, hidden)]
    session = fold(Session(id=into), events)
    parent = log[0].session if log else into
    bodies = [*_ended(session, by), *_owned(session, by)]
    bodies.append(SessionForked(parent=parent, upto=session.head, by=by))
    return events + _numbered(session, bodies, at)


def brought(log: Sequence[Event], *, at: datetime) -> list[Event]:
    """Return the log of a session that comes from elsewhere: with the end of all that went on.

    Nothing is added where nothing does. Who is in it stays; what was archived is.
    """
    if not log:
        return []
    session = fold(Session(id=log[0].session), log)
    bodies = list(_ended(session, None))
    if bodies or session.background or session.parent is not None:
        bodies.append(SessionForked(parent=session.id, upto=session.head))
        bodies += [SessionArchived()] if session.archived else []
    return [*log, *_numbered(session, bodies, at)]


def _numbered(session: Session, bodies: Sequence[Body], at: datetime) -> list[Event]:
    return [
        Event(session=session.id, seq=seq, at=at, body=body)
        for seq, body in enumerate(bodies, session.head + 1)
    ]


def shown(log: Iterable[Event], hidden: Seq) -> Iterable[Event]:
    """Yield all events of a log, those without words that somebody may not read."""
    kinds: dict[QuestionId, QuestionKind] = {}
    for event in log:
        body = event.body
        if isinstance(body, QuestionAsked):
            kinds[body.question] = body.kind
        if event.seq > hidden:
            yield readable(event, hidden)
            continue
        kind = kinds.get(body.question) if isinstance(body, QuestionClosed) else None
        yield replace(event, body=without_words(body, kind=kind))


def _ended(session: Session, by: ParticipantId | None) -> Iterable[Body]:
    """Yield what ends all that goes on in a session."""
    yield from _bodies(at_rest(session, by))
    for place in session.conversations:
        yield ConversationUnlinked(conversation=place)
    for name, schedule in session.schedules.items():
        if by is not None and schedule.by == by:
            yield replace(schedule, paused=True, first=None)
        else:
            yield ScheduleRemoved(schedule=name)


def _owned(session: Session, by: ParticipantId) -> Iterable[Body]:
    """Yield what lets somebody own a session, and nobody else be in it."""
    role = session.participants.get(by)
    if role is None:
        yield ParticipantJoined(participant=by, role="owner")
    elif role != "owner":
        yield RoleChanged(participant=by, role="owner", by=by)
    for who in session.participants:
        if who != by:
            yield ParticipantLeft(participant=who)


def _bodies(drafts: Iterable[Draft]) -> Iterable[Body]:
    return (each.body for each in drafts)
