"""The rows that follow from events, written in the append's own transaction, and their readers.

They are lanes, titles, slots of schedules, and a row for what each run used, which is added up when
it is read. The agenda reads the slots, and which sessions have moved since they were settled.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, assert_never

from sqlalchemy import Connection, Row, case, delete, func, select, update

from bridge.domain.events import Event
from bridge.domain.ids import ConversationId, ParticipantId, ScheduleId, Seq, SessionId
from bridge.domain.projection import (
    ArchivedSet,
    LaneClosed,
    LaneOpened,
    Projection,
    SlotSet,
    TitleSet,
    UsageKept,
)
from bridge.domain.usage import Spent, Used
from bridge.ports.store import DueSchedule
from storage.sql.bulk import adding, named, updating, upserting
from storage.sql.ops import Settle
from storage.sql.rows import micros, micros_or_none, moment, moment_or_none
from storage.sql.tables import conversations, lanes, schedules, sessions, usage

_UPSERT_LANES = upserting(lanes)
_ADD_USAGE = adding(usage)
_UPSERT_SLOTS = upserting(schedules)


def apply_projections(
    connection: Connection, projections: Sequence[tuple[Event, Projection]]
) -> None:
    """Apply them in the order of their events; they are rare, so one after the other."""
    for event, projection in projections:
        _apply(connection, event, projection)


def _apply(connection: Connection, event: Event, projection: Projection) -> None:
    match projection:
        case LaneOpened(conversation=conversation, welcome=welcome):
            _open_lane(connection, conversation, event.session, event.seq - welcome)
        case LaneClosed(conversation=conversation):
            _close_lane(connection, conversation, event.session)
        case SlotSet():
            _set_slot(connection, event.session, projection)
        case TitleSet(title=title):
            row = sessions.c.session_id == event.session
            connection.execute(update(sessions).where(row).values(title=title))
        case ArchivedSet(archived=archived):
            row = sessions.c.session_id == event.session
            connection.execute(update(sessions).where(row).values(archived=archived))
        case UsageKept():
            keep_usage(connection, event, projection)
        case _:
            assert_never(projection)


def _open_lane(
    connection: Connection, conversation: ConversationId, session: SessionId, cursor: Seq
) -> None:
    connection.execute(delete(lanes).where(lanes.c.conversation_id == conversation))
    follows = (
        update(conversations)
        .where(conversations.c.conversation_id == conversation)
        .values(session_id=session)
    )
    if connection.execute(follows).rowcount:
        fresh = (session, conversation, cursor, None, 0, "", False)
        _UPSERT_LANES.run(connection, [fresh])


def _close_lane(connection: Connection, conversation: ConversationId, session: SessionId) -> None:
    here = lanes.c.conversation_id == conversation, lanes.c.session_id == session
    connection.execute(delete(lanes).where(*here))
    connection.execute(
        update(conversations)
        .where(
            conversations.c.conversation_id == conversation,
            conversations.c.session_id == session,
        )
        .values(session_id=None)
    )


def _set_slot(connection: Connection, session: SessionId, slot: SlotSet) -> None:
    if slot.at is not None:
        _UPSERT_SLOTS.run(connection, [(session, slot.schedule, micros(slot.at))])
        return
    row = schedules.c.session_id == session, schedules.c.schedule_id == slot.schedule
    connection.execute(delete(schedules).where(*row))


# -- what runs used --------------------------------------------------------------------------------

_TOKENS = usage.c.input_tokens + usage.c.output_tokens
_BY = (
    usage.c.day,
    usage.c.session_id,
    usage.c.participant_id,
    usage.c.agent,
    usage.c.model,
)


def keep_usage(connection: Connection, event: Event, kept: UsageKept) -> None:
    """Keep what a run used, once; a row comes with each run, so the statement is made only once."""
    row = (
        event.session,
        kept.run,
        event.at.date().isoformat(),
        kept.participant,
        kept.agent,
        kept.usage.model,
        kept.usage.input_tokens,
        kept.usage.output_tokens,
        kept.usage.cost,
    )
    _ADD_USAGE.run(connection, [row])


def find_usage(
    connection: Connection, since: date | None, until: date | None, session: SessionId | None
) -> list[Spent]:
    query = select(
        *_BY,
        func.count().label("runs"),
        func.sum(usage.c.input_tokens).label("input_tokens"),
        func.sum(usage.c.output_tokens).label("output_tokens"),
        func.coalesce(func.sum(usage.c.cost), 0).label("cost"),
        func.sum(case((usage.c.cost.is_(None), _TOKENS), else_=0)).label("unpriced"),
    ).group_by(*_BY)
    if since is not None:
        query = query.where(usage.c.day >= since.isoformat())
    if until is not None:
        query = query.where(usage.c.day <= until.isoformat())
    if session is not None:
        query = query.where(usage.c.session_id == session)
    return [_spent(row) for row in connection.execute(query)]


def _spent(row: Row[Any]) -> Spent:
    who = row.participant_id
    return Spent(
        day=date.fromisoformat(row.day),
        session=SessionId(row.session_id),
        participant=None if who is None else ParticipantId(who),
        agent=row.agent,
        model=row.model,
        used=Used(
            runs=row.runs,
            input_tokens=int(row.input_tokens),
            output_tokens=int(row.output_tokens),
            cost=float(row.cost),
            unpriced=int(row.unpriced),
        ),
    )


# -- the agenda -----------------------------------------------------------------------------------

_SETTLE = updating(
    update(sessions)
    .values(settled=named("at"), due_at=named("due"))
    .where(sessions.c.session_id == named("which")),
    "at",
    "due",
    "which",
)


def settle_many(connection: Connection, settled: Sequence[Settle]) -> None:
    rows = [(each.head, micros_or_none(each.due_at), each.session) for each in settled]
    _SETTLE.run(connection, rows)


def restless(connection: Connection, now: datetime) -> list[SessionId]:
    moved = select(sessions.c.session_id).where(sessions.c.settled != sessions.c.head)
    due = select(sessions.c.session_id).where(sessions.c.due_at <= micros(now))
    return [SessionId(found) for found in connection.scalars(moved.union(due))]


def due_schedules(connection: Connection, now: datetime, limit: int) -> list[DueSchedule]:
    query = (
        select(schedules)
        .where(schedules.c.next_slot <= micros(now))
        .order_by(schedules.c.next_slot, schedules.c.session_id, schedules.c.schedule_id)
        .limit(limit)
    )
    return [
        DueSchedule(
            session=SessionId(row.session_id),
            schedule=ScheduleId(row.schedule_id),
            slot=moment(row.next_slot),
        )
        for row in connection.execute(query)
    ]


def next_slot(connection: Connection) -> datetime | None:
    return moment_or_none(connection.execute(select(func.min(schedules.c.next_slot))).scalar())
