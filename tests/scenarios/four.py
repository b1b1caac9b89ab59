"""One bridge, one person, four chat apps: also in a process of its own, to be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.demo import four as demo
from bridge.demo.apps import four


@dataclass
class Four(demo.Four):
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        server = self.data / "server.json"
        server.unlink(missing_ok=True)
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge", "run", "--config", str(self.file),
            stdout=asyncio.subprocess.DEVNULL,
            env={**os.environ, **self.environ},
        )  # fmt: skip
        await self.until(server.exists)

    async def end(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        await self.process.wait()

    async def gather(self) -> None:
        """Let the person write once from each app, so that each follows the session."""
        await self.until(self.apps.discord.fake.gateway.sockets)  # it keeps no first words
        for app in self.apps.all:
            app.says("/status")
            await self.until(lambda app=app: self.count(app, "people:"))
        await self.settle()

    async def settle(self, seconds: float = 0.3) -> None:
        """Wait until nothing has changed anywhere for a while."""
        before: Any = None
        while before != (before := [app.seen() for app in self.apps.all]):
            await asyncio.sleep(seconds)


@asynccontextmanager
async def four_apps(data: Path, **more: Any) -> AsyncIterator[Four]:
    async with four() as apps:
        story = Four(apps=apps, data=data, more=more)
        try:
            yield story
        finally:
            if story.process is not None and story.process.returncode is None:
                await story.end(signal.SIGKILL)
