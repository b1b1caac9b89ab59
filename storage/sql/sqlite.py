"""SQLite: writes in one thread, reads in a few, all within this process.

WAL lets readers go on while the writer commits; `synchronous=FULL` makes a commit survive the
power going out. A unit of work is one hop to a thread; aiosqlite makes one per statement and
more, and was measured three to four times slower (docs/storage.md).
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from bridge.errors import BridgeError, Refused, StoreError, StoreUnavailable
from storage.sql import sqlite_files
from storage.sql.guard import FileGuard

Result = TypeVar("Result")

_BUSY_SECONDS = 5
"""How long another program may hold the file before a write fails."""
_READERS = 3

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
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-read")

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        return await self._run(self._writer, lambda: self._commit(work))

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        return await self._run(self._readers, lambda: _transact(self._read_engine, work))

    async def look(self) -> None:
        await self._run(self._readers, self._guard.look)

    async def backup(self, to: Path) -> None:
        try:
            await self.look()
        except StoreUnavailable:  # nothing is written now, and nothing else is left of it
            await self._run(self._writer, lambda: self._rescue(to))
        else:
            await asyncio.to_thread(sqlite_files.copy_file, self._path, to)

    async def close(self) -> None:
        """Wait for what is under way and let go of the file."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._readers.shutdown()
        self._writer.shutdown()
        self._read_engine.dispose()
        self._write_engine.dispose()

    def _commit(self, work: Callable[[Connection], Result]) -> Result:
        """Write, unless the file is no longer the one that was opened, before or after."""
        with self._write_engine.begin() as connection:
            self._guard.look()
            result = work(connection)
        self._guard.note()
        return result

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

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: object) -> None:
        del record
        connection.isolation_level = None  # transactions begin where SQLAlchemy says so, below
        for pragma in ("journal_mode = WAL", "synchronous = FULL", *pragmas):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
