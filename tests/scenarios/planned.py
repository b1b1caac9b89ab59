"""Schedules that come due every second or so, put into the log of a bridge that is not running.

People may plan something once a minute at most; nobody's schedules may be due more often.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bridge.domain.commands import SetSchedule
from bridge.domain.events import Every, Late
from bridge.domain.ids import ScheduleId
from bridge.engine.clock import SystemClock
from bridge.engine.dispatcher import Dispatcher
from bridge.engine.names import DisplayNames
from bridge.ports.store import Store
from bridge.ports.surroundings import Surroundings
from bridge.session.routing import SHARED
from bridge.session.schedule import MOST_LATE
from storage.sql.store import PostgresSection, SqliteSection, postgres, sqlite
from tests.engine.rig import agent_registry

SECOND = timedelta(seconds=1)


@asynccontextmanager
async def opened(data: Path, url: str = "") -> AsyncIterator[Store]:
    """Open the store of a bridge that is not running."""
    around = Surroundings(clock=SystemClock(), data=data)
    if url:
        async with postgres.open(PostgresSection(url=SecretStr(url)), around) as store:
            yield store
    else:
        async with sqlite.open(SqliteSection(), around) as store:
            yield store


async def plan(store: Store, name: str, action: Any, *, every: int, late: Late = "all") -> datetime:
    """Plan something of nobody's; return its first slot."""
    clock = SystemClock()
    dispatcher = Dispatcher(
        store,
        clock,
        DisplayNames(store, {}),
        woken=lambda _, __: None,
        agents=agent_registry(),
    )
    first = clock.now().replace(microsecond=0) + 2 * SECOND
    planned = SetSchedule(
        schedule=ScheduleId(name),
        rule=Every(seconds=every, start=first),
        action=action,
        text=f"{name} is due",
        late=late,
    )
    await dispatcher.submit(SHARED, planned)
    return first


def slots(events: Sequence[dict[str, Any]], name: str) -> list[datetime]:
    """Return the slots of a schedule that fired, as the log has them over HTTP."""
    return [_time(each["source"]["slot"]) for each in _fired(events, name)]


def missing(events: Sequence[dict[str, Any]], name: str, step: int) -> list[datetime]:
    """Return the slots of one that makes up for `all` which should have fired and did not.

    As a slot fires, so many of the last ones are still to come: a start may take minutes.
    """
    fired, lost = _fired(events, name), []
    for before, after in pairwise(fired):
        slot = _time(before["source"]["slot"])
        oldest = _time(before["at"]) - MOST_LATE * step * SECOND
        while (slot := slot + step * SECOND) < _time(after["source"]["slot"]):
            if slot > oldest:
                lost.append(slot)
    return lost


def _fired(events: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    found = (each for each in events if each["type"] in {"pushed", "triggered"})
    wanted = {"kind": "schedule", "name": name}
    return [each for each in found if wanted.items() <= each["source"].items()]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
