"""Whether what a configuration names is there: programs and addresses, looked at without use."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from bridge.ports.health import Check

CONNECT_SECONDS = 1.0


def program(command: str, *, cwd: Path | None, environ: Mapping[str, str]) -> Check | None:
    """Return what is wrong with a program that is to be started; None when nothing is."""
    if cwd is not None and not cwd.is_dir():
        detail = f"the folder {cwd}, in which {command} is to run, is not there"
        return Check(name="program", ok=False, detail=detail, fix="make the folder, or correct cwd")
    if os.sep not in command:
        if shutil.which(command, path=environ.get("PATH")):
            return None
        detail = f"the program {command} is not found in PATH"
        return Check(
            name="program", ok=False, detail=detail, fix="install it, or write its whole path"
        )
    path = (cwd or Path.cwd()) / command
    if not path.is_file():
        detail = f"the program {path} is not there"
        return Check(
            name="program", ok=False, detail=detail, fix="put it there, or correct command"
        )
    if not os.access(path, os.X_OK):
        detail = f"the program {path} may not be run"
        return Check(name="program", ok=False, detail=detail, fix=f"run: chmod +x {path}")
    return None


async def address(url: str) -> Check | None:
    """Return why nothing can be connected to at an address; None when something can."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname or "", port)
    except TimeoutError:
        why = "it did not answer in time"
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    else:
        writer.close()
        return None
    detail = f"{parts.scheme}://{parts.hostname}:{port} cannot be reached: {why}"
    fix = "start what serves there, or correct url; the bridge tries again with each message"
    return Check(name="address", ok=False, detail=detail, fix=fix)
