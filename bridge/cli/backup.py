"""`bridge backup` and `bridge restore`.

A backup is taken from the running bridge; a restore needs it stopped. Neither leaves half a file.
"""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import httpx

from bridge.cli.exits import CommandError
from bridge.cli.server import Server, Where, checked, find, unreachable
from bridge.config import load
from bridge.ports.surroundings import Surroundings

WITHOUT_FILES = (
    "The backup does not contain the files that were sent. Now copy their folder too (media.path;"
    " by default `media` in the data folder); the bridge may run meanwhile."
)
FILES_APART = (
    "The files that were sent stay as they are. If you have a copy of their folder, copy it back"
    " too (media.path; by default `media` in the data folder)."
)
AFTERWARDS = (
    "After the next start, apps may deliver messages again that people wrote after the backup. The"
    " agent can read these but does not answer them: ask again for what you still want. It answers"
    " new messages as always. What the backup still had to show is shown, marked as a possible"
    " repeat. What the bridge said after the backup stays in the apps, but the bridge does not know"
    " of it. Open pages and terminals load the session again. People who were removed or undone"
    " after the backup are let in again: see `bridge people list`. Codes that nobody had used no"
    " longer work."
)
PATIENCE = 600.0
"""Seconds: a large database is copied before its first byte is sent."""


def backup(server: Server, file: Path, *, force: bool) -> None:
    """Keep a consistent copy of the database in a file for its owner's eyes only."""
    size = keep(server, "POST", "/v1/backup", file, force=force)
    sys.stdout.write(f"{file}: {size:,} bytes\n{WITHOUT_FILES}\n")


def keep(
    server: Server,
    method: str,
    path: str,
    file: Path,
    *,
    force: bool,
    check: Callable[[Path], None] = lambda _: None,
) -> int:
    """Put an answer into a file, once all of it is there and has passed `check`; return its bytes.

    Raises `CommandError`; then nothing is kept.
    """
    if file.is_dir():
        raise CommandError(f"{file} is a folder; name a file")
    if file.exists() and not force:
        raise CommandError(f"{file} is there already; --force replaces it")
    fresh = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        size = _download(server, method, path, fresh)
        check(fresh)
        _put(fresh, file, force=force)
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
    return size


def _download(server: Server, method: str, path: str, fresh: Path) -> int:
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        try:
            with (
                server.blocking_client(read=PATIENCE) as client,
                client.stream(method, path) as answer,
            ):
                if not answer.is_success:
                    answer.read()
                for piece in checked(answer).iter_bytes():
                    out.write(piece)
        except httpx.ConnectError as error:
            raise unreachable(server.url, error) from error
        except httpx.HTTPError as error:
            raise CommandError(f"it was cut off: {error}; nothing was kept") from error
        out.flush()
        os.fsync(out.fileno())
        return out.tell()


def _put(fresh: Path, file: Path, *, force: bool) -> None:
    if force:
        fresh.replace(file)
        return
    try:
        file.hardlink_to(fresh)  # unlike a rename it never replaces what came up meanwhile
    except FileExistsError:
        raise CommandError(f"{file} is there already; --force replaces it") from None


def restore(where: Where, file: Path, environ: Mapping[str, str]) -> None:
    """Put a backup in place of the database. Raises `CommandError`, `BridgeError`."""
    from bridge.engine.clock import SystemClock  # noqa: PLC0415 - only needed here

    config = load(where.config, environ)
    if not file.is_file():
        raise CommandError(f"{file} is not there")
    if _runs(where, environ):
        raise CommandError("the bridge is running: stop it, restore, and start it again")
    if config.store.plugin.restore is None:
        raise CommandError(f"a {config.store.type} database is restored with its own tools")
    surroundings = Surroundings(clock=SystemClock(), data=config.data)
    said = config.store.plugin.restore(config.store.options, surroundings, file)
    sys.stdout.write(f"{said}\n{FILES_APART}\n{AFTERWARDS}\n")


def _runs(where: Where, environ: Mapping[str, str]) -> bool:
    try:
        server = find(where, environ)
        with server.blocking_client(read=3) as client:
            return client.get("/healthz").is_success
    except (CommandError, httpx.HTTPError):
        return False
