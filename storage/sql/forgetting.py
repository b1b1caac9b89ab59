"""Forgetting in SQL: the one change of events, and places that are dropped."""

from collections.abc import Collection
from typing import assert_never

from sqlalchemy import Connection, delete, select, update

from bridge.domain.errors import Conflict
from storage.append_rules import names_any
from storage.sql.ops import ForgetHeard, ForgetPlace, Forgetting, Rewrite
from storage.sql.tables import conversations, events, inbox, lanes, receipts, sessions, snapshots


def forget(connection: Connection, op: Forgetting) -> Conflict | None:
    match op:
        case Rewrite():
            return _rewrite(connection, op)
        case ForgetPlace(conversation=place):
            for table in (receipts, lanes, conversations):
                connection.execute(delete(table).where(table.c.conversation_id == place))
            return None
        case ForgetHeard(names=names):
            _forget_heard(connection, names)
            return None
        case _:
            assert_never(op)


def _rewrite(connection: Connection, op: Rewrite) -> Conflict | None:
    """Let events say something else, and drop what hangs on their words."""
    head = select(sessions.c.head).where(sessions.c.session_id == op.session)
    if op.expect not in {None, connection.execute(head).scalar()}:
        return Conflict()
    for seq, kind, body in op.rows:
        where = events.c.session_id == op.session, events.c.seq == seq, events.c.type == kind
        connection.execute(update(events).where(*where).values(body=body))
    mine = inbox.c.session_id == op.session
    gone = {str(seq) for seq, _, _ in op.rows}
    heard = select(inbox.c.account, inbox.c.external_id, inbox.c.seqs).where(mine)
    for account, known, seqs in connection.execute(heard).all():
        if not gone.isdisjoint(seqs.split()):
            it = inbox.c.account == account, inbox.c.external_id == known
            connection.execute(delete(inbox).where(*it))
    connection.execute(delete(snapshots).where(snapshots.c.session_id == op.session))
    connection.execute(update(inbox).where(mine).values(reply=None))
    return None


def _forget_heard(connection: Connection, names: Collection[str]) -> None:
    for name in names:
        like = inbox.c.external_id.contains(name, autoescape=True)
        heard = select(inbox.c.account, inbox.c.external_id).where(like)
        for account, known in connection.execute(heard).all():
            if names_any(known, [name]):
                it = inbox.c.account == account, inbox.c.external_id == known
                connection.execute(delete(inbox).where(*it))
