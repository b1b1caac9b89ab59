"""SQLite databases as files: made for their owner only, locked, guarded, copied, put back.

One process has a file: the lock ends with the process, and says whose it is. The guard finds out
whether the file is still the one that was opened: a process goes on writing into a file that
someone deleted, moved or wrote over, and everything in it is lost with the process. So before a
commit, and again before it is answered, the guard looks:

- The file, its `-wal` and its `-shm` must be the files they were: device and number. The last two
  are there from the first write until the last connection is closed.
- It never gets smaller, and only we write it. If its time is another one than after our own last
  commit, its header tells whether anything was written.
- What comes back is taken as it was: a file that was moved away and back is the same one.

How it looks matters as well:

- Whoever closes a file gives up all locks that the process has on it, and SQLite's are locks of
  the process. So the file is opened once, and closed after the last connection.
- Whoever asks for the time of a file makes the next write to it dearer: it has to be noted. So of
  the `-wal`, which is written with each commit, only the name is asked where the system knows it.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from bridge.domain.errors import ConfigError, Refused, StoreUnavailable
from storage.sql import epochs
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


def _begin_epoch(path: Path, *, now: datetime, heard: datetime) -> epochs.EpochMark:
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


# -- the lock --------------------------------------------------------------------------------------


@contextmanager
def locked(path: Path, *, now: datetime) -> Iterator[None]:
    """Hold the file `<path>.lock` locked.

    Raises `ConfigError` naming the process that holds it, or why it cannot be made. The file
    stays when the lock ends: removing it would race with the next process.
    """
    lock = path.with_name(f"{path.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be locked: {lock} cannot be written ({error.strerror})"
        ) from error
    with os.fdopen(descriptor, "r+") as file:
        if not _lock(file):
            raise ConfigError(f"{path} is in use by {_holder(file)}: stop it first")
        _sign(file, now)
        yield


def _sign(file: TextIO, now: datetime) -> None:
    file.truncate()
    file.write(f"bridge process {os.getpid()} (started {now:%Y-%m-%d %H:%M:%S} UTC)")
    file.flush()


def _holder(file: TextIO) -> str:
    try:
        return file.read() or "another bridge process"
    except OSError:  # Windows keeps what is locked from being read
        return "another bridge process"


if sys.platform == "win32":
    import msvcrt

    def _lock(file: TextIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: TextIO) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


# -- the guard -------------------------------------------------------------------------------------

_HEADER_BYTES = 100
_NAMES = Path("/proc/self/fd")
_STOP = "stop the bridge and put a backup back with `bridge restore`"


@dataclass(frozen=True, slots=True)
class _Print:
    """What is known of the file since our last commit."""

    size: int
    time: int
    header: bytes


class FileGuard:
    """Used by the one thread that writes; `look` by any."""

    def __init__(self, path: Path) -> None:
        self._path = os.fspath(path)
        self._beside = (f"{path}-wal", f"{path}-shm")
        self._file: tuple[int, int] | None = None
        self._opened: int | None = None
        self._companions: dict[str, _Companion] = {}
        self._print: _Print | None = None

    @property
    def knows(self) -> bool:
        return self._file is not None

    def look(self) -> None:
        """Raise `StoreUnavailable`, with what to do, unless everything is as it was left."""
        if self._file is None:
            return
        found = _stat(self._path)
        if found is None:
            raise StoreUnavailable(
                f"{self._path} is not there any more: put it back where it was, or {_STOP}"
            )
        if _identity(found) != self._file:
            raise StoreUnavailable(
                f"{self._path} was replaced by another file: put back the one that was there, or"
                " stop the bridge and start it again"
            )
        self._check_companions()
        self._check_print(found)

    def note(self) -> None:
        """Note what the file is like after a commit of ours. Raises as `look` does."""
        found = _stat(self._path)
        if found is None or (self._file is not None and _identity(found) != self._file):
            self.look()
            return
        self._file = _identity(found)
        self._check_companions()
        self._note_companions()
        if self._print is None or self._print.time != found.st_mtime_ns:
            self._check_size(found)
            header = self._header()
            size, time = found.st_size, found.st_mtime_ns
            self._print = _Print(size, time, header) if header is not None else None

    def close(self) -> None:
        """Let go of the files; only once no connection of this process is open any more."""
        if self._opened is not None:
            os.close(self._opened)
            self._opened = None
        for each in self._companions.values():
            each.close()
        self._companions = {}

    def _check_companions(self) -> None:
        for file, companion in self._companions.items():
            if not companion.is_there():
                raise StoreUnavailable(
                    f"{file} was deleted or replaced: stop the bridge in good order, which writes"
                    " what it holds into the database, and start it again"
                )

    def _check_print(self, found: os.stat_result) -> None:
        known = self._print
        if known is None or (known.time, known.size) == (found.st_mtime_ns, found.st_size):
            return
        self._check_size(found)
        header = self._header()
        if header is None:
            raise StoreUnavailable(f"{self._path} cannot be looked into just now")
        if header != known.header:
            raise StoreUnavailable(f"{self._path} was written over by another program: {_STOP}")

    def _check_size(self, found: os.stat_result) -> None:
        if self._print is not None and found.st_size < self._print.size:
            raise StoreUnavailable(
                f"{self._path} was cut from {self._print.size:,} to {found.st_size:,} bytes:"
                f" {_STOP}"
            )

    def _note_companions(self) -> None:
        for file in self._beside:
            if file not in self._companions and _stat(file) is not None:
                with suppress(OSError):  # at the limit of open files: after the next commit, then
                    self._companions[file] = _Companion(file)

    def _header(self) -> bytes | None:
        """Return None where it cannot be read, such as at the limit of open files."""
        with suppress(OSError):
            if sys.platform == "win32":
                with Path(self._path).open("rb") as file:
                    return file.read(_HEADER_BYTES)
            if self._opened is None:
                self._opened = os.open(self._path, os.O_RDONLY)
            return os.pread(self._opened, _HEADER_BYTES, 0)
        return None


class _Companion:
    """A file beside the database, as it was when it was first seen.

    On Linux a descriptor that only names it says by which name the file goes now, and gives up no
    lock when it is closed. Elsewhere its device and number are asked.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._opened = os.open(file, os.O_PATH) if _NAMES.is_dir() else None
        self._name = f"{_NAMES}/{self._opened}"
        self._was = self._now()

    def is_there(self) -> bool:
        return self._now() == self._was

    def close(self) -> None:
        if self._opened is not None:
            os.close(self._opened)

    def _now(self) -> object:
        if self._opened is not None:
            return os.readlink(self._name)  # noqa: PTH115
        found = _stat(self._file)
        return None if found is None else _identity(found)


def _stat(file: str) -> os.stat_result | None:
    try:
        return os.stat(file)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreUnavailable(f"{file} cannot be looked at: {error.strerror}") from error


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
