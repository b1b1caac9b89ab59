"""The log in SQL: a set of appends, and reading.

A set costs the same few statements whatever its size: what the appends are judged by is loaded
for all of them, `storage.append_rules` judges one after the other in Python, and what came of it is
written for all of them. So a later append of a set sees what an earlier one brought.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select, update

from bridge.domain.codec import kind_of
from bridge.domain.errors import BridgeError, RunOver, StoreError, UnknownSession
from bridge.domain.events import Event
from bridge.domain.ids import Seq, SessionId
from bridge.domain.parts import Receipt, Reply
from bridge.domain.projection import Projection, project
from bridge.ports.store import Appended, Origin
from storage.append_rules import (
    Admitted,
    Append,
    InboxKey,
    Ledger,
    Position,
    admit,
    origin_receipt,
)
from storage.sql.bulk import Among, inserting, named, updating, upserting
from storage.sql.lanes import keep_receipts
from storage.sql.projections import apply_projections
from storage.sql.rows import Values, event_of, micros
from storage.sql.tables import events, inbox, producers, sessions, snapshots
from storage.text_cleaning import clean

_INSERT_EVENTS = inserting(events)
_INSERT_INBOX = inserting(inbox)
_UPSERT_PRODUCERS = upserting(producers)
_UPSERT_SNAPSHOTS = upserting(snapshots, newer="seq")
_MOVE_HEADS = updating(
    update(sessions)
    .values(head=named("to"), open_run=named("run"), touched_at=named("touched"))
    .where(sessions.c.session_id == named("which")),
    "to",
    "run",
    "touched",
    "which",
)
_HEADS = Among((sessions.c.session_id,), *sessions.c["session_id", "head", "open_run"])
_POSITIONS = Among(producers.c["session_id", "producer"], *producers.c)
_ORIGINS = Among(inbox.c["account", "external_id"], *inbox.c)
_BY_KEY = Among(events.c["session_id", "key"], *events.c)
_BY_SEQ = Among(events.c["session_id", "seq"], *events.c)


@dataclass(slots=True)
class _Writes:
    """What a set of appends brought, in the order it is written."""

    events: list[Values] = field(default_factory=list)
    inbox: list[Values] = field(default_factory=list)
    producers: dict[tuple[str, str], Values] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    projections: list[tuple[Event, Projection]] = field(default_factory=list)
    touched: dict[SessionId, int] = field(default_factory=dict)


def append_many(connection: Connection, appends: Sequence[Append]) -> list[Appended | BridgeError]:
    """Append a set, each as if it came alone after the one before; return what became of each."""
    ledgers = _ledgers(connection, appends)
    known = _known_origins(connection, appends)
    writes = _Writes()
    results: list[Appended | BridgeError] = []
    for append in appends:
        ledger = ledgers.get(append.session)
        try:
            if ledger is None:
                raise UnknownSession
            admitted = admit(append, ledger, known)
        except (StoreError, RunOver) as error:
            results.append(error)
            continue
        _collect(writes, append, admitted)
        results.append(admitted.appended)
    _flush(connection, writes, ledgers)
    return results


def read(connection: Connection, session: SessionId, after: Seq, limit: int) -> list[Event]:
    """Return the events after a seq. Raises `UnknownSession`."""
    return events_of(rows(connection, session, after, limit))


def rows(connection: Connection, session: SessionId, after: Seq, limit: int) -> Sequence[Row[Any]]:
    """Return the rows of the events after a seq. Raises `UnknownSession`."""
    wanted = events.c.session_id == session, events.c.seq > after
    query = select(events).where(*wanted).order_by(events.c.seq).limit(limit)
    found = connection.execute(query).all()
    if not found:
        head(connection, session)
    return found


def keyed(connection: Connection, session: SessionId, key: str) -> Event | None:
    """Return the event that has this key. Raises `UnknownSession`."""
    wanted = events.c.session_id == clean(session), events.c.key == clean(key)
    row = connection.execute(select(events).where(*wanted)).one_or_none()
    if row is None:
        head(connection, session)
        return None
    return event_of(row)


def events_of(found: Sequence[Row[Any]]) -> list[Event]:
    return [event_of(row) for row in found]


def head(connection: Connection, session: SessionId) -> Seq:
    """Return the head. Raises `UnknownSession`."""
    query = select(sessions.c.head).where(sessions.c.session_id == session)
    found: Seq | None = connection.execute(query).scalar()
    if found is None:
        raise UnknownSession
    return found


def snapshot(connection: Connection, session: SessionId) -> tuple[Seq, str] | None:
    query = select(snapshots.c.seq, snapshots.c.body).where(snapshots.c.session_id == session)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.seq, row.body)


def keep_snapshots(connection: Connection, rows: Sequence[Values]) -> None:
    """Keep folds, each as (session, seq, body)."""
    _UPSERT_SNAPSHOTS.run(connection, rows)


# -- what a set is judged by ----------------------------------------------------------------------


def _ledgers(connection: Connection, appends: Sequence[Append]) -> dict[SessionId, Ledger]:
    """Lock the heads of a set, in one order for every process, and load what it is judged by."""
    wanted = {(append.session,) for append in appends}
    found = {
        session: Ledger(session=session, head=head, open_run=open_run)
        for session, head, open_run in _HEADS.run(connection, wanted)
    }
    _load_keys(connection, appends, found)
    _load_producers(connection, appends, found)
    return found


def _load_keys(
    connection: Connection, appends: Sequence[Append], ledgers: dict[SessionId, Ledger]
) -> None:
    named_keys = {
        (append.session, draft.key)
        for append in appends
        for draft in append.drafts
        if draft.key is not None
    }
    for row in _BY_KEY.run(connection, named_keys):
        ledgers[row.session_id].keys[row.key] = event_of(row)


def _load_producers(
    connection: Connection, appends: Sequence[Append], ledgers: dict[SessionId, Ledger]
) -> None:
    wanted = {(append.session, append.producer.id) for append in appends if append.producer}
    for row in _POSITIONS.run(connection, wanted):
        position = Position(epoch=row.epoch, seq=row.seq)
        ledgers[row.session_id].producers[row.producer] = position


def _known_origins(connection: Connection, appends: Sequence[Append]) -> dict[InboxKey, Appended]:
    origins = [append.origin for append in appends if append.origin]
    return repeated(connection, {(each.account, each.external_id) for each in origins})


def repeated(connection: Connection, keys: set[InboxKey]) -> dict[InboxKey, Appended]:
    """Return what became of those of some inbound identities that are known already."""
    rows = _ORIGINS.run(connection, keys)
    brought = {(row.session_id, seq) for row in rows for seq in _seqs(row)}
    events_there = map(event_of, _BY_SEQ.run(connection, brought))
    first = {(event.session, event.seq): event for event in events_there}
    return {
        (row.account, row.external_id): Appended(
            events=tuple(first[row.session_id, seq] for seq in _seqs(row)),
            reply=None if row.reply is None else Reply(text=row.reply, refused=bool(row.refused)),
            repeated=True,
        )
        for row in rows
    }


def _seqs(row: Row[Any]) -> list[Seq]:
    return [int(seq) for seq in row.seqs.split()]


# -- what a set brought ---------------------------------------------------------------------------


def _collect(writes: _Writes, append: Append, admitted: Admitted) -> None:
    fresh = admitted.appended.fresh
    at = micros(append.at)
    for event, body in zip(fresh, admitted.texts, strict=True):
        kind = kind_of(event.body)
        writes.events.append((event.session, event.seq, at, kind, body, event.key))
        projection = project(event.body)
        if projection is not None:
            writes.projections.append((event, projection))
    if fresh:
        writes.touched[append.session] = at
    if admitted.producer is not None:
        key = append.session, admitted.producer.id
        writes.producers[key] = (*key, admitted.producer.epoch, admitted.producer.seq)
    if admitted.origin is not None:
        writes.inbox.append(_inbox_values(append, admitted.origin, admitted.appended))
        receipt = origin_receipt(admitted)
        writes.receipts += [receipt] if receipt else []


def _inbox_values(append: Append, origin: Origin, appended: Appended) -> Values:
    return (
        origin.account,
        origin.external_id,
        append.session,
        " ".join(str(event.seq) for event in appended.events),
        origin.reply.text if origin.reply else None,
        bool(origin.reply and origin.reply.refused),
        micros(append.at),
    )


def _flush(connection: Connection, writes: _Writes, ledgers: dict[SessionId, Ledger]) -> None:
    moved = [
        (ledgers[session].head, ledgers[session].open_run, touched, session)
        for session, touched in writes.touched.items()
    ]
    _MOVE_HEADS.run(connection, moved)
    _INSERT_EVENTS.run(connection, writes.events)
    _INSERT_INBOX.run(connection, writes.inbox)
    _UPSERT_PRODUCERS.run(connection, list(writes.producers.values()))
    keep_receipts(connection, writes.receipts)
    apply_projections(connection, writes.projections)
