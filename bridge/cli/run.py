"""`bridge run` starts the bridge, and says where it can be talked to; `bridge demo` shows one.

Other programs of the same user are kept out of this process's memory and environment. On Linux a
process that is not dumpable cannot be traced, and its `/proc/…/environ` and `mem` cannot be read,
but by root. So what a bridge starts, such as an agent's program, does not get at its secrets. A
program that it starts is dumpable again. Elsewhere nothing is done here.
"""

import asyncio
import ctypes
import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bridge import logs
from bridge.cli.add import PLACEHOLDER
from bridge.cli.qr import drawn
from bridge.cli.reached import reached_at
from bridge.cli.server import is_local
from bridge.config import Config, load
from bridge.config.load import DATA
from bridge.config.model import LogSection
from bridge.domain.errors import ConfigError
from bridge.imports import for_good, without
from bridge.plugins import install_command
from bridge.ports.health import Check

PR_SET_DUMPABLE = 4


def close_to_others() -> bool:
    """Make this process not dumpable; say whether it is so now."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
    except (OSError, AttributeError):  # a C library without it
        return False


if TYPE_CHECKING:
    from bridge.app import Running


UNENCRYPTED = (
    "    It is not encrypted on its way: whoever is in between can read it.\n"
    "    docs/operations.md says how to put TLS before it.\n"
)

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

        def announce(running: "Running", faults: Sequence[Check]) -> None:
            starting.close()
            chat, onboard = (
                _command(each, file, environ, sys.argv[0]) for each in ("chat", "onboard")
            )
            secrets = sys.stdout.isatty()
            reached = () if config.http.public_url else reached_at(config.http.host, running.url)
            said = announcement(
                running, chat, faults, secrets=secrets, onboard=onboard, reached=reached
            )
            sys.stdout.write(said)
            sys.stdout.flush()

        asyncio.run(serve(config, announce=announce))


def announcement(
    running: "Running",
    chat: str,
    faults: Sequence[Check] = (),
    *,
    secrets: bool,
    onboard: str = "",
    reached: Sequence[str] = (),
) -> str:
    """Return what is printed once the bridge is ready. `reached`: where others reach it, too.

    `chat` and `onboard` are commands, for another terminal.

    Without `secrets` what is printed goes to a log, which more people read: the owner's token and
    code stand in files of the data folder, readable by their owner only.
    """
    link, code = f"{running.url.rstrip('/')}/#token={running.token}", running.code
    to_begin = bool(onboard) and running.agent == PLACEHOLDER
    begin = f"  set up    {onboard}  (a model and a chat app, step by step)\n" if to_begin else ""
    outside = [f"{each}/#token={running.token}" for each in reached]
    phone = for_phone(outside[0] if outside else link) if secrets else ""
    others = "".join(f"  others    {each}\n" for each in reached)
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
        f"  terminal  {chat}\n{others}{begin}{code}{phone}\n"
        f"{UNENCRYPTED if reached and not phone else ''}"
        f"{attention(faults)}"
        f"Its data is in {running.data}. Ctrl-C stops it.\n\n"
    )


def for_phone(link: str) -> str:
    """Return a code that a phone's camera opens the page with; "" if no phone gets there.

    The code holds the owner's token, as the link does: it is for the person at the terminal.
    """
    address = urlsplit(link)
    if is_local(link):
        return ""
    rows = drawn(link)
    plain = UNENCRYPTED if address.scheme == "http" else ""
    return f"\n  phone     point its camera here:\n\n{rows}{plain}"


def attention(faults: Sequence[Check]) -> str:
    """Return what keeps agents and chat apps from working, so that it is not overlooked."""
    told = "".join(
        f"  {each.name}: {each.detail}\n" + (f"    → {each.fix}\n" if each.fix else "")
        for each in faults
    )
    return f"ATTENTION: this does not work yet:\n{told}\n" if told else ""


def _moved(config: Config, host: str | None, port: int | None) -> Config:
    """Let the command line say where to listen, whatever the file says."""
    given = {"host": host, "port": port}
    changes = {key: value for key, value in given.items() if value is not None}
    return replace(config, http=config.http.model_copy(update=changes)) if changes else config


def _command(asked: str, file: Path | None, environ: Mapping[str, str], program: str) -> str:
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
    return " ".join([*data, name, asked, *config])


# -- the demo -------------------------------------------------------------------------------------


def demo(port: int, *, once: bool) -> None:
    """Serve the demo until Ctrl-C, or play its scene once and end."""
    logs.configure(LogSection(level="error"), secrets=())
    _print("Starting four platforms and a bridge …\n")
    try:
        page = import_module("bridge.demo.page")  # its platforms are loaded for this command alone
    except ImportError as error:
        command = install_command("all")
        raise ConfigError(f"the demo needs all four apps' packages: run {command}") from error
    if once:
        page.play(port, lambda line: _print(f"{line}\n"))
    else:
        page.serve(port, _announce)


def _announce(url: str) -> None:
    _print(
        f"\nOne session in four chat apps, all on this machine:\n\n  {url}\n\n"
        "Write in any of them. Ctrl-C stops it.\n"
    )


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
