"""A story whose agent is a model on this machine."""

from pathlib import Path

from agents.litellm import plugin
from agents.litellm.agent import LitellmAgent
from bridge.domain.content import Attachment, Content
from bridge.domain.events import Preview, ToolCalled, ToolReturned
from bridge.domain.ids import MediaId
from bridge.plugins import Section
from bridge.ports.agent import Calling, Ended, Returned, Said
from bridge.ports.surroundings import AgentSurroundings
from storage.memory_blobs import MemoryBlobs
from tests.fakes.models import FakeModels
from tests.turns import Story, StoryClock

NAMES = {
    "openai": "openai/gpt-4o-mini",
    "anthropic": "anthropic/claude-sonnet-4-5",
    "ollama": "ollama_chat/qwen3:8b",
    "gemini": "gemini/gemini-2.5-flash",
}
TOOLS = "tests.agents.litellm.rig"
WORLD: list[str] = []
"""What the tools of a test did."""


def touch(what: str) -> str:
    """Do something to the world.

    Args:
        what: What is done.
    """
    WORLD.append(what)
    return f"{what} is done"


def blank(what: str) -> str:
    """Do something to the world, and print nothing but an empty line.

    Args:
        what: What is done.
    """
    WORLD.append(what)
    return " \n"


def section(models: FakeModels, shape: str = "openai", **settings) -> Section:
    known = {"model": NAMES[shape], "api_base": models.base(shape), "api_key": "sk-of-a-test"}
    return plugin.config(**(known | settings))


class Bench:
    """Makes agents, and tells stories with them. Each agent made is one process's."""

    def __init__(self, models: FakeModels, data: Path) -> None:
        WORLD.clear()
        self.models = models
        self.clock = StoryClock()
        self.blobs = MemoryBlobs(clock=self.clock)
        self._data = data
        self._made: list[LitellmAgent] = []

    def agent(self, shape: str = "openai", **settings) -> LitellmAgent:
        around = AgentSurroundings(clock=self.clock, data=self._data, blobs=self.blobs)
        made = plugin.create("agent", section(self.models, shape, **settings), around)
        self._made.append(made)
        return made

    async def answer(self, story: Story, *replies, shape: str = "openai", **settings):
        """Let a new agent answer a story, the model saying what is given."""
        self.models.replies += replies
        return await story.answer(self.agent(shape, **settings))

    async def file(self, body: bytes, *, kind: str, name: str, mime: str) -> Attachment:
        async def chunks():
            yield body

        blob = await self.blobs.put(chunks())
        return Attachment(kind=kind, name=name, mime=mime, size=blob.size, media=blob.media)

    async def close(self) -> None:
        for each in self._made:
            await each.close()


def told(text: str = "Hello there, agent.", **how) -> Story:
    story = Story()
    story.say(text, **how)
    return story


def asking_to(*tools: str) -> dict:
    """Settings with the test's own tool, of which people are asked first."""
    return {"tools": {"functions": tools or (f"{TOOLS}:touch",)}}


def free() -> dict:
    """Settings with the test's own tool, which may run unasked."""
    rule = {"tool": "*", "do": "allow"}
    return {"tools": {"functions": (f"{TOOLS}:touch",), "policy": [rule]}}


def previews(items: list[Preview | Said]) -> list[Preview]:
    return [item for item in items if isinstance(item, Preview)]


def ended(items: list[Preview | Said]) -> Ended:
    assert isinstance(items[-1], Ended), items[-1]
    return items[-1]


def called(items) -> list[str]:
    return [item.name for item in items if isinstance(item, Calling)]


def returned(items) -> list[str]:
    return [item.result for item in items if isinstance(item, Returned)]


def in_log(story: Story, kind: type) -> list:
    return [event.body for event in story.events if isinstance(event.body, kind)]


def results(story: Story) -> dict[str, str]:
    """The result of each call in the log, by the tool's name."""
    names = {each.call: each.name for each in in_log(story, ToolCalled)}
    return {names[each.call]: each.result for each in in_log(story, ToolReturned)}


def with_files(*files: Attachment, text: str = "") -> Content:
    return Content(text=text, attachments=files)


MISSING = MediaId("m_" + "0" * 64)
