"""The workers put together: everything between the ports, without HTTP and without config.

Start: what is to be done is derived from the store; only sessions that are not at rest and lanes
that are behind are touched. Stop: hear no more, let runs reach a safe point, flush the couriers.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from bridge import texts
from bridge.admission import Account
from bridge.budget import Budgets
from bridge.errors import ChannelError
from bridge.events import Event, ScheduleRemoved, ScheduleSet
from bridge.ids import ChannelName, mint
from bridge.notify import Rings
from bridge.parts import Address
from bridge.ports import (
    Agent,
    Blobs,
    Channel,
    Check,
    Clock,
    Closing,
    Counting,
    Store,
    Warming,
)
from bridge.session import Session
from bridge.workers.calls import called
from bridge.workers.courier import Courier
from bridge.workers.desks import UNLIMITED, Desks
from bridge.workers.fetching import Fetching
from bridge.workers.intake import Intake
from bridge.workers.last_words import LastWords
from bridge.workers.live import LiveBoards
from bridge.workers.names import Names
from bridge.workers.roster import Roster
from bridge.workers.runner import Runner
from bridge.workers.scheduler import Scheduler
from bridge.workers.store_health import StoreHealth
from bridge.workers.supervisor import Supervisor

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
    """A channel, how it treats those who write to it, and what people call it."""

    channel: Channel
    account: Account
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


class Core:
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
    ) -> None:
        self.store = store
        self._clock = clock
        self._channels = {each.channel.name: each.channel for each in channels}
        self.names = Names(store, {each.channel.name: each.label for each in channels})
        self.live = LiveBoards(clock)
        self._health = StoreHealth(store.check, clock)
        self.supervisor = Supervisor(clock, self._health, refused=self._refused)
        self._agents = tuple(agents.values())
        self._warming, self._telling = set[asyncio.Task[None]](), set[asyncio.Task[None]]()
        self.roster = Roster(agents, agent)
        self.sessions = self._desks(channels, budgets, most)
        self._notices = self.sessions.notices
        self._runner = self._made_runner(blobs)
        last_words = LastWords(clock)
        self._courier = Courier(
            store,
            self.sessions,
            self.live,
            self._channels,
            names=self.names,
            last_words=last_words,
            several=len(agents) > 1,
            clock=clock,
            health=self._health,
            shut=self._shut,
            suspended=self.sessions.notices.suspended,
            admission=self.sessions.admission,
        )
        self.sessions.admission.woken = self._courier.wake
        self._scheduler = Scheduler(store, self.sessions, clock)
        self._intake = self._ears(Fetching(self._channels, blobs, clock), last_words)

    def _ears(self, fetching: Fetching, last_words: LastWords) -> Intake:
        return Intake(
            self.store,
            self.sessions,
            admission=self.sessions.admission,
            places=self.sessions.places,
            pairing=self.sessions.pairing,
            fetching=fetching,
            clock=self._clock,
            last_words=last_words,
            woken=self._courier.wake,
            arrivals=self._runner.arrivals,
        )

    def _made_runner(self, blobs: Blobs) -> Runner:
        return Runner(
            self.store,
            self.sessions,
            self.live,
            self.roster,
            spending=self.sessions.spending,
            names=self.names,
            blobs=blobs,
            clock=self._clock,
            health=self._health,
            node=mint("n"),
        )

    def _desks(self, channels: Sequence[Connected], budgets: Budgets, most: Rings) -> Desks:
        return Desks(
            self.store,
            self._clock,
            self.names,
            woken=self._woken,
            agents=self.roster,
            budgets=budgets,
            most=most,
            accounts={each.channel.name: each.account for each in channels},
            count=self._count,
        )

    async def start(self) -> None:
        """Derive what is to be done, then listen."""
        self._swept_at = self._clock.now() + ANY_TIME
        await self._sweep()
        self.supervisor.start(SWEEP, self._sweep_for_ever)
        self.supervisor.start(SCHEDULER, self._scheduler.run)
        for name, channel in self._channels.items():
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
        closing = (each for each in self._agents if isinstance(each, Closing))
        await asyncio.gather(*(_close(each) for each in closing))
        await self._courier.close(min(grace, FLUSH_LIMIT))
        await self._health.close()

    def faults(self) -> str:
        """Return why the core itself does not work, or ""; a channel's fault is its own."""
        faults = self.supervisor.faults
        return "; ".join(faults[name] for name in (SWEEP, SCHEDULER) if name in faults)

    def parts(self) -> Sequence[Check]:
        """Return how each account and each agent does, as far as their last calls tell."""
        silent, failed = self._courier.troubles.faults(), self.supervisor.faults
        agents = self._runner.faults
        return [
            *(
                _part(f"channel {name}", failed.get(name) or silent.get(name, ""))
                for name in self._channels
            ),
            *(_part(f"agent {name}", agents.get(name, "")) for name in self.roster.names),
        ]

    def _woken(self, session: Session, fresh: Sequence[Event]) -> None:
        self._runner.wake(session.id)
        for conversation in session.conversations:
            self._courier.wake(conversation)
        if any(isinstance(event.body, ScheduleSet | ScheduleRemoved) for event in fresh):
            self._scheduler.wake()

    async def _count(self, address: Address) -> int | None:
        """Return how many people read a place, at most, where its platform says so."""
        channel = self._channels.get(address.channel)
        found: int | None = None
        if channel is None or not isinstance(channel, Counting):
            return found
        try:
            async with called(channel, address):
                found = await channel.count(address)
        except ChannelError as error:
            log.info("not counted", channel=address.channel, error=type(error).__name__)
        return found

    def _shut(self, channel: ChannelName, error: ChannelError) -> None:
        log.error("credentials refused", channel=channel, code=error.code)
        self.supervisor.shut(channel, str(error))

    def _refused(self, worker: str, why: str) -> None:
        """Tell the owner of an account that is refused."""
        if worker in self._channels:
            told = asyncio.create_task(self.sessions.notices.refused(ChannelName(worker), why))
            self._telling.add(told)
            told.add_done_callback(self._telling.discard)

    async def _sweep_for_ever(self) -> None:
        while True:
            await self._clock.sleep(SWEEP_EVERY)
            await self._sweep()

    async def _sweep(self) -> None:
        now = self._clock.now()
        # At the start, and when the clock was set back, what waits may have waited long enough.
        is_set_back, self._swept_at = now < self._swept_at, now
        for session in await self.store.restless(now + ANY_TIME if is_set_back else now):
            self._runner.wake(session)
        for conversation in await self.store.behind():
            self._courier.wake(conversation)
        await asyncio.sleep(0)
