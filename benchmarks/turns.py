"""A turn of the litellm agent: from a person's words to the answer in the log.

The model is a fake that answers at once, in a process of its own. Bare litellm, asked the same in
the same process, is measured beside it: that much of a turn is not the bridge's.
"""

import asyncio
import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.litellm import plugin
from agents.litellm.agent import LitellmAgent
from benchmarks.figures import Figure, latencies
from benchmarks.rig import store_in
from bridge.domain.commands import Say
from bridge.domain.content import Content
from bridge.domain.events import Draft, MessageComposed, MessageReceived, RunFinished, RunStarted
from bridge.domain.ids import ConversationId, ParticipantId, RunId
from bridge.engine.clock import SystemClock
from bridge.engine.engine import Engine
from bridge.ports.store import Store
from bridge.ports.surroundings import AgentSurroundings
from bridge.session.routing import SHARED
from storage.memory_blobs import MemoryBlobs
from tests.fakes.models import FakeModels

WEB = ConversationId("http:web")
WORDS = "These are the words of a message of usual length, as people write them to an agent. "
MODEL = "openai/gpt-4o-mini"
HISTORIES = (10, 2_000)
TARGETS = {10: 20.0, 2_000: 40.0}
PATIENCE = 60.0
TICK = 0.001
LATENESS = "how late the loop is while litellm is imported"


def measure(*, quick: bool) -> list[Figure]:
    with _model() as base:
        return asyncio.run(_measure(base, turns=5 if quick else 100))


async def _measure(base: str, *, turns: int) -> list[Figure]:
    figures = await _importing(base)
    for history in HISTORIES:
        with TemporaryDirectory(prefix="bridge-bench-") as folder:
            async with store_in(Path(folder)) as store:
                turn = await _turns(store, _agent(base, Path(folder)), history, turns)
        bare = await _bare(base, history, turns)
        name = f"a turn of a model, {history:,} messages before"
        figures += latencies(name, turn.waited, p50=TARGETS[history], headline=True)
        figures.append(Figure(name=f"{name}: CPU time", value=turn.cpu * 1000, unit="ms"))
        name = f"bare litellm beside it, {history:,} messages before"
        figures += latencies(name, bare.waited, headline=True)
        figures.append(Figure(name=f"{name}: CPU time", value=bare.cpu * 1000, unit="ms"))
    return figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Seconds: of each time, and of the processor on average."""

    waited: Sequence[float]
    cpu: float


def _agent(base: str, folder: Path) -> LitellmAgent:
    section = plugin.config.model_validate({"model": MODEL, "api_base": base, "api_key": "none"})
    clock = SystemClock()
    surroundings = AgentSurroundings(clock=clock, data=folder, blobs=MemoryBlobs(clock=clock))
    agent = plugin.create("model", section, surroundings)
    assert isinstance(agent, LitellmAgent)
    return agent


async def _importing(base: str) -> list[Figure]:
    """Measure how late the loop is while litellm is imported in its thread."""
    late: list[float] = []

    async def watch() -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(TICK)
            late.append(time.perf_counter() - begun - TICK)

    busy = time.process_time()
    watching = asyncio.create_task(watch())
    with TemporaryDirectory() as folder:
        await _agent(base, Path(folder)).warm()
    watching.cancel()
    spent = time.process_time() - busy
    return [
        Figure(name="importing litellm: CPU time", value=spent, unit="s"),
        *latencies(LATENESS, late, headline=True),
        Figure(name=f"{LATENESS}, at worst", value=max(late) * 1000, unit="ms", headline=True),
    ]


async def _turns(store: Store, agent: LitellmAgent, history: int, turns: int) -> Measured:
    clock = SystemClock()
    ada = await store.enrol(
        ParticipantId("p_ada"), name="Ada", realm="bench", user="ada", at=clock.now()
    )
    core = Engine(
        blobs=MemoryBlobs(clock=clock),
        store=store,
        clock=clock,
        agents={"model": agent},
        agent="model",
    )
    await core.sessions.create(SHARED, title="Main", owner=ada)
    await _fill(store, ada, history)
    await core.start()
    try:
        await _turn(core, store, ada)  # the first one reads the whole log
        busy = time.process_time()
        waited = [await _turn(core, store, ada) for _ in range(turns)]
        return Measured(waited=waited, cpu=(time.process_time() - busy) / turns)
    finally:
        await core.stop(1)


async def _fill(store: Store, ada: ParticipantId, messages: int) -> None:
    """Let a session have been talked in: someone asks, the agent answers."""
    now = SystemClock().now()
    for number in range(messages // 2):
        run, said = RunId(f"r_{number}"), Content(text=f"{number}: {WORDS}")
        head = await store.head(SHARED)
        bodies = (
            MessageReceived(participant=ada, conversation=WEB, content=said),
            RunStarted(run=run, agent="model", upto=head + 1, node="n"),
            MessageComposed(run=run, agent="model", content=said),
            RunFinished(run=run, outcome="completed", upto=head + 1),
        )
        await store.append(SHARED, [Draft(body=body) for body in bodies], at=now)


async def _turn(core: Engine, store: Store, ada: ParticipantId) -> float:
    """Say something; return how long the answer took to be in the log."""
    begun = time.perf_counter()
    say = Say(by=ada, conversation=WEB, content=Content(text="And now?"))
    (said,) = (await core.sessions.hear(SHARED, say)).events
    after = said.seq
    async with asyncio.timeout(PATIENCE):
        while True:
            await store.wait(SHARED, after=after)
            events = await store.read(SHARED, after=after, limit=50)
            waited = time.perf_counter() - begun
            if any(isinstance(event.body, RunFinished) for event in events):
                return waited
            after = events[-1].seq if events else after


async def _bare(base: str, history: int, turns: int) -> Measured:
    """Ask the model about as much, as a program does that has nothing but litellm."""
    said = [
        {"role": "user" if number % 2 == 0 else "assistant", "content": f"{number}: {WORDS}"}
        for number in range(history)
    ]
    asked = [{"role": "system", "content": WORDS * 20}, *said, {"role": "user", "content": "Now?"}]
    await _ask_bare(base, asked)
    busy = time.process_time()
    waited = [await _ask_bare(base, asked) for _ in range(turns)]
    return Measured(waited=waited, cpu=(time.process_time() - busy) / turns)


async def _ask_bare(base: str, messages: Sequence[Mapping[str, str]]) -> float:
    import litellm  # noqa: PLC0415 - it was imported, and that was measured, by `_importing`

    begun = time.perf_counter()
    stream = await litellm.acompletion(
        model=MODEL,
        api_base=base,
        api_key="none",
        messages=list(messages),
        stream=True,
        stream_options={"include_usage": True},
    )
    async for _ in stream:
        pass
    return time.perf_counter() - begun


# -- the model ------------------------------------------------------------------------------------


@contextmanager
def _model() -> Iterator[str]:
    """Serve a model in a process of its own; yields its address."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join(PATIENCE)


def _serve(pipe: Connection) -> None:
    asyncio.run(_serving(pipe))


async def _serving(pipe: Connection) -> None:
    fake = FakeModels()
    await fake.start()
    gc.disable()  # a round would be measured as the bridge's time
    pipe.send(fake.base("openai"))
    await asyncio.to_thread(pipe.recv)
    await fake.stop()
