"""What a configuration holds. The defaults here are those of config.example.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bridge.delivery.notify import Rings
from bridge.domain.errors import Refused
from bridge.domain.events import Late
from bridge.domain.ids import ChannelName, SessionId
from bridge.domain.usage import Limit
from bridge.hooks.hook import Hook
from bridge.plugins import AgentPlugin, BlobsPlugin, ChannelPlugin, Section, StorePlugin
from bridge.session.admission import Reactions, Strangers
from bridge.session.budget import Budgets
from bridge.session.configured import ORIGIN, Configured, end_of, rule_of
from bridge.session.decide_external import LONGEST_TEXT
from bridge.session.retention import parsed
from bridge.session.routing import SHARED
from bridge.session.schedule import first_slot

DEFAULT_DATA = "~/.bridgehead"


class HttpSection(Section):
    """`public_url` is how people reach the page from outside, where a proxy stands in front.

    `topics` are other names of sessions, for what pushes by ntfy or Apprise.
    In `callback_networks` events may be sent to addresses that nobody outside can reach.
    `connections_per_address` does not count those of this machine; 0: no limit.
    """

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8787
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] | None = None
    connections: Annotated[int, Field(ge=10, le=100_000)] = 1000
    connections_per_address: Annotated[int, Field(ge=0)] = 200
    topics: dict[
        Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")],
        Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")],
    ] = Field(default_factory=dict)
    callback_networks: list[IPv4Network | IPv6Network] = Field(default_factory=list)


class LogSection(Section):
    """`content`: message text may stand in the log.

    `debugger`: other programs of the same user may look into the process (`bridge.cli.run`).
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
    """How much rings, and where: see `bridge.delivery.notify`. `escalate` is in minutes."""

    pushes_per_run: Annotated[int, Field(ge=0, le=200)] = 10
    pushes_per_hour: Annotated[int, Field(ge=0, le=200)] = 30
    escalate: Annotated[float, Field(ge=1, le=1440, allow_inf_nan=False)] = 10

    def rings(self) -> Rings:
        return Rings(
            per_run=self.pushes_per_run,
            per_hour=self.pushes_per_hour,
            escalate=timedelta(minutes=self.escalate),
        )


class ScheduleSection(Section):
    """What the agent is asked, or is said, again and again. `when` is as after `/every`.

    `late`: what becomes of times that came while the bridge was down. `until` is its last day.
    """

    when: Annotated[str, Field(min_length=1, max_length=200)]
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    session: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")] = SHARED
    action: Literal["ask", "say"] = "ask"
    zone: Annotated[str, Field(max_length=64)] = "UTC"
    late: Late = "once"
    until: date | None = None

    @model_validator(mode="after")
    def _is_understood(self) -> Self:
        try:
            first_slot(rule_of(self.when, self.zone), ORIGIN)
            self.configured("")
        except Refused as refused:
            raise ValueError(str(refused).replace("\n", " ")) from refused
        return self

    def configured(self, name: str) -> Configured:
        return Configured(
            name=name,
            session=SessionId(self.session),
            rule=rule_of(self.when, self.zone),
            action=self.action,
            text=self.text,
            late=self.late,
            until=end_of(self.until, self.zone) if self.until is not None else None,
        )


LanguageCode = Literal["en", "de", "es", "fr", "zh"]


def _kept_for(value: Any) -> timedelta | None:
    """Take `30d` and `forever` for how long something is kept."""
    try:
        return parsed(str(value))
    except Refused as refused:
        raise ValueError(str(refused)) from refused


class General(Section):
    """The settings that belong to no section. `grace` is in seconds.

    `language` is the one that the bridge itself speaks where nobody chose another. `retention`:
    how long words are kept, None: for ever.
    """

    data: Annotated[str, Field(min_length=1)] = DEFAULT_DATA
    agent: str = ""
    grace: Annotated[float, Field(ge=0, le=600)] = 10
    language: LanguageCode = "en"
    retention: Annotated[timedelta | None, BeforeValidator(_kept_for)] = None


def _users(value: Any) -> Any:
    """Platform ids are texts, though many look like numbers in YAML."""
    items = value if isinstance(value, list) else [value]
    return [str(item) if type(item) is int else item for item in items]


def _places(value: Any) -> Any:
    """Their ids are texts too."""
    if not isinstance(value, dict):
        return value
    return {str(key) if type(key) is int else key: name for key, name in value.items()}


def _switch(value: Any) -> Any:
    """Take `on` and `off` as YAML reads them: as true and false."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


User = Annotated[str, Field(min_length=1)]
SessionsMode = Literal["shared", "per_person", "per_place"]


class ChannelSection(Section):
    """What every channel has. `allow`: the platform's user ids that may speak, or "*".

    `label` is what people call this place; empty: the plugin's title. `welcome`: a place that
    comes to follow a session is told what it follows. `strangers` may ask to be let in, or are
    refused. `agent` answers in the sessions that begin
    here, `agents` in those that begin in one place, by the platform's id of it. `language` is the
    one of its rooms, and of people there of whom it is not known; empty: the bridge's. `reactions`:
    where an emoji on a message shows how far the bridge is with it.
    """

    type: str
    label: str = ""
    agent: str = ""
    agents: Annotated[Mapping[str, str], BeforeValidator(_places)] = {}
    allow: Annotated[tuple[User, ...], BeforeValidator(_users)] = ()
    sessions: SessionsMode = "shared"
    welcome: bool = True
    strangers: Strangers = "ask"
    language: LanguageCode | Literal[""] = ""
    reactions: Annotated[Reactions, BeforeValidator(_switch)] = "rooms"


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
    strangers: Strangers
    agent: str
    agents: Mapping[str, str]
    language: str
    reactions: Reactions
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
    language: str
    retention: timedelta | None = None
    budgets: Budgets = field(default_factory=Budgets)
    notify: Rings = field(default_factory=Rings)
    schedules: Sequence[Configured] = ()
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    chosen: str = ""
    file: Path | None = field(default=None, compare=False)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
