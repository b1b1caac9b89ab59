"""What a configuration holds. The defaults here are those of config.example.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from bridge.budget import Budgets, Limit
from bridge.ids import ChannelName
from bridge.notify import Rings
from bridge.plugins import AgentPlugin, BlobsPlugin, ChannelPlugin, Section, StorePlugin

DEFAULT_DATA = "~/.bridgehead"


class HttpSection(Section):
    """`public_url` is how people reach the page from outside, where a proxy stands in front.

    `connections_per_address` does not count those of this machine; 0: no limit.
    """

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8787
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] | None = None
    connections: Annotated[int, Field(ge=10, le=100_000)] = 1000
    connections_per_address: Annotated[int, Field(ge=0)] = 200


class LogSection(Section):
    """`content`: message text may stand in the log.

    `debugger`: other programs of the same user may look into the process (`bridge.cli.shield`).
    """

    level: Literal["debug", "info", "warning", "error"] = "warning"
    format: Literal["console", "json"] = "console"
    content: bool = False
    debugger: bool = False


def _money(value: Any) -> Any:
    """Take a plain number for a limit in US dollars."""
    return {"usd": value} if type(value) in {int, float} else value


class LimitSection(Section):
    """`tokens` counts only what has no price."""

    usd: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    tokens: Annotated[int, Field(gt=0)] | None = None

    def limit(self) -> Limit:
        return Limit(usd=self.usd, tokens=self.tokens)


Money = Annotated[LimitSection, BeforeValidator(_money)]


class BudgetsSection(Section):
    """How much may be used; None: as much as you like. A day is one in UTC."""

    per_run: Money | None = None
    per_day: Money | None = None
    per_person_per_day: Money | None = None

    def budgets(self) -> Budgets:
        limits = (self.per_run, self.per_day, self.per_person_per_day)
        per_run, per_day, per_person = (each.limit() if each else None for each in limits)
        return Budgets(per_run=per_run, per_day=per_day, per_person_per_day=per_person)


class NotifySection(Section):
    """How much rings: see `bridge.notify`."""

    pushes_per_run: Annotated[int, Field(ge=0, le=200)] = 10
    pushes_per_hour: Annotated[int, Field(ge=0, le=200)] = 30

    def rings(self) -> Rings:
        return Rings(per_run=self.pushes_per_run, per_hour=self.pushes_per_hour)


class General(Section):
    """The settings that belong to no section. `grace` is in seconds."""

    data: Annotated[str, Field(min_length=1)] = DEFAULT_DATA
    agent: str = ""
    grace: Annotated[float, Field(ge=0, le=600)] = 10


def _users(value: Any) -> Any:
    """Platform ids are texts, though many look like numbers in YAML."""
    items = value if isinstance(value, list) else [value]
    return [str(item) if type(item) is int else item for item in items]


def _places(value: Any) -> Any:
    """Their ids are texts too."""
    if not isinstance(value, dict):
        return value
    return {str(key) if type(key) is int else key: name for key, name in value.items()}


User = Annotated[str, Field(min_length=1)]
SessionsMode = Literal["shared", "per_person", "per_place"]


class ChannelSection(Section):
    """What every channel has. `allow`: the platform's user ids that may speak, or "*".

    `label` is what people call this place; empty: the plugin's title. `welcome`: a place that
    comes to follow a session is told what it follows. `agent` answers in the sessions that begin
    here, `agents` in those that begin in one place, by the platform's id of it.
    """

    type: str
    label: str = ""
    agent: str = ""
    agents: Annotated[Mapping[str, str], BeforeValidator(_places)] = {}
    allow: Annotated[tuple[User, ...], BeforeValidator(_users)] = ()
    sessions: SessionsMode = "shared"
    welcome: bool = True


class TypedSection(Section):
    """What every agent, the store and the media have."""

    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """`options` is the plugin's own section."""

    type: str
    plugin: StorePlugin
    options: Section


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobsConfig:
    """`options` is the plugin's own section."""

    type: str
    plugin: BlobsPlugin
    options: Section


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """`options` is the plugin's own section."""

    type: str
    plugin: AgentPlugin
    options: Section


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelConfig:
    """`label` is never empty: the configured one, else the plugin's title."""

    type: str
    label: str
    allow: tuple[str, ...]
    sessions: SessionsMode
    welcome: bool
    agent: str
    agents: Mapping[str, str]
    plugin: ChannelPlugin
    options: Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A configuration that can be run.

    `agent` names the one of `agents` that answers by default; `chosen` says why that one, where
    nobody said. `grace` is how many seconds runs
    get to reach a safe point at a stop. `file` is where it was read from. `secrets` are the
    values that must never be shown.
    """

    data: Path
    store: StoreConfig
    media: BlobsConfig
    http: HttpSection
    agents: Mapping[str, AgentConfig]
    agent: str
    channels: Mapping[ChannelName, ChannelConfig]
    log: LogSection
    grace: float
    budgets: Budgets = field(default_factory=Budgets)
    notify: Rings = field(default_factory=Rings)
    chosen: str = ""
    file: Path | None = field(default=None, compare=False)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
