"""Appends per second: our store grouped and one per commit, raw sqlite3 grouped; in turns.

The raw one writes the same rows into the same tables by the same statements under the same
PRAGMAs, a hop to a thread and a transaction for every 64 appends: what is left out is ours.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, median
from benchmarks.postgres import postgres_store
from benchmarks.raw import Raw
from benchmarks.rig import store_in
from bridge.domain.content import Content
from bridge.domain.events import Draft, MessageReceived
from bridge.domain.ids import ConversationId, ParticipantId, SessionId
from bridge.ports.store import Store

CALLERS = 64
SESSIONS = [SessionId(f"s_{number}") for number in range(CALLERS)]
BODY = MessageReceived(
    participant=ParticipantId("p_ada"),
    conversation=ConversationId("c_1"),
    content=Content(text="The quick brown fox jumps over the lazy dog."),
)
DRAFTS = (Draft(body=BODY),)

OURS = "appends to SQLite, grouped"
ALONE = "appends to SQLite, one per commit"
RAW = "appends by raw sqlite3, grouped the same"
SERVER = "appends to PostgreSQL, grouped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Something that appends; `appends` is how many one call of `work` makes."""

    name: str
    appends: int
    work: Callable[[], Awaitable[None]]

    async def rate(self) -> float:
        begun = time.perf_counter()
        await self.work()
        return self.appends / (time.perf_counter() - begun)


def measure(*, quick: bool) -> list[Figure]:
    with TemporaryDirectory(prefix="bridge-bench-") as folder:
        return asyncio.run(_measure(Path(folder), *((1, 3) if quick else (7, 60)), quick=quick))


async def _measure(folder: Path, rounds: int, each: int, *, quick: bool) -> list[Figure]:
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(_filled(folder / "ours"))
        raw = await stack.enter_async_context(_raw(folder / "raw"))
        contenders = [
            Contender(name=OURS, appends=CALLERS * each, work=lambda: _grouped(ours, each)),
            Contender(name=RAW, appends=CALLERS * each, work=lambda: raw.grouped(SESSIONS, each)),
            Contender(name=ALONE, appends=each * 5, work=lambda: _in_turn(ours, each * 5)),
        ]
        server = None if quick else await stack.enter_async_context(postgres_store())
        if server is not None:
            await _fill(server)
            work = lambda: _grouped(server, each)  # noqa: E731
            contenders.append(Contender(name=SERVER, appends=CALLERS * each, work=work))
        rates: dict[str, list[float]] = {contender.name: [] for contender in contenders}
        for _ in range(rounds):
            for contender in contenders:
                rates[contender.name].append(await contender.rate())
    return _figures(rates)


def _figures(rates: dict[str, list[float]]) -> list[Figure]:
    ratios = [raw / ours for raw, ours in zip(rates[RAW], rates[OURS], strict=True)]
    gains = [ours / alone for ours, alone in zip(rates[OURS], rates[ALONE], strict=True)]
    ours, alone, raw = (median(rates[name]) for name in (OURS, ALONE, RAW))
    found = [
        Figure(name=f"{OURS}, {CALLERS} callers", value=ours, unit="appends/s", headline=True),
        Figure(name=ALONE, value=alone, unit="appends/s", headline=True),
        Figure(name=RAW, value=raw, unit="appends/s", headline=True),
        Figure(
            name="raw appends against ours",
            value=median(ratios),
            unit="times",
            below=2.5,
            headline=True,
        ),
        Figure(name="grouped against one per commit", value=median(gains), unit="times"),
    ]
    if SERVER in rates:
        name = f"{SERVER}, {CALLERS} callers, without fsync"
        found.append(Figure(name=name, value=median(rates[SERVER]), unit="appends/s"))
    return found


# -- ours -----------------------------------------------------------------------------------------


async def _grouped(store: Store, each: int) -> None:
    async with asyncio.TaskGroup() as callers:
        for session in SESSIONS:
            callers.create_task(_say(store, session, each))


async def _in_turn(store: Store, count: int) -> None:
    await _say(store, SESSIONS[0], count)


async def _say(store: Store, session: SessionId, count: int) -> None:
    for _ in range(count):
        await store.append(session, DRAFTS, at=datetime.now(UTC))


# -- preparing ------------------------------------------------------------------------------------


@asynccontextmanager
async def _filled(folder: Path) -> AsyncIterator[Store]:
    async with store_in(folder) as store:
        await _fill(store)
        yield store


async def _fill(store: Store) -> None:
    for session in SESSIONS:
        await store.create_session(session, at=datetime.now(UTC))


@asynccontextmanager
async def _raw(folder: Path) -> AsyncIterator[Raw]:
    async with _filled(folder):
        pass
    raw = Raw(folder / "bridge.db", BODY)
    try:
        yield raw
    finally:
        raw.close()
