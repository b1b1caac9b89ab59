"""A turn costs the same however long its session is: counted in what is read of the store."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agents.echo import NEWEST, Echo
from bridge.domain.commands import Say
from bridge.domain.content import Content
from bridge.domain.events import (
    Draft,
    Event,
    MessageComposed,
    MessageReceived,
    RunFinished,
    RunStarted,
)
from bridge.domain.ids import ConversationId, RunId
from bridge.engine.command_queue import SNAPSHOT_EVERY
from bridge.engine.engine import Engine
from bridge.engine.runs.log_cache import PAGE
from bridge.ports.store import Store
from bridge.session.routing import SHARED
from storage.memory_blobs import MemoryBlobs
from tests.engine.rig import SetClock
from tests.stores import ADA, AT, opened
from tests.waiting import soon

WEB = ConversationId("http:web")
SIZES = (1_000, 10_000)


def turn(number: int) -> list[Draft]:
    """Return what somebody said once, and what was answered."""
    run, content, upto = RunId(f"r_{number}"), Content(text=f"{number}"), 4 * number + 3
    return [
        Draft(body=MessageReceived(participant=ADA, conversation=WEB, content=content)),
        Draft(body=RunStarted(run=run, agent="echo", upto=upto, node="n")),
        Draft(body=MessageComposed(run=run, agent="echo", content=content)),
        Draft(body=RunFinished(run=run, outcome="completed", upto=upto)),
    ]


class Reads:
    """What is read of a log, one number of events for each time."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found: list[int] = []
        read = store.read

        async def counted(*given: Any, **named: Any) -> Sequence[Event]:
            events = await read(*given, **named)
            self.found.append(len(events))
            return events

        monkeypatch.setattr(store, "read", counted)

    def taken(self) -> list[int]:
        found, self.found = self.found, []
        return found


@asynccontextmanager
async def working(store: Store) -> AsyncIterator[Engine]:
    clock = SetClock()
    agents = {"echo": Echo(delay=0, clock=clock)}
    core = Engine(
        store=store, blobs=MemoryBlobs(clock=clock), clock=clock, agents=agents, agent="echo"
    )
    await core.start()
    try:
        yield core
    finally:
        await core.stop(0)


async def answered(core: Engine, store: Store) -> None:
    """Say something and wait until it is answered and nothing is to be done; read nothing."""
    say = Say(by=ADA, conversation=WEB, content=Content(text="And now?"))
    (said,) = (await core.sessions.hear(SHARED, say)).events
    while await store.head(SHARED) < said.seq + 3:
        await soon(store.wait(SHARED, after=await store.head(SHARED)))
    while await store.restless(AT):
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_turn_reads_as_little_of_a_long_session_as_of_a_short_one(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the first one after a start, which reads from the last snapshot on."""
    hot, cold = [], []
    for size in SIZES:
        folder = tmp_path / f"{size}"
        folder.mkdir()
        async with opened(kind, folder) as store:
            reads = Reads(store, monkeypatch)
            await store.enrol(ADA, name="Ada", realm="r", user="ada", at=AT)
            async with working(store) as core:
                await core.sessions.create(SHARED, title="Main", owner=ADA)
                for begun in range(0, size // 4, 100):
                    drafts = [each for number in range(begun, begun + 100) for each in turn(number)]
                    await store.append(SHARED, drafts[: size - 4 * begun], at=AT)
                await answered(core, store)
                reads.taken()
                await answered(core, store)
                hot.append(reads.taken())
            async with working(store) as core:
                await answered(core, store)
                cold.append(sum(reads.taken()))
    assert hot[0] == hot[1]
    assert sum(hot[0]) < 20
    assert max(cold) <= SNAPSHOT_EVERY + 2 * PAGE + NEWEST
    assert abs(cold[0] - cold[1]) <= SNAPSHOT_EVERY
