"""SQLite databases as files: made for their owner only, copied, verified, put back."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from bridge.errors import ConfigError, Refused, StoreUnavailable
from storage.sql import epochs
from storage.sql.lock import locked
from storage.sql.rows import moment_or_none
from storage.sql.schema import SCHEMA

_COMPANIONS = ("", "-wal", "-shm")
_PAGES = 4096
"""Copied at a time; between two steps others may use the source."""


def make(path: Path) -> None:
    """Make the file and its folder, owner-only, where there is none. Raises `ConfigError`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise ConfigError(f"the database {path} cannot be written: {error.strerror}") from error


def copy_file(source: Path, target: Path) -> None:
    """Write a consistent copy of a database that may be in use. Raises as `copy` does."""
    try:
        with _opened(source, "ro") as opened:
            copy(opened, target)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the backup {target} could not be written: {error}") from error


def copy(source: sqlite3.Connection, target: Path) -> None:
    """Write a consistent copy of a database that is in use.

    Raises `Refused` where there is a file already, `StoreUnavailable` when it cannot be written.
    """
    if target.exists() and target.stat().st_size:
        raise Refused(f"{target} is there already: name a new file")
    part = target.with_name(f"{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        _copy_pages(source, part)
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise StoreUnavailable(f"the backup {target} could not be written: {error}") from error


def restore(path: Path, backup: Path, *, now: datetime) -> str:
    """Put a backup in place of the database, which is kept aside. Return what was done.

    Raises `ConfigError` when the backup is not sound or not ours, or the database is in use.
    """
    version = _verified(backup)
    make(path)
    with locked(path, now=now):
        if path.samefile(backup):
            raise ConfigError(f"{backup} is the database itself: name a copy of it")
        aside = path.with_name(f"{path.name}.replaced-{stamp(now)}")
        fresh = path.with_name(f"{path.name}.restoring")
        fresh.unlink(missing_ok=True)
        copy_file(backup, fresh)
        mark = _begin_epoch(fresh, now=now, heard=_heard_until(path, fresh, now))
        kept = _set_aside(path, aside)
        fresh.replace(path)
        epochs.write_mark(mark_beside(path), mark)
    before = f"; what was there before is {aside}" if kept else ""
    return f"{backup} (version {version}) is now {path}{before}"


def mark_beside(path: Path) -> Path:
    """Return the file that says which database was used here last."""
    return path.with_name(f"{path.name}.mark")


def stamp(now: datetime) -> str:
    """Return a time as it stands in file names."""
    return f"{now:%Y%m%dT%H%M%SZ}"


def _copy_pages(source: sqlite3.Connection, target: Path) -> None:
    with closing(sqlite3.connect(target)) as there:
        source.backup(there, pages=_PAGES)
        there.execute("PRAGMA journal_mode = DELETE")  # so that one file is all of it


def _verified(backup: Path) -> str:
    """Return the version of a sound backup."""
    try:
        with _opened(backup, "ro") as connection:
            problems = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            query = "SELECT version_num FROM alembic_version"
            version = str(connection.execute(query).fetchone()[0])
    except (sqlite3.Error, TypeError) as error:
        raise ConfigError(f"{backup} is not a backup of a bridge: {error}") from error
    if problems != ["ok"]:
        raise ConfigError(f"{backup} is damaged: {problems[0]}")
    if version not in SCHEMA.revisions:
        raise ConfigError(
            f"{backup} is of version {version}, from a newer bridge: upgrade Bridgehead first"
        )
    return version


def _heard_until(replaced: Path, fresh: Path, now: datetime) -> datetime:
    """Return until when people may have been heard by the log that goes.

    Its last event says so, unless it cannot be read, or knows less than the one that comes.
    """
    before, after = _last_heard(replaced), _last_heard(fresh)
    if before is None or after is None or before < after:
        return now
    return min(now, before + epochs.LATER)


def _last_heard(path: Path) -> datetime | None:
    """Return when anything was last appended, or heard in an earlier epoch."""
    try:
        with _opened(path, "ro") as connection:
            (touched,) = connection.execute("SELECT max(touched_at) FROM sessions").fetchone()
            query = "SELECT value FROM facts WHERE scope = ? AND key = ?"
            kept = connection.execute(query, (epochs.SCOPE, epochs.EPOCH)).fetchone()
    except sqlite3.Error:
        return None
    epoch = epochs.parsed(kept[0] if kept else None)
    times = [each for each in (moment_or_none(touched), epoch.heard) if each is not None]
    return max(times, default=None)


def _begin_epoch(path: Path, *, now: datetime, heard: datetime) -> epochs.Mark:
    """Begin a new epoch in a database that nothing has open; return its mark."""
    engine = create_engine(URL.create("sqlite", database=str(path)))
    try:
        with engine.begin() as connection:
            epochs.begin(connection, epochs.fresh(now, heard))
            return epochs.counted(connection)
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"{path} could not be written: {error}") from error
    finally:
        engine.dispose()


def _set_aside(path: Path, aside: Path) -> bool:
    kept = path.stat().st_size > 0
    for companion in _COMPANIONS:
        file = path.with_name(path.name + companion)
        if file.exists():
            file.replace(aside.with_name(aside.name + companion))
    if not kept:
        aside.unlink()
    return kept


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)) as found:
        yield found
