"""The store plugins: SQLite in a file, PostgreSQL on a server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import structlog
from pydantic import SecretStr
from sqlalchemy import Connection

from bridge.domain.epoch import Epoch
from bridge.domain.errors import ConfigError, StoreError
from bridge.plugins import Section, StorePlugin
from bridge.ports.store import Store
from bridge.ports.surroundings import Surroundings
from storage.sql import epochs, sqlite_files
from storage.sql.database import Database
from storage.sql.schema import SCHEMA, create, upgrade, version_of
from storage.sql.sql_store import SqlStore
from storage.sql.sqlite import SqliteDatabase
from storage.sql.sqlite_files import locked

_log = structlog.get_logger()


class SqliteSection(Section):
    """`path`: the file; one that is not absolute is in the bridge's own folder."""

    path: Path = Path("bridge.db")


class PostgresSection(Section):
    """`url`: postgresql://user:password@host:port/database."""

    url: SecretStr


@asynccontextmanager
async def _open_sqlite(section: SqliteSection, surroundings: Surroundings) -> AsyncIterator[Store]:
    path, now = _path(section, surroundings), surroundings.clock.now()
    await asyncio.to_thread(_begun, path)
    with locked(path, now=now):
        database = SqliteDatabase(path)
        try:
            old = await _prepared(database, str(path))
            if old is not None:
                kept = path.with_name(f"{path.name}.{old}-{sqlite_files.stamp(now)}")
                await database.backup(kept)
                await _upgraded(database, f"{path} (a copy is {kept})")
            async with _serving(database, sqlite_files.mark_beside(path), now) as store:
                yield store
        finally:
            await database.close()


def _begun(path: Path) -> None:
    """Make the database file where there never was one. Raises `ConfigError`.

    An empty one was cut off: the mark is made after the first page was.
    """
    mark = sqlite_files.mark_beside(path)
    if mark.exists() and not (path.exists() and path.stat().st_size):
        raise ConfigError(
            f"{path} is gone: put it back, or put a backup back with `bridge restore`."
            f" (To begin with an empty log, remove {mark} and what else is named like it.)"
        )
    sqlite_files.make(path)


@asynccontextmanager
async def _open_postgres(
    section: PostgresSection, surroundings: Surroundings
) -> AsyncIterator[Store]:
    from storage.sql.postgres import PostgresDatabase, parsed  # noqa: PLC0415 - its driver is large

    url = parsed(section.url.get_secret_value())
    database = PostgresDatabase(url)
    try:
        await database.lock()
        if await _prepared(database, database.where) is not None:
            await _upgraded(database, database.where)
        mark, now = _postgres_mark(surroundings.data, database.where), surroundings.clock.now()
        async with _serving(database, mark, now, database.expect) as store:
            yield store
    finally:
        await database.close()


async def _prepared(database: Database, where: str) -> str | None:
    """Make the tables if there are none; return the version if it is an older one."""
    try:
        version = await database.write(lambda connection: version_of(connection, SCHEMA))
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    if version is None:
        await database.write(_made)
    return None if version in {None, SCHEMA.revisions[-1]} else version


async def _upgraded(database: Database, where: str) -> None:
    """Bring an older database up to our version, or leave it as it is."""
    _log.info("store_upgrading", version=SCHEMA.revisions[-1])
    try:
        await database.write(lambda connection: upgrade(connection, SCHEMA))
    except StoreError as error:
        raise StoreError(
            f"{where} could not be brought up to version {SCHEMA.revisions[-1]} and is as it was:"
            f" run the bridge that last used it, and report this ({error})"
        ) from error


def _made(connection: Connection) -> None:
    create(connection, SCHEMA)
    epochs.begin(connection, epochs.fresh())


def _nothing(_: epochs.EpochMark) -> None:
    pass


@asynccontextmanager
async def _serving(
    database: Database,
    mark: Path,
    now: datetime,
    expect: Callable[[epochs.EpochMark], None] = _nothing,
) -> AsyncIterator[Store]:
    """Serve a database, whose mark is in a file beside it; `expect` hears of each new one."""
    beside = await asyncio.to_thread(epochs.read_mark, mark)
    epoch = await database.write(lambda connection: _entered(connection, beside, now))

    async def count() -> None:
        counted = await database.write(epochs.counted)
        expect(counted)
        await asyncio.to_thread(epochs.write_mark, mark, counted)

    await count()
    store = SqlStore(database, epoch, count=count)
    try:
        yield store
    finally:
        await store.close()


def _entered(connection: Connection, beside: epochs.EpochMark | None, now: datetime) -> Epoch:
    """Return the epoch the database is in, a new one if it is older than it was here."""
    if epochs.is_put_back(connection, beside):
        _log.warning("store_was_put_back", advice="what was said meanwhile is context: see 0012")
        epochs.begin(connection, epochs.fresh(now, now))
    return epochs.epoch_of(connection)


def _postgres_mark(data: Path, where: str) -> Path:
    """Return the file that says which state of a database on a server was used from here last."""
    return data / f"postgres-{sha256(where.encode()).hexdigest()[:12]}.mark"


def _restore_sqlite(section: SqliteSection, surroundings: Surroundings, backup: Path) -> str:
    path = _path(section, surroundings)
    return sqlite_files.restore(path, backup, now=surroundings.clock.now())


def _path(section: SqliteSection, surroundings: Surroundings) -> Path:
    return surroundings.data / section.path.expanduser()


sqlite = StorePlugin(config=SqliteSection, open=_open_sqlite, restore=_restore_sqlite)
postgres = StorePlugin(config=PostgresSection, open=_open_postgres)
