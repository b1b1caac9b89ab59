"""A real `bridge run` whose ground gives way: what it says, what it takes in, how it goes on."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from bridge.demo.apps import four
from tests.process import ROOT, Done
from tests.scenarios.four import Four
from tests.waiting import PATIENCE


@dataclass
class Standing(Four):
    """Telegram and the browser before one bridge. Every message has a number of its producer."""

    number: int = -1
    token: str = ""

    def client(self) -> httpx.AsyncClient:
        self.token = self.token or (self.data / "owner-token").read_text().strip()
        return httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.token}"},
            trust_env=False,
            timeout=PATIENCE,
        )

    async def says(self, text: str, number: int | None = None) -> httpx.Response:
        """Say something in the browser; with a number, what it said before once more."""
        if number is None:
            self.number += 1
            number = self.number
        named = {"Producer-Id": "tab", "Producer-Epoch": "0", "Producer-Seq": str(number)}
        async with self.client() as client:
            said = {"type": "message", "text": text, "place": "web"}
            return await client.post("/v1/stream/sessions/main/inbox", json=said, headers=named)

    async def until_said(self, text: str, number: int) -> None:
        """Say it again and again, as a browser does, until it is taken."""
        async with asyncio.timeout(PATIENCE):
            while (await self.says(text, number)).status_code != httpx.codes.OK:
                await asyncio.sleep(0.2)

    async def events(self) -> list[dict[str, Any]]:
        async with self.client() as client:
            read = (await client.get("/v1/stream/sessions/main")).raise_for_status()
        return list(read.json())

    async def heard(self) -> list[str]:
        """Return the words of people in the log, which has no gap."""
        events = await self.events()
        assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
        return [each["content"]["text"] for each in events if each["type"] == "message_received"]

    async def until_answered(self, *words: str) -> None:
        """Wait until the agent has answered each of these, wherever they were said."""
        async with asyncio.timeout(PATIENCE):
            while True:
                answers = [
                    each["content"]["text"]
                    for each in await self.events()
                    if each["type"] == "message_composed"
                ]
                if all(any(each in answer for answer in answers) for each in words):
                    return
                await asyncio.sleep(0.1)

    async def until_heard_again(self, count: int) -> None:
        """Wait until so much stands in the log that was said before it was restored."""
        found: list[str] = []
        try:
            async with asyncio.timeout(20):
                while len(found) < count:
                    await asyncio.sleep(0.1)
                    events = [each for each in await self.events() if each.get("before_restore")]
                    found = [each["content"]["text"] for each in events]
        except TimeoutError:
            raise AssertionError(f"only {found} of {await self.heard()}") from None

    async def ready(self) -> tuple[int, dict[str, Any], float]:
        """Return what `/readyz` says, and after how many seconds."""
        async with self.client() as client:
            begun = time.monotonic()
            answer = await client.get("/readyz")
            taken = time.monotonic() - begun
            assert (await client.get("/healthz")).is_success
        return answer.status_code, answer.json(), taken

    async def until_ready(self) -> float:
        begun = time.monotonic()
        async with asyncio.timeout(PATIENCE):
            while (await self.ready())[0] != httpx.codes.OK:
                await asyncio.sleep(0.1)
        return time.monotonic() - begun

    async def until_unready(self) -> str:
        """Return why it is not ready, as soon as it says so."""
        async with asyncio.timeout(PATIENCE):
            while True:
                status, said, _ = await self.ready()
                if status != httpx.codes.OK:
                    (store,) = [each for each in said["parts"] if each["name"] == "store"]
                    assert not store["ok"]
                    return str(store["detail"])
                await asyncio.sleep(0.1)

    async def doctor(self) -> tuple[dict[str, str], float]:
        """Return what `bridge doctor` has to complain of, by name, and after how many seconds."""
        begun = time.monotonic()
        done = await self.command("doctor", "--json")
        taken = time.monotonic() - begun
        checks = json.loads(done.out)["checks"]
        return {each["name"]: each["detail"] for each in checks if not each["ok"]}, taken

    async def command(self, *arguments: str) -> Done:
        process = await asyncio.create_subprocess_exec(
            self.program, "-m", "bridge", *arguments, cwd=ROOT,
            env={**self.surroundings, "BRIDGE_CONFIG": str(self.file)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        return Done(code=process.returncode or 0, out=out.decode(), err=err.decode())

    def logged(self, words: str) -> list[str]:
        """Return the lines of the log that have these words."""
        return [each for each in self.log.read_text().splitlines() if words in each]


@asynccontextmanager
async def standing(
    data: Path,
    *,
    only: Sequence[str] = ("telegram",),
    each: Mapping[str, Any] = MappingProxyType({}),
    **more: Any,
) -> AsyncIterator[Standing]:
    """Yield a bridge that is not started yet; `each`: settings of every app's own section."""
    async with four() as apps:
        story = Standing(apps=apps, data=data, more=more, only=only, each=each)
        try:
            yield story
        finally:
            await story.close()
