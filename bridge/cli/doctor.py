"""What is wrong, before anyone notices it.

`bridge check-config` says everything that is wrong with the configuration, at once; `bridge doctor`
what works, what does not, and what to do about it.
"""

import asyncio
import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from rich.table import Table
from rich.text import Text

from bridge import texts
from bridge.cli.exits import CommandError
from bridge.cli.mend import mended, secret_files
from bridge.cli.render import console
from bridge.cli.safe import plain
from bridge.cli.server import Server, Where, ask, find
from bridge.config import AgentConfig, Config, data_folder, load
from bridge.config.load import find as find_file
from bridge.config.load import sound_agents
from bridge.domain.errors import ConfigError
from bridge.health import DEEP_PATIENCE_SECONDS, agent_checks

# -- `bridge check-config` ------------------------------------------------------------------------


def check(
    file: Path | None, environ: Mapping[str, str], *, as_json: bool, deep: bool = False
) -> bool:
    """Print what was found; return whether the bridge could run with it and answer.

    With `deep` each model is asked for a word.
    """
    config: Config | None = None
    problems: tuple[str, ...] = ()
    try:
        config = load(file, environ)
        problems = _faulty_agents(config.file, config.agents, environ, deep=deep)
    except ConfigError as error:
        problems = error.problems
        with suppress(ConfigError):  # what cannot be read at all has no agents either
            agents = sound_agents(file, environ)
            problems += _faulty_agents(file or find_file(environ), agents, environ, deep=deep)
    if as_json:
        found = {"ok": not problems, "problems": list(problems)}
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    elif config and not problems:
        sys.stdout.write(_summary(config))
    else:
        sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return not problems


def _faulty_agents(
    file: Path | None,
    agents: Mapping[str, AgentConfig],
    environ: Mapping[str, str],
    *,
    deep: bool,
) -> tuple[str, ...]:
    found = asyncio.run(agent_checks(agents, environ, deep=deep))
    where = file or "no file, the defaults"
    return tuple(
        f"{where}: {each.name}: {each.detail}" + (f" → {each.fix}" if each.fix else "")
        for each in found
        if not each.ok
    )


def _summary(config: Config) -> str:
    channels = ", ".join(f"{name} ({each.label})" for name, each in config.channels.items())
    return (
        f"{config.file or 'no file, the defaults'}: fine\n"
        f"  data      {config.data}\n"
        f"  store     {config.store.type}\n"
        f"  agent     {config.agent}\n"
        f"  channels  {channels or 'browser and terminal'}\n"
    )


# -- `bridge doctor` ------------------------------------------------------------------------------

OLDEST_PYTHON = (3, 11)
LONG, SHORT = 30.0, 3.0
"""Seconds for the bridge to answer; short when it says that it cannot work, or nothing."""

LEAST_FREE = 200 * 1024 * 1024
"""Bytes on the disk of the data: below, the database is about to be unable to grow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    ok: bool
    detail: str
    fix: str = ""


def doctor(
    where: Where,
    environ: Mapping[str, str],
    *,
    as_json: bool,
    deep: bool = False,
    fix: bool = False,
) -> bool:
    """Print every check; return whether all is well. With `deep` models are asked for a word.

    With `fix` what can be mended is mended before, and told.
    """
    done = mended(where.config, environ) if fix else []
    checks = [*_local(where, environ), *_remote(where, environ, deep=deep)]
    if as_json:
        found = {**({"mended": done} if fix else {}), "checks": [asdict(each) for each in checks]}
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        if fix:
            told = "".join(f"mended: {plain(each)}\n" for each in done)
            sys.stdout.write(told or "There was nothing that could be mended here.\n")
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
    yield from _data(data, where.config or find_file(environ))


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


def _data(data: Path, config: Path | None) -> Iterator[Check]:
    if not data.is_dir():
        yield Check(name="data", ok=False, detail=f"{data} is not there", fix="run: bridge run")
        return
    yield _access(data)
    always = (data / "owner-token", data / "server.json")
    for path in secret_files(config, data):
        check = _private(path)
        if path in always or not check.ok:
            yield check
    yield _disk(shutil.disk_usage(data).free)


def _access(data: Path) -> Check:
    usable = os.access(data, os.R_OK | os.W_OK | os.X_OK)
    if not usable:
        fix = f"make it yours: chown -R {os.getuid()} {data}"
        return Check(name="data", ok=False, detail=f"{data} cannot be written", fix=fix)
    return replace(_private(data), name="data")


def _private(path: Path) -> Check:
    mode = stat.S_IMODE(path.stat().st_mode)
    closed = not mode & (stat.S_IRWXG | stat.S_IRWXO)
    fix = f"run: chmod {'700' if path.is_dir() else '600'} {path}"
    detail = str(path) if closed else f"{path} is open to others on this machine ({mode:03o})"
    return Check(name=path.name, ok=closed, detail=detail, fix=fix)


def _disk(free: int) -> Check:
    detail = f"{free / 1024**3:.1f} GiB free"
    return Check(name="disk", ok=free >= LEAST_FREE, detail=detail, fix="make room on this disk")


# -- in the running bridge ------------------------------------------------------------------------


def _remote(where: Where, environ: Mapping[str, str], *, deep: bool) -> Iterator[Check]:
    parts: list[Check] = []
    try:
        server = find(where, environ)
        parts, patience = _unready(server)
        read = DEEP_PATIENCE_SECONDS + 10 if deep and not parts else patience
        answer = ask(server, "GET", "/v1/doctor", params={"deep": deep}, read=read)
    except (CommandError, ConfigError) as error:
        fix = "see below" if parts else "see above"
        yield Check(name="bridge", ok=False, detail=str(error), fix=fix)
        yield from parts
        yield from _agents(where.config, environ, deep=deep)
        return
    yield Check(name="bridge", ok=True, detail=server.url)
    yield from (_reported(each) for each in answer.get("checks", ()))


def _unready(server: Server) -> tuple[list[Check], float]:
    """Return which parts do not work, as the bridge says at once, whatever stalls; no token.

    And how long to wait for the rest: not long where one does not work, or it stalls itself.
    """
    with suppress(httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):
        with server.blocking_client(read=SHORT) as client:
            said = client.get("/readyz").json()
        if "error" not in said:
            return [], LONG
        found = [_reported(each) for each in said["parts"]]
        return [replace(each, fix=texts.FIX_STORE) for each in found if not each.ok], SHORT
    return [], SHORT


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
