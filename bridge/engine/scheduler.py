"""The scheduler fires what is due: the event and the schedule's next slot are one append.

When a schedule is due is in `bridge.session.schedule`; what is appended when it fires, is set or is
removed, in `bridge.session.decide_external`.

The rules:

- It keeps nothing: what is due is read from the store each time. A slot has a key, which is its
  time: so two processes, or one that died in between, fire it once. What the store knows by its key
  and is due all the same came twice by a clock that was set back: it is passed.
- What was due until a log that was restored since was last heard of may have been fired by it.
- What cannot be fired (its zone is gone from this machine) stays due, and holds up no other: it
  looks beyond these, however many they are, and at them again only after a pause.
- What somebody planned rests once no app lets them in any more, as when they were taken off a list:
  it is paused when it is due, and the owners are told. Let in again, they let it go on.
- When the clock was set back since it last looked, or since anything was appended, whatever repeats
  is planned anew, so that nothing is silent until the clock has caught up. A clock that is only put
  right, by less than a minute, does not make what has just fired due once more.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from bridge import schedule_texts
from bridge.domain.commands import Fire, PauseSchedule, PlanAnew, Push
from bridge.domain.content import ours
from bridge.domain.errors import Refused, StoreError
from bridge.domain.events import ScheduleSet, Source
from bridge.domain.ids import ParticipantId
from bridge.domain.records import replace
from bridge.ports.clock import Clock
from bridge.ports.engine import LetsIn, Sessions
from bridge.ports.store import DueSchedule, Store
from bridge.session.fold import Session
from bridge.unseen import note

log = structlog.get_logger()

EVER = datetime.max.replace(tzinfo=UTC)
MANY = 1_000_000
"""Schedules that are planned anew at once: all of them."""

AT_ONCE = 200
"""Slots that are fired before it looks again."""

PUT_RIGHT = timedelta(minutes=1)
"""How far back a clock goes that is only put right."""

SHORTEST_SLEEP = 0.05
REFUSED_SLEEP = 5.0
"""Seconds between two looks while something that is due cannot be fired."""

LONGEST_SLEEP = 30.0
"""Seconds after which it looks again, whatever it knows: a clock may have been set."""


async def _everyone(who: ParticipantId, session: Session) -> bool:  # noqa: ARG001
    return True


class Scheduler:
    """Fires the schedules of every session. `lets_in` says whether somebody is let in to it."""

    def __init__(
        self, store: Store, sessions: Sessions, clock: Clock, lets_in: LetsIn = _everyone
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._clock = clock
        self._lets_in = lets_in
        self._bell = asyncio.Event()
        self._looked_at: datetime | None = None

    def wake(self) -> None:
        """Look again: a schedule was set."""
        self._bell.set()

    async def run(self) -> None:
        """Fire until cancelled."""
        while True:
            self._bell.clear()
            is_done = await self.fire_due()
            await self._sleep(SHORTEST_SLEEP if is_done else REFUSED_SLEEP)

    async def fire_due(self) -> bool:
        """Fire every slot that has come; False when one could not be fired."""
        now = self._clock.now()
        if await self._is_set_back(now):
            await self._plan_anew()
        self._looked_at = now
        stuck = set[DueSchedule]()
        while True:
            due = await self._store.due_schedules(now, limit=AT_ONCE + len(stuck))
            left = [each for each in due if each not in stuck]
            if not left:  # what another process fired is not due any more
                return stuck.isdisjoint(due)
            stuck |= {each for each in left if not await self._fire(each)}

    async def _fire(self, due: DueSchedule) -> bool:
        """Fire a slot; False when nothing came of it."""
        why = ""
        try:
            if await self._rests(due):
                return True
            fire = Fire(
                schedule=due.schedule, slot=due.slot, restored=await self._restored(due.slot)
            )
            fired = await self._sessions.submit(due.session, fire)
            if fired.fresh:
                return True
            if fired.events:
                log.info("schedule fired before", session=due.session, schedule=due.schedule)
                over = replace(fire, is_over=True)
                return bool((await self._sessions.submit(due.session, over)).fresh)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - one that is broken holds up no other
            why = str(error) if isinstance(error, Refused) else type(error).__name__
        note("schedule_not_fired", session=due.session, schedule=due.schedule, why=why)
        return False

    async def _rests(self, due: DueSchedule) -> bool:
        """Let a schedule rest whose person is not let in any more; say whether it does."""
        session = await self._sessions.fold(due.session)
        known = session.schedules.get(due.schedule)
        if known is None or known.by is None or known.first != due.slot or session.archived:
            return False
        if await self._lets_in(known.by, session):
            return False
        note("schedule_not_fired", session=due.session, schedule=due.schedule, why="not let in")
        if (told := _told(session, known)) is not None:  # first: what rests is not looked at again
            await self._sessions.submit(due.session, told)
        await self._sessions.submit(due.session, PauseSchedule(schedule=due.schedule))
        return True

    async def _restored(self, slot: datetime) -> datetime | None:
        """Return until when a log that was restored since may have fired what was due, and this."""
        epoch = await self._store.epoch()
        is_known = epoch.may_have_heard(slot) and not epoch.was_ahead(self._clock.now())
        return epoch.heard if is_known else None

    async def _is_set_back(self, now: datetime) -> bool:
        if self._looked_at is not None:
            return now < self._looked_at - PUT_RIGHT
        newest = await self._store.sessions(limit=1)
        return bool(newest) and now < newest[0].touched_at - PUT_RIGHT

    async def _plan_anew(self) -> None:
        """Plan what repeats by the clock as it is now."""
        for due in await self._store.due_schedules(EVER, limit=MANY):
            plan = PlanAnew(schedule=due.schedule, slot=due.slot)
            try:
                await self._sessions.submit(due.session, plan)
            except Refused as refused:
                log.warning("schedule not planned", schedule=due.schedule, reason=str(refused))

    async def _sleep(self, least: float) -> None:
        slot = await self._store.next_slot()
        seconds = LONGEST_SLEEP
        if slot is not None:
            left = (slot - self._clock.now()).total_seconds()
            seconds = min(max(left, least), LONGEST_SLEEP)
        sleep = asyncio.ensure_future(self._clock.sleep(seconds))
        ring = asyncio.ensure_future(self._bell.wait())
        try:
            await asyncio.wait({sleep, ring}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            ring.cancel()


def _told(session: Session, known: ScheduleSet) -> Push | None:
    """Return what the other owners are told of a schedule that rests from now on, if there are."""
    roles = session.participants.items()
    owners = tuple(each for each, role in roles if role == "owner" and each != known.by)
    if not owners:
        return None
    return Push(
        source=Source(kind="background", name="bridge"),
        content=ours(schedule_texts.schedule_rests(known.text)),
        to=owners,
        key=f"schedule rests:{known.schedule}@{known.first}",
    )
