"""A WhatsApp channel and its fake Twilio, with the bridge's HTTP side between them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web

from bridge.demo.whatsapp.twilio import FakeTwilio, running
from bridge.domain.content import Attachment
from bridge.domain.ids import ChannelName
from bridge.engine.inbound.feed import feeds
from bridge.ports.channel import WebhookCall
from bridge.ports.surroundings import ChannelSurroundings
from channels.whatsapp.channel import WhatsAppChannel
from channels.whatsapp.config import WhatsAppConfig
from storage.blobs import FolderBlobs

PUBLIC = "https://bridge.example/channels"
"""As people outside see it; the proxy in front forwards to the loopback."""


@dataclass
class MemoryFacts:
    kept: dict[str, str] = field(default_factory=dict)
    writes: int = 0

    async def get(self, key: str) -> str | None:
        return self.kept.get(key)

    async def put(self, key: str, value: str) -> None:
        self.writes += 1
        self.kept[key] = value

    async def remove(self, key: str) -> None:
        self.kept.pop(key, None)

    async def all(self) -> Mapping[str, str]:
        return dict(self.kept)


@dataclass
class WorldClock:
    """The fake's time: it passes, and can be moved on. `wrong`: by how much we are off."""

    fake: FakeTwilio
    wrong: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.fake.ahead + self.wrong

    async def sleep(self, seconds: float) -> None:
        """Sleep at most a moment, so that a test need not wait; a long sleep is a long one."""
        await asyncio.sleep(seconds if seconds >= 5 else min(seconds, 0.02))


@dataclass
class Stage:
    fake: FakeTwilio
    channel: WhatsAppChannel
    surroundings: ChannelSurroundings
    facts: MemoryFacts
    front: "Front"


class Front:
    """The bridge's HTTP side, as far as a channel is concerned; on the fake's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.channels: dict[str, WhatsAppChannel] = {}
        self._loop = loop
        self.base = ""

    async def answer(self, request: web.Request) -> web.Response:
        call = WebhookCall(
            method=request.method,
            path=request.match_info["rest"],
            query=request.rel_url.raw_query_string,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
        )
        channel = self.channels[request.match_info["account"]]
        receiving = asyncio.run_coroutine_threadsafe(channel.receive(call), self._loop)
        found = await asyncio.wrap_future(receiving)
        return web.Response(status=found.status, body=found.body, headers=dict(found.headers))

    async def open(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/channels/{account:[^/]+}{rest:.*}", self.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{runner.addresses[0][1]}/channels"
        return runner


def configured(fake: FakeTwilio, **more: Any) -> WhatsAppConfig:
    options = {
        "account_sid": fake.account.sid,
        "auth_token": fake.account.token,
        "number": fake.sender.place,
        "api_url": fake.base,
        **more,
    }
    return WhatsAppConfig.model_validate(options)


def surrounded(
    fake: FakeTwilio, folder: Path, facts: MemoryFacts, name: str, *, public: bool
) -> ChannelSurroundings:
    def link(attachment: Attachment, lifetime: timedelta) -> str | None:
        return f"{fake.base}/hosted/{attachment.media}" if public else None

    return ChannelSurroundings(
        clock=WorldClock(fake),
        data=folder,
        blobs=FolderBlobs(folder / name, clock=WorldClock(fake)),
        facts=facts,
        feed=feeds(ChannelName(name), facts, WorldClock(fake)),
        webhook_url=f"{PUBLIC}/{name}" if public else None,
        link=link,
    )


@asynccontextmanager
async def fronted(fake: FakeTwilio, *others: FakeTwilio) -> AsyncIterator[Front]:
    """The HTTP side of a bridge, where its public address leads to for the fakes."""
    front = Front(asyncio.get_running_loop())
    runner: list[web.AppRunner] = []

    async def opening() -> None:
        runner.append(await front.open())

    await fake._do(opening())
    for each in (fake, *others):
        each.postman.routes[PUBLIC] = front.base
    try:
        yield front
        for each in (fake, *others):
            await each.quiet()
    finally:
        await fake._do(runner[0].cleanup())


def staged_channel(
    fake: FakeTwilio,
    front: Front,
    folder: Path,
    *,
    name: str = "wa",
    public: bool = True,
    facts: MemoryFacts | None = None,
    **more: Any,
) -> Stage:
    """Put a channel on the stage, and have its number call it."""
    facts = facts or MemoryFacts()
    surroundings = surrounded(fake, folder, facts, name, public=public)
    config = configured(fake, **more)
    channel = WhatsAppChannel(ChannelName(name), config, surroundings)
    front.channels[name] = channel
    if public:
        sender = fake.senders[config.number]
        sender.webhook = sender.fallback = f"{PUBLIC}/{name}"
    return Stage(fake, channel, surroundings, facts, front)


@asynccontextmanager
async def staged(*, public: bool = True, **more: Any) -> AsyncIterator[Stage]:
    """One channel on one number; whatever anyone did against the documentation is an error."""
    with TemporaryDirectory() as folder:
        async with running() as fake, fronted(fake) as front:
            stage = staged_channel(fake, front, Path(folder), public=public, **more)
            yield stage
        assert fake.complaints == []
