"""What runs used, in SQL: a row for each run, added up when it is read."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, case, func, select

from bridge.events import Event
from bridge.ids import ParticipantId, SessionId
from bridge.projection import UsageKept
from bridge.usage import Spent, Used
from storage.sql.many import new
from storage.sql.tables import usage

_TOKENS = usage.c.input_tokens + usage.c.output_tokens
_BY = (
    usage.c.day,
    usage.c.session_id,
    usage.c.participant_id,
    usage.c.agent,
    usage.c.model,
)


def keep_usage(connection: Connection, event: Event, kept: UsageKept) -> None:
    row = new(usage, connection.dialect.name).values(
        session_id=event.session,
        run_id=kept.run,
        day=event.at.date().isoformat(),
        participant_id=kept.participant,
        agent=kept.agent,
        model=kept.usage.model,
        input_tokens=kept.usage.input_tokens,
        output_tokens=kept.usage.output_tokens,
        cost=kept.usage.cost,
    )
    connection.execute(row)


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
