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

from bridge.demo import page as demo
from bridge.demo.apps import four

JOIN, JOINED = "/notify all", "In all your chats from now on"
"""What somebody can say so that their chat follows the session, and who else is told nothing."""


@dataclass
class Four(demo.Four):
    """`log`: what it writes to its standard error."""

    process: asyncio.subprocess.Process | None = None
    program: str = sys.executable

    @property
    def log(self) -> Path:
        return self.data.with_suffix(".log")

    @property
    def surroundings(self) -> dict[str, str]:
        return {**os.environ, **self.environ}

    async def start(self, **how: Any) -> None:
        """Start it and wait until it serves; `how` is for the process."""
        server = self.data / "server.json"
        server.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                self.program, "-m", "bridge", "run", "--config", str(self.file),
                stdout=asyncio.subprocess.DEVNULL, stderr=log, env=self.surroundings, **how,
            )  # fmt: skip
        await self.until(server.exists)

    async def close(self) -> None:
        if self.process is not None and self.process.returncode is None:
            await self.end(signal.SIGKILL)

    async def end(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        await self.process.wait()

    async def gather(self) -> None:
        """Let the person write once from each app, so that each follows the session."""
        await self.until(self.apps.discord.fake.gateway.sockets)  # it keeps no first words
        for app in self.apps.all:
            app.says(JOIN)
            await self.until(lambda app=app: self.count(app, JOINED))
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
            await story.close()
