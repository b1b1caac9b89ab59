"""SQLite: writes in one thread, reads in a few, all within this process.

WAL lets readers go on while the writer commits; `synchronous=FULL` makes a commit survive the
power going out. A unit of work is one hop to a thread; aiosqlite makes one per statement and
more, and was measured three to four times slower (docs/storage.md). What may take long (a list of
everybody, what runs used, many events at once) is read through aiosqlite, so that it takes none of
these threads; a copy is made in a thread of its own.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

from bridge.domain.errors import BridgeError, Refused, StoreError, StoreUnavailable
from storage.sql import sqlite_files
from storage.sql.bulk import cursor_of
from storage.sql.sqlite_files import FileGuard

Result = TypeVar("Result")

_BUSY_SECONDS = 5
"""How long another program may hold the file before a write fails."""
_READERS = 3
_SCRUBS = 5
"""How often the file beside the database is to be emptied, each time for `_BUSY_SECONDS`."""

_FAULTS = {
    "SQLITE_FULL": "the disk is full: free some space",
    "SQLITE_BUSY": "another program holds the database locked: close it",
    "SQLITE_LOCKED": "another program holds the database locked: close it",
    "SQLITE_READONLY": "the file is read-only: let the bridge write it",
    "SQLITE_CANTOPEN": "the file cannot be opened: let the bridge read and write it",
    "SQLITE_IOERR": "the disk does not work: look at the system's log",
    "SQLITE_CORRUPT": "the file is damaged: restore a backup",
    "SQLITE_NOTADB": "the file is not a SQLite database: name another, or restore a backup",
}


class SqliteDatabase:
    """A database file. Open it only while its lock is held."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = FileGuard(path)
        self._write_engine = _engine(self._connect, begin="BEGIN IMMEDIATE")
        self._read_engine = _engine(self._connect, begin="BEGIN", pragmas=("query_only = ON",))
        self._beside = _beside(self._connect)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-read")

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        return await self._run(self._writer, lambda: self._commit(work))

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        return await self._run(self._readers, lambda: _transact(self._read_engine, work))

    async def browse(self, work: Callable[[Connection], Result]) -> Result:
        try:
            async with self._beside.begin() as connection:
                return await connection.run_sync(work)
        except (SQLAlchemyError, sqlite3.Error, OverflowError) as error:
            raise fault(error, self._path) from error

    async def look(self) -> None:
        await self._run(self._readers, self._guard.look)

    async def scrub(self) -> None:
        await self._run(self._writer, self._scrub)

    async def backup(self, to: Path) -> None:
        try:
            await self.look()
        except StoreUnavailable:  # nothing is written now, and nothing else is left of it
            await self._run(self._writer, lambda: self._rescue(to))
        else:
            await asyncio.to_thread(sqlite_files.copy_file, self._path, to)

    async def close(self) -> None:
        """Wait for what is under way and let go of the file."""
        await self._beside.dispose()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._readers.shutdown()
        self._writer.shutdown()
        self._read_engine.dispose()
        self._write_engine.dispose()
        self._guard.close()

    def _commit(self, work: Callable[[Connection], Result]) -> Result:
        """Write, unless the file is no longer the one that was opened, before or after."""
        with self._write_engine.begin() as connection:
            self._guard.look()
            result = work(connection)
        self._guard.note()
        return result

    def _scrub(self) -> None:
        """Write the whole file anew, its free room as zeros, and empty what stands beside it.

        A reader may hold the log beside the file for a moment; it is asked until it is empty.
        """
        self._guard.look()
        with self._write_engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.execute("PRAGMA secure_delete = ON")
            driver.execute("VACUUM")
            for _ in range(_SCRUBS):
                busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                if not busy:
                    break
            else:
                raise StoreUnavailable(f"{self._path}: {_FAULTS['SQLITE_BUSY']}")
        self._guard.note()

    def _rescue(self, to: Path) -> None:
        """Copy what we have open, whatever is in its place by now."""
        with self._write_engine.connect() as connection:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            sqlite_files.copy(source, to)

    def _connect(self) -> sqlite3.Connection:
        """Connect to the file that is there, if it is the one we know; make none in its place."""
        self._guard.look()
        mode = "rw" if self._guard.knows else "rwc"
        uri = f"{self._path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(threads, work)
        except (SQLAlchemyError, sqlite3.Error, OverflowError) as error:
            raise fault(error, self._path) from error


def fault(error: Exception, path: Path) -> BridgeError:
    """Return what an error of SQLite means to us, with what to do, in words."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    name = str(getattr(cause, "sqlite_errorname", ""))
    for prefix, advice in _FAULTS.items():
        if name.startswith(prefix):
            return StoreUnavailable(f"{path}: {advice}")
    if isinstance(cause, OverflowError | sqlite3.DataError):
        return Refused("this holds a value that is too large to be kept")
    return StoreError(f"{path}: {type(cause).__name__} {name}".rstrip())


def _transact(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    with engine.begin() as connection:
        return work(connection)


def _engine(
    connect: Callable[[], sqlite3.Connection], *, begin: str, pragmas: tuple[str, ...] = ()
) -> Engine:
    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool)
    _prepare(engine, begin=begin, pragmas=pragmas)
    return engine


def _beside(connect: Callable[[], sqlite3.Connection]) -> AsyncEngine:
    """Return an engine that only reads, each of its connections in a thread of its own."""

    async def opened() -> aiosqlite.Connection:
        connection = aiosqlite.Connection(connect, 64)
        connection._thread.daemon = True  # noqa: SLF001 - else a process that is cut off hangs
        return await connection

    engine = create_async_engine(
        "sqlite+aiosqlite://", async_creator=opened, poolclass=AsyncAdaptedQueuePool, pool_size=2
    )
    _prepare(engine.sync_engine, begin="BEGIN", pragmas=("query_only = ON",))
    return engine


def _prepare(engine: Engine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, record: object) -> None:
        del record
        connection.isolation_level = None  # transactions begin where SQLAlchemy says so, below
        for pragma in ("journal_mode = WAL", "synchronous = FULL", *pragmas):
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        cursor_of(connection).execute(begin)
