"""PostgreSQL through asyncpg: one connection writes, a few read.

The writing connection holds an advisory lock for as long as it lives, so a process that lost it
can no longer write: whoever holds the lock is the one that does.

A server that stalls keeps nobody waiting for good: what is not answered in time fails, and its
connection is dropped. What was being written then may be kept all the same, but not after another
connection has the lock.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import structlog
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from bridge.domain.errors import BridgeError, ConfigError, Refused, StoreError, StoreUnavailable
from storage.sql.database import ConnectionLost
from storage.sql.epochs import EpochMark, mark_of
from storage.sql.tables import PARTIAL

Result = TypeVar("Result")

_LOCK = 0x6272_6964_6765  # "bridge"; advisory locks are per database
_READERS = 4
_CONNECT_SECONDS = 5
ANSWER_SECONDS = 6.0
"""How long a unit of work, or a wait for a connection to read with, may take. Bringing a database
up to our version may take as long as it does."""

_HOLDER = text(
    "SELECT application_name, backend_start FROM pg_stat_activity JOIN pg_locks USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + objid::bigint = :lock"
    " AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

_log = structlog.get_logger()

for _index, _where in PARTIAL:
    _index.dialect_options["postgresql"]["where"] = text(_where)


class Stalled(ConnectionLost):
    """The server has the connection and does not answer."""


class _Holder:
    """The one connection that writes, and holds the lock for as long as it lives."""

    def __init__(self, engine: AsyncEngine, where: str) -> None:
        self._engine = engine
        self._where = where
        self._held: AsyncConnection | None = None

    async def again(self) -> AsyncConnection:
        """Return it once it worked: what changed may change back. Raises `ConnectionLost`."""
        try:
            return await self.connection()
        except ConfigError as error:
            raise ConnectionLost(str(error)) from error

    async def connection(self) -> AsyncConnection:
        """Return the writing connection, which holds the lock."""
        if self._held is None:
            try:
                connection = await self._engine.connect()
            except (SQLAlchemyError, asyncpg.PostgresError, OSError) as error:
                raise fault(error, self._where) from error
            except TypeError as error:
                raise ConfigError(
                    f"the url of {self._where} has a wrong option: {error}"
                ) from error
            try:
                await self._take(connection)
            except BaseException:
                await connection.close()
                raise
            self._held = connection
        return self._held

    async def _take(self, connection: AsyncConnection) -> None:
        lock = {"lock": _LOCK}
        async with connection.begin():
            taken = await connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), lock)
            if taken:
                return
            holder = (await connection.execute(_HOLDER, lock)).first()
        who = "another process"
        if holder is not None:
            since = holder.backend_start.astimezone(UTC)
            who = f"{holder.application_name} (started {since:%Y-%m-%d %H:%M:%S} UTC)"
        raise ConfigError(f"the database {self._where} is in use by {who}: stop it first")

    async def drop(self) -> None:
        connection, self._held = self._held, None
        if connection is None:
            return
        try:
            await connection.close()
        except (SQLAlchemyError, OSError) as error:
            _log.debug("store_connection_dropped", error=type(error).__name__)


class PostgresDatabase:
    """Call `lock` before anything else."""

    def __init__(self, url: URL) -> None:
        self.where = f"{url.host or 'the local server'}:{url.port or 5432}/{url.database or ''}"
        self._write_engine = _engine(url)
        self._read_engine = _engine(url, pooled=True)
        self._writing = _Holder(self._write_engine, self.where)
        self._turn = asyncio.Lock()
        self._reading = asyncio.Semaphore(_READERS)
        self._closed = False
        self._patience: float | None = None
        self._expected: EpochMark | None = None

    def expect(self, mark: EpochMark) -> None:
        """Write only where at least so much was counted: a database may be made anew under us.

        From then on it serves, and nothing may take long.
        """
        self._expected, self._patience = mark, ANSWER_SECONDS

    async def lock(self) -> None:
        """Connect and take the lock.

        Raises `ConfigError` when another process uses the database or the server does not let us
        in, `StoreUnavailable` when it cannot be reached.
        """
        _hear_of_lost_connections(asyncio.get_running_loop())
        try:
            await self._writing.connection()
        except ConnectionLost as error:
            raise StoreUnavailable(str(error)) from error

    async def scrub(self) -> None:
        """Leave it to the server, which drops old rows by itself (`VACUUM`)."""

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        async with self._turn:
            connection = await self._writing.again()
            try:
                async with self._in_time(connection), connection.begin():
                    return await connection.run_sync(self._checked, work)
            except Stalled:
                await self._writing.drop()
                raise
            except (SQLAlchemyError, OSError) as error:
                found = fault(error, self.where)
                if isinstance(found, ConnectionLost):
                    await self._writing.drop()
                raise found from error

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        try:
            return await self._read(work)
        except Stalled:
            raise
        except ConnectionLost:
            return await self._read(work)  # a pooled connection may have died while it was idle

    async def browse(self, work: Callable[[Connection], Result]) -> Result:
        return await self.read(work)

    async def look(self) -> None:
        await self.read(self._check)

    def _checked(self, connection: Connection, work: Callable[[Connection], Result]) -> Result:
        self._check(connection)
        return work(connection)

    def _check(self, connection: Connection) -> None:
        if self._expected is None:
            return
        found = mark_of(connection)
        if found.epoch != self._expected.epoch or found.count < self._expected.count:
            raise StoreUnavailable(
                f"{self.where} is not the database that was opened any more: it was restored or"
                " made anew. Stop the bridge and start it again"
            )

    async def backup(self, to: Path) -> None:
        raise Refused(
            f"PostgreSQL makes its own backups: pg_dump --format=custom --file={to} <url>"
        )

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        async with self._turn:
            await self._writing.drop()
        for _ in range(_READERS):  # a connection that is in use would outlive its pool
            await self._reading.acquire()
        await self._read_engine.dispose()
        await self._write_engine.dispose()

    async def _read(self, work: Callable[[Connection], Result]) -> Result:
        try:
            async with (
                self._may_read(),
                self._read_engine.connect() as connection,
                self._in_time(connection),
            ):
                return await connection.run_sync(work)
        except (SQLAlchemyError, asyncpg.PostgresError, OSError) as error:
            found = fault(error, self.where)
            if isinstance(found, ConfigError):  # it worked once: what changed may change back
                raise StoreUnavailable(str(found)) from error
            raise found from error

    @asynccontextmanager
    async def _may_read(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience):
                await self._reading.acquire()
        except TimeoutError as error:
            raise _stalled(self.where) from error
        try:
            yield
        finally:
            self._reading.release()

    @asynccontextmanager
    async def _in_time(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """Cut the connection off when what is done with it takes too long. Raises `Stalled`.

        Cancelling it instead would wait for the server.
        """
        cut: list[bool] = []
        driver = (await connection.get_raw_connection()).driver_connection

        def cut_off() -> None:
            cut.append(True)
            if isinstance(driver, asyncpg.Connection):
                driver.terminate()

        timer = None
        if self._patience is not None:
            timer = asyncio.get_running_loop().call_later(self._patience, cut_off)
        try:
            yield
        except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            if cut:
                raise _stalled(self.where) from error
            raise
        finally:
            if timer is not None:
                timer.cancel()


def _hear_of_lost_connections(loop: asyncio.AbstractEventLoop) -> None:
    """Say in a line what would be a traceback.

    When connecting is given up, asyncpg leaves a future of its own behind that ends in an error,
    and that nobody reads any more.
    """
    otherwise = loop.get_exception_handler()
    if getattr(otherwise, "hears_of_lost_connections", False):
        return

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error, future = context.get("exception"), context.get("future")
        is_left = isinstance(future, asyncio.Future) and not isinstance(future, asyncio.Task)
        if is_left and isinstance(error, ConnectionError):
            _log.info("connection given up", error=type(error).__name__)
        elif otherwise is not None:
            otherwise(loop, context)
        else:
            loop.default_exception_handler(context)

    handle.hears_of_lost_connections = True  # type: ignore[attr-defined]
    loop.set_exception_handler(handle)


def parsed(url: str) -> URL:
    """Return a URL for asyncpg. Raises `ConfigError`, without the password, when it is wrong."""
    try:
        found = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigError("not a database URL: write postgresql://user@host/database") from error
    if found.get_backend_name() != "postgresql":
        raise ConfigError(
            f"a URL that begins with {found.drivername}:// is not PostgreSQL's:"
            " write postgresql://user@host/database"
        )
    query = dict(found.query)
    if "sslmode" in query:  # asyncpg calls it ssl
        query["ssl"] = query.pop("sslmode")
    return found.set(drivername="postgresql+asyncpg", query=query)


def fault(error: Exception, where: str) -> BridgeError:
    """Return what an error of PostgreSQL means to us, with what to do, in words."""
    cause = _cause(error)
    match cause:
        case TimeoutError():
            return _stalled(where)
        case asyncpg.ClientConfigurationError():
            return ConfigError(f"the url of {where} has a wrong option: {cause}")
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return ConfigError(f"{where} refuses the user or the password: correct the url")
        case asyncpg.InvalidCatalogNameError():
            return ConfigError(f"there is no database {where}: create it, or correct the url")
        case asyncpg.InsufficientPrivilegeError():
            return ConfigError(f"{where}: the user may not do this: grant it the database")
        case asyncpg.UndefinedTableError():
            return StoreUnavailable(
                f"{where}: its tables are gone: stop the bridge, restore a backup, and start it"
            )
        case asyncpg.DiskFullError():
            return StoreUnavailable(f"{where}: the server's disk is full: free some space")
        case asyncpg.ReadOnlySQLTransactionError():
            return StoreUnavailable(f"{where} is read-only: name the primary server")
        case asyncpg.DataError():
            return Refused("this holds a value that cannot be kept")
        case asyncpg.PostgresConnectionError() | asyncpg.InterfaceError() | OSError():
            return ConnectionLost(f"{where} cannot be reached: see that the server runs")
        case asyncpg.OperatorInterventionError() | asyncpg.InsufficientResourcesError():
            return ConnectionLost(f"{where} does not serve now ({type(cause).__name__})")
        case _:
            return _unnamed(error, cause, where)


def _unnamed(error: Exception, cause: BaseException, where: str) -> BridgeError:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return ConnectionLost(f"{where} cannot be reached: see that the server runs")
    return StoreError(f"{where}: {type(cause).__name__}")


def _stalled(where: str) -> Stalled:
    return Stalled(f"{where} does not answer: see that the server works")


def _cause(error: BaseException) -> BaseException:
    """Return the driver's own error under SQLAlchemy's.

    A timeout's cause is that something was cancelled, which says nothing.
    """
    if isinstance(error, OSError):
        return error
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    return error.__cause__ or error


def _engine(url: URL, *, pooled: bool = False) -> AsyncEngine:
    settings: Mapping[str, str] = {
        "application_name": f"bridge process {os.getpid()} on {socket.gethostname()}"[:63]
    }
    arguments = {"server_settings": settings, "timeout": _CONNECT_SECONDS}
    if pooled:
        return create_async_engine(
            url,
            connect_args=arguments,
            isolation_level="AUTOCOMMIT",
            pool_size=_READERS,
            max_overflow=0,
        )
    return create_async_engine(url, connect_args=arguments, poolclass=NullPool)
