"""What a hot read of SQLite waits for while clients read a long log: beside it, and among it.

Among it is what was done before: the long pages took the threads that the hot reads have.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import chain
from typing import cast

from benchmarks.figures import Figure, latencies, median, percentile
from benchmarks.rig import fresh_store
from bridge.domain.content import Content
from bridge.domain.events import Draft, Event, MessageReceived
from bridge.domain.ids import START, ConversationId, ParticipantId, Seq, SessionId
from storage.sql import log
from storage.sql.sql_store import SqlStore

LONG, HOT = SessionId("s_long"), SessionId("s_hot")
READERS = 3
PAGE = 1_000
"""Events of a page, as the HTTP side asks for."""

BODY = MessageReceived(
    participant=ParticipantId("p_ada"),
    conversation=ConversationId("c_1"),
    content=Content(text="The quick brown fox jumps over the lazy dog."),
)

Paging = Callable[[SqlStore, Seq], Awaitable[list[Event]]]


def measure(*, quick: bool) -> list[Figure]:
    return asyncio.run(_measure(*((2_000, 1, 50) if quick else (20_000, 5, 500))))


async def _measure(events: int, rounds: int, reads: int) -> list[Figure]:
    async with fresh_store("sqlite") as opened:
        store = cast("SqlStore", opened)
        await _fill(store, events)
        waits: dict[str, list[list[float]]] = {"nobody": [], "beside": [], "among": []}
        pages: dict[str, list[float]] = {"beside": [], "among": []}
        for _ in range(rounds):
            waits["nobody"].append(await _hot(store, reads))
            for name, paging in (("beside", _beside), ("among", _among)):
                found, read = await _while_paging(store, paging, reads)
                waits[name].append(found)
                pages[name].append(read)
    gains = [
        percentile(among, 99) / percentile(beside, 99)
        for among, beside in zip(waits["among"], waits["beside"], strict=True)
    ]
    told = {
        "nobody": "a hot read",
        "beside": f"a hot read while {READERS} read a long log beside it",
        "among": f"a hot read while {READERS} read a long log among it",
    }
    return [
        *(
            figure
            for name, text in told.items()
            for figure in latencies(text, list(chain.from_iterable(waits[name])))
        ),
        Figure(name="among against beside, p99", value=median(gains), unit="times"),
        *(
            Figure(name=f"long pages read {name} it", value=median(rates), unit="events/s")
            for name, rates in pages.items()
        ),
    ]


async def _fill(store: SqlStore, events: int) -> None:
    now = datetime.now(UTC)
    for session, count in ((LONG, events), (HOT, 10)):
        await store.create_session(session, at=now)
        for begun in range(0, count, PAGE):
            drafts = [Draft(body=BODY)] * min(PAGE, count - begun)
            await store.append(session, drafts, at=now)


async def _hot(store: SqlStore, reads: int) -> list[float]:
    """Return how long each of some reads took that every message makes."""
    found = []
    for number in range(reads):
        begun = time.perf_counter()
        await store.repeated("account", f"message {number}")
        found.append(time.perf_counter() - begun)
        await asyncio.sleep(0.001)
    return found


async def _while_paging(store: SqlStore, paging: Paging, reads: int) -> tuple[list[float], float]:
    """Return the waits of hot reads, and how many events a second were read meanwhile."""
    counts = [0] * READERS
    readers = [asyncio.create_task(_page(store, paging, counts, each)) for each in range(READERS)]
    begun = time.perf_counter()
    found = await _hot(store, reads)
    rate = sum(counts) / (time.perf_counter() - begun)
    for each in readers:
        each.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return found, rate


async def _page(store: SqlStore, paging: Paging, counts: list[int], number: int) -> None:
    """Read the log from its start again and again."""
    after = START
    while True:
        events = await paging(store, after)
        counts[number] += len(events)
        after = events[-1].seq if len(events) == PAGE else START


async def _beside(store: SqlStore, after: Seq) -> list[Event]:
    browse = store._browse  # noqa: SLF001 - two ways inside of the store are compared
    rows = await browse(lambda connection: log.rows(connection, LONG, after, PAGE))
    return list(await asyncio.to_thread(log.events_of, rows))


async def _among(store: SqlStore, after: Seq) -> list[Event]:
    read = store._read  # noqa: SLF001 - as above
    return list(await read(lambda connection: log.read(connection, LONG, after, PAGE)))
