"""The rows that follow from events, written in the append's own transaction."""

from collections.abc import Sequence
from typing import assert_never

from sqlalchemy import Connection, delete, update

from bridge.events import Event
from bridge.ids import ConversationId, Seq, SessionId
from bridge.projection import (
    ArchivedSet,
    LaneClosed,
    LaneOpened,
    Projection,
    SlotSet,
    TitleSet,
    UsageKept,
)
from storage.sql.many import upserting
from storage.sql.rows import micros
from storage.sql.tables import conversations, lanes, schedules, sessions
from storage.sql.usages import keep_usage

_UPSERT_LANES = upserting(lanes)
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
        case ArchivedSet():
            row = sessions.c.session_id == event.session
            connection.execute(update(sessions).where(row).values(archived=True))
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
