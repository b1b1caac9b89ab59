"""Facts in SQL: small texts by scope and key."""

from collections.abc import Sequence
from typing import assert_never

from sqlalchemy import Connection, delete, select

from bridge.ports import FactChange
from storage.sql.many import new
from storage.sql.ops import ChangeFacts, DropFact, FactWrite, KeepFact
from storage.sql.tables import facts
from storage.words import clean_or_none


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
