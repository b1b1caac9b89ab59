"""The agenda in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from bridge.ids import ScheduleId, SessionId
from bridge.ports import DueSchedule
from storage.sql.many import named, updating
from storage.sql.ops import Settle
from storage.sql.rows import micros, micros_or_none, moment, moment_or_none
from storage.sql.tables import schedules, sessions

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
