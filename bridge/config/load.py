"""One optional YAML file, checked whole: every problem is told at once.

A channel's, an agent's, the store's and the media's own keys belong to its plugin, which is
imported only when the file names its type.

References are what stands outside the file, and is put in place when it is read: `${NAME}` in a
text stands for an environment variable (`$${` for the two characters `${`), and a mapping whose
only key is `file` for what that file holds.
"""

import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bridge import plugins
from bridge.config.document import Document, KeyPath, Problems, read
from bridge.config.model import (
    DEFAULT_DATA,
    AgentConfig,
    BlobsConfig,
    BudgetsSection,
    ChannelConfig,
    ChannelSection,
    Config,
    General,
    HttpSection,
    LogSection,
    NotifySection,
    ScheduleSection,
    StoreConfig,
    TypedSection,
)
from bridge.config.validate import Validator, listed, unknown
from bridge.domain.errors import ConfigError
from bridge.domain.ids import ChannelName
from bridge.hooks.hook import Hook
from bridge.hooks.settings import HookSection, SettingFault, made
from bridge.plugins import Kind, Section, Suggestion

# -- references -----------------------------------------------------------------------------------

SECRET_FILE_LIMIT = 65_536
"""Bytes; whatever is larger is not a secret but a mistake."""

MOUNTED = (Path("/run/secrets"), Path("/var/run/secrets"))
"""Where container platforms put secrets, readable by everyone inside the container."""

_REFERENCE = re.compile(r"\$(\$)?\{([^}]*)\}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(slots=True, kw_only=True)
class Resolver:
    """Puts what references stand for in their place; `referred` says what it put where."""

    environ: Mapping[str, str]
    folder: Path
    problems: Problems
    referred: dict[KeyPath, list[str]] = field(default_factory=dict)

    def resolve(self, value: Any, path: KeyPath = ()) -> Any:
        match value:
            case {"file": str() as file, **rest} if not rest and path:
                return self._put(self._file(file, path), path)
            case dict():
                return {key: self.resolve(item, (*path, key)) for key, item in value.items()}
            case list():
                return [self.resolve(item, (*path, at)) for at, item in enumerate(value)]
            case str() if "${" in value:
                return _REFERENCE.sub(lambda match: self._variable(match, path), value)
            case _:
                return value

    def _variable(self, match: re.Match[str], path: KeyPath) -> str:
        escaped, name = match.groups()
        if escaped:
            return f"${{{name}}}"
        if not _VARIABLE.fullmatch(name):
            self._complain(path, f"${{{name}}} is not the name of an environment variable")
        elif not self.environ.get(name):
            self._complain(path, f"the environment variable {name} is not set; set it")
        return self._put(self.environ.get(name, ""), path)

    def _complain(self, path: KeyPath, message: str) -> None:
        self.problems.add(path, message)
        self.problems.broken.add(path)

    def _put(self, value: str, path: KeyPath) -> str:
        self.referred.setdefault(path, []).append(value)
        return value

    def _file(self, written: str, path: KeyPath) -> str:
        file = (self.folder / Path(written).expanduser()).absolute()
        try:
            with file.open("rb") as opened:  # it may be a device, which has no end
                text = opened.read(SECRET_FILE_LIMIT + 1).decode().strip()
                mode = os.fstat(opened.fileno()).st_mode
        except OSError as error:
            self._complain(path, f"{file} cannot be read: {error.strerror or error}")
            return ""
        except UnicodeDecodeError:
            self._complain(path, f"{file} is not UTF-8 text")
            return ""
        for fault in _faults(file, text, mode):
            self._complain(path, fault)
        return text


def _faults(file: Path, text: str, mode: int) -> Iterator[str]:
    if not text:
        yield f"{file} is empty; write the secret into it"
    if len(text) > SECRET_FILE_LIMIT:
        yield f"{file} is too large for a secret"
    open_to_all = os.name == "posix" and mode & (stat.S_IROTH | stat.S_IWOTH)
    if open_to_all and not any(file.is_relative_to(folder) for folder in MOUNTED):
        yield f"{file} is open to every user of this machine; run: chmod 600 {file}"


# -- the file -------------------------------------------------------------------------------------

DATA = "BRIDGE_DATA"
FILE = "BRIDGE_CONFIG"

FOUND_AGENT = "assistant"
"""What an agent is called that was found and not configured: everyone who chats reads it."""

SECTIONS = (
    "store",
    "media",
    "http",
    "agents",
    "channels",
    "hooks",
    "log",
    "budgets",
    "notify",
    "schedules",
)

C = TypeVar("C", TypedSection, ChannelSection)

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
CLIENTS = "http"
"""The account of all that the HTTP side brings: a channel of this name would share its ids."""


def load(file: Path | None, environ: Mapping[str, str], *, look_round: bool = False) -> Config:
    """Read the file, or the one found where it is looked for, or take the defaults.

    With `look_round`, where there is no file, the agent is what this machine has, if anything.
    Raises `ConfigError` with all problems at once: file, line, key and what would do.
    """
    file = file or find(environ)
    found = plugins.suggested(environ) if look_round and file is None else None
    return _Reading(file, environ, found).config()


def sound_agents(file: Path | None, environ: Mapping[str, str]) -> Mapping[str, AgentConfig]:
    """Return the agents of a file that are good by themselves, whatever else is wrong there.

    Raises `ConfigError` when the file cannot be read at all.
    """
    return _Reading(file or find(environ), environ, None).sound_agents()


def find(environ: Mapping[str, str]) -> Path | None:
    """Return the file to read: $BRIDGE_CONFIG, ./config.yaml, or the data folder's config.yaml."""
    if environ.get(FILE):
        return Path(environ[FILE]).expanduser()
    home = Path(environ.get(DATA) or DEFAULT_DATA).expanduser()
    places = (Path("config.yaml"), home / "config.yaml")
    return next((place for place in places if place.is_file()), None)


def data_folder(file: Path | None, environ: Mapping[str, str]) -> Path:
    """Return where the data lives, whatever else may be wrong with the file."""
    if environ.get(DATA):
        return _data("", None, environ)
    file = file or find(environ)
    written = read(file).root.get("data") if file else None
    return _data(written if isinstance(written, str) else DEFAULT_DATA, file, environ)


def _data(written: str, file: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the folder: a relative one is meant from the file that names it."""
    if environ.get(DATA):
        return Path(environ[DATA]).expanduser().absolute()
    folder = file.parent if file else Path()
    return (folder / Path(written).expanduser()).absolute()


def _typed(raw: Any, usual: str) -> Any:
    """Return a section with the type that is meant where it names none."""
    return {"type": usual, **raw} if isinstance(raw, dict) else raw


class _Reading:
    """One pass over one file that collects whatever is wrong before it complains."""

    def __init__(
        self,
        file: Path | None,
        environ: Mapping[str, str],
        suggested: tuple[str, Suggestion] | None,
    ) -> None:
        self._suggested = suggested
        document = read(file) if file else Document(root={}, lines={})
        self._file, self._environ = file, environ
        self._problems = Problems(file=file, lines=document.lines)
        folder = file.absolute().parent if file else Path.cwd()
        resolver = Resolver(environ=environ, folder=folder, problems=self._problems)
        # a section whose keys are all commented out is None: as good as not there
        resolved = resolver.resolve(document.root).items()
        self._root = {key: value for key, value in resolved if value is not None}
        self._validator = Validator(problems=self._problems, referred=resolver.referred)

    def config(self) -> Config:
        own = {key: value for key, value in self._root.items() if key not in SECTIONS}
        general = self._validator.model(General, own, (), also=SECTIONS)
        http = self._validator.model(HttpSection, self._root.get("http", {}), ("http",))
        log = self._validator.model(LogSection, self._root.get("log", {}), ("log",))
        limits = self._root.get("budgets", {})
        budgets = self._validator.model(BudgetsSection, limits, ("budgets",))
        notify = self._validator.model(NotifySection, self._root.get("notify", {}), ("notify",))
        store = self._store(_typed(self._root.get("store", {}), "sqlite"))
        media = self._media(_typed(self._root.get("media", {}), "folder"))
        named = self._sections("agents", self._usual_agent())
        agents = {name: self._agent(name, raw) for name, raw in named.items()}
        channels = {
            name: self._channel(name, raw) for name, raw in self._sections("channels", {}).items()
        }
        schedules = {
            name: self._validator.model(ScheduleSection, raw, ("schedules", name))
            for name, raw in self._sections("schedules", {}).items()
        }
        called = {name: self._hook(name, raw) for name, raw in self._sections("hooks", {}).items()}
        agent = self._default_agent(own.get("agent", ""), agents)
        self._known_agents(channels, agents)
        self._problems.raise_any()
        assert general
        assert http
        assert log
        assert budgets
        assert notify
        assert store
        assert media
        return Config(
            data=_data(general.data, self._file, self._environ),
            store=store,
            media=media,
            http=http,
            agents={name: made for name, made in agents.items() if made},
            agent=agent,
            channels={ChannelName(name): made for name, made in channels.items() if made},
            log=log,
            grace=general.grace,
            language=general.language,
            retention=general.retention,
            budgets=budgets.budgets(),
            notify=notify.rings(),
            schedules=[each.configured(name) for name, each in schedules.items() if each],
            hooks={name: hook for name, hook in called.items() if hook},
            chosen=self._suggested[1].why if self._suggested else "",
            file=self._file,
            secrets=frozenset(self._validator.secrets),
        )

    def sound_agents(self) -> Mapping[str, AgentConfig]:
        named = self._sections("agents", self._usual_agent())
        return {name: made for name, raw in named.items() if (made := self._agent(name, raw))}

    def _usual_agent(self) -> Mapping[str, Any]:
        if self._suggested is None:
            return {"echo": {"type": "echo"}}
        kind, found = self._suggested
        return {FOUND_AGENT: {"type": kind, **found.options}}

    def _sections(self, key: str, default: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the named sections under a key, once their names are found good."""
        sections = self._root.get(key, default)
        if not isinstance(sections, dict):
            self._problems.add((key,), "should be a mapping of names to settings")
            return {}
        for name in sections:
            if not _NAME.fullmatch(name):
                why = "a name has at most 40 characters: small letters, digits, - and _"
                self._problems.add((key, name), why)
        return sections

    def _store(self, raw: Any) -> StoreConfig | None:
        if made := self._plugged("stores", raw, ("store",), TypedSection):
            common, plugin, options = made
            return StoreConfig(type=common.type, plugin=plugin, options=options)
        return None

    def _media(self, raw: Any) -> BlobsConfig | None:
        if made := self._plugged("blobs", raw, ("media",), TypedSection):
            common, plugin, options = made
            return BlobsConfig(type=common.type, plugin=plugin, options=options)
        return None

    def _agent(self, name: str, raw: Any) -> AgentConfig | None:
        if name.casefold() == "bridge":
            self._problems.add(("agents", name), "is the name of the bridge itself; choose another")
        if made := self._plugged("agents", raw, ("agents", name), TypedSection):
            common, plugin, options = made
            return AgentConfig(type=common.type, plugin=plugin, options=options)
        return None

    def _channel(self, name: str, raw: Any) -> ChannelConfig | None:
        _check_channel(name, self._problems)
        if made := self._plugged("channels", raw, ("channels", name), ChannelSection):
            common, plugin, options = made
            said = common.model_fields_set
            return ChannelConfig(
                type=common.type,
                label=common.label or plugin.title,
                allow=common.allow,
                sessions=common.sessions if "sessions" in said else plugin.sessions,
                welcome=common.welcome if "welcome" in said else plugin.welcome,
                strangers=common.strangers,
                agent=common.agent,
                agents=common.agents,
                language=common.language,
                reactions=common.reactions,
                plugin=plugin,
                options=options,
            )
        return None

    def _hook(self, name: str, raw: Any) -> Hook | None:
        path = ("hooks", name)
        section = self._validator.model(HookSection, raw, path)
        if section is None or self._problems.is_broken((*path, "secret")):
            return None
        try:
            return made(name, section, section.secret.get_secret_value())
        except SettingFault as fault:
            self._problems.add((*path, fault.key), fault.why)
            return None

    def _default_agent(self, named: Any, agents: Collection[str]) -> str:
        """Return the agent that answers; what is told of `agent` and `agents` already is enough."""
        if not isinstance(named, str) or self._problems.is_broken(("agent",)):
            return ""
        if named in agents or not isinstance(self._root.get("agents", {}), dict):
            return named
        if not agents:
            self._problems.add(("agents",), "names no agent; leave it out to get the echo agent")
        elif named:
            self._problems.add(("agent",), f"agents has no such name: {unknown(named, agents)}")
        elif len(agents) == 1:
            return next(iter(agents))
        else:
            self._problems.add(("agent",), f"is missing; say which agent answers: {listed(agents)}")
        return named

    def _known_agents(
        self, channels: Mapping[str, ChannelConfig | None], agents: Collection[str]
    ) -> None:
        for name, channel in channels.items():
            if channel is None:
                continue
            named: dict[KeyPath, str] = {("agent",): channel.agent}
            named |= {("agents", place): agent for place, agent in channel.agents.items()}
            for key, agent in named.items():
                if agent and agent not in agents:
                    said = f"agents has no such name: {unknown(agent, agents)}"
                    self._problems.add(("channels", name, *key), said)

    def _plugged(
        self, kind: Kind, raw: Any, path: KeyPath, common: type[C]
    ) -> tuple[C, Any, Section] | None:
        """Return the common part, the plugin and its own part of a section, if all are good."""
        known = plugins.available(kind)
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
            self._problems.add(path, f"needs a `type`, one of: {listed(known)}")
            return None
        plugin = self._plugin(kind, raw["type"], (*path, "type"), known)
        shared = {key: value for key, value in raw.items() if key in common.model_fields}
        own = {key: value for key, value in raw.items() if key not in shared}
        first = self._validator.model(common, shared, path)
        if plugin is None:
            return None
        second = self._validator.model(plugin.config, own, path, also=tuple(common.model_fields))
        return None if first is None or second is None else (first, plugin, second)

    def _plugin(self, kind: Kind, name: str, path: KeyPath, known: Collection[str]) -> Any:
        if name not in known:
            self._problems.add(path, unknown(name, known))
            return None
        try:
            return plugins.load(kind, name)
        except ConfigError as error:
            self._problems.add(path, str(error))
            return None


def _check_channel(name: str, problems: Problems) -> None:
    if name == CLIENTS:
        why = "is what the page, the terminal and programs are called; choose another name"
        problems.add(("channels", name), why)
