"""The directory in SQL. Writes are rare, so each is applied by itself within its batch."""

from collections.abc import Collection
from typing import Any, assert_never

from sqlalchemy import Connection, and_, delete, or_, select, update

from bridge.errors import Refused
from bridge.ids import START, ConversationId, ParticipantId, SessionId
from bridge.inbound import Identity
from bridge.parts import Address, Conversation
from bridge.ports import Participant, SessionMark, SessionRow
from storage.sql.lanes import conversation, places
from storage.sql.many import new
from storage.sql.ops import (
    CreateSession,
    Enlisting,
    Enrol,
    ForgetIdentity,
    IssueToken,
    Move,
    Register,
    RevokeTokens,
)
from storage.sql.rows import conversation_of, micros, session_row_of
from storage.sql.tables import conversations, identities, participants, sessions, tokens


def enlist(connection: Connection, op: Enlisting) -> object:
    """Apply one write and return what its port's method returns. Raises `Refused`."""
    match op:
        case CreateSession():
            return _create_session(connection, op)
        case Enrol():
            return _enrol(connection, op)
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
    found = [
        Participant(id=ParticipantId(row.participant_id), name=row.name)
        for row in connection.execute(query)
    ]
    return {participant.id: participant for participant in found}


def find_identities(connection: Connection, participant: ParticipantId) -> list[Identity]:
    query = select(identities).where(identities.c.participant_id == participant)
    rows = connection.execute(query.order_by(identities.c.realm, identities.c.user_id))
    return [Identity(realm=row.realm, user=row.user_id) for row in rows]


def find_people(connection: Connection) -> list[Participant]:
    rows = connection.execute(select(participants).order_by(participants.c.participant_id))
    return [Participant(id=ParticipantId(row.participant_id), name=row.name) for row in rows]


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
    at = micros(op.at)
    row = new(sessions, connection.dialect.name).values(
        session_id=op.session,
        head=START,
        settled=START,
        title="",
        archived=False,
        created_at=at,
        touched_at=at,
        generation=0,
    )
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
