"""Schedules that come due every second or so, put into the log of a bridge that is not running.

People may plan something once a minute at most; nobody's schedules may be due more often.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
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
    sources = [each["source"] for each in events if each["type"] in {"pushed", "triggered"}]
    return [
        datetime.fromisoformat(each["slot"]).astimezone(UTC)
        for each in sources
        if each["kind"] == "schedule" and each["name"] == name
    ]
