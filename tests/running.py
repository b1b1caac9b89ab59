"""The real bridge, in this process, on a free port: what the scenarios talk to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bridge.app import Running, running
from bridge.config import load


@asynccontextmanager
async def running_bridge(data: Path, config: str = "") -> AsyncIterator[Running]:
    """Run a bridge over the folder `data`, with `config` as further YAML beside the test's own."""
    file = data.with_suffix(".yaml")
    file.write_text(f"data: {data}\nhttp: {{port: 0}}\ngrace: 1\n{config}", encoding="utf-8")
    async with running(load(file, {})) as bridge:
        yield bridge
