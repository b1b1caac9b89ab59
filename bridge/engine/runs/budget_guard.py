"""Keeps to the budgets: refuses runs that would exceed one, and tells the owner before that.

What was used is read from the store each time; nothing is remembered. Each limit of each day is
told of once (see `bridge.engine.notices`).
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date

from bridge import texts
from bridge.domain.events import Usage
from bridge.domain.ids import ParticipantId, SessionId
from bridge.domain.usage import NOTHING, Level, Used, total, used
from bridge.engine.access.admission import JOINED
from bridge.engine.notices import Notices
from bridge.ports.clock import Clock
from bridge.ports.store import Store
from bridge.session.budget import Budgets, day_levels, run_level


class BudgetGuard:
    def __init__(self, store: Store, notices: Notices, budgets: Budgets, clock: Clock) -> None:
        self._store = store
        self._notices = notices
        self._budgets = budgets
        self._clock = clock

    async def refusal(self, asker: ParticipantId | None, spent: Used = NOTHING) -> str:
        """Return why a run of this person may not begin, or "".

        `spent` is what the runs before it used that count with it as one.
        """
        own = run_level(self._budgets, spent)
        levels = [*([own] if own else []), *await self._levels(asker)]
        up = [level for level in levels if level.is_up]
        return texts.budget_up(up[0]) if up else ""

    async def end(self, usage: Usage, asker: ParticipantId | None, spent: Used = NOTHING) -> str:
        """Return why a run of this person that has used so much may not go on, or "".

        `spent` is what the runs before it used that count with it as one.
        """
        running = used(usage)
        own = run_level(self._budgets, total([spent, running]))
        levels = [*([own] if own else []), *await self._levels(asker, running)]
        up = [level for level in levels if level.is_up]
        return texts.budget_up_midway(up[0]) if up else ""

    async def look(self, asker: ParticipantId | None) -> None:
        """Tell the owner of limits that are nearly used up."""
        for level in await self._levels(asker):
            if level.is_nearly_up:
                await self._notices.nearly_spent(level)

    async def summary(self, session: SessionId, children: Collection[SessionId] = ()) -> str:
        """Say what was used in a session, and by what works or worked in its background."""
        today = self._today()
        spent = [
            each for one in (session, *children) for each in await self._store.usage(session=one)
        ]
        this_month = [each for each in spent if each.day >= today.replace(day=1)]
        return texts.usage(
            [
                (texts.IN_ALL, total(each.used for each in spent)),
                (texts.TODAY, total(each.used for each in spent if each.day == today)),
                (texts.THIS_MONTH, total(each.used for each in this_month)),
            ]
        )

    async def _levels(
        self, asker: ParticipantId | None, running: Used = NOTHING
    ) -> tuple[Level, ...]:
        if not self._budgets.is_daily():
            return ()
        today = await self._store.usage(since=self._today())
        if self._budgets.per_person_per_day is not None and asker is not None:
            joined = await self._store.facts(JOINED)
            asker = _now(asker, joined)
            today = [
                replace(each, participant=each.participant and _now(each.participant, joined))
                for each in today
            ]
        return day_levels(self._budgets, today, asker, running)

    def _today(self) -> date:
        return self._clock.now().date()


def _now(who: ParticipantId, joined: Mapping[str, str]) -> ParticipantId:
    """Return who someone is by now, whatever they used as whom."""
    for _ in range(len(joined)):
        if who not in joined:
            break
        who = ParticipantId(joined[who])
    return who
