"""Whoever takes in events: a real server, which verifies as Standard Webhooks' own library does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

from tests.waiting import until

LOOPBACK = (IPv4Network("127.0.0.0/8"),)


@dataclass
class Receiver:
    """Answers `status`, and keeps what it took. `held`: it answers nothing while that is not set.

    `asked` counts every call, also those that it refuses.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    refuses: set[int] = field(default_factory=set)
    secrets: list[str] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    raw: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    asked: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    def __post_init__(self) -> None:
        self.held.set()

    async def called(self, request: web.Request) -> web.Response:
        self.asked += 1
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.raw.append((headers, body))
        await self.held.wait()
        if self.status != 200:
            return web.Response(status=self.status, headers=self.headers)
        told = self.verified(headers, body)
        if told["data"].get("seq") in self.refuses:
            return web.Response(status=422)
        self.taken.append(told)
        self.names.append(headers["webhook-id"])
        return web.Response(status=204)

    def verified(self, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        """Return what is said; each of the secrets has to verify it."""
        assert self.secrets
        for secret in self.secrets:
            told: dict[str, Any] = Webhook(secret).verify(body.decode(), headers)
        return told

    @property
    def seqs(self) -> Sequence[int]:
        return [each["data"]["seq"] for each in self.taken]

    @property
    def texts(self) -> Sequence[str]:
        return [each["data"].get("content", {}).get("text", "") for each in self.taken]

    async def has(self, count: int) -> None:
        await until(lambda: len(self.taken) >= count)

    async def was_asked(self, count: int) -> None:
        await until(lambda: self.asked >= count)


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{tail:.*}", receiver.called)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    receiver.url = f"{site.name}/events"
    try:
        yield receiver
    finally:
        receiver.held.set()
        await runner.cleanup()
