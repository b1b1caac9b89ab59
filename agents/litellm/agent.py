"""Any model that litellm can reach, as an agent with tools.

litellm itself is imported by the first run, or once the bridge is ready: see `client`.

The rules of a step of a run, from what is new to the last words:

1. What people said meanwhile is taken in. What they approved runs; what they answered becomes the
   result of the call that asked.
2. Where a bound is reached, the run says which one and ends.
3. Where the past has grown too long, the model sums it up; where that would take several
   summaries it is shown the newest, and sums up the rest between runs.
4. The model answers, in previews. Words without calls are the last ones.
5. Its calls are taken down, run side by side, and their results taken down as they come. Those to
   be asked about, and those that ask, end the run with their questions.

A run that is cut off closes what it has open: the stream of the model, and every tool.

The rules of `/model`, by which a model is refused before it is chosen:

- What the config names is taken as it is.
- A name that litellm cannot read, or whose provider has no key here, is refused, with the names it
  resembles.
- Any other is asked for one word: providers bring out models faster than litellm lists them, and
  a listed one may be out of reach for this key.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Literal

import structlog

from agents.litellm.client import prepare, try_out
from agents.litellm.completion import failed, speak, sum_up_all, sum_up_the_rest
from agents.litellm.config import LitellmConfig
from agents.litellm.errors import ending
from agents.litellm.failure import Unanswered
from agents.litellm.models import named, section
from agents.litellm.prompt import is_silence
from agents.litellm.providers import missing_key, suggestions, unknown
from agents.litellm.state import Kit, State
from agents.litellm.tool_calls import act, settle
from agents.litellm.toolbox import Toolbox
from agents.litellm.voice import listen
from agents.litellm.written_calls import so_far
from bridge.domain.events import Preview
from bridge.ports.agent import Compacted, Said, Turn, Using
from bridge.ports.surroundings import AgentSurroundings

log = structlog.get_logger()

TRIED_SECONDS = 10.0


async def refusal(config: LitellmConfig, name: str) -> str:
    """Return why a model cannot be had, for people to read, or ""."""
    if name in named(config):
        return ""
    wanted = section(config, name)
    if why := await asyncio.to_thread(unknown, wanted):
        return why
    if variable := missing_key(wanted, os.environ):
        return f"it has no API key here: the owner has to set {variable}"
    await prepare()  # what is timed is the model's answer, not the import before it
    try:
        async with asyncio.timeout(TRIED_SECONDS):
            await try_out(wanted, seconds=TRIED_SECONDS, now=lambda: datetime.now(UTC))
    except Unanswered as error:
        if error.trouble.kind == "busy":
            return f"it cannot be tried just now ({error.trouble.reason}); try again in a while"
        near = [each for each in await asyncio.to_thread(suggestions, name) if each != name]
        guess = f"; did you mean {' or '.join(near)}?" if near else ""
        return f"it does not answer ({error.trouble.reason}){guess}"
    except TimeoutError:
        return f"it did not answer within {TRIED_SECONDS:g} s; try again in a while"
    return ""


CUT_OFF = "\n\n*(Cut off here: an answer of this model may not be longer.)*"
ODD = "\n\n*(This may not be all: the model's provider says that it ended with “{finish}”.)*"
LONGEST_FINISH = 40


async def work(kit: Kit, turn: Turn) -> AsyncGenerator[Preview | Said]:
    """Answer a turn; the last item is `Ended`. Raises `AgentError`."""
    state = await State.begin(kit, turn)
    yield state.preview(activity="reading")
    async with aclosing(listen(state)) as items:
        async for item in items:
            yield item
    while state.ending is None:
        await state.look_around()
        async with aclosing(_step(state)) as items:
            async for item in items:
                yield item
    yield state.ending


async def _step(state: State) -> AsyncGenerator[Preview | Said]:
    async with aclosing(settle(state)) as items:
        async for item in items:
            yield item
    if state.questions:
        state.end()  # what was approved asks something itself
        return
    if over := state.bound():
        state.end(over)
        return
    async with aclosing(speak(state)) as items:
        async for item in items:
            yield item
            if _takes_too_long(state):
                return
    if not state.answer.calls:
        state.end(_last_words(state))
        return
    async with aclosing(act(state)) as items:
        async for item in items:
            yield item


def _takes_too_long(state: State) -> bool:
    """End the run where its time is over while the model still writes; what it wrote is kept."""
    late = state.bound_in_time()
    if late is None or state.answer.is_whole:
        return False
    state.end(f"{so_far(state.text)}\n\n{late}".strip())
    return True


def _last_words(state: State) -> str:
    text, finish = state.text, state.answer.finish
    if is_silence(text):
        return ""
    match ending(finish):
        case "cut":
            return text + CUT_OFF
        case "odd":
            return text + ODD.format(finish=finish[:LONGEST_FINISH])
        case _:
            return text


class LitellmAgent:
    """Keeps nothing between runs but its connections to MCP servers, and what it read of logs."""

    logs_what_it_reads: Literal[True] = True

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self.help = help_of(kit.config)

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        speech = work(self._kit, turn)
        try:
            async for item in speech:
                yield item
        finally:
            await speech.aclose()

    async def keep_up(self, turn: Turn) -> AsyncGenerator[Using | Compacted]:
        """Sum up what answers left out, while nobody waits for one."""
        if not self._kit.readings.owes(turn.session):
            return
        state = await State.begin(self._kit, turn)
        try:
            async with aclosing(sum_up_the_rest(state)) as items:
                async for item in items:
                    yield item
        except Unanswered as error:
            log.warning("model.sums_up_not", why=error.trouble.kind, text=error.trouble.reason)

    async def sum_up(self, turn: Turn, matters: str) -> AsyncGenerator[Using | Compacted]:
        """Sum up all that is answered, since somebody asks for it."""
        state = await State.begin(self._kit, turn)
        try:
            async with aclosing(sum_up_all(state, matters)) as items:
                async for item in items:
                    yield item
        except Unanswered as error:
            raise failed(error.trouble) from error

    @property
    def models(self) -> Sequence[str]:
        return named(self._kit.config)

    async def refusal(self, model: str) -> str:
        return await refusal(self._kit.config, model)

    async def warm(self) -> None:
        """Import and start what the first run would have to wait for."""
        await asyncio.gather(prepare(), self._kit.toolbox.warm())

    async def close(self) -> None:
        """Stop the MCP servers."""
        await self._kit.toolbox.close()


def help_of(config: LitellmConfig) -> str:
    """Return what people may ask of this agent."""
    lines = [f"I am `{config.model}`. Talk to me; I see what everyone here says."]
    tools = [*config.tools.builtin, *config.tools.functions]
    tools += [f"the tools of {name}" for name in config.tools.mcp]
    if tools:
        lines.append(f"I can use {', '.join(tools)}; for what may do harm I ask first.")
    if config.choices:
        names = ", ".join(f"`{name}`" for name in config.choices)
        lines.append(f"`/model` chooses another model for this session: {names}.")
    return "\n\n".join(lines)


def create(name: str, config: LitellmConfig, surroundings: AgentSurroundings) -> LitellmAgent:  # noqa: ARG001
    """Make the agent. Raises `ConfigError` when a tool that the config names cannot be one."""
    toolbox = Toolbox(config.tools)
    return LitellmAgent(Kit(config=config, toolbox=toolbox, data=surroundings.data))
