"""Hundreds of due slots under deaths and odd clocks: each fires once, none is missing.

A process here is a dispatcher and a scheduler over a store that outlives it. It dies just before or
just after an append, as after kill -9, and the clock goes on.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.commands import SetSchedule
from bridge.domain.events import Cron, Event, Every, Late, Pushed, Rule
from bridge.domain.ids import ParticipantId, ScheduleId
from bridge.engine.dispatcher import Dispatcher
from bridge.engine.names import DisplayNames
from bridge.engine.scheduler import Scheduler
from bridge.ports.store import Store
from bridge.session.budget import Budgets
from bridge.session.routing import SHARED
from tests.crashing import FragileStore, Fuse
from tests.engine.rig import agent_registry
from tests.postgres import postgres_url
from tests.stores import opened
from tests.waiting import PATIENCE

__all__ = ["postgres_url"]

KINDS = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
OWNER = ParticipantId("p_owner")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class JumpingClock:
    """Stands still until a test sets it, forward or back."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Night:
    """A store, a clock, and one process after the other."""

    def __init__(self, store: Store, clock: JumpingClock) -> None:
        self.store, self.clock = store, clock
        self.deaths = 0

    def process(self, fuse: Fuse) -> tuple[Dispatcher, Scheduler]:
        fragile = FragileStore(self.store, fuse)
        dispatcher = Dispatcher(
            fragile,
            self.clock,
            DisplayNames(fragile, {}),
            woken=lambda _, __: None,
            agents=agent_registry(),
            budgets=Budgets(),
        )
        return dispatcher, Scheduler(fragile, dispatcher, self.clock)

    async def begin(self, schedules: dict[str, Rule], late: Late = "all") -> None:
        dispatcher, _ = self.process(Fuse())
        await self.store.enrol(OWNER, name="Ada", realm="b", user="o", at=self.clock.now())
        await dispatcher.create(SHARED, title="", owner=OWNER)
        for name, rule in schedules.items():
            planned = SetSchedule(
                schedule=ScheduleId(name), rule=rule, action="say", text="tea", late=late
            )
            await dispatcher.submit(SHARED, planned)

    async def live(self, at: int | None = None, *, beside: int = 0) -> None:
        """Let a process fire what is due; it dies at an edge. `beside`: others do the same."""
        fuse = Fuse(at)
        firing = [
            asyncio.ensure_future(_fire_all(scheduler))
            for _, scheduler in (self.process(fuse), *(self.process(Fuse()) for _ in range(beside)))
        ]
        blown = asyncio.ensure_future(fuse.blown.wait())
        first, *rest = firing
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({first, blown}, return_when=asyncio.FIRST_COMPLETED)
            if fuse.blown.is_set():
                self.deaths += 1
                first.cancel()
            for each in rest:
                await each
        blown.cancel()
        with suppress(BaseException):
            await first
        if not fuse.blown.is_set():
            first.result()

    async def fired(self) -> Sequence[Event]:
        events: list[Event] = []
        while page := await self.store.read(
            SHARED, after=events[-1].seq if events else 0, limit=1000
        ):
            events += page
        return [each for each in events if isinstance(each.body, Pushed)]

    async def slots(self, name: str) -> list[datetime]:
        bodies = [each.body for each in await self.fired()]
        return [
            each.source.slot
            for each in bodies
            if isinstance(each, Pushed) and each.source.name == name and each.source.slot
        ]


async def _fire_all(scheduler: Scheduler) -> None:
    for _ in range(12):
        await scheduler.fire_due()


@asynccontextmanager
async def night(
    kind: str, request: pytest.FixtureRequest, folder: Path, at: datetime
) -> AsyncIterator[Night]:
    url = str(request.getfixturevalue("postgres_url")) if kind == "postgres" else ""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # of the dead
    async with opened(kind, folder, url) as store:
        yield Night(store, JumpingClock(at))


# -- deaths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
async def test_hundreds_of_slots_under_dozens_of_deaths_fire_once_each(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Every one, in order, whether a process died before or after it kept one, or two raced."""
    start, dice = datetime(2026, 3, 2, 9, 0, tzinfo=UTC), random.Random(12)
    rules: dict[str, Rule] = {
        "tick": Every(seconds=600, start=start + 10 * MINUTE),
        "tock": Every(seconds=420, start=start + 7 * MINUTE),
        "cron": Cron(expression="*/15 * * * *", zone="Asia/Kolkata"),
    }
    async with night(kind, request, tmp_path, start) as here:
        await here.begin(rules)
        while here.clock.at < start + 20 * HOUR:
            here.clock.at += dice.uniform(1, 40) * MINUTE
            await here.live(dice.randint(1, 8), beside=dice.randint(0, 1))
        await here.live()
        end = here.clock.at
        assert here.deaths >= 24
        for name, step in (("tick", 10), ("tock", 7), ("cron", 15)):
            count = int((end - start) / (step * MINUTE))
            assert await here.slots(name) == [
                start + n * step * MINUTE for n in range(1, count + 1)
            ]
        assert len(await here.fired()) > 300
        assert await here.store.next_slot() > end


# -- the wall clock -------------------------------------------------------------------------------


def wall_clock(zone: str, at: time, first: date, last: date) -> list[datetime]:
    """Return when a daily time is due, by the zone database alone.

    A time that does not exist is due at the first minute that does; one that comes twice, first.
    """
    place, found = ZoneInfo(zone), []
    for n in range((last - first).days + 1):
        local = datetime.combine(first + n * DAY, at)
        while (
            local.replace(tzinfo=place).astimezone(UTC).astimezone(place).replace(tzinfo=None)
            != local
        ):
            local += MINUTE
        found.append(local.replace(tzinfo=place).astimezone(UTC))
    return found


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_year_of_nights_in_two_zones_fires_each_night_once(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Berlin and New York change their clocks on different days, both ways, at half past two."""
    start, dice = datetime(2026, 1, 1, 12, tzinfo=UTC), random.Random(3)
    zones = {"berlin": "Europe/Berlin", "york": "America/New_York"}
    rules: dict[str, Rule] = {
        name: Cron(expression="30 2 * * *", zone=zone) for name, zone in zones.items()
    }
    async with night(kind, request, tmp_path, start) as here:
        await here.begin(rules)
        while here.clock.at < start + 364 * DAY:
            here.clock.at += dice.uniform(1, 60) * HOUR
            await here.live(dice.choice([None, None, 1, 2, 5]))
        await here.live()
        for name, zone in zones.items():
            expected = wall_clock(zone, time(2, 30), start.date() + DAY, here.clock.at.date())
            assert await here.slots(name) == [each for each in expected if each <= here.clock.at]
            assert len(expected) > 300


# -- a clock that is set --------------------------------------------------------------------------


async def test_a_clock_that_jumps_both_ways_neither_doubles_nor_silences(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """After each jump what is hourly is due within the hour; no slot of a plan comes twice."""
    start, dice = datetime(2026, 3, 2, 9, 0, tzinfo=UTC), random.Random(5)
    rules: dict[str, Rule] = {
        "hourly": Every(seconds=3600, start=start + HOUR),
        "cron": Cron(expression="5 * * * *"),
    }
    async with night("memory", request, tmp_path, start) as here:
        await here.begin(rules, late="once")
        _, scheduler = here.process(Fuse())
        for _ in range(300):
            here.clock.at += dice.choice([1, 1, 1, -1]) * dice.uniform(0.1, 30) * HOUR
            if dice.random() < 0.2:
                _, scheduler = here.process(Fuse())  # it was restarted meanwhile
            before = Counter(each.body.source.name for each in await here.fired())
            await _fire_all(scheduler)
            fired = await here.fired()
            after = Counter(each.body.source.name for each in fired)
            assert all(after[name] - before[name] <= 1 for name in rules), "one late run at most"
            due = await here.store.due_schedules(here.clock.at + HOUR)
            assert {each.schedule for each in due} == rules.keys(), "within the hour"
        keys = [each.key for each in await here.fired()]
        assert len(keys) == len(set(keys))
        assert len(keys) > 200
        for earlier, later in pairwise(await here.fired()):
            assert earlier.seq < later.seq
