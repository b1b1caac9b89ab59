"""The data folder: only its owner may enter it, whoever makes it first."""

import os
import stat
from contextlib import suppress
from pathlib import Path

OPEN = stat.S_IRWXG | stat.S_IRWXO


def private_folder(folder: Path) -> None:
    """Make the folder if it is not there; close one of ours that others could enter.

    What belongs to others or to everyone (`/tmp`) is left as it is.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.stat()
    if found.st_mode & OPEN and not found.st_mode & stat.S_ISVTX and found.st_uid == os.geteuid():
        with suppress(OSError):  # not every file system has modes; `bridge doctor` tells
            folder.chmod(stat.S_IMODE(found.st_mode) & ~OPEN)
