"""What is due is fired: once a slot, however many look, however late."""

import asyncio
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bridge import schedule_texts, texts
from bridge.domain.commands import PauseSchedule, RemoveSchedule, SetSchedule
from bridge.domain.errors import Refused, StoreUnavailable
from bridge.domain.events import (
    Cron,
    Every,
    Once,
    Pushed,
    Rule,
    RunFinished,
    ScheduleSet,
    Triggered,
)
from bridge.domain.ids import ScheduleId, SessionId
from bridge.engine import scheduler
from bridge.engine.scheduler import LONGEST_SLEEP, Scheduler
from bridge.ports.store import DueSchedule
from bridge.session import schedule as rules
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from bridge.unseen import unseen
from tests.engine.rig import NINE, OWNER, Bridge, MoodyStore, bridge
from tests.stepping import rest

DAILY = ScheduleId("daily")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


async def put(b: Bridge, rule: Rule, *, schedule=DAILY, action="say", session=SHARED) -> None:
    command = SetSchedule(
        schedule=schedule, rule=rule, action=action, text=f"{schedule} calls", by=OWNER
    )
    await b.core.sessions.submit(session, command)


async def pushed(b: Bridge, session: SessionId = SHARED) -> list[datetime | None]:
    """Return the slots that were fired."""
    return [each.source.slot for each in await b.bodies(Pushed, session)]


def in_minutes(count: float) -> Once:
    return Once(at=NINE + count * MINUTE)


# -- once, at its time ----------------------------------------------------------------------------


async def test_a_saying_is_said_at_its_slot_and_not_before() -> None:
    async with bridge() as b:
        await b.gather("ada")
        await put(b, in_minutes(10))
        b.clock.forward(9 * 60)
        await rest()
        assert await pushed(b) == []
        b.clock.forward(61)
        await b.until_shown("ada", "daily calls")
        (said,) = await b.bodies(Pushed)
        assert (said.source.kind, said.source.name) == ("schedule", DAILY)
        assert (said.source.slot, said.source.next_slot) == (NINE + 10 * MINUTE, None)
        b.clock.forward(3600)
        await rest()
        assert len(await pushed(b)) == 1


async def test_a_schedule_that_asks_is_answered_by_the_agent() -> None:
    async with bridge() as b:
        await b.gather("ada")
        await put(b, in_minutes(1), action="ask")
        b.clock.forward(61)
        await b.until_logged(RunFinished)
        (asked,) = await b.bodies(Triggered)
        assert asked.prompt == "daily calls"
        await b.until_shown("ada", "daily calls", each=0.1)


async def test_a_rule_fires_at_each_of_its_slots() -> None:
    async with bridge() as b:
        await put(b, Every(seconds=60, start=NINE + MINUTE))
        for n in range(1, 6):
            b.clock.forward(59)
            await b.until_logged(Pushed, n, each=0.05)
        assert await pushed(b) == [NINE + n * MINUTE for n in range(1, 6)]


async def test_a_cron_rule_fires_on_the_clock_of_its_zone() -> None:
    """Nine o'clock in New York is two in the afternoon, in UTC and in March before the change."""
    async with bridge() as b:
        await put(b, Cron(expression="0 9 * * *", zone="America/New_York"))
        await b.until_logged(Pushed, each=600)
        assert await pushed(b) == [NINE.replace(hour=14)]


async def test_a_schedule_set_while_it_sleeps_is_seen() -> None:
    """The scheduler may sleep for long; a slot that comes sooner wakes it."""
    async with bridge() as b:
        await rest()
        b.clock.forward(1)
        await put(b, Once(at=b.clock.now() + timedelta(seconds=2)))
        await rest()
        b.clock.forward(2.1)
        assert LONGEST_SLEEP > 4
        await b.until_logged(Pushed)


async def test_what_was_removed_does_not_fire() -> None:
    async with bridge() as b:
        await put(b, in_minutes(1))
        await put(b, in_minutes(2), schedule=ScheduleId("other"))
        await b.core.sessions.submit(SHARED, RemoveSchedule(schedule=DAILY, by=OWNER))
        b.clock.forward(3600)
        await b.until_logged(Pushed)
        await rest()
        assert [each.source.name for each in await b.bodies(Pushed)] == ["other"]


async def test_what_was_set_anew_fires_by_its_new_rule() -> None:
    async with bridge() as b:
        await put(b, in_minutes(1))
        await put(b, in_minutes(5))
        b.clock.forward(120)
        await rest()
        assert await pushed(b) == []
        b.clock.forward(200)
        await b.until_logged(Pushed)
        assert await pushed(b) == [NINE + 5 * MINUTE]


async def test_each_session_has_its_own_schedules() -> None:
    """Of the same name, even."""
    async with bridge() as b:
        other = SessionId("s_other")
        await b.core.sessions.create(other, title="Other", owner=OWNER)
        await put(b, in_minutes(1))
        await put(b, in_minutes(1), session=other)
        b.clock.forward(60)
        await b.until_logged(Pushed)

        async def fired() -> bool:
            return bool(await pushed(b, other))

        await b.until(fired)


# -- late, again, twice ---------------------------------------------------------------------------


async def test_slots_missed_while_the_bridge_was_down_are_one_late_firing() -> None:
    async with bridge() as b:
        await put(b, Every(seconds=60, start=NINE + MINUTE))
        await b.core.stop(0)
        b.clock.forward(60 * 60 + 30)
        await b.start()
        await b.until_logged(Pushed)
        (said,) = await b.bodies(Pushed)
        assert said.source.slot == NINE + MINUTE
        assert said.source.next_slot == NINE + 61 * MINUTE
        b.clock.forward(30)
        await b.until_logged(Pushed, 2)


async def test_a_slot_fires_once_over_any_number_of_restarts() -> None:
    async with bridge() as b:
        await put(b, in_minutes(1))
        b.clock.forward(60)
        await b.until_logged(Pushed)
        for _ in range(3):
            await b.restart()
            await rest()
        assert len(await pushed(b)) == 1


async def test_two_schedulers_on_one_store_fire_a_slot_once() -> None:
    """Both see it due, and both append; the slot's key makes it one event."""
    async with bridge() as b:
        await b.core.supervisor.stop()
        await put(b, Every(seconds=60, start=NINE + MINUTE))
        other = Bridge(store=b.store, clock=b.clock)
        await other.start()
        await other.core.supervisor.stop()
        both = [Scheduler(b.store, each.core.sessions, b.clock) for each in (b, other)]
        for n in range(1, 4):
            b.clock.forward(60)
            await asyncio.gather(*(each.fire_due() for each in both))
            await asyncio.gather(*(each.fire_due() for each in reversed(both)))
            assert len(await pushed(b)) == n
        assert await pushed(b) == [NINE + n * MINUTE for n in range(1, 4)]
        await other.core.stop(0)


async def test_who_saw_a_slot_due_that_another_fired_meanwhile_fires_nothing() -> None:
    """It read the agenda before the other one appended, and appends after."""

    class Late(MoodyStore):
        kept = None

        async def due_schedules(self, now, *, limit=200):
            due = await super().due_schedules(now, limit=limit)
            self.kept = self.kept or due
            return self.kept

    async with bridge(store=Late()) as b:
        await put(b, Every(seconds=60, start=NINE + MINUTE))
        await b.core.supervisor.stop()
        late = Scheduler(b.store, b.core.sessions, b.clock)
        b.clock.forward(60)
        for _ in range(3):
            await late.fire_due()
        assert await pushed(b) == [NINE + MINUTE]


# -- what cannot be fired -------------------------------------------------------------------------


@pytest.fixture
def no_berlin(monkeypatch: pytest.MonkeyPatch):
    """Take a time zone from this machine, as an update of its database may."""
    find = rules._zone

    def zone(name: str):
        if name == "Europe/Berlin":
            raise Refused(texts.no_such_zone(name))
        return find(name)

    return lambda: monkeypatch.setattr(rules, "_zone", zone)


async def test_a_schedule_whose_zone_vanished_holds_up_no_other(no_berlin) -> None:
    async with bridge() as b:
        lost = ScheduleId("lost")
        await put(b, Cron(expression="1 * * * *", zone="Europe/Berlin"), schedule=lost)
        await put(b, Every(seconds=60, start=NINE + 2 * MINUTE))
        no_berlin()
        with capture_logs() as logs:
            await b.until_logged(Pushed, 3, each=1)
        assert {each.source.name for each in await b.bodies(Pushed)} == {DAILY}
        assert b.core.faults() == "", "the scheduler itself works"
        (told,) = [log for log in logs if log.get("reason") == "schedule_not_fired"]
        assert told["schedule"] == lost
        (count,) = [each.times for each in unseen.counts() if each.reason == told["reason"]]
        assert 10 < count < 80, "it is not asked about without a pause"


async def test_it_fires_when_its_zone_is_back(no_berlin, monkeypatch) -> None:
    async with bridge() as b:
        await put(b, Cron(expression="1 * * * *", zone="Europe/Berlin"))
        no_berlin()
        b.clock.forward(3600)
        await rest()
        assert await pushed(b) == []
        monkeypatch.undo()
        await b.until_logged(Pushed, each=1)
        assert await pushed(b) == [NINE + MINUTE]


async def test_a_store_that_is_down_is_asked_again() -> None:
    store = MoodyStore()
    async with bridge(store=store) as b:
        await put(b, in_minutes(1))
        store.is_down = True
        with capture_logs():
            b.clock.forward(60)
            await b.until(b.core.faults)
            store.is_down = False
            await b.until_logged(Pushed, each=1)
        await b.until(lambda: not b.core.faults(), each=1)


async def test_a_rule_that_can_never_be_due_is_refused_when_it_is_set() -> None:
    async with bridge() as b:
        with pytest.raises(Refused):
            await put(b, Once(at=NINE - MINUTE))
        with pytest.raises(Refused):
            await put(b, Cron(expression="0 9 * * *", zone="Atlantis/Capital"))
        assert await b.bodies(ScheduleSet) == []


async def test_hundreds_that_cannot_be_fired_hold_up_no_other(no_berlin, monkeypatch) -> None:
    """They are the longest overdue, and more than are looked at in one go."""
    monkeypatch.setattr(scheduler, "AT_ONCE", 5)
    async with bridge() as b:
        for number in range(12):
            lost = ScheduleId(f"lost {number}")
            await put(b, Cron(expression="1 * * * *", zone="Europe/Berlin"), schedule=lost)
        await put(b, Every(seconds=60, start=NINE + 2 * MINUTE))
        no_berlin()
        b.clock.forward(121)
        await b.until_logged(Pushed)
        assert await pushed(b) == [NINE + 2 * MINUTE]


async def test_one_that_is_broken_holds_up_no_other(monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no such number")

    async with bridge() as b:
        await put(b, Cron(expression="1 * * * *"), schedule=ScheduleId("broken"))
        await put(b, Every(seconds=60, start=NINE + 2 * MINUTE))
        monkeypatch.setattr(rules, "_cron", broken)
        b.clock.forward(121)
        await b.until_logged(Pushed)
        assert await pushed(b) == [NINE + 2 * MINUTE]
        assert b.core.faults() == "", "the scheduler itself works"


async def test_a_slot_of_which_nothing_comes_is_not_tried_without_a_pause() -> None:
    """Whatever kept it from being appended: it is looked at again, but later."""

    class Forgetful(MoodyStore):
        looks = 0

        async def due_schedules(self, now, *, limit=200):
            self.looks += 1
            gone = DueSchedule(session=SHARED, schedule=ScheduleId("gone"), slot=NINE)
            return [gone, *await super().due_schedules(now, limit=limit)]

        async def next_slot(self):
            return NINE

    async with bridge(store=Forgetful()) as b:
        before = b.store.looks
        for _ in range(100):
            b.clock.forward(0.1)
            await rest()
        assert b.store.looks - before < 10


async def test_a_clock_that_is_put_right_does_not_make_what_has_fired_due_once_more() -> None:
    """Seconds are set back wherever time comes from a network."""
    async with bridge() as b:
        await put(b, Cron(expression="1 9 * * *"))
        b.clock.forward(61)
        await b.until_logged(Pushed)
        await b.core.stop(0)
        b.clock.set_back(5 * SECOND)
        await b.start()
        for _ in range(60):
            b.clock.forward(1)
            await rest()
        assert await pushed(b) == [NINE + MINUTE]


# -- whose it is ----------------------------------------------------------------------------------


async def test_what_somebody_planned_rests_once_no_list_lets_them_in() -> None:
    """Taken off `allow`, they are neither heard nor shown anything, nor go on by a clock."""
    both = Account(allow=frozenset({"ada", "bob"}))
    async with bridge(account=both) as b:
        await b.gather("ada", "bob")
        bob = await b.store.identify(realm="memory", user="bob")
        rule = Every(seconds=60, start=NINE + MINUTE)
        plan = SetSchedule(schedule=DAILY, rule=rule, action="say", text="bob calls", by=bob)
        await b.core.sessions.submit(SHARED, plan)
        await b.until(lambda: fired(b, 1), each=1)
        await b.core.stop(0)
        b.account = Account(allow=frozenset({"ada"}))
        await b.start()

        async def rests() -> bool:
            return (await b.core.sessions.fold(SHARED)).schedules[DAILY].paused

        await b.until(rests, each=1)
        b.clock.forward(3600)
        await rest()
        assert len([each for each in await b.bodies(Pushed) if each.source.slot]) == 1
        (told,) = [each for each in await b.bodies(Pushed) if not each.source.slot]
        assert told.to == (OWNER,)
        assert told.content.text == schedule_texts.schedule_rests("bob calls")
        await b.core.stop(0)
        b.account = both
        await b.start()
        await b.core.sessions.submit(SHARED, PauseSchedule(schedule=DAILY, paused=False, by=bob))
        await b.until(lambda: fired(b, 2), each=1)


class Failing(MoodyStore):
    """A store that fails once at each step by which a schedule is brought to rest."""

    def __init__(self) -> None:
        super().__init__()
        self.failed: set[type] = set()

    async def append(self, session, drafts, **how):
        for body in (each.body for each in drafts):
            is_told = isinstance(body, Pushed) and body.source.slot is None
            is_paused = isinstance(body, ScheduleSet) and body.paused
            if (is_told or is_paused) and type(body) not in self.failed:
                self.failed.add(type(body))
                raise StoreUnavailable("the disk is full")
        return await super().append(session, drafts, **how)


async def test_owners_are_told_once_of_what_rests_whatever_fails_on_the_way() -> None:
    async with bridge(store=Failing(), account=Account(allow=frozenset({"ada", "bob"}))) as b:
        await b.gather("ada", "bob")
        bob = await b.store.identify(realm="memory", user="bob")
        plan = SetSchedule(
            schedule=DAILY, rule=in_minutes(60), action="say", text="bob calls", by=bob
        )
        await b.core.sessions.submit(SHARED, plan)
        await b.core.stop(0)
        b.account = Account(allow=frozenset({"ada"}))
        await b.start()

        async def rests() -> bool:
            return (await b.core.sessions.fold(SHARED)).schedules[DAILY].paused

        b.clock.forward(3600)
        await b.until(rests, each=1)
        await rest()
        assert b.store.failed == {Pushed, ScheduleSet}
        (told,) = await b.bodies(Pushed)
        assert told.content.text == schedule_texts.schedule_rests("bob calls")


async def fired(b: Bridge, count: int) -> bool:
    return len([each for each in await b.bodies(Pushed) if each.source.slot]) >= count


async def test_what_the_owner_and_the_configuration_plan_needs_no_list() -> None:
    async with bridge(account=Account(allow=frozenset())) as b:
        await put(b, in_minutes(1))
        nobodys = SetSchedule(
            schedule=ScheduleId("nobody's"), rule=in_minutes(2), action="say", text="news"
        )
        await b.core.sessions.submit(SHARED, nobodys)
        await b.until(lambda: fired(b, 2), each=10)
