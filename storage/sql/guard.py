"""Whether the database file is still the one that was opened.

A process goes on writing into a file that someone deleted, moved or wrote over, and everything in
it is lost with the process. So before a commit, and again before it is answered, the guard looks:

- The file, its `-wal` and its `-shm` must be the files they were: device and number. The last two
  are there from the first write until the last connection is closed.
- It never gets smaller, and only we write it. If its time is another one than after our own last
  commit, its header tells whether anything was written.
- What comes back is taken as it was: a file that was moved away and back is the same one.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import StoreUnavailable

_HEADER_BYTES = 100
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
        self._path = path
        self._file: tuple[int, int] | None = None
        self._companions: dict[Path, tuple[int, int]] = {}
        self._print: _Print | None = None

    @property
    def knows(self) -> bool:
        return self._file is not None

    def look(self) -> None:
        """Raise `StoreUnavailable`, with what to do, unless everything is as it was left."""
        if self._file is None:
            return
        found = self._stat(self._path)
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
        found = self._stat(self._path)
        if found is None or (self._file is not None and _identity(found) != self._file):
            self.look()
            return
        self._file = _identity(found)
        self._note_companions()
        if self._print is None or self._print.time != found.st_mtime_ns:
            header = self._header()
            self._print = _Print(found.st_size, found.st_mtime_ns, header)

    def _check_companions(self) -> None:
        for file, was in self._companions.items():
            found = self._stat(file)
            if found is None or _identity(found) != was:
                raise StoreUnavailable(
                    f"{file} was deleted or replaced: stop the bridge in good order, which writes"
                    " what it holds into the database, and start it again"
                )

    def _check_print(self, found: os.stat_result) -> None:
        known = self._print
        if known is None or (known.time, known.size) == (found.st_mtime_ns, found.st_size):
            return
        if found.st_size < known.size:
            raise StoreUnavailable(
                f"{self._path} was cut from {known.size:,} to {found.st_size:,} bytes: {_STOP}"
            )
        if self._header() != known.header:
            raise StoreUnavailable(f"{self._path} was written over by another program: {_STOP}")

    def _note_companions(self) -> None:
        for suffix in ("-wal", "-shm"):
            file = self._path.with_name(self._path.name + suffix)
            found = self._stat(file)
            if found is not None:
                self._companions.setdefault(file, _identity(found))
        self._check_companions()

    def _header(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                return file.read(_HEADER_BYTES)
        except OSError:
            return b""

    def _stat(self, file: Path) -> os.stat_result | None:
        try:
            return file.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreUnavailable(f"{file} cannot be looked at: {error.strerror}") from error


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
