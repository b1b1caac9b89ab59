"""A tool that takes as long as a test wants."""

import asyncio
from pathlib import Path

from agents.tools.schema import read_only


@read_only
async def look_up(until: str) -> str:
    """Look something up, until there is a file of this name."""
    while not Path(until).exists():
        await asyncio.sleep(0.02)
    return "The boat leaves at nine."
