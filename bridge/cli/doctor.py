"""`bridge doctor`: what works, what does not, and what to do about it."""

import asyncio
import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from bridge.cli.exits import CommandError
from bridge.cli.paint import console
from bridge.cli.safe import plain
from bridge.cli.server import Where, ask, find
from bridge.config import data_folder, load
from bridge.errors import ConfigError
from bridge.health import agent_checks

OLDEST_PYTHON = (3, 11)
LEAST_FREE = 200 * 1024 * 1024
"""Bytes on the disk of the data: below, the database is about to be unable to grow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    ok: bool
    detail: str
    fix: str = ""


def doctor(where: Where, environ: Mapping[str, str], *, as_json: bool, deep: bool = False) -> bool:
    """Print every check; return whether all is well. With `deep` models are asked for a word."""
    checks = [*_local(where, environ), *_remote(where, environ, deep=deep)]
    if as_json:
        sys.stdout.write(json.dumps({"checks": [asdict(each) for each in checks]}, indent=2) + "\n")
    else:
        console().print(_table(checks))
    return all(each.ok for each in checks)


def _table(checks: list[Check]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in checks:
        mark = Text("ok", "green") if each.ok else Text("FAULT", "bold red")
        detail = Text(plain(each.detail))
        if not each.ok and each.fix:
            detail.append(f"\n→ {plain(each.fix)}", "yellow")
        table.add_row(mark, Text(plain(each.name)), detail)
    return table


# -- on this machine ------------------------------------------------------------------------------


def _local(where: Where, environ: Mapping[str, str]) -> Iterator[Check]:
    yield _python(sys.version_info[:2])
    yield _config(where.config, environ)
    try:
        data = data_folder(where.config, environ)
    except ConfigError:
        return
    yield from _data(data)


def _python(version: tuple[int, ...]) -> Check:
    written = ".".join(map(str, version))
    return Check(
        name="python",
        ok=version >= OLDEST_PYTHON,
        detail=written,
        fix="install Python 3.11 or newer",
    )


def _config(file: Path | None, environ: Mapping[str, str]) -> Check:
    try:
        config = load(file, environ)
    except ConfigError as error:
        fix = "correct the file; bridge check-config looks again"
        return Check(name="config", ok=False, detail=str(error), fix=fix)
    return Check(name="config", ok=True, detail=str(config.file or "no file, the defaults"))


def _data(data: Path) -> Iterator[Check]:
    if not data.is_dir():
        yield Check(name="data", ok=False, detail=f"{data} is not there", fix="run: bridge run")
        return
    yield _access(data)
    for name in ("owner-token", "server.json"):
        if (data / name).exists():
            yield _private(data / name)
    yield _disk(shutil.disk_usage(data).free)


def _access(data: Path) -> Check:
    usable = os.access(data, os.R_OK | os.W_OK | os.X_OK)
    if not usable:
        fix = f"make it yours: chown -R {os.getuid()} {data}"
        return Check(name="data", ok=False, detail=f"{data} cannot be written", fix=fix)
    return _private(data)


def _private(path: Path) -> Check:
    mode = stat.S_IMODE(path.stat().st_mode)
    closed = not mode & (stat.S_IRWXG | stat.S_IRWXO)
    fix = f"run: chmod {'700' if path.is_dir() else '600'} {path}"
    detail = str(path) if closed else f"{path} is open to others on this machine ({mode:03o})"
    return Check(name="data" if path.is_dir() else path.name, ok=closed, detail=detail, fix=fix)


def _disk(free: int) -> Check:
    detail = f"{free / 1024**3:.1f} GiB free"
    return Check(name="disk", ok=free >= LEAST_FREE, detail=detail, fix="make room on this disk")


# -- in the running bridge ------------------------------------------------------------------------


def _remote(where: Where, environ: Mapping[str, str], *, deep: bool) -> Iterator[Check]:
    try:
        server = find(where, environ)
        answer = ask(server, "GET", "/v1/doctor", params={"deep": deep})
    except (CommandError, ConfigError) as error:
        yield Check(name="bridge", ok=False, detail=str(error), fix="see above")
        yield from _agents(where.config, environ, deep=deep)
        return
    yield Check(name="bridge", ok=True, detail=server.url)
    yield from (_reported(each) for each in answer.get("checks", ()))


def _agents(file: Path | None, environ: Mapping[str, str], *, deep: bool) -> Iterator[Check]:
    """Look at the agents from here, as no bridge runs that could."""
    with suppress(ConfigError):
        config = load(file, environ)
        for each in asyncio.run(agent_checks(config.agents, environ, deep=deep)):
            yield Check(name=each.name, ok=each.ok, detail=each.detail, fix=each.fix)


def _reported(each: Any) -> Check:
    return Check(
        name=str(each.get("name", "")),
        ok=bool(each.get("ok")),
        detail=str(each.get("detail", "")),
        fix=str(each.get("fix") or ""),
    )
