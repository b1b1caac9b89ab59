"""One process per SQLite file: a lock that ends with the process, and says whose it is."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from bridge.errors import ConfigError


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
