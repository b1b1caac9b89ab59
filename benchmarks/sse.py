"""One session's events to 200 SSE readers: `bridge run` in one process, its readers in another.

A pusher says things over HTTP: at 50 a second, and the next as soon as the last was taken. Each
event carries the time it was sent at, so a delivery's latency is from the push to the reader.
"""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx

from benchmarks.bridge_process import BridgeProcess, bridge_process
from benchmarks.figures import Figure, latencies
from bridge.session.routing import SHARED

STREAM = f"/v1/stream/sessions/{SHARED}"
PER_SECOND = 50
LONGEST_LINE = 2**20
PATIENCE = 120.0
SENT = re.compile(rb'"text":"(\d+\.\d+)"')


@dataclass(slots=True, kw_only=True)
class Deliveries:
    """The latency of every delivery, and when the last one came."""

    expected: int
    seconds: list[float] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    last: float = 0.0

    def note(self, sent: Sequence[bytes]) -> None:
        self.last = time.monotonic()
        self.seconds += [self.last - float(each) for each in sent]
        if len(self.seconds) >= self.expected:
            self.done.set()


def measure(*, quick: bool) -> list[Figure]:
    readers, events = (5, 10) if quick else (200, 500)
    with (
        TemporaryDirectory(prefix="bridge-bench-") as folder,
        bridge_process(Path(folder) / "data") as bridge,
    ):
        paced = asyncio.run(_measure(bridge, readers, events, pause=1 / PER_SECOND))
        rushed = asyncio.run(_measure(bridge, readers, events, pause=0.0))
    name = f"SSE to {readers} readers"
    return [
        *_figures(f"{name}, {PER_SECOND} events/s offered", *paced, headline=True),
        *_figures(f"{name}, back to back", *rushed, headline=False),
    ]


def _figures(name: str, deliveries: Deliveries, took: float, *, headline: bool) -> list[Figure]:
    rate = len(deliveries.seconds) / took
    return [
        Figure(name=name, value=rate, unit="deliveries/s", headline=True),
        *latencies(name, deliveries.seconds, headline=headline),
    ]


async def _measure(
    bridge: BridgeProcess, readers: int, events: int, *, pause: float
) -> tuple[Deliveries, float]:
    """Return the deliveries, and the seconds from the first push to the last of them."""
    deliveries = Deliveries(expected=readers * events)
    async with asyncio.TaskGroup() as group:
        ready = [asyncio.Event() for _ in range(readers)]
        reading = [group.create_task(_read(bridge, each, deliveries)) for each in ready]
        await asyncio.gather(*(each.wait() for each in ready))
        begun = time.monotonic()
        await _push(bridge, events, pause)
        async with asyncio.timeout(PATIENCE):
            await deliveries.done.wait()
        for reader in reading:
            reader.cancel()
    return deliveries, deliveries.last - begun


async def _push(bridge: BridgeProcess, events: int, pause: float) -> None:
    """Say things at an even pace whether or not the bridge keeps up; without one, in turn."""
    headers = {"Authorization": f"Bearer {bridge.token}"}
    async with (
        httpx.AsyncClient(base_url=bridge.url, headers=headers, timeout=PATIENCE) as client,
        asyncio.TaskGroup() as pushes,
    ):
        begun = time.monotonic()
        for number in range(events):
            await asyncio.sleep(begun + number * pause - time.monotonic())
            push = pushes.create_task(_say(client))
            if not pause:
                await push


async def _say(client: httpx.AsyncClient) -> None:
    said = {"type": "push", "text": f"{time.monotonic():.6f}"}
    (await client.post(f"{STREAM}/inbox", json=said)).raise_for_status()


async def _read(bridge: BridgeProcess, ready: asyncio.Event, deliveries: Deliveries) -> None:
    """Read one stream from its end on. A frame is one chunk, so its lines are whole."""
    address = urlsplit(bridge.url)
    reader, writer = await asyncio.open_connection(
        address.hostname, address.port, limit=LONGEST_LINE
    )
    writer.write(
        f"GET {STREAM}?live=sse&offset=now HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer {bridge.token}\r\n\r\n".encode()
    )
    try:
        async for line in reader:
            if line.startswith(b"data:["):
                deliveries.note(SENT.findall(line))
            elif line.startswith(b"event: control"):
                ready.set()
    finally:
        writer.close()
