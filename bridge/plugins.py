"""Plugins: how a channel, an agent or a store is found and created.

Each is an entry point, the built-in ones too, in the group `bridgehead.channels`,
`bridgehead.agents`, `bridgehead.stores` or `bridgehead.blobs`; its name is the `type` in the
config. It is imported only when the config names it. Its object is one of the plugins below,
usually called `plugin`.
"""

import re
import shlex
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, SecretStr

from bridge.domain.errors import ConfigError
from bridge.domain.ids import ChannelName
from bridge.ports.agent import Agent
from bridge.ports.blobs import Blobs
from bridge.ports.channel import Channel
from bridge.ports.health import Check
from bridge.ports.store import Store
from bridge.ports.surroundings import AgentSurroundings, ChannelSurroundings, Surroundings
from bridge.session.routing import Policy


class Section(BaseModel):
    """The config of one plugin, owned by the plugin: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Variable(SecretStr):
    """A value for a program's environment: hidden like a secret if it comes from outside the file.

    Unlike a secret it may also stand in the file.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One thing `bridge add` asks: `key` is the config's key, `hint` says where to find it.

    `optional`: it may be left empty. `form` is what every answer looks like, as a regular
    expression: by it an answer to another question is recognised, before it is sent.
    """

    key: str
    prompt: str
    hint: str = ""
    secret: bool = False
    default: str = ""
    optional: bool = False
    form: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What the platform said of the answers: the account's name there, the link to open first.

    `steps` are what is left to do, in sentences.
    """

    account: str
    link: str
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How an account is added. `intro` is Markdown: what to click before the first question.

    `verify` tries the answers (by `Ask.key`, and whatever else of the section is given, such as
    `api_url`) with the live platform; raises `ConfigError` with what to do.
    """

    intro: str
    asks: tuple[Ask, ...]
    verify: Callable[[Mapping[str, str]], Coroutine[Any, Any, Verified]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPlugin:
    """`title` is what people call the platform. `setup` serves `bridge add`.

    `sessions` and `welcome` are what an account has whose section does not say.
    """

    title: str
    config: type[Section]
    create: Callable[[ChannelName, Any, ChannelSurroundings], Channel]
    setup: Setup | None = None
    sessions: Policy = "shared"
    welcome: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A section that would work here, without its `type`, and in a few words what and why.

    `secrets` says of further keys which variable of the environment holds them: the section works
    without them as long as that is set.
    """

    options: Mapping[str, Any]
    why: str
    secrets: Mapping[str, str] = field(default_factory=dict)


class Examine(Protocol):
    """Looks at an agent's section; returns the faults that would keep it from answering.

    It takes a second at most and asks no model anything, unless `deep`: then each is asked for a
    word. `environ` is what the agent would find.
    """

    def __call__(
        self, config: Any, environ: Mapping[str, str], /, *, deep: bool
    ) -> Coroutine[Any, Any, Sequence[Check]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPlugin:
    """`create` gets the name the agent has in the config, and its own section of it.

    `setup` serves `bridge add`. `suggest` looks round for a first run without a config, in the
    environment and on this machine, for a second at most; None: there is nothing to be found.
    `examine` serves `bridge doctor`, `check-config` and the start.
    """

    config: type[Section]
    create: Callable[[str, Any, AgentSurroundings], Agent]
    setup: Setup | None = None
    suggest: Callable[[Mapping[str, str]], Suggestion | None] | None = None
    examine: Examine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlugin:
    """`open` migrates if it must and raises `ConfigError` or `StoreUnavailable` with what to do.

    `restore` puts a backup in place of a store that nothing has open, keeping what was there
    aside, and returns a sentence that says what it did; None where the database does it better.
    """

    config: type[Section]
    open: Callable[[Any, Surroundings], AbstractAsyncContextManager[Store]]
    restore: Callable[[Any, Surroundings, Path], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobsPlugin:
    """Where files are kept."""

    config: type[Section]
    create: Callable[[Any, Surroundings], Blobs]


Kind = Literal["channels", "agents", "stores", "blobs"]


def available(kind: Kind) -> tuple[str, ...]:
    """Return the types that are installed, sorted, without importing any."""
    return tuple(sorted({point.name for point in entry_points(group=f"bridgehead.{kind}")}))


def load(kind: Kind, name: str) -> Any:
    """Import one plugin. Raises `ConfigError` when it, or what it needs, is not installed."""
    points = [point for point in entry_points(group=f"bridgehead.{kind}") if point.name == name]
    if not points:
        known = ", ".join(available(kind)) or "none"
        raise ConfigError(f"there is no {kind[:-1]} type {name!r}; installed are: {known}")
    if extra := _missing(points[0]):
        raise ConfigError(
            f"the {kind[:-1]} type {name!r} needs packages that are not installed: run"
            f" {install_command(extra)}"
        )
    try:
        return points[0].load()
    except ImportError as error:
        raise ConfigError(f"the {kind[:-1]} type {name!r} does not import: {error}") from error


def install_command(extra: str) -> str:
    """Return the command that adds an extra to the environment that this runs in.

    What is installed there stays; an environment that uv made has no pip.
    """
    python, wanted = shlex.quote(sys.executable), shlex.quote(f"bridgehead[{extra}]")
    if find_spec("pip") is None:
        return f"uv pip install --python {python} {wanted}"
    return f"{python} -m pip install {wanted}"


def _missing(point: EntryPoint) -> str:
    """Return the extra that a plugin names and whose packages are not all here; "" if they are."""
    for extra in point.extras:
        wanted = (point.dist.requires if point.dist else None) or ()
        if not all(map(_is_installed, (each for each in wanted if _is_of(each, extra)))):
            return extra
    return ""


def _is_of(requirement: str, extra: str) -> bool:
    return re.search(rf"extra == ['\"]{re.escape(extra)}['\"]", requirement) is not None


def _is_installed(requirement: str) -> bool:
    name = re.match(r"[\w.-]+", requirement)
    try:
        return bool(name and distribution(name[0]))
    except PackageNotFoundError:
        return False


def suggested(environ: Mapping[str, str]) -> tuple[str, Suggestion] | None:
    """Return the type of an agent that would work here, and how; None if none is found."""
    for name in available("agents"):
        if any(_missing(each) for each in entry_points(group="bridgehead.agents", name=name)):
            continue
        plugin: AgentPlugin = load("agents", name)
        found = plugin.suggest(environ) if plugin.suggest else None
        if found is not None:
            return name, found
    return None
