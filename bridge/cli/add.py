"""`bridge add`: asks for an account's tokens, tries them, and writes the configuration.

Secrets go into files of their own, owner-only, in the data folder; the configuration only names
them. A configuration that would not load afterwards is left as it was.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer

from bridge import plugins
from bridge.cli.exits import MisusedError
from bridge.config import data_folder, load
from bridge.config.document import read
from bridge.config.folder import private_folder
from bridge.config.load import find
from bridge.config.validate import unknown
from bridge.errors import ConfigError
from bridge.plugins import AgentPlugin, Ask, ChannelPlugin, Kind, Setup, Verified

TRIES = 3
MODEL = "litellm"
"""The type of agent that `bridge add model` adds."""

FIRST_AGENT = "assistant"
"""What the first agent is called, where nobody says otherwise: everyone who chats reads it."""

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def add(
    kind: str,
    *,
    name: str | None,
    file: Path | None,
    given: Mapping[str, str],
    environ: Mapping[str, str],
    answers: bool | None = None,
) -> None:
    """Add an account of a platform, or an agent. `given`: answers, and what is not asked for.

    `answers`: the agent answers from now on; None: that is asked where another one does.
    Raises `ConfigError` when the platform refuses them, or there is no such platform.
    """
    kind = MODEL if kind == "model" else kind
    part = _part(kind)
    if kind not in plugins.available(part):
        raise MisusedError(unknown(kind, (*plugins.available("channels"), "model")))
    plugin: ChannelPlugin | AgentPlugin = plugins.load(part, kind)
    if plugin.setup is None:
        raise MisusedError(f"{kind} is not set up by questions: see docs/channels")
    target = file or find(environ) or data_folder(file, environ) / "config.yaml"
    known = _known(target, part)
    account = _free(name or kind, known, target) if name or part == "channels" else ""
    sys.stdout.write(f"{plugin.setup.intro.strip()}\n\n")
    given_answers, verified = _asked(plugin.setup, given)
    data = data_folder(target if target.exists() else None, environ)
    private_folder(data)
    asking = any(ask.key not in given for ask in plugin.setup.asks)
    account = account or _called(known, target, asking=asking)
    agent = ""
    if part == "agents":
        agent = _default(target, known, account, answers=answers, asking=asking)
    section = _section(kind, account, plugin.setup, given_answers, data)
    _write(target, account, section, environ, part=part, agent=agent)
    sys.stdout.write(_next(account, target, verified))


def _part(kind: str) -> Kind:
    """Return the part of the configuration that something of this kind belongs in."""
    return "agents" if kind in plugins.available("agents") else "channels"


def settings(written: Sequence[str]) -> dict[str, str]:
    """Return KEY=VALUE pairs as they were written on the command line."""
    pairs = [pair.partition("=") for pair in written]
    for key, separator, _ in pairs:
        if not key or not separator:
            raise MisusedError(f"--set takes KEY=VALUE, not {key!r}")
    return {key: value for key, _, value in pairs}


# -- questions ------------------------------------------------------------------------------------


def _asked(setup: Setup, given: Mapping[str, str]) -> tuple[dict[str, str], Verified]:
    """Return the answers that the platform took, and what it said."""
    before: dict[str, str] = {}
    for left in reversed(range(TRIES)):
        answers = dict(given)
        for ask in setup.asks:
            if ask.key not in answers:
                answers[ask.key] = _typed(ask, before.get(ask.key, ""))
        try:
            return answers, asyncio.run(setup.verify(answers))
        except ConfigError as error:
            if not left or all(ask.key in given for ask in setup.asks):
                raise
            sys.stdout.write(f"\n{error}\n\n")
            before = answers
    raise AssertionError


def _typed(ask: Ask, before: str) -> str:
    """Ask. What was typed `before` is offered again, but no secret, and nothing left out easily."""
    if ask.hint:
        sys.stdout.write(f"{ask.hint}\n")
    default = ask.default if ask.default or ask.optional or not ask.secret else None
    if before and not ask.secret and not ask.optional:
        default = before
    typed: str = typer.prompt(
        ask.prompt, default=default, hide_input=ask.secret, show_default=bool(default)
    )
    return typed.strip()


# -- what is written ------------------------------------------------------------------------------


def _known(file: Path, part: Kind) -> Mapping[str, Any]:
    """Return the sections that the file has in this part, by name."""
    sections = read(file).root.get(part) if file.exists() else None
    return sections if isinstance(sections, dict) else {}


def _free(name: str, known: Collection[str], file: Path) -> str:
    if not NAME.fullmatch(name):
        raise MisusedError("a name is of small letters, digits, - and _, at most 40")
    if name in known:
        raise MisusedError(f"{file} has {name!r} already: choose another with --name")
    return name


def _called(known: Collection[str], file: Path, *, asking: bool) -> str:
    """Ask what an agent is to be called: people read it beside its answers."""
    numbered = (f"{FIRST_AGENT}{number or ''}" for number in (0, *range(2, 100)))
    default = next(each for each in numbered if each not in known)
    while asking:
        name: str = typer.prompt("What is it called in the chats", default=default)
        try:
            return _free(name.strip(), known, file)
        except MisusedError as error:
            sys.stdout.write(f"{error}\n")
    return default


def _default(
    file: Path, known: Collection[str], account: str, *, answers: bool | None, asking: bool
) -> str:
    """Return which agent the file has to name as the one that answers; "" if it need not."""
    root = read(file).root if file.exists() else {}
    named = str(root.get("agent") or next(iter(known), ""))
    if not known:
        return account if root.get("agent") else ""
    if answers is None and asking:
        question = f"Does {account} answer from now on, instead of {named}"
        answers = typer.confirm(question, default=True)
    return account if answers else named


def _section(kind: str, account: str, setup: Setup, answers: Mapping[str, str], data: Path) -> str:
    secret = {ask.key for ask in setup.asks if ask.secret}
    lines = [f"  {account}:", f"    type: {kind}"]
    for key, value in answers.items():
        if not value:
            continue
        if key in secret:
            kept = data / "secrets" / f"{account}-{key}"
            _keep(kept, value + "\n")
            lines.append(f"    {key}: {{file: {json.dumps(str(kept))}}}")
        else:
            lines.append(f"    {key}: {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _write(
    file: Path, account: str, section: str, environ: Mapping[str, str], *, part: Kind, agent: str
) -> None:
    """Put the section into the file; a file that cannot be used then is put back.

    `agent` is who answers by default; empty: the file need not say.
    """
    before = file.read_text(encoding="utf-8") if file.exists() else None
    text = inserted(before or "", section, part)
    _keep(file, answered_by(text, agent) if agent else text)
    try:
        load(file, environ)
    except ConfigError as error:
        if before is None:
            file.unlink()
        else:
            _keep(file, before)
        raise ConfigError(
            f"{file} is as it was: with {account} added it could not be used", *error.problems
        ) from error


def inserted(text: str, section: str, part: Kind = "channels") -> str:
    """Return the text of a configuration with one more section under `channels`, or another."""
    empty = r"(\{\s*\}|null|~)?[ \t]*(#[^\n]*)?$"
    found = re.search(rf"^{part}:[ \t]*{empty}", text, re.MULTILINE)
    if found is not None:
        end = found.end()
        rest = text[end:].removeprefix("\n")
        return f"{text[: found.start()]}{part}:\n{section}{rest}"
    if text and not text.endswith("\n"):
        text += "\n"
    return f"{text}{part}:\n{section}"


def answered_by(text: str, agent: str) -> str:
    """Return the text of a configuration that says which agent answers."""
    found = re.search(r"^agent:[^\n#]*", text, re.MULTILINE)
    if found is None:
        return f"agent: {agent}\n{text}"
    space = " " if text[found.end() : found.end() + 1] == "#" else ""
    return f"{text[: found.start()]}agent: {agent}{space}{text[found.end() :]}"


def _keep(file: Path, text: str) -> None:
    """Write a file that only its owner may read, at once or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".{file.name}.new")
    with suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(text)
        written.flush()
        os.fsync(descriptor)
    draft.replace(file)


def _next(account: str, file: Path, verified: Verified) -> str:
    steps = "".join(f"  - {step}\n" for step in verified.steps)
    return (
        f"\n{verified.account} is now in {file}, as {account!r}.\n"
        + (f"Still to do:\n{steps}" if steps else "")
        + (_open(verified.link) if verified.link else "Start the bridge (again) to talk to it.\n")
    )


def _open(link: str) -> str:
    return (
        "Start the bridge (again): it prints a code. Open this link and send the code there:\n\n"
        f"  {link}\n\n"
        "`bridge doctor` says whether everything is in place.\n"
    )
