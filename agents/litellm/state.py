"""Where one run stands: what it works with, what it knows, what it has used and said."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agents.litellm.attempts import Patience
from agents.litellm.bounds import Tally, reached, reached_in_time
from agents.litellm.config import LitellmConfig, ModelSection
from agents.litellm.examine import why_not
from agents.litellm.models import models
from agents.litellm.page import Noted, Page, Readings
from agents.litellm.pieces import Answer
from agents.litellm.prompt import own_prompt, system_prompt, visible
from agents.litellm.refusals import Memory
from agents.litellm.toolbox import Toolbox, Tools
from agents.litellm.wire import Part, Thoughts
from agents.tools.builtin import Here
from agents.tools.tool import Picture
from bridge.commands import Asking
from bridge.content import Content
from bridge.errors import AgentFailed
from bridge.events import Preview
from bridge.ids import CallId, MediaId
from bridge.ports import Ended, Turn, Using


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What every run of an agent works with."""

    config: LitellmConfig
    toolbox: Toolbox
    data: Path
    readings: Readings = field(default_factory=Readings)
    memory: Memory = field(default_factory=Memory)


@dataclass(slots=True, kw_only=True)
class State:
    """`answer` is what the model last said; `ending` is set once the run is to end.

    `pictures` are those that the run's calls brought.
    """

    kit: Kit
    turn: Turn
    page: Page
    models: Sequence[ModelSection]
    tally: Tally
    here: Here
    tools: Tools
    longest_result: int
    answer: Answer = field(default_factory=Answer)
    ending: Ended | None = None
    thoughts: Thoughts = field(default_factory=Thoughts)
    files: dict[MediaId, Part] = field(default_factory=dict)
    pictures: dict[CallId, Sequence[Picture]] = field(default_factory=dict)
    questions: list[Asking] = field(default_factory=list)
    revision: int = 0

    @classmethod
    async def begin(cls, kit: Kit, turn: Turn) -> "State":
        asked = models(kit.config, await turn.fold())
        if why := why_not(turn.agent, asked):
            raise AgentFailed(why)
        page = await Page.begin(turn, kit.readings)
        here = await page.here()
        return cls(
            kit=kit,
            turn=turn,
            page=page,
            models=asked,
            tally=Tally(started=turn.clock.now()),
            here=here,
            tools=NO_TOOLS,
            longest_result=kit.config.tools.longest_result,
        )

    async def look_around(self) -> None:
        """Take in what happened meanwhile, and which tools there are now."""
        await self.page.catch_up()
        self.here = await self.page.here()
        self.tools = await self.kit.toolbox.tools(self.here)

    @property
    def patience(self) -> Patience:
        config = self.kit.config
        return Patience(
            tries=config.tries, stall_seconds=config.stall_seconds, clock=self.turn.clock
        )

    @property
    def text(self) -> str:
        """What the model last said to people."""
        return visible(self.answer.text)

    def system(self, left_out: Sequence[str] = ()) -> str:
        """Return the instructions; `left_out` are the tools that the model is not offered."""
        return system_prompt(
            own_prompt(self.kit.config, self.kit.data),
            agent=self.turn.agent,
            here=self.here,
            missing=self.tools.missing,
            left_out=left_out,
        )

    def preview(self, text: str = "", *, activity: str = "") -> Preview:
        self.revision += 1
        return Preview(run=self.turn.run, revision=self.revision, text=text, activity=activity)

    def said(self, noted: Noted) -> Noted:
        """Note what is about to be said, and return it."""
        self.page.note(noted)
        return noted

    def using(self) -> Using:
        return Using(usage=self.tally.usage)

    def bound(self) -> str | None:
        return reached(self.kit.config, self.tally, self.turn.clock.now())

    def bound_in_time(self) -> str | None:
        return reached_in_time(self.kit.config, self.tally, self.turn.clock.now())

    def end(self, text: str = "") -> None:
        """Let the run end, with these words and the questions that came up."""
        usage = self.tally.usage if self.tally.model else None
        content = Content(text=text) if text.strip() else None
        self.ending = Ended(content=content, questions=tuple(self.questions), usage=usage)


NO_TOOLS = Tools(by_name={}, missing={})
