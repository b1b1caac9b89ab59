"""`bridge add`: asks for an account's tokens, tries them, and writes the configuration.

Secrets go into files of their own, owner-only, in the data folder; the configuration only names
them. None is taken from the command line, which every program of the machine can read: it is asked
for, or comes from the environment, a file or the standard input. A configuration that would not
load afterwards is left as it was.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import typer
from pydantic import SecretStr

from bridge import plugins
from bridge.cli.browser import first_link, offer
from bridge.cli.exits import MisusedError
from bridge.cli.render import Painter, console
from bridge.config import data_folder, load
from bridge.config.document import read
from bridge.config.folder import private_folder
from bridge.config.load import find
from bridge.config.validate import unknown
from bridge.domain.errors import ConfigError
from bridge.plugins import AgentPlugin, Ask, ChannelPlugin, Kind, Setup, Verified

TRIES = 3
MODEL = "litellm"
"""The type of agent that `bridge add model` adds."""

FIRST_AGENT = "assistant"
"""What the first agent is called, where nobody says otherwise: everyone who chats reads it."""

PLACEHOLDER = "echo"
PLACEHOLDER_SECTION = f"  {PLACEHOLDER}:\n    type: {PLACEHOLDER}\n"
"""What answers as long as nobody has added an agent."""

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
FROM_INPUT = "@-"

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A section that was written into `file`. `change` says who answers from now on, if asked."""

    name: str
    file: Path
    verified: Verified
    change: str = ""


def add(
    kind: str,
    *,
    name: str | None,
    file: Path | None,
    given: Mapping[str, str],
    environ: Mapping[str, str],
    answers: bool | None = None,
) -> Added:
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
        raise MisusedError(f"`bridge add` cannot set up {kind}: see docs/channels")
    target = file or find(environ) or data_folder(file, environ) / "config.yaml"
    known = _known(target, part)
    account = _free(name or kind, known, target) if name or part == "channels" else ""
    secret = _secrets(plugin)
    given = _read(secret, given, environ)
    asking = any(ask.key not in given for ask in plugin.setup.asks)
    if asking:
        _introduce(plugin.setup.intro.strip(), environ)
    given_answers, verified = _asked(plugin.setup, given)
    data = data_folder(target if target.exists() else None, environ)
    private_folder(data)
    account = account or _called(known, target, asking=asking)
    section = _section(kind, account, secret, given_answers, data)
    agent = change = ""
    if part == "agents":
        before = _answering(target, known)
        agent = _default(before, known, account, answers=answers, asking=asking)
        section = section if known or agent == account else f"{PLACEHOLDER_SECTION}{section}"
        change = _change(account, agent, before)
        agent = agent if known or agent != account or _names_agent(target) else ""
    _write(target, account, section, environ, part=part, agent=agent)
    return Added(name=account, file=target, verified=verified, change=change)


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


def _secrets(plugin: ChannelPlugin | AgentPlugin) -> Collection[str]:
    """Return the keys that are secret: what is asked for hidden, and the secrets of the section."""
    asks = plugin.setup.asks if plugin.setup else ()
    fields = plugin.config.model_fields.items()
    named = {key for key, each in fields if _holds_secret(each.annotation)}
    return named | {ask.key for ask in asks if ask.secret}


def _holds_secret(kind: Any) -> bool:
    if isinstance(kind, type) and issubclass(kind, SecretStr):
        return not issubclass(kind, plugins.Variable)  # it may stand in the file
    return any(_holds_secret(each) for each in get_args(kind))


def _read(
    secret: Collection[str], given: Mapping[str, str], environ: Mapping[str, str]
) -> Mapping[str, str]:
    """Return what was given with each secret read from where it says. Raises `MisusedError`."""
    return {
        key: _secret(key, value, environ) if key in secret and value else value
        for key, value in given.items()
    }


def _secret(key: str, written: str, environ: Mapping[str, str]) -> str:
    if found := VARIABLE.fullmatch(written):
        if not (value := environ.get(found[1], "").strip()):
            raise MisusedError(f"the environment variable {found[1]} is not set; set it")
        return value
    if written == FROM_INPUT:
        return sys.stdin.readline().strip()
    if written.startswith("@"):
        try:
            return Path(written[1:]).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not text"
            raise MisusedError(f"{written[1:]} cannot be read: {why}") from error
    raise MisusedError(
        f"{key} is a secret, and a command line can be read by others on this machine: leave it out"
        f" and be asked, or write --set {key}=@FILE, --set {key}=@- (the standard input) or"
        f" --set '{key}=${{VARIABLE}}'"
    )


# -- questions ------------------------------------------------------------------------------------


def _introduce(text: str, environ: Mapping[str, str]) -> None:
    """Say what to do first; in a terminal it is rendered, and its first link can be opened."""
    if sys.stdout.isatty():
        sys.stdout.write(f"{Painter(console()).reply(text)}\n")
        offer(first_link(text), environ)
    else:
        sys.stdout.write(f"{text}\n\n")


def _asked(setup: Setup, given: Mapping[str, str]) -> tuple[dict[str, str], Verified]:
    """Return the answers that the platform took, and what it said."""
    before: dict[str, str] = {}
    for left in reversed(range(TRIES)):
        answers = dict(given)
        for ask in setup.asks:
            if ask.key not in answers:
                answers[ask.key] = _typed(ask, before.get(ask.key, ""))
        try:
            _of_elsewhere(setup, answers)
            return answers, asyncio.run(setup.verify(answers))
        except ConfigError as error:
            if not left or all(ask.key in given for ask in setup.asks):
                raise
            sys.stdout.write(f"\n{error}\n\n")
            before = answers
    raise AssertionError


def _of_elsewhere(setup: Setup, answers: Mapping[str, str]) -> None:
    """Raise `ConfigError` for an answer that another question would have: it is sent nowhere."""
    for ask in setup.asks:
        answer = answers.get(ask.key, "").strip()
        if not ask.form or not answer or re.fullmatch(ask.form, answer):
            continue
        for title, other in ((title, each) for title, all_ in _others(setup) for each in all_):
            if other.form and re.fullmatch(other.form, answer):
                named = f"{title}: {other.prompt}" if title else other.prompt
                raise ConfigError(
                    f"{ask.prompt}: this looks like another one ({named}). {ask.hint}"
                )


def _others(setup: Setup) -> Iterator[tuple[str, Sequence[Ask]]]:
    """Return what else is asked, here and by the other platforms that are installed."""
    yield "", setup.asks
    for kind in plugins.available("channels"):
        with suppress(ConfigError):
            plugin: ChannelPlugin = plugins.load("channels", kind)
            if plugin.setup is not None and plugin.setup is not setup:
                yield plugin.title, plugin.setup.asks


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
        raise MisusedError("a name has at most 40 characters: small letters, digits, - and _")
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


def _names_agent(file: Path) -> bool:
    return bool(file.exists() and read(file).root.get("agent"))


def _answering(file: Path, known: Collection[str]) -> str:
    """Return which agent answers by the file as it is."""
    root = read(file).root if file.exists() else {}
    return str(root.get("agent") or next(iter(known), PLACEHOLDER))


def _default(
    before: str, known: Collection[str], account: str, *, answers: bool | None, asking: bool
) -> str:
    """Return which agent answers from now on.

    The first model takes the place of the placeholder, unless it is not to answer.
    """
    if answers is None and not known:
        answers = True
    if answers is None and asking:
        question = f"Does {account} answer from now on, instead of {before}"
        answers = typer.confirm(question, default=True)
    return account if answers else before


def _change(account: str, agent: str, before: str) -> str:
    if agent == account:
        return f"{account} answers from now on, instead of {before}.\n"
    return f"{agent} goes on answering. In a chat, /agent {account} changes that.\n"


def _section(
    kind: str, account: str, secret: Collection[str], answers: Mapping[str, str], data: Path
) -> str:
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
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    text = inserted(before, section, part)
    text = answered_by(text, agent) if agent else text
    kept_unless_broken(file, text, environ, f"{account} added")


def kept_unless_broken(file: Path, text: str, environ: Mapping[str, str], change: str) -> None:
    """Write a configuration; one that the change broke is put back. Raises `ConfigError`.

    What was wrong before, such as a variable that is not set in this shell, is none of its faults.
    """
    before = file.read_text(encoding="utf-8") if file.exists() else None
    known = {_key(each, file) for each in _problems(file, environ)} if before is not None else ()
    _keep(file, text)
    found = [each for each in _problems(file, environ) if _key(each, file) not in known]
    if not found:
        return
    if before is None:
        file.unlink()
    else:
        _keep(file, before)
    raise ConfigError(f"{file} was not changed: with {change}, the bridge could not use it", *found)


def _problems(file: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    try:
        load(file, environ)
    except ConfigError as error:
        return error.problems
    return ()


def _key(problem: str, file: Path) -> str:
    """Return the key that a problem is about: its line and the names it lists may change."""
    return re.sub(r"^:\d+", "", problem.removeprefix(str(file))).removeprefix(": ").split(": ")[0]


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


def told(added: Added) -> str:
    """Return what was written, and what is left to do."""
    steps = "".join(f"  - {step}\n" for step in added.verified.steps)
    return (
        f"\n{added.verified.account} is now in {added.file}, as {added.name!r}.\n{added.change}"
        + (f"Still to do:\n{steps}" if steps else "")
    )


def next_step(added: Added) -> str:
    """Return how to talk to what was added."""
    link = added.verified.link
    return _open(link) if link else "Start the bridge (again) to talk to it.\n"


def _open(link: str) -> str:
    return (
        "Start the bridge (again): it prints a code. Open this link and send the code there:\n\n"
        f"  {link}\n\n"
        "`bridge doctor` says whether everything is in place.\n"
    )
