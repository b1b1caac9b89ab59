"""The four stories Bridgehead exists for, through the whole bridge: two chat apps and HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_sse import aconnect_sse

from bridge.app import Running
from channels.memory import platforms
from channels.memory_platform import MemoryPlatform
from tests.running import running_bridge
from tests.waiting import PATIENCE

CONFIG = """
agents: {echo: {type: echo, delay: 0.02}}
channels:
  phone: {type: memory, label: Telegram, platform: phone, allow: ["*"]}
  office: {type: memory, label: Slack, platform: office, allow: ["*"], without: [edits, buttons]}
"""
LOG = "/v1/stream/sessions/main"


@dataclass
class Scene:
    """Ada's phone, the office's room, and a browser that is told nothing but the address."""

    bridge: Running
    phone: MemoryPlatform
    office: MemoryPlatform

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.bridge.url,
            headers={"Authorization": f"Bearer {self.bridge.token}"},
            trust_env=False,
            timeout=PATIENCE,
        )

    async def let_the_room_follow(self) -> None:
        """Let the owner join the room to the shared session, as people do."""
        self.phone.say("olga", "Olga", self.bridge.code)
        await settled_notes(self.phone, "olga", "You are now the owner")
        self.office.say("general", "Olga", "/follow main")
        await settled_notes(self.office, "general", "/follow main yes")
        self.office.say("general", "Olga", "/follow main yes")
        await settled(self.office, "general", "now follows this session")

    async def input(self, body: dict[str, Any]) -> dict[str, Any]:
        async with self.browser() as client:
            answer = await client.post(f"{LOG}/inbox", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

    async def said_by_agent(self) -> list[str]:
        async with self.browser() as client:
            events = (await client.get(LOG)).json()
        return [each["content"]["text"] for each in events if each["type"] == "message_composed"]

    async def read_until(self, text: str) -> list[dict[str, Any]]:
        """Follow the log from its start until the agent has said something."""
        events: list[dict[str, Any]] = []
        async with (
            asyncio.timeout(PATIENCE),
            self.browser() as client,
            aconnect_sse(client, "GET", f"{LOG}?live=sse&offset=-1") as source,
        ):
            async for message in source.aiter_sse():
                if message.event == "data":
                    events += json.loads(message.data)
                if any(
                    text in str(each.get("content"))
                    for each in events
                    if each["type"] == "message_composed"
                ):
                    return events
        raise AssertionError("the stream ended")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    phone = platforms["phone"] = MemoryPlatform()
    office = platforms["office"] = MemoryPlatform()
    office.open("general", room=True, title="general")
    async with running_bridge(tmp_path / "data", CONFIG) as bridge:
        scene = Scene(bridge, phone, office)
        await scene.let_the_room_follow()
        yield scene


async def settled(platform: MemoryPlatform, place: str, *texts: str) -> None:
    """Wait until a place shows all of these, each in its message."""
    await platform.until(
        lambda: all(any(text in each for each in platform.shown(place)) for text in texts),
        within=PATIENCE,
    )


async def settled_notes(platform: MemoryPlatform, place: str, text: str) -> None:
    await platform.until(
        lambda: any(text in each for each in platform.notes(place)), within=PATIENCE
    )


async def test_the_agent_outlives_the_caller(scene: Scene) -> None:
    """A browser asks and is gone; the answer is there when it comes back, and on the phone too."""
    scene.phone.say("ada", "Ada", "hello")
    await settled(scene.phone, "ada", "Ada (Telegram) said: hello")
    await scene.input({"type": "message", "text": "slow 1", "place": "web"})
    await settled(scene.phone, "ada", "Olga · browser: slow 1", "That took 1 s.")
    events = await scene.read_until("That took 1 s.")
    assert [each["seq"] for each in events] == list(range(1, len(events) + 1))


async def test_the_agent_pushes_unprompted(scene: Scene) -> None:
    """A script says something into the session: every place shows it, once however often it is
    tried."""
    scene.phone.say("ada", "Ada", "hello")
    scene.office.say("general", "Bob", "hello too")
    await settled(scene.office, "general", "hello too")
    push = {"type": "push", "text": "the build is green", "key": "build-7"}
    assert (await scene.input(push)) == (await scene.input(push)) | {"repeated": False}
    await settled(scene.phone, "ada", "the build is green")
    await settled(scene.office, "general", "the build is green")
    assert scene.phone.shown("ada").count("the build is green") == 1
    await scene.input({"type": "trigger", "prompt": "how is the weather?"})
    await settled(scene.phone, "ada", "asks: how is the weather?")
    await settled(scene.office, "general", "asks: how is the weather?")


async def test_the_caller_changes_device(scene: Scene) -> None:
    """What was begun on the phone is read in the browser from the start and goes on there; the
    phone sees that too, and a question asked there is answered here."""
    scene.phone.say("ada", "Ada", "begun on the phone")
    await scene.read_until("begun on the phone")
    scene.phone.say("ada", "Ada", "ask")
    await scene.phone.until(
        lambda: any(each.buttons for each in scene.phone.seen("ada")), within=PATIENCE
    )
    await scene.input({"type": "message", "text": "coffee", "place": "web"})
    await settled(scene.phone, "ada", "Olga chose Coffee", "_Olga · browser: Coffee_")
    assert not any(each.buttons for each in scene.phone.seen("ada"))


async def test_several_people_share_one_session(scene: Scene) -> None:
    """Each sees who said what and where; one stops what the other began."""
    scene.phone.say("ada", "Ada", "good morning")
    await settled(scene.phone, "ada", "Ada (Telegram) said: good morning")
    scene.office.say("general", "Bob", "good morning, Ada")
    await settled(scene.phone, "ada", "Bob · Slack: good morning, Ada")
    await settled(scene.office, "general", "Bob (Slack) said: good morning, Ada")
    scene.phone.say("ada", "Ada", "slow 500")
    await settled(scene.office, "general", "Ada · Telegram: slow 500")
    scene.office.say("general", "Bob", "/stop")
    await settled(scene.phone, "ada", "_Bob stopped the answer._")
    await settled(scene.office, "general", "_Bob stopped the answer._")
    scene.office.say("general", "Bob", "what now?")
    await settled(scene.phone, "ada", "Bob (Slack) said: what now?")
    assert not any("That took" in each for each in await scene.said_by_agent())
