"""What a turn costs, and the opening of a page, as a session grows: at best the same.

The sessions are in one bridge over SQLite and are asked in turns, so that whatever else the machine
does slows all of them alike: the ratios are what counts.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from agents.echo import Echo
from benchmarks.figures import Figure, median
from benchmarks.rig import store_in
from bridge.domain.commands import Say
from bridge.domain.content import Content
from bridge.domain.events import (
    Body,
    Draft,
    MessageComposed,
    MessageReceived,
    RunFinished,
    RunStarted,
    ToolCalled,
    ToolReturned,
)
from bridge.domain.ids import CallId, ConversationId, ParticipantId, RunId, Seq, SessionId
from bridge.engine.clock import SystemClock
from bridge.engine.engine import Engine
from bridge.http.app import create_app
from bridge.http.auth import digest
from bridge.http.links import Links
from bridge.http.server import HttpServer
from bridge.http.streams import LAST, MOST
from bridge.ports.health import Check
from bridge.ports.store import Store
from storage.memory_blobs import MemoryBlobs

SIZES, QUICK = (1_000, 10_000, 100_000), (200, 400)
ADA, WEB = ParticipantId("p_ada"), ConversationId("http:web")
TOKEN = "token-of-the-benchmark-0123456789"
WORDS = "These are the words of a message of usual length, as people write them to an agent. "
ARGUMENTS = json.dumps({"path": "notes/a.md", "text": WORDS, "mode": {"append": True}})
A_TURN = 6
"""Events."""

AT_ONCE = 100 * A_TURN
PATIENCE = 60.0

Way = Callable[[SessionId], Awaitable[None]]


def measure(*, quick: bool) -> list[Figure]:
    return asyncio.run(_measure(QUICK, 2) if quick else _measure(SIZES, 30))


async def _measure(sizes: Sequence[int], rounds: int) -> list[Figure]:
    with TemporaryDirectory(prefix="bridge-bench-") as folder:
        async with store_in(Path(folder)) as store:
            sessions = {size: SessionId(f"s_{size}") for size in sizes}
            await _fill(store, sessions)
            async with _bridge(store) as (core, client):
                await _each(sessions, lambda session: _turn(core, store, session), 1)
                turns = await _each(sessions, lambda each: _turn(core, store, each), rounds)
                await _each(sessions, lambda session: _end(client, session), 1)
                ends = await _each(sessions, lambda session: _end(client, session), rounds)
                held = await _held(_end(client, sessions[sizes[-1]], limit=MOST))
                wholes = await _each(sessions, lambda session: _whole(client, session), 1)
            firsts = [await _first_turns(store, sessions) for _ in range(max(rounds // 6, 1))]
    first = {size: [each[size] for each in firsts] for size in sizes}
    return [
        *_against("a turn of echo in a session", turns),
        *_against("the first turn after a start in a session", first),
        *_against("reading the end of a session, as a page does to open,", ends),
        Figure(
            name=f"reading all of {sizes[-1]:,} events, against the end of them",
            value=median(wholes[sizes[-1]]) / median(ends[sizes[-1]]),
            unit="times",
            headline=True,
        ),
        Figure(
            name=f"the longest that others wait while {MOST:,} events are read",
            value=held * 1000,
            unit="ms",
        ),
    ]


def _against(name: str, found: Mapping[int, Sequence[float]]) -> list[Figure]:
    """Return what it takes in the smallest session, and in the others against that."""
    (least, seconds), *others = found.items()
    one = Figure(name=f"{name} of {least:,} events, p50", value=median(seconds) * 1000, unit="ms")
    return [
        one,
        *(
            Figure(
                name=f"{name} of {size:,} events, against {least:,}",
                value=median([large / small for large, small in zip(times, seconds, strict=True)]),
                unit="times",
                headline=True,
            )
            for size, times in others
        ),
    ]


async def _each(
    sessions: Mapping[int, SessionId], way: Way, rounds: int
) -> Mapping[int, Sequence[float]]:
    """Do something to each session, in turns; return the seconds that it took each time."""
    found: dict[int, list[float]] = {size: [] for size in sessions}
    for _ in range(rounds):
        for size, session in sessions.items():
            begun = time.perf_counter()
            await way(session)
            found[size].append(time.perf_counter() - begun)
    return found


async def _first_turns(store: Store, sessions: Mapping[int, SessionId]) -> Mapping[int, float]:
    async with _bridge(store) as (core, _):
        found = await _each(sessions, lambda session: _turn(core, store, session), 1)
    return {size: seconds[0] for size, seconds in found.items()}


# -- what is done ---------------------------------------------------------------------------------


async def _turn(core: Engine, store: Store, session: SessionId) -> None:
    """Say something and wait for the end of the answer."""
    say = Say(by=ADA, conversation=WEB, content=Content(text="And now?"))
    (said,) = (await core.sessions.hear(session, say)).events
    async with asyncio.timeout(PATIENCE):
        while (head := await store.head(session)) < said.seq + 3:
            await store.wait(session, after=head)


async def _end(client: httpx.AsyncClient, session: SessionId, limit: int = LAST) -> None:
    asked = {"limit": limit}
    (await client.get(f"/v1/sessions/{session}/events", params=asked)).raise_for_status()


async def _held(work: Awaitable[None]) -> float:
    """Return the longest between two turns of the loop while something is done, in seconds."""
    longest, task = 0.0, asyncio.ensure_future(work)
    while not task.done():
        begun = time.perf_counter()
        await asyncio.sleep(0)
        longest = max(longest, time.perf_counter() - begun)
    await task
    return longest


async def _whole(client: httpx.AsyncClient, session: SessionId) -> None:
    """Read a log from its start, as the page did."""
    offset, done = "-1", False
    while not done:
        path = f"/v1/stream/sessions/{session}"
        answer = (await client.get(path, params={"offset": offset})).raise_for_status()
        offset = answer.headers["Stream-Next-Offset"]
        done = "Stream-Up-To-Date" in answer.headers


# -- what it is done to ---------------------------------------------------------------------------


@asynccontextmanager
async def _bridge(store: Store) -> AsyncIterator[tuple[Engine, httpx.AsyncClient]]:
    clock = SystemClock()
    blobs = MemoryBlobs(clock=clock)
    agents = {"echo": Echo(delay=0, clock=clock)}
    core = Engine(blobs=blobs, store=store, clock=clock, agents=agents, agent="echo")
    app = create_app(
        store=store,
        sessions=core.sessions,
        blobs=blobs,
        links=Links(b"key", base=None, clock=clock),
        live=core.live,
        clock=clock,
        checks=_no_checks,
        ready=core.faults,
        label=lambda address: core.names.label(address.channel),
        operator=ADA,
        people=core.sessions.people,
        deliveries=core.deliveries,
        subscriptions=core.subscribing,
    )
    server = HttpServer(app, host="127.0.0.1", port=0)
    url = f"http://127.0.0.1:{await server.start()}"
    await core.start()
    try:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE) as client:
            yield core, client
    finally:
        await core.stop(1)
        await server.stop()


async def _no_checks(*, deep: bool) -> Sequence[Check]:  # noqa: ARG001
    return ()


async def _fill(store: Store, sessions: Mapping[int, SessionId]) -> None:
    """Let sessions have been talked in: somebody asks, the agent calls a tool and answers."""
    clock = SystemClock()
    await store.enrol(ADA, name="Ada", realm="bench", user="ada", at=clock.now())
    await store.issue_token(digest(TOKEN), ADA, label="bench", at=clock.now())
    core = Engine(store=store, blobs=MemoryBlobs(clock=clock), clock=clock, agents={}, agent="")
    for size, session in sessions.items():
        await core.sessions.create(session, title=f"{size}", owner=ADA)
        for begun in range(await store.head(session), size, AT_ONCE):
            drafts = [
                Draft(body=each)
                for at in range(begun, begun + AT_ONCE, A_TURN)
                for each in _talk(at)
            ]
            await store.append(session, drafts[: size - begun], at=clock.now())


def _talk(at: Seq) -> Sequence[Body]:
    """Return what follows event `at`."""
    run, call, said = RunId(f"r_{at}"), CallId(f"c_{at}"), Content(text=f"{at}: {WORDS}")
    return (
        MessageReceived(participant=ADA, conversation=WEB, content=said),
        RunStarted(run=run, agent="echo", upto=at + 1, node="n"),
        ToolCalled(run=run, call=call, name="write_file", arguments=ARGUMENTS),
        ToolReturned(call=call, result=WORDS),
        MessageComposed(run=run, agent="echo", content=said),
        RunFinished(run=run, outcome="completed", upto=at + 1),
    )
