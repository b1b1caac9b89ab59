"""Facts in SQL: small texts by scope and key."""

from typing import assert_never

from sqlalchemy import Connection, delete, select

from storage.sql.many import new
from storage.sql.ops import DropFact, FactChange, KeepFact
from storage.sql.tables import facts


def find_fact(connection: Connection, scope: str, key: str) -> str | None:
    query = select(facts.c.value).where(facts.c.scope == scope, facts.c.key == key)
    return connection.execute(query).scalar()


def find_facts(connection: Connection, scope: str) -> dict[str, str]:
    rows = connection.execute(select(facts.c.key, facts.c.value).where(facts.c.scope == scope))
    return {row.key: row.value for row in rows}


def change_fact(connection: Connection, op: FactChange) -> None:
    mine = facts.c.scope == op.scope, facts.c.key == op.key
    connection.execute(delete(facts).where(*mine))
    match op:
        case KeepFact(scope=scope, key=key, value=value):
            row = new(facts, connection.dialect.name).values(scope=scope, key=key, value=value)
            connection.execute(row)
        case DropFact():
            pass
        case _:
            assert_never(op)
