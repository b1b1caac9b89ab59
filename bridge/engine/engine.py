"""The workers put together: everything between the ports, without HTTP and without config.

Start: what is to be done is derived from the store; only sessions that are not at rest and lanes
that are behind are touched. Stop: hear no more, let runs reach a safe point, flush the couriers.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from bridge import texts
from bridge.delivery.notify import Rings
from bridge.domain.codec import kind_of
from bridge.domain.errors import ChannelError, StoreError
from bridge.domain.events import Event, RunFinished, ScheduleEvent
from bridge.domain.ids import ChannelName
from bridge.domain.parts import Address, Capabilities
from bridge.engine.agent_registry import AgentRegistry
from bridge.engine.commands.exporting import SentFiles
from bridge.engine.dispatcher import UNLIMITED, Dispatcher
from bridge.engine.inbound.browser_deeds import BrowserDeeds
from bridge.engine.inbound.downloads import Downloads
from bridge.engine.inbound.intake import Intake
from bridge.engine.last_inbound import LastInbound
from bridge.engine.live import LiveBoards
from bridge.engine.names import DisplayNames
from bridge.engine.nodes import Nodes
from bridge.engine.outbound.calls import called
from bridge.engine.outbound.courier import Courier
from bridge.engine.outbound.deliveries import Deliveries
from bridge.engine.outbound.lane_waking import LaneWaking
from bridge.engine.outbound.marking import Marking
from bridge.engine.outbound.ringing import Persons, Ringing
from bridge.engine.outbound.statuses import Statuses
from bridge.engine.outbound.subscription_book import SubscriptionBook, SubscriptionDesk
from bridge.engine.outbound.subscriptions import Subscriptions
from bridge.engine.runs.runner import Runner
from bridge.engine.scheduler import Scheduler
from bridge.engine.store_health import StoreHealth
from bridge.engine.supervisor import Supervisor
from bridge.engine.traces import Traces
from bridge.ports.agent import Agent, Closing, Warming
from bridge.ports.blobs import Blobs
from bridge.ports.channel import Channel, Counting, Linking
from bridge.ports.clock import Clock
from bridge.ports.health import Check
from bridge.ports.store import Store
from bridge.session.admission import Account
from bridge.session.budget import Budgets
from bridge.session.fold import Session
from bridge.tally import tally
from bridge.unseen import note, unseen

log = structlog.get_logger()

SWEEP_EVERY = 20.0
"""Seconds between two looks for work that no wake-up told of."""

FLUSH_LIMIT = 3.0
"""Seconds couriers get at a stop, whatever the grace period was used for."""

CLOSE_LIMIT = 8.0
"""Seconds agents get at a stop to end what they have open: children may be deaf to SIGTERM."""

ANY_TIME = timedelta(days=36500)
"""Farther away than anything is due: then all that waits is looked at."""

SCHEDULER = "the scheduler"
SWEEP = "the sweep"
"""Workers beside the channels; no channel can have such a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A channel, how it treats those who write to it, and what people call it.

    `account` None: nobody writes from it.
    """

    channel: Channel
    account: Account | None
    label: str


def _part(name: str, fault: str) -> Check:
    return Check(name=name, ok=not fault, detail=fault or texts.WORKS)


async def _warm(agent: Warming) -> None:
    try:
        await agent.warm()
    except Exception:  # its first run will say what is wrong
        log.exception("agent did not get ready")


async def _close(agent: Closing) -> None:
    try:
        async with asyncio.timeout(CLOSE_LIMIT):
            await agent.close()
    except Exception:
        log.exception("agent did not close")


def _links(channels: Mapping[ChannelName, Channel], code: str) -> Sequence[str]:
    """Return the links by which people send a code to the bridge, where an app has such."""
    linking = (each for each in channels.values() if isinstance(each, Linking))
    return [link for each in linking if (link := each.link(code)) is not None]


async def _count(channels: Mapping[ChannelName, Channel], address: Address) -> int | None:
    """Return how many people read a place, at most, where its platform says so."""
    channel = channels.get(address.channel)
    found: int | None = None
    if channel is None or not isinstance(channel, Counting):
        return found
    try:
        found = await called(channel, address, lambda: channel.count(address))
    except ChannelError as error:
        log.info("not counted", channel=address.channel, error=type(error).__name__)
    return found


def _deletes(channels: Mapping[ChannelName, Channel], address: Address) -> timedelta:
    """Return how long a place takes back what it was shown."""
    channel = channels.get(address.channel)
    limits = channel.capabilities(address) if channel is not None else Capabilities()
    return limits.deletes_for if limits.deletes else timedelta()


def _deliveries(core: "Engine", ringing: Ringing, courier: Courier) -> Deliveries:
    return Deliveries(
        core.store,
        core.sessions,
        core.channels,
        admission=core.sessions.admission,
        is_shut=core.supervisor.is_shut,
        is_held=ringing.holds,
        courier=courier,
        subscriptions=core.subscribing,
    )


def _subscriptions(
    core: "Engine", clock: Clock, health: StoreHealth
) -> tuple[Subscriptions, SubscriptionDesk]:
    book = SubscriptionBook(core.store)
    sender = Subscriptions(book, core.store, core.sessions, clock, health)
    desk = SubscriptionDesk(book, core.store, core.sessions, clock, wake=sender.hurry)
    return sender, desk


def _accounts(core: "Engine", courier: Courier) -> Iterable[Check]:
    """Return how each account does that people write from."""
    silent, failed = courier.troubles.faults(), core.supervisor.faults
    mine = (name for name in core.channels if name in core.sessions.admission.channels)
    return [_part(f"channel {name}", failed.get(name) or silent.get(name, "")) for name in mine]


def _browser_deeds(core: "Engine", courier: Courier) -> BrowserDeeds:
    places = core.sessions.browser_places
    places.woken = courier.wake
    return BrowserDeeds(core.store, core.sessions, core.sessions.admission, places)


def _scheduler(store: Store, sessions: Dispatcher, clock: Clock) -> Scheduler:
    return Scheduler(store, sessions, clock, sessions.admission.lets_in)


def _beside(core: "Engine", clock: Clock, health: StoreHealth) -> tuple[Marking, Statuses]:
    """Return what tells people, beside the lanes, how far the agent is."""
    store, sessions, channels = core.store, core.sessions, core.channels
    admission = sessions.admission
    marking = Marking(store, sessions, channels, admission=admission, clock=clock, health=health)
    statuses = Statuses(store, sessions, channels, admission=admission, clock=clock, health=health)
    core._courier.progress.told = statuses.shown  # noqa: SLF001 - it is a part of it
    return marking, statuses


def _shut(supervisor: Supervisor, channel: ChannelName, error: ChannelError) -> None:
    note("account_refused", account=channel, code=error.code)
    supervisor.shut(channel, str(error))


def count_events(fresh: Sequence[Event]) -> None:
    """Count what was appended, for whoever watches the process."""
    for event in fresh:
        tally.events[kind_of(event.body)] += 1
        if isinstance(event.body, RunFinished):
            tally.runs[event.body.outcome] += 1


class Engine:
    """Runs sessions over a store, some channels and some agents."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        agents: Mapping[str, Agent],
        agent: str,
        blobs: Blobs,
        channels: Sequence[Connected] = (),
        budgets: Budgets = UNLIMITED,
        most: Rings = Rings(),  # noqa: B008 - it is frozen
        language: str = "",
    ) -> None:
        self.store, self._clock = store, clock
        self.channels = {each.channel.name: each.channel for each in channels}
        self.names = DisplayNames(store, {each.channel.name: each.label for each in channels})
        self.live, self._traces = LiveBoards(clock), Traces()
        self._nodes, self._health = Nodes(store, clock), StoreHealth(store.check, clock)
        self.supervisor = Supervisor(clock, self._health, refused=self._refused)
        self._agents = tuple(agents.values())
        self._warming, self._telling = set[asyncio.Task[None]](), set[asyncio.Task[None]]()
        self.agent_registry = AgentRegistry(agents, agent)
        self._sent_files = SentFiles(store, blobs, self.channels, clock)
        self.sessions = self._dispatcher(channels, budgets, most, language)
        self._runner = self._made_runner(blobs)
        last_inbound, ringing = LastInbound(clock), self._ringing(most.escalate)
        self._courier = Courier(
            store,
            self.sessions,
            self.live,
            self.channels,
            names=self.names,
            last_inbound=last_inbound,
            several=len(agents) > 1,
            clock=clock,
            health=self._health,
            shut=partial(_shut, self.supervisor),
            suspended=self.sessions.notices.suspended,
            admission=self.sessions.admission,
            ringing=ringing,
            languages=self.sessions.languages,
            traces=self._traces,
        )
        self._lanes = LaneWaking(self.sessions, clock, self._courier.wake, self._courier.may_follow)
        self.subscriptions, self.subscribing = _subscriptions(self, clock, self._health)
        self.deliveries = _deliveries(self, ringing, self._courier)
        self._beside = _beside(self, clock, self._health)
        self.sessions.admission.woken, last_inbound.came = self._courier.wake, self._courier.came
        self.sessions.slash_commands.compacting.sum_up = self._runner.upkeep.sum_up
        self._scheduler = _scheduler(store, self.sessions, clock)
        self.browser_deeds = _browser_deeds(self, self._courier)
        self._intake = self._ears(Downloads(self.channels, blobs, clock), last_inbound)

    def _ringing(self, escalate: timedelta) -> Ringing:
        persons = Persons(
            self.store,
            self.channels,
            admission=self.sessions.admission,
            looking=self.live.looking,
            wishes=self.sessions.wishes,
        )
        return Ringing(self.store, self._clock, persons, escalate=escalate)

    def _ears(self, fetching: Downloads, last_inbound: LastInbound) -> Intake:
        return Intake(
            self.store,
            self.sessions,
            admission=self.sessions.admission,
            places=self.sessions.places,
            pairing=self.sessions.pairing,
            members=self.sessions.people.members,
            commands=self.sessions.slash_commands,
            asking=self.sessions.asking,
            fetching=fetching,
            clock=self._clock,
            last_inbound=last_inbound,
            woken=self._courier.wake,
            unread=self.sessions.notices.unread,
            taken=self.sessions.notices.taken,
            arrivals=self._runner.arrivals,
            languages=self.sessions.languages,
            wishes=self.sessions.wishes,
            traces=self._traces,
        )

    def _made_runner(self, blobs: Blobs) -> Runner:
        return Runner(
            self.store,
            self.sessions,
            self.live,
            self.agent_registry,
            budget_guard=self.sessions.budget_guard,
            names=self.names,
            blobs=blobs,
            clock=self._clock,
            health=self._health,
            nodes=self._nodes,
            lets_in=self.sessions.admission.lets_in,
        )

    def _dispatcher(
        self, channels: Sequence[Connected], budgets: Budgets, most: Rings, language: str
    ) -> Dispatcher:
        return Dispatcher(
            self.store,
            self._clock,
            self.names,
            woken=self._woken,
            agents=self.agent_registry,
            budgets=budgets,
            most=most,
            accounts={each.channel.name: each.account for each in channels if each.account},
            count=partial(_count, self.channels),
            links=partial(_links, self.channels),
            deletes=partial(_deletes, self.channels),
            language=language,
            sending=self._sent_files,
        )

    async def start(self) -> None:
        """Derive what is to be done, then listen."""
        await self._nodes.begin()
        await self.sessions.languages.begin()
        self._swept_at = self._clock.now() + ANY_TIME
        await self._sweep()
        await self.sessions.access_requests.resume()
        self.supervisor.start(SWEEP, self._sweep_for_ever)
        self.supervisor.start(SCHEDULER, self._scheduler.run)
        for name, channel in self.channels.items():
            self.supervisor.start(name, partial(channel.listen, self._intake))
        warming = (each for each in self._agents if isinstance(each, Warming))
        self._warming = {asyncio.create_task(_warm(each)) for each in warming}

    async def stop(self, grace: float) -> None:
        """Stop in order; what is left undone is derived again at the next start."""
        await self.supervisor.stop()
        await asyncio.gather(*self._telling, return_exceptions=True)
        await self._runner.close(grace)
        for warming in self._warming:
            warming.cancel()
        await asyncio.gather(*(_close(each) for each in self._agents if isinstance(each, Closing)))
        for worker in (self._lanes, self._courier, self.subscriptions, *self._beside):
            await worker.close(min(grace, FLUSH_LIMIT))
        with suppress(StoreError):  # whoever comes next takes its place all the same
            await self._nodes.end()
        await self._health.close()
        unseen.flush(last=True)

    def faults(self) -> str:
        """Return why the core itself does not work, or ""; a channel's fault is its own."""
        faults = self.supervisor.faults
        return "; ".join(faults[name] for name in (SWEEP, SCHEDULER) if name in faults)

    def parts(self) -> Sequence[Check]:
        """Return how each account and each agent does, as far as their last calls tell."""
        agents = self._runner.faults
        return [
            *_accounts(self, self._courier),
            *(_part(f"agent {name}", agents.get(name, "")) for name in self.agent_registry.names),
        ]

    def _woken(self, session: Session, fresh: Sequence[Event]) -> None:
        self._traces.take_in(session, fresh)
        count_events(fresh)
        self._runner.wake(session.id)
        self._lanes.appended(session, fresh)
        self.subscriptions.appended(session)
        for each in (self._runner.background, *self._beside):
            each.wake(session)
        if any([isinstance(event.body, ScheduleEvent) for event in fresh]):
            self._scheduler.wake()

    def _refused(self, worker: str, why: str) -> None:
        """Tell the owner of an account that is refused."""
        if worker in self.channels:
            told = asyncio.create_task(self.sessions.notices.refused(ChannelName(worker), why))
            self._telling.add(told)
            told.add_done_callback(self._telling.discard)

    async def _sweep_for_ever(self) -> None:
        for each in (self._courier, *self._beside):
            await each.recall()
        while True:
            await asyncio.gather(self._sent_files.take_back(), self._clock.sleep(SWEEP_EVERY))
            await self._sweep()

    async def _sweep(self) -> None:
        unseen.flush()
        now = self._clock.now()
        # At the start, and when the clock was set back, what waits may have waited long enough.
        is_set_back, self._swept_at = now < self._swept_at, now
        for session in await self.store.restless(now + ANY_TIME if is_set_back else now):
            self._runner.wake(session)
        for conversation in await self.store.behind():
            self._courier.wake(conversation)
        self.subscriptions.sweep()
        await asyncio.sleep(0)
