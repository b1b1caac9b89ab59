"""Between our types and what the columns hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from bridge.domain.codec import decode
from bridge.domain.events import Event
from bridge.domain.ids import (
    ChannelName,
    ConversationId,
    MessageId,
    PartId,
    SessionId,
)
from bridge.domain.parts import Address, Conversation, Receipt, Span
from bridge.ports.store import SessionRow
from storage.text_cleaning import clean, clean_or_none

Values = tuple[object, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Return an aware time as microseconds since 1970 in UTC."""
    return (at - _EPOCH) // _MICROSECOND


def micros_or_none(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def moment(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND


def moment_or_none(number: int | None) -> datetime | None:
    return None if number is None else moment(number)


def event_of(row: Row[Any]) -> Event:
    return Event(
        session=SessionId(row.session_id),
        seq=row.seq,
        at=moment(row.at),
        body=decode(row.body),
        key=row.key,
    )


def session_row_of(row: Row[Any]) -> SessionRow:
    return SessionRow(
        id=SessionId(row.session_id),
        head=row.head,
        title=row.title,
        archived=row.archived,
        created_at=moment(row.created_at),
        touched_at=moment(row.touched_at),
    )


def conversation_of(row: Row[Any]) -> Conversation:
    """Return a conversation from its row and its lane's, which is all NULL where it has none."""
    place = Conversation(
        id=ConversationId(row.conversation_id),
        address=Address(channel=ChannelName(row.channel), place=row.place),
        room=row.room,
        title=row.title,
    )
    if row.cursor is None:
        return place
    return Conversation(
        id=place.id,
        address=place.address,
        room=place.room,
        title=place.title,
        session=SessionId(row.session_id),
        cursor=row.cursor,
        due_at=moment_or_none(row.due_at),
        tries=row.tries,
        last_error=row.last_error,
        suspended=row.suspended,
    )


def receipt_of(row: Row[Any]) -> Receipt:
    return Receipt(
        session=SessionId(row.session_id),
        conversation=ConversationId(row.conversation_id),
        part=PartId(row.part),
        source=row.source,
        upto=row.upto,
        span=Span(start=row.span_start, end=row.span_end),
        state=row.state,
        at=moment(row.at),
        message=None if row.message is None else MessageId(row.message),
        why=row.why,
        code=row.code,
        tries=row.tries,
    )


def receipt_values(receipt: Receipt) -> Values:
    """Return a receipt in the order of its table's columns."""
    return (
        receipt.session,
        receipt.conversation,
        clean(receipt.part),
        receipt.source,
        receipt.upto,
        receipt.span.start,
        receipt.span.end,
        receipt.state,
        micros(receipt.at),
        clean_or_none(receipt.message),
        receipt.why,
        clean(receipt.code),
        receipt.tries,
    )
