"""`bridge sessions export` and `import`: a whole session in one file, or on the standard output."""

import re
import sys
from pathlib import Path
from urllib.parse import quote

import httpx

from bridge.cli.backup import PATIENCE, keep
from bridge.cli.client_session import choose
from bridge.cli.exits import CommandError
from bridge.cli.safe import one_line
from bridge.cli.server import Server, ask, checked, unreachable
from bridge.domain.errors import Refused
from bridge.domain.session_file import Seal

OPEN_TO_READ = (
    "Whoever can read this file can read all that was said in the session, its files, and the names"
    " and addresses of people."
)
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def export(
    server: Server, named: str | None, out: Path | None, *, force: bool, markdown: bool
) -> None:
    """Write a session to a file for its owner's eyes only, or print it. Raises `CommandError`."""
    what = "copy?form=markdown" if markdown else "export"
    path = f"/v1/sessions/{quote(_session(server, named), safe='')}/{what}"
    if out is None:
        _print(server, path)
        return
    size = keep(server, "GET", path, out, force=force, check=_no_check if markdown else _check)
    sys.stdout.write(f"{out}: {size:,} bytes\n{OPEN_TO_READ}\n")


def bring(server: Server, file: Path, *, as_is: bool) -> None:
    """Let the bridge read a session from a file. Raises `CommandError`."""
    try:
        with file.open("rb") as lines, server.blocking_client(read=PATIENCE) as client:
            how = {"as_is": "true"} if as_is else {}
            sent = client.post("/v1/import", params=how, content=lines)
            answer = checked(sent).json()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror or error}") from error
    except httpx.ConnectError as error:
        raise unreachable(server.url, error) from error
    except httpx.HTTPError as error:
        raise CommandError(f"it was cut off: {error}; ask for it again") from error
    events = f"{answer['events']:,} events"
    before = "it was imported before as" if answer["repeated"] else f"{events} in the session"
    sys.stdout.write(f"{file}: {before} {answer['session']}\n")


def keep_for(server: Server, named: str, keep: str | None) -> None:
    """Say, or change, how long a session keeps its words. Raises `CommandError`."""
    path = f"/v1/sessions/{quote(_session(server, named), safe='')}/retention"
    if keep is None:
        known = ask(server, "GET", path)
    else:
        known = ask(server, "PUT", path, json={"keep": keep})
    whose = "chosen for this session" if known["own"] else "as the configuration says"
    sys.stdout.write(f"kept: {one_line(str(known['keep']))} ({whose})\n")
    if known["erased"]:
        sys.stdout.write(f"no words any more: events 1 to {int(known['erased']):,}\n")


def _session(server: Server, named: str | None) -> str:
    """Return the id of the session that is meant: the owner may be in none of that name."""
    try:
        return choose(server, named)
    except CommandError:
        if named is None or not _ID.fullmatch(named):
            raise
        return named


def _print(server: Server, path: str) -> None:
    try:
        with server.blocking_client(read=PATIENCE) as client, client.stream("GET", path) as answer:
            if not answer.is_success:
                answer.read()
            for piece in checked(answer).iter_bytes():
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
    except httpx.ConnectError as error:
        raise unreachable(server.url, error) from error
    except httpx.HTTPError as error:
        raise CommandError(f"it was cut off: {error}; what was printed is not whole") from error


def _no_check(file: Path) -> None:
    """Take what people read as it is: it has no seal."""


def _check(file: Path) -> None:
    """Read what was written: it is whole and nothing of it was changed on its way."""
    try:
        with file.open("rb") as lines:
            Seal().check(lines)
    except Refused as error:
        raise CommandError(f"{error}; nothing was kept") from error
