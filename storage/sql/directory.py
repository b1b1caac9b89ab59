"""The directory and the facts in SQL.

Writes to the directory are rare, so each is applied by itself within its batch. Facts are small
texts by scope and key.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import Connection, and_, delete, or_, select, update

from bridge.domain.codec import kind_of
from bridge.domain.errors import Refused
from bridge.domain.ids import START, ConversationId, ParticipantId, SessionId
from bridge.domain.inbound import Identity
from bridge.domain.parts import Address, Conversation
from bridge.ports.store import FactChange, Participant, SessionMark, SessionRow
from storage.sql.bulk import inserting, new
from storage.sql.lanes import conversation, places
from storage.sql.ops import (
    ChangeFacts,
    CreateSession,
    DropFact,
    Enlisting,
    Enrol,
    FactWrite,
    ForgetIdentity,
    IssueToken,
    KeepFact,
    Move,
    PutSession,
    Register,
    Rename,
    RevokeTokens,
)
from storage.sql.rows import conversation_of, micros, moment, session_row_of
from storage.sql.tables import (
    conversations,
    events,
    facts,
    identities,
    participants,
    sessions,
    tokens,
)
from storage.text_cleaning import clean_or_none

_INSERT_EVENTS = inserting(events)


def enlist(connection: Connection, op: Enlisting) -> object:
    """Apply one write and return what its port's method returns. Raises `Refused`."""
    match op:
        case CreateSession():
            return _create_session(connection, op)
        case PutSession():
            return _put_session(connection, op)
        case Enrol():
            return _enrol(connection, op)
        case Rename(participant=participant, was=was, name=name):
            still = participants.c.participant_id == participant, participants.c.name == was
            connection.execute(update(participants).where(*still).values(name=name))
            return None
        case ForgetIdentity(realm=realm, user=user):
            gone = identities.c.realm == realm, identities.c.user_id == user
            connection.execute(delete(identities).where(*gone))
            return None
        case Register():
            return _register(connection, op)
        case Move():
            return _move(connection, op)
        case IssueToken():
            return _issue_token(connection, op)
        case RevokeTokens(participant=participant, label=label):
            revoked = delete(tokens).where(tokens.c.participant_id == participant)
            if label is not None:
                revoked = revoked.where(tokens.c.label == label)
            connection.execute(revoked)
            return None
        case _:
            assert_never(op)


def list_sessions(
    connection: Connection, limit: int, after: SessionMark | None
) -> list[SessionRow]:
    touched, session = sessions.c.touched_at, sessions.c.session_id
    query = select(sessions).order_by(touched.desc(), session).limit(limit)
    if after is not None:
        at = micros(after.touched_at)
        query = query.where(or_(touched < at, and_(touched == at, session > after.id)))
    return [session_row_of(row) for row in connection.execute(query)]


def find_session(connection: Connection, session: SessionId) -> SessionRow | None:
    query = select(sessions).where(sessions.c.session_id == session)
    row = connection.execute(query).one_or_none()
    return None if row is None else session_row_of(row)


def identify(connection: Connection, realm: str, user: str) -> ParticipantId | None:
    query = select(identities.c.participant_id).where(
        identities.c.realm == realm, identities.c.user_id == user
    )
    return connection.execute(query).scalar()


def find_participants(
    connection: Connection, ids: Collection[ParticipantId]
) -> dict[ParticipantId, Participant]:
    query = select(participants).where(participants.c.participant_id.in_(sorted(ids)))
    found = [_participant(row) for row in connection.execute(query)]
    return {participant.id: participant for participant in found}


def _participant(row: Any) -> Participant:
    who = ParticipantId(row.participant_id)
    return Participant(id=who, name=row.name, since=moment(row.created_at))


def find_identities(connection: Connection, participant: ParticipantId) -> list[Identity]:
    query = select(identities).where(identities.c.participant_id == participant)
    rows = connection.execute(query.order_by(identities.c.realm, identities.c.user_id))
    return [Identity(realm=row.realm, user=row.user_id) for row in rows]


def find_people(connection: Connection) -> list[Participant]:
    rows = connection.execute(select(participants).order_by(participants.c.participant_id))
    return [_participant(row) for row in rows]


def conversation_at(connection: Connection, address: Address) -> Conversation | None:
    row = connection.execute(
        places().where(
            conversations.c.channel == address.channel,
            conversations.c.place == address.place,
        )
    ).one_or_none()
    return None if row is None else conversation_of(row)


def following(connection: Connection, session: SessionId) -> list[Conversation]:
    query = places().where(conversations.c.session_id == session)
    rows = connection.execute(query.order_by(conversations.c.conversation_id))
    return [conversation_of(row) for row in rows]


def bearer(connection: Connection, digest: str) -> ParticipantId | None:
    query = select(tokens.c.participant_id).where(tokens.c.digest == digest)
    return connection.execute(query).scalar()


def _create_session(connection: Connection, op: CreateSession) -> bool:
    return _put_row(connection, op.session, op.at, head=START, title="", archived=False)


def _put_session(connection: Connection, op: PutSession) -> bool:
    whole, log = op.whole, op.whole.events
    shown = {"head": len(log), "title": whole.title, "archived": whole.archived}
    touched = {"touched_at": micros(log[-1].at)} if log else {}
    if not _put_row(connection, op.session, op.at, **shown, **touched, open_run=whole.open_run):
        return False
    _INSERT_EVENTS.run(
        connection,
        [
            (op.session, each.seq, micros(each.at), kind_of(each.body), body, each.key)
            for each, body in zip(log, whole.texts, strict=True)
        ],
    )
    return True


def _put_row(connection: Connection, session: SessionId, at: datetime, **shown: Any) -> bool:
    begun = {"created_at": micros(at), "touched_at": micros(at)}
    first = {"session_id": session, "settled": START, "generation": 0}
    row = new(sessions, connection.dialect.name).values(**{**first, **begun, **shown})
    return bool(connection.execute(row).rowcount)


def _enrol(connection: Connection, op: Enrol) -> ParticipantId:
    owner = identify(connection, op.realm, op.user)
    if owner is not None:
        return owner
    dialect, at = connection.dialect.name, micros(op.at)
    who: dict[str, Any] = {"participant_id": op.participant, "created_at": at}
    connection.execute(new(participants, dialect).values(name=op.name, **who))
    identity = {"realm": op.realm, "user_id": op.user}
    connection.execute(new(identities, dialect).values(**identity, **who))
    return op.participant


def _register(connection: Connection, op: Register) -> Conversation:
    there = conversation_at(connection, op.address)
    if there is not None:
        return there
    row = new(conversations, connection.dialect.name).values(
        conversation_id=op.conversation,
        channel=op.address.channel,
        place=op.address.place,
        room=op.room,
        title=op.title,
        created_at=micros(op.at),
    )
    connection.execute(row)
    made = conversation(connection, op.conversation)
    assert made is not None
    return made


def _move(connection: Connection, op: Move) -> object:
    known = conversation(connection, op.conversation)
    if known is None:
        return None
    target = Address(channel=known.address.channel, place=op.place)
    there = conversation_at(connection, target)
    if there is not None and there.id != known.id:
        if there.session is not None:
            raise Refused(f"{known.id} cannot move to where {there.id} is")
        connection.execute(delete(conversations).where(_is(there.id)))
    return connection.execute(
        update(conversations).where(_is(known.id)).values(place=target.place)
    ).rowcount


def _is(which: ConversationId) -> Any:
    return conversations.c.conversation_id == which


def _issue_token(connection: Connection, op: IssueToken) -> object:
    row = new(tokens, connection.dialect.name).values(
        digest=op.digest,
        participant_id=op.participant,
        label=op.label,
        created_at=micros(op.at),
    )
    return connection.execute(row).rowcount


# -- facts: small texts by scope and key -----------------------------------------------------------


def find_fact(connection: Connection, scope: str, key: str) -> str | None:
    query = select(facts.c.value).where(facts.c.scope == scope, facts.c.key == key)
    return connection.execute(query).scalar()


def find_facts(connection: Connection, scope: str) -> dict[str, str]:
    rows = connection.execute(select(facts.c.key, facts.c.value).where(facts.c.scope == scope))
    return {row.key: row.value for row in rows}


def write_fact(connection: Connection, op: FactWrite) -> bool:
    """Write facts; False when they were not as expected, and nothing was written."""
    match op:
        case KeepFact(scope=scope, key=key, value=value):
            _put(connection, scope, key, value)
        case DropFact(scope=scope, key=key):
            _put(connection, scope, key, None)
        case ChangeFacts(changes=changes):
            return _change(connection, changes)
        case _:
            assert_never(op)
    return True


def _change(connection: Connection, changes: Sequence[FactChange]) -> bool:
    """Compare, then write: there is one writer, so nothing comes in between."""
    for each in changes:
        if find_fact(connection, each.scope, each.key) != clean_or_none(each.expected):
            return False
    for each in changes:
        _put(connection, each.scope, each.key, each.new)
    return True


def _put(connection: Connection, scope: str, key: str, value: str | None) -> None:
    connection.execute(delete(facts).where(facts.c.scope == scope, facts.c.key == key))
    if value is not None:
        row = new(facts, connection.dialect.name).values(scope=scope, key=key, value=value)
        connection.execute(row)
