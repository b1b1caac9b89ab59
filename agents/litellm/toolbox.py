"""Every tool of one agent: its own, Python functions, and those of MCP servers."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agents.litellm.config import ToolsSection
from agents.tools.background import background_tools
from agents.tools.builtin import NAMES, Here, builtin_tools
from agents.tools.fetch import fetch_tool
from agents.tools.functions import load
from agents.tools.mcp import McpServer, ServerDown
from agents.tools.schedules import schedule_tools
from agents.tools.tool import Tool

NOT_IN_BACKGROUND = NAMES - {"ask_human"}
"""Tools that work on the session itself: what is said, kept or planned in a child is for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The tools at hand, by name, and why those of some servers are not."""

    by_name: Mapping[str, Tool]
    missing: Mapping[str, str]


class Toolbox:
    """Raises `ConfigError` when a function that the config names cannot be a tool."""

    def __init__(self, config: ToolsSection, *, fetching: Tool | None = None) -> None:
        self._config = config
        self._functions = load(config.functions)
        self._fetching = fetching or fetch_tool()
        self._servers = tuple(McpServer(name, each) for name, each in config.mcp.items())

    async def tools(self, here: Here) -> Tools:
        """Return the tools as they are now; servers that are not up are started."""
        offered = await asyncio.gather(
            *(each.tools() for each in self._servers), return_exceptions=True
        )
        missing: dict[str, str] = {}
        found = [*self._builtin(here), *self._functions]
        for server, brought in zip(self._servers, offered, strict=True):
            match brought:
                case ServerDown():
                    missing[server.name] = str(brought)
                case BaseException():
                    raise brought
                case tools:
                    found += tools
        return Tools(by_name=_by_name(found), missing=missing)

    def _builtin(self, here: Here) -> Sequence[Tool]:
        background = background_tools(here.underway, outside=here.outside)
        planning = schedule_tools(here.now, here.planned)
        wanted = (*builtin_tools(here), *planning, *background, self._fetching)
        left_out = NOT_IN_BACKGROUND if here.underway.is_child else frozenset[str]()
        names = set(self._config.builtin) - left_out
        return [tool for tool in wanted if tool.name in names]

    async def warm(self) -> None:
        """Start the servers, so that the first run need not wait for them."""
        await asyncio.gather(*(each.tools() for each in self._servers), return_exceptions=True)

    async def close(self) -> None:
        await asyncio.gather(*(each.close() for each in self._servers))


def _by_name(tools: Iterable[Tool]) -> Mapping[str, Tool]:
    """Return the tools by name; of two with one name, the first: ours before those of servers."""
    found: dict[str, Tool] = {}
    for tool in tools:
        found.setdefault(tool.name, tool)
    return found
