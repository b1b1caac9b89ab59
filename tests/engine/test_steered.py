"""What is said while an agent answers steers it, waits, or interrupts it."""

import asyncio
from collections.abc import AsyncGenerator

from bridge import texts
from bridge.domain.content import Content
from bridge.domain.events import (
    INTERRUPTED,
    MessageReceived,
    Preview,
    RunFinished,
    Usage,
    UsageReported,
)
from bridge.ports.agent import Ended, Said, Turn, Using
from tests.engine.rig import Bridge, bridge

Speech = AsyncGenerator[Preview | Said]


class Listener:
    """Begins, waits until it is let go on, and says what it heard by then."""

    def __init__(self) -> None:
        self.help = ""
        self.began = 0
        self.going_on = asyncio.Event()

    async def run(self, turn: Turn) -> Speech:
        heard = list(await turn.history())
        self.began += 1
        yield Using(usage=Usage(input_tokens=10))
        await self.going_on.wait()
        heard += await turn.news()
        said = [e.body.content.text for e in heard if isinstance(e.body, MessageReceived)]
        yield Ended(content=Content(text=f"I heard {', '.join(said)}."))


async def two_words(b: Bridge, agent: Listener, mode: str) -> None:
    """Ada says one thing, and another while the agent answers."""
    await b.let_members_change("mode")
    b.platform.say("ada", "Ada", f"/mode {mode}")
    b.platform.say("ada", "Ada", "one")
    await b.until(lambda: agent.began == 1)
    b.platform.say("ada", "Ada", "two")
    await b.until_logged(MessageReceived, 2)


async def test_steering_the_agent_takes_it_in_at_its_next_step() -> None:
    agent = Listener()
    async with bridge(agent=agent) as b:
        await two_words(b, agent, "steer")
        agent.going_on.set()
        await b.until_shown("ada", "I heard one, two.", each=0.1)
        assert agent.began == 1


async def test_queueing_it_waits_for_the_next_run() -> None:
    agent = Listener()
    async with bridge(agent=agent) as b:
        await two_words(b, agent, "queue")
        agent.going_on.set()
        await b.until_shown("ada", "I heard one.", "I heard one, two.", each=0.1)
        assert agent.began == 2


async def test_interrupting_the_agent_starts_anew_with_everything() -> None:
    """Nobody is told that someone stopped it: the answer goes on."""
    agent = Listener()
    async with bridge(agent=agent) as b:
        await two_words(b, agent, "interrupt")
        await b.until(lambda: agent.began == 2, each=0.1)
        agent.going_on.set()
        await b.until_shown("ada", "I heard one, two.", each=0.1)
        first, second = await b.bodies(RunFinished)
        assert (first.outcome, first.reason) == ("cancelled", INTERRUPTED)
        assert second.outcome == "completed"
        assert texts.stopped_by("Ada") not in b.shown("ada")


async def test_what_an_interrupted_run_used_is_not_forgotten() -> None:
    agent = Listener()
    async with bridge(agent=agent) as b:
        await two_words(b, agent, "interrupt")
        await b.until_logged(UsageReported, each=0.1)
        (report,) = await b.bodies(UsageReported)
        (heard, *_) = await b.bodies(MessageReceived)
        assert (report.usage.input_tokens, report.agent) == (10, "echo")
        assert report.asker == heard.participant
        agent.going_on.set()
        await b.until_shown("ada", "I heard one, two.", each=0.1)
