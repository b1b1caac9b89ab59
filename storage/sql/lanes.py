"""Lanes and receipts in SQL."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, assert_never

from sqlalchemy import Connection, Select, and_, case, func, select, text, update

from bridge.domain.ids import START, ConversationId, MessageId, Seq, SessionId
from bridge.domain.parts import Conversation, Receipt, ReceiptState
from storage.sql.bulk import Many, named, updating, upserting
from storage.sql.ops import Advance, LaneChange, Postpone, Revive
from storage.sql.rows import Values, conversation_of, micros_or_none, receipt_of, receipt_values
from storage.sql.tables import conversations, lanes, receipts, sessions
from storage.text_cleaning import clean

_CHANGE_LANES = updating(
    update(lanes)
    .values(
        cursor=case((lanes.c.cursor < named("past"), named("to")), else_=lanes.c.cursor),
        due_at=named("due"),
        tries=named("tries"),
        last_error=func.coalesce(named("error"), lanes.c.last_error),
        suspended=func.coalesce(named("suspended"), lanes.c.suspended),
    )
    .where(
        lanes.c.conversation_id == named("conversation"),
        lanes.c.session_id == func.coalesce(named("session"), lanes.c.session_id),
    ),
    *("past", "to", "due", "tries", "error", "suspended", "conversation", "session"),
)
_UNSETTLED = text("receipts.state IN ('attempted', 'owed')")  # literal, as its index is


def keep_receipts(
    connection: Connection, kept: Sequence[Receipt], over: tuple[ReceiptState, ...] | None = None
) -> None:
    """Keep them in their order; with `over`, only in place of one in one of these states."""
    _upsert(over).run(connection, [receipt_values(receipt) for receipt in kept])


@cache
def _upsert(over: tuple[ReceiptState, ...] | None) -> Many:
    if over is None:
        return upserting(receipts)
    states = ", ".join(f"'{state}'" for state in over) or "NULL"
    return upserting(receipts, over=text(f"receipts.state IN ({states})"))


def change_lanes(connection: Connection, changes: Sequence[LaneChange]) -> None:
    """Apply the changes in their order; what is said of a lane that is gone is dropped."""
    _CHANGE_LANES.run(connection, [_change(change) for change in changes])


def find_receipts(
    connection: Connection,
    session: SessionId,
    conversation: ConversationId,
    sources: Collection[Seq],
) -> list[Receipt]:
    lane = and_(receipts.c.session_id == session, receipts.c.conversation_id == conversation)
    asked_for = select(receipts).where(lane, receipts.c.source.in_(sorted(sources)))
    unsettled = select(receipts).where(lane, _UNSETTLED)
    found = map(receipt_of, connection.execute(asked_for.union(unsettled)))
    return sorted(found, key=lambda receipt: (receipt.source, receipt.part))


def source_of(
    connection: Connection, conversation: ConversationId, message: MessageId
) -> Seq | None:
    query = (
        select(func.max(receipts.c.source))
        .join(
            conversations,
            and_(
                conversations.c.conversation_id == receipts.c.conversation_id,
                conversations.c.session_id == receipts.c.session_id,
            ),
        )
        .where(receipts.c.conversation_id == conversation, receipts.c.message == message)
    )
    return connection.execute(query).scalar()


def behind(connection: Connection) -> list[ConversationId]:
    unshown = (
        select(lanes.c.conversation_id)
        .join(sessions, sessions.c.session_id == lanes.c.session_id)
        .where(lanes.c.cursor < sessions.c.head, lanes.c.suspended.is_(False))
    )
    unsettled = (
        select(lanes.c.conversation_id)
        .join(
            receipts,
            and_(
                receipts.c.session_id == lanes.c.session_id,
                receipts.c.conversation_id == lanes.c.conversation_id,
            ),
        )
        .where(_UNSETTLED, lanes.c.suspended.is_(False))
    )
    return [ConversationId(found) for found in connection.scalars(unshown.union(unsettled))]


def conversation(connection: Connection, which: ConversationId) -> Conversation | None:
    row = connection.execute(places().where(conversations.c.conversation_id == which)).one_or_none()
    return None if row is None else conversation_of(row)


def places() -> Select[Any]:
    """Return the query for conversations, each with its lane if it has one."""
    return select(
        conversations,
        *(lanes.c[name] for name in ("cursor", "due_at", "tries", "last_error", "suspended")),
    ).outerjoin(
        lanes,
        and_(
            lanes.c.session_id == conversations.c.session_id,
            lanes.c.conversation_id == conversations.c.conversation_id,
        ),
    )


def _change(change: LaneChange) -> Values:
    match change:
        case Advance(session=session, conversation=conversation, to=to):
            return (to, to, None, 0, None, None, conversation, session)
        case Postpone(session=session, conversation=conversation) as wait:
            due, error = micros_or_none(wait.until), clean(wait.error)
            stay = (START, START)
            return (*stay, due, wait.tries, error, wait.suspended, conversation, session)
        case Revive(conversation=conversation):
            return (START, START, None, 0, None, False, conversation, None)
        case _:
            assert_never(change)
