"""Which version a database is of, and how it is brought up to ours."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect

from bridge.domain.errors import ConfigError, StoreError
from storage.sql import store as plugins
from storage.sql.schema import SCHEMA, Schema, create, upgrade, version_of
from storage.sql.tables import METADATA
from tests.postgres import apart, empty_database
from tests.stores import AT, S1, log_of, opened, put, said, texts

__all__ = ["empty_database"]

LATER = '''
"""A later version, for tests."""
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

def upgrade():
    with op.batch_alter_table("sessions") as table:
        table.add_column(sa.Column("mood", sa.Text(), nullable=False, server_default="calm"))
'''


@pytest.fixture
def later_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Schema:
    """The schema of a bridge that is one version ahead; the plugins open databases by it."""
    folder = tmp_path / "migrations"
    shutil.copytree(SCHEMA.migrations, folder)
    (folder / "versions" / "0003_third.py").write_text(LATER)
    schema = Schema(revisions=("0001", "0002", "0003"), migrations=folder)
    monkeypatch.setattr(plugins, "SCHEMA", schema)
    return schema


def statements(connection: Connection) -> set[str]:
    """Return how SQLite itself describes each table and index."""
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {f"{name}: {' '.join(sql.split())}" for name, sql in found}


def made_both_ways(migrated: Connection, made: Connection) -> tuple[set[str], set[str]]:
    upgrade(migrated, SCHEMA)
    create(made, SCHEMA)
    return statements(migrated), statements(made)


def test_migrations_make_exactly_the_tables():
    with create_engine("sqlite://").begin() as one, create_engine("sqlite://").begin() as other:
        migrated, made = made_both_ways(one, other)
        assert migrated == made
        assert version_of(one, SCHEMA) == version_of(other, SCHEMA) == SCHEMA.revisions[-1]


@pytest.mark.postgres
def test_migrations_make_exactly_the_tables_on_postgresql(empty_database):
    from sqlalchemy.ext.asyncio import create_async_engine

    from storage.sql.postgres import parsed

    found: list[object] = []

    def look(connection: Connection) -> None:
        upgrade(connection, SCHEMA)
        context = MigrationContext.configure(connection)
        ours = list(compare_metadata(context, METADATA))
        found.extend(ours)
        found.append(sorted(inspect(connection).get_table_names()))

    async def migrate() -> None:
        engine = create_async_engine(parsed(empty_database))
        async with engine.begin() as connection:
            await connection.run_sync(look)
        await engine.dispose()

    apart(migrate)
    assert found == [sorted([*METADATA.tables, "alembic_version"])]


async def test_an_older_database_is_brought_up_and_keeps_its_log(tmp_path, request):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
        await put(store, S1, said("a"))
    request.getfixturevalue("later_schema")
    async with opened("sqlite", tmp_path) as store:
        assert texts(await log_of(store)) == ["a"]
        await put(store, S1, said("b"))
    file = sqlite3.connect(tmp_path / "bridge.db")
    assert file.execute("SELECT version_num FROM alembic_version").fetchall() == [("0003",)]
    assert file.execute("SELECT mood FROM sessions").fetchall() == [("calm",)]
    file.close()


async def test_a_copy_of_the_older_database_is_kept_first(tmp_path, request):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
        await put(store, S1, said("a"))
    request.getfixturevalue("later_schema")
    async with opened("sqlite", tmp_path):
        pass
    copy = sqlite3.connect(tmp_path / "bridge.db.0002-20260102T030405Z")
    assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
    assert copy.execute("SELECT count(*) FROM events").fetchall() == [(1,)]
    copy.close()


async def test_a_migration_that_fails_leaves_the_older_database_whole(tmp_path, request):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
    schema = request.getfixturevalue("later_schema")
    second = schema.migrations / "versions" / "0003_third.py"
    second.write_text(LATER + "    op.execute('nonsense')\n")
    with pytest.raises(StoreError, match=r"could not be brought up to version 0003 and is as it"):
        async with opened("sqlite", tmp_path):
            pass
    file = sqlite3.connect(tmp_path / "bridge.db")
    assert file.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
    assert "mood" not in str(file.execute("SELECT sql FROM sqlite_master").fetchall())
    file.close()


@pytest.mark.postgres
async def test_an_older_database_on_postgresql_is_brought_up(tmp_path, request, empty_database):
    async with opened("postgres", tmp_path, empty_database) as store:
        await store.create_session(S1, at=AT)
        await put(store, S1, said("a"))
    request.getfixturevalue("later_schema")
    async with opened("postgres", tmp_path, empty_database) as store:
        assert texts(await log_of(store)) == ["a"]
    async with opened("postgres", tmp_path, empty_database) as store:
        await put(store, S1, said("b"))


async def test_a_database_from_a_newer_bridge_asks_for_an_upgrade(tmp_path):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
    newer = sqlite3.connect(tmp_path / "bridge.db")
    with newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    with pytest.raises(ConfigError) as caught:
        async with opened("sqlite", tmp_path):
            pass
    assert f"{tmp_path}/bridge.db: the database is of version 9999" in str(caught.value)
    assert "upgrade Bridgehead" in str(caught.value)


OPEN = """
import asyncio, sys
from pathlib import Path
from tests.stores import opened

async def main():
    async with opened("sqlite", Path(sys.argv[1])) as store:
        await store.check()

asyncio.run(main())
print(*[name for name in ("alembic", "asyncpg") if name in sys.modules])
"""


def test_alembic_is_not_imported_for_a_new_or_a_current_database(tmp_path):
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", OPEN, str(tmp_path)], capture_output=True, text=True, check=True
        )
        assert done.stdout == "\n"


def test_every_revision_is_named_and_the_last_is_the_newest_file():
    files = sorted(each.name for each in (SCHEMA.migrations / "versions").glob("0*.py"))
    assert tuple(name.split("_")[0] for name in files) == SCHEMA.revisions
