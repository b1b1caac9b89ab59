"""Any model that litellm can reach, as an agent with tools.

litellm itself is imported by the first run, or once the bridge is ready: see `library`.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from agents.litellm.choosing import refusal
from agents.litellm.config import LitellmConfig
from agents.litellm.library import prepare
from agents.litellm.models import named
from agents.litellm.run import work
from agents.litellm.state import Kit
from agents.litellm.toolbox import Toolbox
from bridge.events import Preview
from bridge.ports import AgentSurroundings, Said, Turn


class LitellmAgent:
    """Keeps nothing between runs but its connections to MCP servers, and what it read of logs."""

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
