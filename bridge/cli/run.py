"""`bridge run`: starts the bridge, and says where it can be talked to once it can."""

import asyncio
import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bridge import logs
from bridge.cli.shield import close_to_others
from bridge.config import Config, load
from bridge.config.load import DATA
from bridge.imports import for_good, without
from bridge.ports import Check

if TYPE_CHECKING:
    from bridge.app import Running


OWNER_TOKEN, OWNER_CODE = "owner-token", "owner-code"
"""Files of the data folder."""


def run(
    file: Path | None, environ: Mapping[str, str], *, host: str | None, port: int | None
) -> None:
    """Serve until told to stop. Raises `ConfigError` and whatever else keeps it from running.

    What is made at the start stays for good, so it is kept out of the garbage collector's rounds.
    """
    with ExitStack() as starting:
        starting.enter_context(for_good())
        with without("watchfiles"):  # uvicorn would watch files, and we never reload
            from bridge.app import serve  # noqa: PLC0415 - a wrong configuration is told without it

        config = _moved(load(file, environ, look_round=True), host, port)
        logs.configure(config.log, secrets=config.secrets)
        if not config.log.debugger:
            close_to_others()

        def announce(running: "Running") -> None:
            starting.close()
            chat = _chat_command(file, environ, sys.argv[0])
            sys.stdout.write(announcement(running, chat, secrets=sys.stdout.isatty()))
            sys.stdout.flush()

        asyncio.run(serve(config, announce=announce))


def announcement(running: "Running", chat: str, *, secrets: bool) -> str:
    """Return what is printed once the bridge is ready.

    Without `secrets` what is printed goes to a log, which more people read: the owner's token and
    code stand in files of the data folder, readable by their owner only.
    """
    link, code = f"{running.url.rstrip('/')}/#token={running.token}", running.code
    if not secrets:
        link = f"{running.url}  (the token to sign in is in {running.data / OWNER_TOKEN})"
        code = f"it is in {running.data / OWNER_CODE}" if code else ""
    code = (
        f"  chat app  send it this code once, and it knows you as its owner: {code}\n"
        if code
        else ""
    )
    return (
        f"\nBridgehead is running; the agent is {running.agent}."
        " Talk to it from two places at once:\n\n"
        f"  browser   {link}\n"
        f"  terminal  {chat}\n{code}\n"
        f"{attention(running.faults)}"
        f"Its data is in {running.data}. Ctrl-C stops it.\n\n"
    )


def attention(faults: Sequence[Check]) -> str:
    """Return what keeps agents from answering, so that it is not overlooked."""
    told = "".join(f"  {each.name}: {each.detail}\n    → {each.fix}\n" for each in faults)
    return f"ATTENTION, nobody will get an answer from\n{told}\n" if told else ""


def _moved(config: Config, host: str | None, port: int | None) -> Config:
    """Let the command line say where to listen, whatever the file says."""
    given = {"host": host, "port": port}
    changes = {key: value for key, value in given.items() if value is not None}
    return replace(config, http=config.http.model_copy(update=changes)) if changes else config


def _chat_command(file: Path | None, environ: Mapping[str, str], program: str) -> str:
    """Return the command that finds this bridge from another terminal in the same folder."""
    found = shutil.which("bridge")
    same = found is not None and Path(found).resolve() == Path(program).resolve()
    name = (
        "bridge" if same else min(os.path.relpath(program), str(Path(program).absolute()), key=len)
    )
    if Path(program).name == "__main__.py":
        name = f"{sys.executable} -m bridge"
    data = [f"{DATA}={shlex.quote(environ[DATA])}"] if environ.get(DATA) else []
    config = [f"--config {shlex.quote(str(file))}"] if file else []
    return " ".join([*data, name, "chat", *config])
