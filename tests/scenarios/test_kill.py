"""A real `bridge run` on SQLite, killed with -9 in mid-answer while a client follows it."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import aconnect_sse

from tests.waiting import PATIENCE, until

CONFIG = """
data: {data}
http: {{port: 0}}
agents: {{echo: {{type: echo, delay: 0.15}}}}
grace: 0
hooks:
  orders:
    verify: bearer
    secret: {{file: {data}/hook-secret}}
    as: message
    idempotency: order
"""
SECRET = "a-secret-of-twenty-one"


@dataclass
class Bridge:
    """A bridge in a process of its own, started again on the same data after it was killed."""

    data: Path
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        (self.data / "server.json").unlink(missing_ok=True)
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge", "run", "--config", str(self.data / "config.yaml"),
            stdout=asyncio.subprocess.DEVNULL,
            env={**os.environ, "HOME": str(self.data)},
        )  # fmt: skip
        await until((self.data / "server.json").exists)

    async def kill(self, with_signal: int = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(with_signal)
        await self.process.wait()

    def client(self) -> httpx.AsyncClient:
        url = json.loads((self.data / "server.json").read_text())["url"]
        token = (self.data / "owner-token").read_text().strip()
        return httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=PATIENCE,
        )


@dataclass
class Follower:
    """An SSE client with nothing but its last offset."""

    bridge: Bridge
    offset: str = "-1"
    events: list[dict[str, Any]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self) -> None:
        while True:
            try:
                async with self.bridge.client() as client:
                    await self._read(client)
            except (httpx.HTTPError, FileNotFoundError):
                await asyncio.sleep(0.05)

    async def _read(self, client: httpx.AsyncClient) -> None:
        url = f"/v1/stream/sessions/main?live=sse&offset={self.offset}"
        async with aconnect_sse(client, "GET", url) as source:
            async for message in source.aiter_sse():
                if message.event == "data":
                    self.events += json.loads(message.data)
                    self.offset = message.id
                    self.changed.set()

    async def until(self, what: str, count: int = 1) -> None:
        async with asyncio.timeout(PATIENCE):
            while sum(each["type"] == what for each in self.events) < count:
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def followed(data: Path) -> AsyncIterator[tuple[Bridge, Follower]]:
    data.mkdir(mode=0o700)
    (data / "config.yaml").write_text(CONFIG.format(data=data))
    (data / "hook-secret").write_text(SECRET)
    (data / "hook-secret").chmod(0o600)
    bridge = Bridge(data)
    await bridge.start()
    follower = Follower(bridge)
    following = asyncio.create_task(follower.follow())
    try:
        yield bridge, follower
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await bridge.kill()


async def say(bridge: Bridge, text: str, number: int) -> httpx.Response:
    async with bridge.client() as client:
        return await client.post(
            "/v1/stream/sessions/main/inbox",
            json={"type": "message", "text": text, "place": "web"},
            headers={
                "Producer-Id": "tab",
                "Producer-Epoch": "0",
                "Producer-Seq": str(number),
            },
        )


async def preview(bridge: Bridge) -> str:
    """Return the first preview text of the open run."""
    async with (
        bridge.client() as client,
        aconnect_sse(client, "GET", "/v1/sessions/main/live") as source,
    ):
        async for message in source.aiter_sse():
            previews = json.loads(message.data)["previews"] if message.event == "live" else []
            if previews and previews[0]["text"]:
                return str(previews[0]["text"])
    raise AssertionError("the live stream ended")


async def test_a_follower_resumes_after_kill_9_in_mid_answer(tmp_path: Path) -> None:
    """No gap, no duplicate, and the answer arrives once."""
    async with followed(tmp_path / "data") as (bridge, follower):
        assert (await say(bridge, "tell me of a bridge over a wide river", 0)).status_code == 200
        assert await preview(bridge)
        await bridge.kill()
        await bridge.start()
        repeated = await say(bridge, "tell me of a bridge over a wide river", 0)
        assert repeated.json()["repeated"] is True
        await follower.until("run_finished", 2)
    events = follower.events
    assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
    assert [each["type"] for each in events][2:] == [
        "message_received", "run_started",
        "run_finished", "run_started", "message_composed", "run_finished",
    ]  # fmt: skip
    outcomes = [each["outcome"] for each in events if each["type"] == "run_finished"]
    assert outcomes == ["abandoned", "completed"]
    answers = [each["content"]["text"] for each in events if each["type"] == "message_composed"]
    assert answers == ["Owner (browser) said: tell me of a bridge over a wide river"]


async def test_an_orderly_stop_in_mid_answer_blames_nobody(tmp_path: Path) -> None:
    """SIGTERM with no grace: the run is put off, and answered after the next start."""
    async with followed(tmp_path / "data") as (bridge, follower):
        await say(bridge, "tell me of a bridge over a wide river", 0)
        assert await preview(bridge)
        await bridge.kill(signal.SIGTERM)
        assert bridge.process is not None
        assert bridge.process.returncode == 0
        await bridge.start()
        await follower.until("message_composed")
    reasons = [each.get("reason") for each in follower.events if each["type"] == "run_finished"]
    assert reasons[0] == "shutdown"


async def test_a_message_that_kills_the_process_is_given_up_after_three_tries(
    tmp_path: Path,
) -> None:
    """Three deaths of its run, then a notice; the session lives on."""
    async with followed(tmp_path / "data") as (bridge, follower):
        await say(bridge, "slow 600", 0)
        for run in (1, 2, 3):
            await follower.until("run_started", run)
            await bridge.kill()
            await bridge.start()
        await follower.until("message_composed")
        await say(bridge, "and you?", 1)
        await follower.until("message_composed", 2)
    notice, answer = [each for each in follower.events if each["type"] == "message_composed"]
    assert notice["kind"] == "notice"
    assert answer["content"]["text"] == "Owner (browser) said: and you?"


async def call_hook(bridge: Bridge) -> httpx.Response | None:
    """Call it as a service does; None where the answer never comes."""
    try:
        async with bridge.client() as client:
            headers = {"Authorization": f"Bearer {SECRET}"}
            return await client.post("/hooks/orders", json={"order": 17}, headers=headers)
    except httpx.TransportError:
        return None


async def test_a_call_of_a_hook_that_is_killed_before_it_is_taken_counts_once(
    tmp_path: Path,
) -> None:
    """The service hears nothing, and sends it again."""
    async with followed(tmp_path / "data") as (bridge, follower):
        (file,) = bridge.data.glob("*.db")
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # the log cannot take it for now
            calling = asyncio.create_task(call_hook(bridge))
            await asyncio.sleep(0.5)
            assert not calling.done()
            await bridge.kill()
            assert await calling is None
            other.execute("ROLLBACK")
        await bridge.start()
        answers = [await call_hook(bridge) for _ in range(2)]
        await follower.until("pushed")
    assert [each and each.status_code for each in answers] == [202, 200]
    assert [each["type"] for each in follower.events].count("pushed") == 1


async def test_a_call_of_a_hook_that_is_taken_and_killed_counts_once(tmp_path: Path) -> None:
    """The log has it, whether the service heard that or not; sent again it is a repeat."""
    async with followed(tmp_path / "data") as (bridge, follower):
        calling = asyncio.create_task(call_hook(bridge))
        await follower.until("pushed")
        await bridge.kill()
        await calling
        await bridge.start()
        again = await call_hook(bridge)
        assert again is not None
        (seq,) = [each["seq"] for each in follower.events if each["type"] == "pushed"]
        assert (again.status_code, again.json()) == (
            200,
            {"id": f"main:{seq}", "status": "repeated"},
        )
        await say(bridge, "and now?", 0)
        await follower.until("message_composed")
    assert [each["type"] for each in follower.events].count("pushed") == 1
