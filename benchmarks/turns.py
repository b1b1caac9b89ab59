"""A turn of the litellm agent, everything but the model: from a person's words to the answer.

The model is a fake that answers at once, in a thread of its own; what it takes to answer is within
the figure, so the bridge's own share is less. litellm is imported before anything is measured.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.litellm import plugin
from benchmarks.figures import Figure, latencies
from benchmarks.rig import store_in
from bridge.commands import Say
from bridge.content import Content
from bridge.events import Draft, MessageComposed, MessageReceived, RunFinished, RunStarted
from bridge.ids import ConversationId, ParticipantId, RunId
from bridge.ports import Agent, AgentSurroundings, Store
from bridge.routing import SHARED
from bridge.workers.clock import SystemClock
from bridge.workers.core import Core
from storage.memory_blobs import MemoryBlobs
from tests.fakes.models import FakeModels

ADA, WEB = ParticipantId("p_ada"), ConversationId("http:web")
WORDS = "These are the words of a message of usual length, as people write them to an agent. "
HISTORIES = (10, 2_000)
TARGETS = {10: 20.0, 2_000: 40.0}
PATIENCE = 60.0


def measure(*, quick: bool) -> list[Figure]:
    with _model() as base:
        return asyncio.run(_measure(base, turns=5 if quick else 100))


async def _measure(base: str, *, turns: int) -> list[Figure]:
    figures: list[Figure] = []
    for history in HISTORIES:
        with TemporaryDirectory(prefix="bridge-bench-") as folder:
            async with store_in(Path(folder)) as store:
                waited, cpu = await _turns(store, _agent(base, Path(folder)), history, turns)
        name = f"a turn of a model, {history:,} messages before"
        figures += latencies(name, waited, p50=TARGETS[history], headline=True)
        figures.append(Figure(name=f"{name}: CPU time", value=cpu * 1000, unit="ms"))
    return figures


def _agent(base: str, folder: Path) -> Agent:
    section = plugin.config.model_validate(
        {"model": "openai/gpt-4o-mini", "api_base": base, "api_key": "none"}
    )
    clock = SystemClock()
    surroundings = AgentSurroundings(clock=clock, data=folder, blobs=MemoryBlobs(clock=clock))
    return plugin.create("model", section, surroundings)


async def _turns(store: Store, agent: Agent, history: int, turns: int) -> tuple[list[float], float]:
    clock = SystemClock()
    core = Core(
        blobs=MemoryBlobs(clock=clock),
        store=store,
        clock=clock,
        agents={"model": agent},
        agent="model",
    )
    await core.sessions.create(SHARED, title="Main", owner=ADA)
    await _fill(store, history)
    await core.start()
    try:
        await _turn(core, store)  # imports litellm
        busy = time.process_time()
        waited = [await _turn(core, store) for _ in range(turns)]
        return waited, (time.process_time() - busy) / turns
    finally:
        await core.stop(1)


async def _fill(store: Store, messages: int) -> None:
    """Let a session have been talked in: someone asks, the agent answers."""
    now = SystemClock().now()
    for number in range(messages // 2):
        run, said = RunId(f"r_{number}"), Content(text=f"{number}: {WORDS}")
        head = await store.head(SHARED)
        bodies = (
            MessageReceived(participant=ADA, conversation=WEB, content=said),
            RunStarted(run=run, agent="model", upto=head + 1, node="n"),
            MessageComposed(run=run, agent="model", content=said),
            RunFinished(run=run, outcome="completed", upto=head + 1),
        )
        await store.append(SHARED, [Draft(body=body) for body in bodies], at=now)


async def _turn(core: Core, store: Store) -> float:
    """Say something; return how long the answer took to be in the log."""
    begun = time.perf_counter()
    say = Say(by=ADA, conversation=WEB, content=Content(text="And now?"))
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


@contextmanager
def _model() -> Iterator[str]:
    """Serve a model in a thread of its own; yields its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    fake = FakeModels()
    asyncio.run_coroutine_threadsafe(fake.start(), loop).result(PATIENCE)
    try:
        yield fake.base("openai")
    finally:
        asyncio.run_coroutine_threadsafe(fake.stop(), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
