"""The agent on a model that echoes, for suites that need an agent and no script.

The model runs in a thread of its own, so that it is there for tests that have no loop.
"""

import asyncio
import atexit
from functools import cache
from pathlib import Path
from threading import Thread

from agents.litellm.agent import LitellmAgent, create
from bridge.ports.surroundings import AgentSurroundings
from storage.memory_blobs import MemoryBlobs
from tests.agents.litellm.rig import section
from tests.fakes.models import Answers, Asked, FakeModels, calls
from tests.turns import StoryClock


class Echoes(list):
    """Replies without an end: each echoes the last message, "tool" after looking something up."""

    def __bool__(self) -> bool:
        return True

    def pop(self, _: int = -1):
        return _echo


def _echo(asked: Asked) -> Answers:
    last = asked.messages[-1]
    words = str(last["content"]).partition("]\n")[2]
    if last["role"] == "user" and words == "tool":
        return calls("recall", saying="Let me look it up.")
    return Answers(text=f"You said: {words}" if last["role"] == "user" else "There was nothing.")


@cache
def models() -> FakeModels:
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, daemon=True).start()
    fake = FakeModels(replies=Echoes())
    asyncio.run_coroutine_threadsafe(fake.start(), loop).result(10)
    atexit.register(lambda: asyncio.run_coroutine_threadsafe(fake.stop(), loop).result(10))
    return fake


def agent() -> LitellmAgent:
    clock = StoryClock()
    around = AgentSurroundings(clock=clock, data=Path(), blobs=MemoryBlobs(clock=clock))
    return create("agent", section(models()), around)
