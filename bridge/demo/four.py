"""One bridge, one person, four chat apps: the real client libraries, the platforms made up."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bridge.app import running
from bridge.config import load
from bridge.demo.apps import App, Apps, shown
from bridge.demo.waiting import PATIENCE
from bridge.ports import Clock

SECRETS = frozenset({"token", "bot_token", "app_token", "auth_token"})


@dataclass
class Four:
    """`more` are further settings of the bridge, by section; `each`, of every app's own section.

    `only`: the apps it has; all of them if left out.
    """

    apps: Apps
    data: Path
    more: Mapping[str, Any] = field(default_factory=dict)
    each: Mapping[str, Any] = field(default_factory=dict)
    only: Sequence[str] | None = None
    port: int = 0
    environ: dict[str, str] = field(default_factory=dict)
    page: str = ""

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.apps.whatsapp.called_at(f"{self.url}/channels/whatsapp")
        self.file = self.data.with_suffix(".yaml")
        self.file.write_text(json.dumps(self._settings()), encoding="utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _settings(self) -> dict[str, Any]:
        return {
            "data": str(self.data),
            "http": {"port": self.port, "public_url": self.url},
            "grace": 1,
            "agents": {"echo": {"type": "echo", "delay": 0.02}},
            "channels": {app.name: self._section(app) for app in self.mine},
            **self.more,
        }

    def _section(self, app: App) -> dict[str, Any]:
        section: dict[str, Any] = {"allow": ["*"], "welcome": False, **self.each}
        for key, value in app.section().items():
            name = f"{app.name}_{key}".upper()
            if key in SECRETS:
                self.environ[name] = value
            section[key] = f"${{{name}}}" if key in SECRETS else value
        return section

    @property
    def mine(self) -> Sequence[App]:
        return [app for app in self.apps.all if self.only is None or app.name in self.only]

    # -- in this process

    @asynccontextmanager
    async def serving(self, clock: Clock | None = None) -> AsyncIterator[Self]:
        async with running(load(self.file, self.environ), clock) as bridge:
            self.page = f"{bridge.url}/#token={bridge.token}"
            yield self

    # -- what a story waits for

    async def until(self, condition: Callable[[], object]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            seen = {app.name: shown(app)[-4:] for app in self.apps.all}
            raise TimeoutError(f"not within {PATIENCE:g} s; shown last: {seen}") from None

    async def until_everywhere(self, words: str) -> None:
        await self.until(lambda: all(self.count(app, words) for app in self.apps.all))

    def count(self, app: App, words: str) -> int:
        """Return in how many of the bridge's messages these words stand."""
        return sum(words in text for text in shown(app))
