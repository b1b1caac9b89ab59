"""One optional YAML file, checked whole: every problem is told at once.

A channel's, an agent's, the store's and the media's own keys belong to its plugin, which is
imported only when the file names its type.
"""

import re
from collections.abc import Collection, Mapping
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
    StoreConfig,
    TypedSection,
)
from bridge.config.references import Resolver
from bridge.config.validate import Validator, listed, unknown
from bridge.errors import ConfigError
from bridge.ids import ChannelName
from bridge.plugins import Kind, Section, Suggestion

DATA = "BRIDGE_DATA"
FILE = "BRIDGE_CONFIG"

FOUND_AGENT = "assistant"
"""What an agent is called that was found and not configured: everyone who chats reads it."""

SECTIONS = ("store", "media", "http", "agents", "channels", "log", "budgets", "notify")

C = TypeVar("C", TypedSection, ChannelSection)

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def load(file: Path | None, environ: Mapping[str, str], *, look_round: bool = False) -> Config:
    """Read the file, or the one found where it is looked for, or take the defaults.

    With `look_round`, where there is no file, the agent is what this machine has, if anything.
    Raises `ConfigError` with all problems at once: file, line, key and what would do.
    """
    file = file or find(environ)
    found = plugins.suggested(environ) if look_round and file is None else None
    return _Reading(file, environ, found).config()


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
        store = self._store(self._root.get("store", {"type": "sqlite"}))
        media = self._media(self._root.get("media", {"type": "folder"}))
        named = self._sections("agents", self._usual_agent())
        agents = {name: self._agent(name, raw) for name, raw in named.items()}
        channels = {
            name: self._channel(name, raw) for name, raw in self._sections("channels", {}).items()
        }
        agent = self._default_agent(str(own.get("agent", "")), agents)
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
            budgets=budgets.budgets(),
            notify=notify.rings(),
            chosen=self._suggested[1].why if self._suggested else "",
            file=self._file,
            secrets=frozenset(self._validator.secrets),
        )

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
                why = "a name is of small letters, digits, - and _, at most 40"
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
            self._problems.add(
                ("agents", name), "is how the bridge itself is called; choose another"
            )
        if made := self._plugged("agents", raw, ("agents", name), TypedSection):
            common, plugin, options = made
            return AgentConfig(type=common.type, plugin=plugin, options=options)
        return None

    def _channel(self, name: str, raw: Any) -> ChannelConfig | None:
        if made := self._plugged("channels", raw, ("channels", name), ChannelSection):
            common, plugin, options = made
            return ChannelConfig(
                type=common.type,
                label=common.label or plugin.title,
                allow=common.allow,
                sessions=common.sessions,
                welcome=common.welcome,
                agent=common.agent,
                agents=common.agents,
                plugin=plugin,
                options=options,
            )
        return None

    def _default_agent(self, named: str, agents: Collection[str]) -> str:
        if named in agents:
            return named
        if not agents:
            self._problems.add(("agents",), "names no agent; leave it out to get the echo agent")
        elif named:
            self._problems.add(("agent",), f"agents has no such name: {unknown(named, agents)}")
        elif len(agents) == 1:
            return next(iter(agents))
        else:
            self._problems.add(("agent",), f"is missing; say which answers: {listed(agents)}")
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
