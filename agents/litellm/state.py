"""Where one run stands: what it works with, what it knows, what it has used and said.

How much it may do is decided here as well, without I/O: see `RunLimits`.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agents.litellm.config import LitellmConfig, ModelSection
from agents.litellm.examine import why_not
from agents.litellm.model_retries import Patience
from agents.litellm.models import models
from agents.litellm.openai_messages import Part, Thoughts
from agents.litellm.prompt import own_prompt, system_prompt, visible
from agents.litellm.refusals import SupportByModel
from agents.litellm.stream_parser import Answer, Metered
from agents.litellm.toolbox import Toolbox, Tools
from agents.litellm.working_log import Readings, WorkingLog
from agents.tools.builtin import Here
from agents.tools.tool import Picture
from bridge.domain.content import Content
from bridge.domain.errors import AgentFailed
from bridge.domain.events import Preview, Usage
from bridge.domain.ids import CallId, MediaId
from bridge.domain.run_output import Asking
from bridge.ports.agent import Ended, Recorded, Turn, Using

# -- how much a run may do ------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class RunLimits:
    """What a run has used since `started`, in seconds of a clock that nobody sets.

    `cost` is None while nothing had a price.
    """

    started: float
    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    model: str = ""

    def add(self, model: str, metered: Metered | None) -> None:
        self.model = model
        if metered is None:
            return
        self.input_tokens += metered.input_tokens
        self.output_tokens += metered.output_tokens
        if metered.cost is not None:
            self.cost = (self.cost or 0.0) + metered.cost

    @property
    def usage(self) -> Usage:
        return Usage(
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cost=self.cost,
            model=self.model,
        )


def reached(config: LitellmConfig, tally: RunLimits, now: float) -> str | None:
    """Return what to tell people when a bound of the run is reached."""
    if tally.steps >= config.max_steps:
        return _told(f"I have taken {tally.steps} steps", "max_steps")
    if late := reached_in_time(config, tally, now):
        return late
    if tally.cost is not None and tally.cost >= config.max_cost:
        return _told(f"I have spent ${tally.cost:.2f}", "max_cost")
    if tally.input_tokens + tally.output_tokens >= config.max_tokens:
        used = tally.input_tokens + tally.output_tokens
        return _told(f"I have used {used:,} tokens", "max_tokens")
    return None


def reached_in_time(config: LitellmConfig, tally: RunLimits, now: float) -> str | None:
    if now - tally.started >= config.max_seconds:
        return _told(f"I have worked for {_span(config.max_seconds)}", "max_seconds")
    return None


def _told(what: str, setting: str) -> str:
    return (
        f"I stop here: {what}, which is the most that one run may take (`{setting}`). "
        "What I did so far is kept. Tell me to go on, and I will."
    )


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:g} seconds"  # noqa: PLR2004


# -- the state ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What every run of an agent works with. `seconds` is a clock that nobody sets."""

    config: LitellmConfig
    toolbox: Toolbox
    data: Path
    readings: Readings = field(default_factory=Readings)
    memory: SupportByModel = field(default_factory=SupportByModel)
    seconds: Callable[[], float] = time.monotonic


@dataclass(slots=True, kw_only=True)
class State:
    """`answer` is what the model last said; `ending` is set once the run is to end.

    `pictures` are those that the run's calls brought.
    """

    kit: Kit
    turn: Turn
    page: WorkingLog
    models: Sequence[ModelSection]
    tally: RunLimits
    here: Here
    tools: Tools
    longest_result: int
    answer: Answer = field(default_factory=Answer)
    ending: Ended | None = None
    thoughts: Thoughts = field(default_factory=Thoughts)
    files: dict[MediaId, Part | None] = field(default_factory=dict)
    pictures: dict[CallId, Sequence[Picture]] = field(default_factory=dict)
    questions: list[Asking] = field(default_factory=list)
    revision: int = 0

    @classmethod
    async def begin(cls, kit: Kit, turn: Turn) -> "State":
        asked = models(kit.config, await turn.fold())
        if why := why_not(turn.agent, asked):
            raise AgentFailed(why)
        page = await WorkingLog.begin(turn, kit.readings)
        here = await page.here()
        return cls(
            kit=kit,
            turn=turn,
            page=page,
            models=asked,
            tally=RunLimits(started=kit.seconds()),
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

    def said(self, noted: Recorded) -> Recorded:
        """Note what is about to be said, and return it."""
        self.page.note(noted)
        return noted

    def using(self) -> Using:
        return Using(usage=self.tally.usage)

    def bound(self) -> str | None:
        return reached(self.kit.config, self.tally, self.kit.seconds())

    def bound_in_time(self) -> str | None:
        return reached_in_time(self.kit.config, self.tally, self.kit.seconds())

    def end(self, text: str = "") -> None:
        """Let the run end, with these words and the questions that came up."""
        usage = self.tally.usage if self.tally.model else None
        content = Content(text=text) if text.strip() else None
        self.ending = Ended(content=content, questions=tuple(self.questions), usage=usage)


NO_TOOLS = Tools(by_name={}, missing={})
