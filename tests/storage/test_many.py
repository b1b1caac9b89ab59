"""Statements for many rows, on either dialect."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Connection, MetaData, Table, Text, create_engine, select, update
from sqlalchemy.dialects.postgresql import asyncpg

from storage.sql.bulk import Among, inserting, named, new, updating, upserting
from storage.sql.tables import lanes

METADATA = MetaData()
pets = Table(
    "pets",
    METADATA,
    Column("owner", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("kind", Text),
)
INSERT, UPSERT, NEWER = inserting(pets), upserting(pets), upserting(pets, newer="kind")
BY_NAME = Among((pets.c.owner, pets.c.name), *pets.c)
RENAME = updating(
    update(pets).values(kind=named("to")).where(pets.c.name == named("which")), "to", "which"
)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        METADATA.create_all(connection)
        INSERT.run(connection, [("ada", "rex", "dog"), ("ada", "tom", "cat")])
        yield connection
    engine.dispose()


def everything(connection: Connection) -> list[tuple[str, ...]]:
    return [tuple(row) for row in connection.execute(select(pets).order_by(*pets.c))]


def test_rows_are_inserted(connection):
    assert everything(connection) == [("ada", "rex", "dog"), ("ada", "tom", "cat")]


def test_no_rows_are_no_statement(connection):
    for many in (INSERT, UPSERT, RENAME):
        many.run(connection, [])
    assert list(BY_NAME.run(connection, [])) == []


def test_a_row_of_the_same_key_is_replaced(connection):
    UPSERT.run(connection, [("ada", "rex", "wolf"), ("bob", "rex", "dog")])
    assert everything(connection) == [
        ("ada", "rex", "wolf"),
        ("ada", "tom", "cat"),
        ("bob", "rex", "dog"),
    ]


def test_a_row_is_replaced_only_by_one_that_is_not_older(connection):
    NEWER.run(connection, [("ada", "rex", "ant"), ("ada", "tom", "cow")])
    assert everything(connection) == [("ada", "rex", "dog"), ("ada", "tom", "cow")]


def test_rows_are_updated(connection):
    RENAME.run(connection, [("lion", "tom"), ("tiger", "nobody")])
    assert everything(connection) == [("ada", "rex", "dog"), ("ada", "tom", "lion")]


@pytest.mark.parametrize(
    "wanted", [[("ada", "tom")], [("ada", "tom"), ("bob", "tom"), ("ada", "x\"'[]")]]
)
def test_rows_are_found_by_whole_keys(connection, wanted):
    assert [tuple(row) for row in BY_NAME.run(connection, wanted)] == [("ada", "tom", "cat")]


def test_more_keys_than_a_statement_has_parameters_are_found(connection):
    many = [("ada", str(n)) for n in range(50_000)]
    found = BY_NAME.run(connection, [*many, ("ada", "tom")])
    assert [row.kind for row in found] == ["cat"]


def test_an_insert_of_what_is_there_does_nothing(connection):
    row = new(pets, "sqlite").values(owner="ada", name="rex", kind="wolf")
    assert connection.execute(row).rowcount == 0
    assert everything(connection)[0] == ("ada", "rex", "dog")


def test_the_names_must_be_those_of_the_statement_in_their_order():
    wrong = updating(update(pets).values(kind=named("to")), "other")
    with pytest.raises(AssertionError):
        wrong._sql(asyncpg.dialect())


def test_a_look_up_goes_through_its_index(connection):
    plan = " ".join(
        row.detail
        for row in connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN " + str(BY_NAME._build("sqlite").compile(connection)), ("[]",)
        )
    )
    assert "SEARCH pets USING" in plan


def test_on_postgresql_keys_are_lists_and_rows_come_locked():
    sql = str(BY_NAME._build("postgresql").compile(dialect=asyncpg.dialect()))
    assert "unnest($1::TEXT[], $2::TEXT[])" in sql
    assert sql.endswith("FOR UPDATE OF pets")


def test_every_statement_compiles_for_postgresql():
    for many in (INSERT, UPSERT, NEWER, RENAME, upserting(lanes)):
        assert "$1" in many._sql(asyncpg.dialect())
