"""A real `bridge run` that dies three times in a row while people write to it."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge import texts
from bridge.demo.apps import four, shown
from tests.postgres import empty_database
from tests.scenarios.four import JOIN, JOINED, Four
from tests.waiting import PATIENCE, until

__all__ = ["empty_database"]

AGENT = Path(__file__).with_name("mortal.py")
INBOX = "/v1/stream/sessions/main/inbox"
SECRET = "a-secret-of-twenty-one"


@dataclass
class Owner:
    """Someone who writes over HTTP, once each, however often the bridge dies meanwhile."""

    story: Four
    said: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        token = (self.story.data / "owner-token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=self.story.url, headers=headers, trust_env=False)

    async def says(self, text: str) -> None:
        number, self.said = self.said, self.said + 1
        producer = {
            "Producer-Id": "browser",
            "Producer-Epoch": "0",
            "Producer-Seq": str(number),
        }

        async def is_kept() -> bool:
            said = {"type": "message", "text": text, "place": "web"}
            try:
                async with self.client() as client:
                    return (await client.post(INBOX, json=said, headers=producer)).is_success
            except httpx.HTTPError:
                await asyncio.sleep(0.02)
                return False

        await until(is_kept)

    async def log(self) -> list[dict[str, Any]]:
        async with self.client() as client:
            read = await client.get("/v1/stream/sessions/main", timeout=PATIENCE)
        return list(read.raise_for_status().json())


def settings(tmp_path: Path, url: str) -> dict[str, Any]:
    command = [sys.executable, "-S", str(AGENT), str(tmp_path / "data"), str(tmp_path / "healed")]
    agents = {"mortal": {"type": "process", "command": command}}
    store = {"store": {"type": "postgres", "url": "${A_DATABASE}"}} if url else {}
    return {"agents": agents, **store}


@asynccontextmanager
async def one_app(data: Path, more: dict[str, Any], url: str) -> AsyncIterator[Four]:
    async with four() as apps:
        story = Four(apps=apps, data=data, more=more, only=["telegram"])
        story.environ["A_DATABASE"] = url
        try:
            yield story
        finally:
            if story.process is not None and story.process.returncode is None:
                await story.end(signal.SIGKILL)


async def died(story: Four) -> None:
    assert story.process is not None
    async with asyncio.timeout(PATIENCE):
        assert await story.process.wait() == -signal.SIGKILL


def finals(events: list[dict[str, Any]], kind: str) -> list[str]:
    return [
        each["content"]["text"]
        for each in events
        if each["type"] == "message_composed" and each.get("kind", "final") == kind
    ]


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_after_three_deaths_only_what_kills_is_given_up_and_named(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Whatever was written after the first death is answered; `/retry` takes up the rest."""
    url = request.getfixturevalue("empty_database") if store == "postgres" else ""
    more = settings(tmp_path, url)
    async with one_app(tmp_path / "data", more, url) as story:
        ada, owner = story.apps.telegram, Owner(story)

        def sees(words: str) -> bool:
            return any(words in each for each in shown(ada))

        await story.start()
        ada.says(JOIN)
        await story.until(lambda: sees(JOINED))
        await owner.says("w00 poison")
        for death in range(3):
            await died(story)
            ada.says(f"w{death}1 said while it is dead")
            await asyncio.sleep(0.2)
            await story.start()
            if death < 2:
                await owner.says(f"w{death}2 said between two deaths")
                ada.says(f"w{death}3 said between two deaths")
        named = texts.gave_up(texts.CRASHED, texts.unread("Owner", "`w00 poison`", 0))
        await story.until(lambda: sees("w00 poison") and sees("I could not answer"))
        for word in ("w01", "w02", "w03", "w11", "w12", "w13", "w21"):
            await story.until(lambda word=word: sees(word))
        await owner.says("w30 how are you")
        await story.until(lambda: sees("w30"))
        events = await owner.log()
        assert finals(events, "notice") == [named]
        answered = " ".join(finals(events, "final"))
        words = [f"w{n}{m}" for n, m in ((0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 1))]
        assert {each: answered.count(each) for each in words} == dict.fromkeys(words, 1)
        assert "w00" not in answered
        ends = [each["outcome"] for each in events if each["type"] == "run_finished"]
        assert ends[:3] == ["abandoned"] * 3
        assert "abandoned" not in ends[3:]
        (tmp_path / "healed").write_text("")
        ada.says("/retry")
        await story.until(lambda: sees("Heard: w00 poison"))


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_what_a_service_asks_that_kills_is_given_up_alone_and_people_are_answered(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Nobody is to wait behind a call of a hook; it counts once, however often it comes again."""
    url = request.getfixturevalue("empty_database") if store == "postgres" else ""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    hook = {"verify": "bearer", "secret": {"file": str(secret)}, "ask": "Look at this."}
    more = settings(tmp_path, url) | {"hooks": {"orders": hook | {"idempotency": "order"}}}
    async with one_app(tmp_path / "data", more, url) as story:
        ada, owner = story.apps.telegram, Owner(story)

        def sees(words: str) -> bool:
            return any(words in each for each in shown(ada))

        await story.start()
        ada.says(JOIN)
        await story.until(lambda: sees(JOINED))
        await called(owner, "poison")
        for death in range(3):
            await died(story)
            ada.says(f"w{death}1 said while it is dead")
            await asyncio.sleep(0.2)
            await story.start()
            if death < 2:
                ada.says(f"w{death}2 said between two deaths")
        for word in ("w01", "w02", "w11", "w12", "w21"):
            await story.until(lambda word=word: sees(word))
        await called(owner, "poison", again=True)
        await owner.says("w30 how are you")
        await story.until(lambda: sees("w30"))
        events = await owner.log()
        (notice,) = finals(events, "notice")
        assert "Look at this" in notice, "it is named"
        answered = " ".join(finals(events, "final"))
        assert all(answered.count(word) == 1 for word in ("w01", "w02", "w11", "w12", "w21"))
        assert [each["type"] for each in events].count("triggered") == 1


async def called(owner: Owner, order: str, *, again: bool = False) -> None:
    """Call the hook as a service does, until it is answered; or it kills before that."""

    async def is_taken() -> bool:
        try:
            async with owner.client() as client:
                headers = {"Authorization": f"Bearer {SECRET}"}
                called = await client.post("/hooks/orders", json={"order": order}, headers=headers)
        except httpx.HTTPError:
            await asyncio.sleep(0.02)
            return not again  # it may have killed before the answer came
        return called.is_success

    await until(is_taken)
