"""The composition root: a configuration becomes a running bridge.

Nothing else knows every part. `serve` runs until it is told to stop; `running` is the same for
whoever brings their own event loop and end, such as a test.
"""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from bridge import caches, texts
from bridge.config import ChannelConfig, Config
from bridge.config.folder import private_folder
from bridge.domain.ids import ChannelName, ParticipantId, mint
from bridge.engine.access.admission import BRIDGE
from bridge.engine.access.pairing_codes import PairingCodes
from bridge.engine.account_state import AccountState
from bridge.engine.agent_registry import AgentRegistry
from bridge.engine.blob_sweeper import FILES, tidy
from bridge.engine.clock import SystemClock
from bridge.engine.commands.retention import RETENTION
from bridge.engine.engine import Connected, Engine
from bridge.engine.inbound.feed import feeds
from bridge.engine.lookups import own_lookups
from bridge.engine.watchdog import Watchdog
from bridge.health import agent_checks, examine, trials
from bridge.http import private
from bridge.http.app import create_app
from bridge.http.auth import owner_token
from bridge.http.browser_push import seal
from bridge.http.connections import Bounds
from bridge.http.dependencies import Reading
from bridge.http.links import Links, link_key
from bridge.http.outgoing import Outgoing
from bridge.http.server import HttpServer
from bridge.http.web_push import Signing, WebPush, is_installed
from bridge.ports.agent import Agent, AgentReceiving
from bridge.ports.blobs import Blobs
from bridge.ports.channel import Receiving
from bridge.ports.clock import Clock
from bridge.ports.health import Check
from bridge.ports.push import Pushing
from bridge.ports.store import Store
from bridge.ports.surroundings import AgentSurroundings, ChannelSurroundings, Surroundings
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from bridge.unseen import unseen

log = structlog.get_logger()

OWNER_TOKEN = "owner-token"  # noqa: S105 - the name of the file, not the token
OWNER_CODE = "owner-code"
LINK_KEY = "link-key"
PUSH_KEY = "push-key"
SERVER = "server.json"
EXAMINED_SECONDS = 1.5
"""How long the agents are looked at before the start is announced."""


async def _nothing() -> Sequence[Check]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A bridge that serves. `url` is what people open; `token` is the owner's.

    `code` makes whoever sends it from a chat app the owner; empty once someone did, or where no
    chat app is configured. `examine` asks what keeps agents from answering and accounts from their
    platforms, each with its fix; nobody waits long for it.
    """

    url: str
    token: str
    data: Path
    agent: str
    code: str = ""
    examine: Callable[[], Awaitable[Sequence[Check]]] = _nothing


async def serve(config: Config, *, announce: Callable[[Running, Sequence[Check]], None]) -> None:
    """Run a bridge until SIGTERM or SIGINT; a second signal ends it at once.

    Raises `ConfigError` and `StoreUnavailable` when it cannot start.
    """
    stopping = asyncio.Event()
    with _signals(stopping):
        async with running(config) as bridge:
            announce(bridge, await bridge.examine())
            await stopping.wait()
            log.info("stopping")


@asynccontextmanager
async def running(config: Config, clock: Clock | None = None) -> AsyncIterator[Running]:
    """Run a bridge for as long as the context is open."""
    clock = clock or SystemClock()
    private_folder(config.data)
    surroundings = Surroundings(clock=clock, data=config.data)
    async with _store(config, surroundings) as store:
        files = _files(config, surroundings)
        push = web_push(config, clock, files.links)
        channels = _channels(config, store, surroundings, files, push)
        core = _core(config, store, surroundings, channels, files.blobs)
        pushing = _pushing(push, core)
        owner = await _owner(store, clock)
        token = await owner_token(config.data / OWNER_TOKEN, store, owner, clock)
        await core.sessions.create(SHARED, title=texts.FIRST_TITLE, owner=owner)
        code = await _owner_code(config, store, clock, owner)
        watchdog = Watchdog()
        server = _server(
            config,
            core,
            store,
            clock=clock,
            owner=owner,
            files=files,
            channels=channels,
            watchdog=watchdog,
            pushing=pushing,
        )
        port = await server.start()
        try:
            watchdog.start()
            await core.sessions.scheduling.configure(config.schedules)
            await core.start()
            core.supervisor.start(FILES, partial(tidy, files.blobs, clock))
            keeping = core.sessions.people.retention
            keeping.default = config.retention
            core.supervisor.start(RETENTION, partial(keeping.run, files.blobs, clock))
            url = _url(config, port)
            with _announced(config.data / SERVER, url):
                shown = config.http.public_url or url
                core.sessions.people.browser_guests.page = shown
                agent = f"{config.agent} ({config.chosen})" if config.chosen else config.agent
                yield Running(
                    url=shown,
                    token=token,
                    data=config.data,
                    agent=agent,
                    code=code,
                    examine=partial(_examined, config, core, channels),
                )
        finally:
            await core.stop(config.grace)
            await server.stop()
            watchdog.stop()


async def _examined(config: Config, core: Engine, channels: Sequence[Connected]) -> Sequence[Check]:
    """Return what keeps agents from answering, and accounts from their platforms."""
    agents, accounts = await asyncio.gather(
        agent_checks(config.agents, os.environ, seconds=EXAMINED_SECONDS),
        trials([each.channel for each in channels], core.supervisor.faults),
    )
    faults = [each for each in (*agents, *accounts) if not each.ok]
    for each in faults:
        log.info("does not work", part=each.name, detail=each.detail, fix=each.fix)
    return faults


# -- the parts ------------------------------------------------------------------------------------


def _core(
    config: Config,
    store: Store,
    surroundings: Surroundings,
    channels: Sequence[Connected],
    blobs: Blobs,
) -> Engine:
    around = AgentSurroundings(
        clock=surroundings.clock,
        data=surroundings.data,
        blobs=blobs,
        public_url=config.http.public_url,
    )
    agents: Mapping[str, Agent] = {
        name: each.plugin.create(name, each.options, around) for name, each in config.agents.items()
    }
    return Engine(
        store=store,
        clock=surroundings.clock,
        agents=agents,
        agent=config.agent,
        blobs=blobs,
        channels=channels,
        budgets=config.budgets,
        most=config.notify,
        language=config.language,
    )


@asynccontextmanager
async def _store(config: Config, surroundings: Surroundings) -> AsyncIterator[Store]:
    """Open the store, for a bridge whose lookups of names hold up nothing else."""
    with own_lookups(asyncio.get_running_loop()):
        async with config.store.plugin.open(config.store.options, surroundings) as store:
            yield store


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    blobs: Blobs
    links: Links


def _files(config: Config, surroundings: Surroundings) -> _Files:
    key = link_key(config.data / LINK_KEY)
    return _Files(
        blobs=config.media.plugin.create(config.media.options, surroundings),
        links=Links(key, base=config.http.public_url, clock=surroundings.clock),
    )


def _channels(
    config: Config,
    store: Store,
    surroundings: Surroundings,
    files: _Files,
    push: WebPush | None,
) -> list[Connected]:
    around = {name: _around(name, config, store, surroundings, files) for name in config.channels}
    connected = [_connect(name, each, around[name]) for name, each in config.channels.items()]
    if push is not None:
        connected.append(Connected(channel=push, account=None, label=texts.BROWSER))
    return connected


def web_push(config: Config, clock: Clock, links: Links) -> WebPush | None:
    """Return the channel of browsers that ring; None where what it needs is not installed."""
    if not is_installed():
        return None
    base = config.http.public_url or ""
    contact = base if base.startswith("https://") else "mailto:bridgehead@localhost.invalid"
    signing = Signing(config.data / PUSH_KEY, contact)
    return WebPush(signing, seal=partial(seal, links), clock=clock)


def _pushing(push: WebPush | None, core: Engine) -> Pushing | None:
    if push is None:
        return None
    push.browsers = core.sessions.browser_places
    return Pushing(
        browsers=push.browsers, deeds=core.browser_deeds, key=push.signing, secure=push.is_secure
    )


def _around(
    name: ChannelName, config: Config, store: Store, surroundings: Surroundings, files: _Files
) -> ChannelSurroundings:
    base = config.http.public_url
    facts = AccountState(store, name)
    return ChannelSurroundings(
        clock=surroundings.clock,
        data=surroundings.data,
        blobs=files.blobs,
        facts=facts,
        feed=feeds(name, facts, surroundings.clock),
        webhook_url=f"{base.rstrip('/')}/channels/{name}" if base else None,
        link=files.links.link,
    )


def _connect(
    name: ChannelName, config: ChannelConfig, surroundings: ChannelSurroundings
) -> Connected:
    return Connected(
        channel=config.plugin.create(name, config.options, surroundings),
        account=Account(
            allow=frozenset(config.allow),
            sessions=config.sessions,
            welcome=config.welcome,
            strangers=config.strangers,
            agent=config.agent,
            agents=config.agents,
            language=config.language,
            reactions=config.reactions,
        ),
        label=config.label,
    )


async def _owner(store: Store, clock: Clock) -> ParticipantId:
    return await store.enrol(
        ParticipantId(mint("p")),
        name=texts.OWNER,
        realm=BRIDGE.realm,
        user=BRIDGE.user,
        at=clock.now(),
    )


async def _owner_code(config: Config, store: Store, clock: Clock, owner: ParticipantId) -> str:
    codes, file = PairingCodes(store, clock), config.data / OWNER_CODE
    await codes.begin(await store.epoch())
    if not config.channels or await codes.is_owned():
        file.unlink(missing_ok=True)
        return ""
    code = await codes.owner(owner)
    private.write(file, "the owner's code", code)
    return code


def _server(
    config: Config,
    core: Engine,
    store: Store,
    *,
    clock: Clock,
    owner: ParticipantId,
    files: _Files,
    channels: Sequence[Connected],
    watchdog: Watchdog,
    pushing: Pushing | None,
) -> HttpServer:
    async def checks(*, deep: bool) -> Sequence[Check]:
        accounts = [each.channel for each in channels]
        faults = core.supervisor.faults
        found = await examine(config, store, faults, accounts, environ=os.environ, deep=deep)
        held = watchdog.check()
        return [*found, *([held] if held else ()), unseen.check(), caches.check()]

    people = core.sessions.people
    reading = Reading(store=store, sessions=core.sessions, people=people)
    core.subscribing.send_to(Outgoing(reading, clock, config.http.callback_networks))
    app = create_app(
        store=store,
        sessions=core.sessions,
        blobs=files.blobs,
        links=files.links,
        live=core.live,
        clock=clock,
        checks=checks,
        ready=core.faults,
        parts=core.parts,
        label=lambda address: core.names.label(address.channel),
        operator=owner,
        people=people,
        deliveries=core.deliveries,
        subscriptions=core.subscribing,
        scratch=config.data,
        receiving=_receiving(channels),
        agents=_calling(core.agent_registry),
        answering=core.agent_registry.chosen,
        called=config.hooks,
        public_url=config.http.public_url,
        topics=config.http.topics,
        pushing=pushing,
    )
    http = config.http
    bounds = Bounds(most=http.connections, per_address=http.connections_per_address)
    return HttpServer(app, host=http.host, port=http.port, bounds=bounds)


def _receiving(channels: Sequence[Connected]) -> Mapping[ChannelName, Receiving]:
    """Return those that their platforms call."""
    connected = (each.channel for each in channels)
    return {each.name: each for each in connected if isinstance(each, Receiving)}


def _calling(agent_registry: AgentRegistry) -> Mapping[str, AgentReceiving]:
    """Return the agents that live elsewhere, and call."""
    agents = {name: agent_registry.agent(name) for name in agent_registry.names}
    return {name: each for name, each in agents.items() if isinstance(each, AgentReceiving)}


# -- the process ----------------------------------------------------------------------------------


def _url(config: Config, port: int) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.http.host, config.http.host)  # noqa: S104 - read, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


@contextmanager
def _announced(path: Path, url: str) -> Iterator[None]:
    """Say in a file where the server is, for the command line, for as long as it runs."""
    body = json.dumps({"url": url, "pid": os.getpid()})
    whole = path.with_suffix(".new")  # whoever reads it finds all of it or none
    whole.write_text(body, encoding="utf-8")
    whole.chmod(0o600)
    whole.replace(path)
    try:
        yield
    finally:
        with suppress(OSError):
            if path.read_text(encoding="utf-8") == body:
                path.unlink()


@contextmanager
def _signals(stopping: asyncio.Event) -> Iterator[None]:
    """Turn the first signal to stop into an event; the next one has its usual effect."""
    loop = asyncio.get_running_loop()

    def restore() -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)

    def stop() -> None:
        restore()
        stopping.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop)
    try:
        yield
    finally:
        restore()
