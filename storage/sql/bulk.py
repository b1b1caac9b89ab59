"""Statements for many rows at once: compiled once per dialect, given plain tuples.

SQLAlchemy's own executemany costs about as much as the row itself does, its IN lists more;
through `exec_driver_sql` the values go to the driver as they are. SQLite's driver is called itself:
there is no connection that could be lost, and a commit is as short as its few statements.
"""

import json
from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Table,
    TextClause,
    Update,
    and_,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.sql.dml import UpdateBase

from storage.sql.rows import Values

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

    Insert = postgresql.Insert | sqlite.Insert


class Many:
    """`run` takes rows whose values stand in the order of `names`, the bind parameters."""

    def __init__(self, names: Sequence[str], build: Callable[[str], UpdateBase]) -> None:
        self._names = list(names)
        self._build = build
        self._compiled: dict[str, str] = {}

    def run(self, connection: Connection, rows: Collection[Values]) -> None:
        if not rows:
            return
        sql = self._sql(connection.dialect)
        if connection.dialect.name == "sqlite":
            cursor_of(connection).executemany(sql, rows)
        else:
            connection.exec_driver_sql(sql, list(rows))

    def _sql(self, dialect: Dialect) -> str:
        if dialect.name not in self._compiled:
            compiled = self._build(dialect.name).compile(dialect=dialect)
            assert list(compiled.positiontup or ()) == self._names
            self._compiled[dialect.name] = str(compiled)
        return self._compiled[dialect.name]


class Among:
    """Selects the rows whose `keys` are among some tuples, as one parameter per column at most.

    The rows come locked for the transaction, in the order of their keys.
    """

    def __init__(self, keys: Iterable[Column[Any]], *columns: Column[Any]) -> None:
        self._keys = tuple(keys)
        self._columns = columns
        self._row: Any = namedtuple("Row", [each.name for each in columns])  # type: ignore[misc] # noqa: PYI024
        self._compiled: dict[str, str] = {}

    def run(self, connection: Connection, wanted: Collection[Values]) -> Sequence[Any]:
        """Return rows whose values are named as their columns are."""
        if not wanted:
            return []
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = str(self._build(dialect.name).compile(dialect=dialect))
        given, sql = _given(dialect.name, sorted(wanted)), self._compiled[dialect.name]
        if dialect.name == "sqlite":
            return [self._row(*row) for row in cursor_of(connection).execute(sql, given)]
        return connection.exec_driver_sql(sql, given).all()

    def _build(self, dialect: str) -> Select[Any]:
        matches = _matches_sqlite if dialect == "sqlite" else _matches_postgres
        wanted, same = matches(self._keys)
        query = select(*self._columns).select_from(wanted.join(self._keys[0].table, same))
        return query.order_by(*self._keys).with_for_update(of=self._keys[0].table)


def cursor_of(connection: Connection) -> Any:
    """Return a cursor of the driver; what it raises is the driver's own."""
    return connection.connection.cursor()


def _given(dialect: str, wanted: Sequence[Values]) -> Values:
    return (
        (json.dumps(wanted),)
        if dialect == "sqlite"
        else tuple(map(list, zip(*wanted, strict=True)))
    )


def _matches_sqlite(keys: Sequence[Column[Any]]) -> tuple[Any, ColumnElement[bool]]:
    wanted = func.json_each(bindparam("wanted")).table_valued("value", name="wanted")
    pairs = enumerate(keys)
    same = [key == func.json_extract(wanted.c.value, text(f"'$[{at}]'")) for at, key in pairs]
    return wanted, and_(*same)


def _matches_postgres(keys: Sequence[Column[Any]]) -> tuple[Any, ColumnElement[bool]]:
    names = [key.name for key in keys]
    lists = [bindparam(key.name, type_=ARRAY(key.type)) for key in keys]
    wanted = func.unnest(*lists).table_valued(*names, name="wanted").render_derived()
    return wanted, and_(*(key == wanted.c[key.name] for key in keys))


def inserting(table: Table) -> Many:
    """Return an insert whose rows hold every column, in the table's order."""
    return Many(_names(table), lambda dialect: _insert(table, dialect))


def adding(table: Table) -> Many:
    """Return an insert as `inserting` does that leaves alone the row of the same key, if any."""
    return Many(_names(table), lambda dialect: _insert(table, dialect).on_conflict_do_nothing())


def upserting(table: Table, *, newer: str | None = None, over: TextClause | None = None) -> Many:
    """Return an insert as `inserting` does whose rows each replace the one of the same key.

    With `newer`, a column, only where the value there is not greater; with `over`, only where that
    holds of the row that is there.
    """
    keys = [column.name for column in table.primary_key]
    others = [name for name in _names(table) if name not in keys]

    def build(dialect: str) -> "Insert":
        insert = _insert(table, dialect)
        fresh = insert.excluded
        condition = over if newer is None else table.c[newer] <= fresh[newer]
        changes: dict[str, Any] = {name: fresh[name] for name in others}
        return insert.on_conflict_do_update(index_elements=keys, set_=changes, where=condition)

    return Many(_names(table), build)


def updating(update: Update, *names: str) -> Many:
    """Return an update whose rows hold its bind parameters, named in their order of appearance."""
    return Many(names, lambda _: update)


def new(table: Table, dialect: str) -> "Insert":
    """Return an insert that does nothing where there is a row of the same key already."""
    return _into(table, dialect).on_conflict_do_nothing()


def named(name: str) -> BindParameter[Any]:
    return bindparam(name)


def _insert(table: Table, dialect: str) -> "Insert":
    return _into(table, dialect).values({name: bindparam(name) for name in _names(table)})


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _into(table: Table, dialect: str) -> "Insert":
    # the other database's dialect is not imported: it takes longer than all of our tables
    insert: Callable[[Table], Insert] = import_module(f"sqlalchemy.dialects.{dialect}").insert
    return insert(table)
