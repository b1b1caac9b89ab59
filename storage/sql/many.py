"""Statements for many rows at once: compiled once per dialect, given plain tuples.

SQLAlchemy's own executemany costs about as much as the row itself does; through
`exec_driver_sql` the tuples go to the driver as they are.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Dialect, Table, Update, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase

from storage.sql.rows import Values

Insert = postgresql.Insert | sqlite.Insert
_INSERTS: dict[str, Callable[[Table], Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


class Many:
    """`run` takes rows whose values stand in the order of `names`, the bind parameters."""

    def __init__(self, names: Sequence[str], build: Callable[[str], UpdateBase]) -> None:
        self._names = list(names)
        self._build = build
        self._compiled: dict[str, str] = {}

    def run(self, connection: Connection, rows: Collection[Values]) -> None:
        if rows:
            connection.exec_driver_sql(self._sql(connection.dialect), list(rows))

    def _sql(self, dialect: Dialect) -> str:
        if dialect.name not in self._compiled:
            compiled = self._build(dialect.name).compile(dialect=dialect)
            assert list(compiled.positiontup or ()) == self._names
            self._compiled[dialect.name] = str(compiled)
        return self._compiled[dialect.name]


def inserting(table: Table) -> Many:
    """Return an insert whose rows hold every column, in the table's order."""
    return Many(_names(table), lambda dialect: _insert(table, dialect))


def upserting(table: Table, *, newer: str | None = None) -> Many:
    """Return an insert as `inserting` does whose rows each replace the one of the same key.

    With `newer`, a column, only where the value there is not greater.
    """
    keys = [column.name for column in table.primary_key]
    others = [name for name in _names(table) if name not in keys]

    def build(dialect: str) -> Insert:
        insert = _insert(table, dialect)
        fresh = insert.excluded
        condition = None if newer is None else table.c[newer] <= fresh[newer]
        changes: dict[str, Any] = {name: fresh[name] for name in others}
        return insert.on_conflict_do_update(index_elements=keys, set_=changes, where=condition)

    return Many(_names(table), build)


def updating(update: Update, *names: str) -> Many:
    """Return an update whose rows hold its bind parameters, named in their order of appearance."""
    return Many(names, lambda _: update)


def new(table: Table, dialect: str) -> Insert:
    """Return an insert that does nothing where there is a row of the same key already."""
    return _INSERTS[dialect](table).on_conflict_do_nothing()


def named(name: str) -> BindParameter[Any]:
    return bindparam(name)


def _insert(table: Table, dialect: str) -> Insert:
    return _INSERTS[dialect](table).values({name: bindparam(name) for name in _names(table)})


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]
