"""`bridge backup` and `bridge restore`.

A backup is taken from the running bridge; a restore needs it stopped. Neither leaves half a file.
"""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import httpx

from bridge.cli.exits import CommandError
from bridge.cli.server import Server, Where, checked, find, unreachable
from bridge.config import load
from bridge.ports import Surroundings

WITHOUT_FILES = (
    "The files that were sent are not in it: copy their folder too, after this, the bridge may run"
    " (media.path; by default `media` in the data folder)."
)
FILES_APART = (
    "The files that were sent are not touched: copy their folder back if you kept one, too"
    " (media.path; by default `media` in the data folder)."
)
AFTERWARDS = (
    "At the next start, what people said after the copy was made and their apps deliver again is"
    " kept as context and not answered: ask again for what you still want. What they say from now"
    " on is answered as always. What the copy had still to show is shown, marked as a possible"
    " repeat. What the bridge said after the copy stays in the apps, but it does not know of it."
    " Open pages and terminals begin anew."
)
PATIENCE = 600.0
"""Seconds: a large database is copied before its first byte is sent."""


def backup(server: Server, file: Path, *, force: bool) -> None:
    """Keep a consistent copy of the database in a file for its owner's eyes only."""
    if file.is_dir():
        raise CommandError(f"{file} is a folder; name a file")
    if file.exists() and not force:
        raise CommandError(f"{file} is there already; --force replaces it")
    fresh = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        size = _download(server, fresh)
        _put(fresh, file, force=force)
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
    sys.stdout.write(f"{file}: {size:,} bytes\n{WITHOUT_FILES}\n")


def _download(server: Server, fresh: Path) -> int:
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        try:
            with (
                server.blocking_client(read=PATIENCE) as client,
                client.stream("POST", "/v1/backup") as answer,
            ):
                if not answer.is_success:
                    answer.read()
                for piece in checked(answer).iter_bytes():
                    out.write(piece)
        except httpx.ConnectError as error:
            raise unreachable(server.url, error) from error
        except httpx.HTTPError as error:
            raise CommandError(f"the backup was cut off: {error}; nothing was kept") from error
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
    from bridge.workers.clock import SystemClock  # noqa: PLC0415 - only needed here

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
