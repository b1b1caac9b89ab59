"""`bridge doctor --fix`: mends what can be mended without asking, and says what it did.

It makes the data folder, closes it and the files that hold secrets to everybody else, and takes
away the note of a bridge that has died. It touches only what belongs to whoever calls it, and no
word of anybody's. Where only people can help (a package that is missing, a token that was revoked)
the checks that follow say how.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from bridge.cli.remove import named_files
from bridge.config import data_folder
from bridge.config.document import read
from bridge.config.folder import OPEN, private_folder
from bridge.config.load import MOUNTED, find
from bridge.domain.errors import ConfigError

NOTE = "server.json"
OWN = ("owner-token", "owner-code", NOTE, "onboard.log", "config.yaml")
"""Files of the data folder that the bridge makes for their owner alone."""


def mended(file: Path | None, environ: Mapping[str, str]) -> list[str]:
    """Mend what can be; return a sentence for each thing that was done, or could not be."""
    try:
        data = data_folder(file, environ)
    except ConfigError:
        return []  # the checks say what is wrong with the file
    done = [*_folder(data)]
    for path in secret_files(file or find(environ), data):
        done += _closed(path)
    return [*done, *_note(data / NOTE)]


def secret_files(config: Path | None, data: Path) -> list[Path]:
    """Return what holds secrets: the data folder's own, and what the configuration names."""
    secrets = data / "secrets"
    found = [data / name for name in OWN]
    if secrets.is_dir():
        found += [secrets, *sorted(secrets.iterdir())]
    named: frozenset[Path] = frozenset()
    with suppress(ConfigError, AttributeError):
        named = named_files(read(config).root, config) if config else named
    found += sorted(each for each in named if not any(map(each.is_relative_to, MOUNTED)))
    return [each for each in dict.fromkeys(found) if each.exists() and not each.is_symlink()]


def _folder(data: Path) -> Iterator[str]:
    was_there = data.is_dir()
    mode = data.stat().st_mode if was_there else 0
    try:
        private_folder(data)
    except OSError as error:
        yield f"{data} could not be made: {error.strerror}"
        return
    if not was_there:
        yield f"{data} was made, for you alone"
    elif data.stat().st_mode != mode:
        yield f"{data} was open to others, and is closed now"


def _closed(path: Path) -> Iterator[str]:
    try:
        found = path.stat()
        if not found.st_mode & OPEN or found.st_uid != os.geteuid():
            return
        path.chmod(stat.S_IMODE(found.st_mode) & ~OPEN)
    except OSError as error:
        yield f"{path} could not be closed to others: {error.strerror}"
    else:
        yield f"{path} was open to others, and is closed now: change what it holds if they read it"


def _note(note: Path) -> Iterator[str]:
    """Take away what a bridge left that ended without a word."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        process = int(json.loads(note.read_text())["pid"])
        if not _lives(process):
            note.unlink()
            yield f"{note} was taken away: the bridge that wrote it (process {process}) is dead"


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True
