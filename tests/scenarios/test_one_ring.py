"""One person with four apps and a page: how often it rings in a day, with the real libraries."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.demo.apps import App
from tests.scenarios.four import Four, four_apps
from tests.waiting import PATIENCE

INBOX = "/v1/stream/sessions/main/inbox"
TEN = timedelta(minutes=10)
CODE = re.compile(r"/link ([A-Z0-9-]+)")


class LeapingClock:
    """The real time, and what was leapt over; whoever sleeps meanwhile has slept through it."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)
        self._leapt = asyncio.Event()

    def leap(self, by: timedelta) -> None:
        self._ahead += by
        self._leapt.set()
        self._leapt = asyncio.Event()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    async def sleep(self, seconds: float) -> None:
        until = self._elapsed() + seconds
        await asyncio.sleep(0)
        while (left := until - self._elapsed()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._leapt.wait()

    def _elapsed(self) -> float:
        return time.monotonic() + self._ahead.total_seconds()


@dataclass
class Day:
    """`story` is the four apps; `page` a browser that says what a page says."""

    story: Four
    page: httpx.AsyncClient
    clock: LeapingClock

    async def put(self, **body: Any) -> dict[str, Any]:
        answer = await self.page.post(INBOX, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def looks(self) -> None:
        """Be visible, and show all there is."""
        await self.put(type="looking", view="tab", visible=True, seen=2**50)

    async def looks_away(self) -> None:
        await self.put(type="looking", view="tab", visible=False)

    async def move_in(self) -> None:
        """Let the owner use every app: each by a code, and a word in each."""
        apps = self.story.apps
        for app in (apps.whatsapp, apps.slack, apps.discord, apps.telegram):
            reply = (await self.put(type="message", text="/link", place="web"))["reply"]
            found = CODE.search(reply)
            assert found, reply
            app.says(f"/link {found[1]}")
            await self.story.until(lambda app=app: self.story.count(app, "follow"))
            app.says(f"hello from {app.name}")
            await self.until(app, words=f"said: hello from {app.name}")

    async def until(self, *apps: App, words: str) -> None:
        await self.story.until(lambda: all(self.story.count(app, words) for app in apps))

    def rings(self, words: str) -> dict[str, int]:
        """Return in which apps messages with these words rang; some cannot be silent."""
        counted = {
            app.name: sum(
                words in each.text and not each.silent for each in app.seen() if not each.who
            )
            for app in self.story.apps.all
        }
        return {name: count for name, count in counted.items() if count}


@asynccontextmanager
async def day(folder: Path) -> AsyncIterator[Day]:
    clock = LeapingClock()
    async with four_apps(folder / "data") as story, story.serving(clock):
        token = {"Authorization": f"Bearer {story.page.partition('token=')[2]}"}
        async with httpx.AsyncClient(base_url=story.url, headers=token, timeout=PATIENCE) as page:
            made = Day(story=story, page=page, clock=clock)
            await story.until(story.apps.discord.fake.gateway.sockets)  # it keeps no first words
            await made.move_in()
            yield made


async def test_a_day_of_one_person_with_four_apps_and_a_page(tmp_path: Path) -> None:
    async with day(tmp_path) as today:
        apps, story = today.story.apps, today.story
        silent = (apps.telegram, apps.discord)

        # In the morning, on the phone: Slack and WhatsApp cannot be silent, and ring as well.
        apps.telegram.says("morning")
        await today.until(*apps.all, words="said: morning")
        assert today.rings("said: morning") == {"telegram": 1, "slack": 1, "whatsapp": 1}
        apps.telegram.says("/notify once")
        await today.until(apps.telegram, words="In all your chats from now on")

        # At the desk, before the page: nothing rings.
        await today.looks()
        await today.put(type="message", text="at the desk", place="web")
        await today.until(*silent, words="said: at the desk")
        await today.looks()
        assert today.rings("said: at the desk") == {}
        today.clock.leap(3 * TEN)
        await today.story.settle()
        assert today.rings("at the desk") == {}

        # Away from it: a push rings on the phone, later in Discord, and nowhere else.
        await today.looks_away()
        await today.put(type="push", text="a parcel came")
        await today.until(*silent, words="a parcel came")
        assert today.rings("a parcel came") == {"telegram": 1}
        today.clock.leap(TEN + timedelta(seconds=5))
        await today.until(apps.discord, words="You have not seen this yet")
        assert today.rings("a parcel came") == {"telegram": 1, "discord": 1}

        # In Slack: what was held back shows there, once. A look at the page ends the day, and
        # WhatsApp never made a sound.
        apps.slack.says("got it")
        await today.until(apps.slack, words="a parcel came")
        await today.until(apps.slack, words="said: got it")
        await today.looks()
        today.clock.leap(3 * TEN)
        await today.story.settle()
        assert story.count(apps.slack, "a parcel came") == 1
        assert today.rings("a parcel came") == {"telegram": 1, "discord": 1, "slack": 1}
        assert today.rings("said: got it") == {"slack": 1}
        assert story.count(apps.whatsapp, "a parcel came") == 0


async def test_a_question_goes_from_app_to_app_until_it_is_answered(tmp_path: Path) -> None:
    async with day(tmp_path) as today:
        apps = today.story.apps
        apps.telegram.says("/notify once")
        await today.until(apps.telegram, words="In all your chats from now on")
        apps.telegram.says("ask")
        await today.until(apps.telegram, apps.discord, words="Tea or coffee?")
        assert today.rings("Tea or coffee?") == {"telegram": 1}
        for app in (apps.discord, apps.slack, apps.whatsapp):
            today.clock.leap(TEN + timedelta(seconds=5))
            await today.until(app, words="Tea or coffee?")
            await today.story.until(lambda app=app: today.rings("Tea or coffee?").get(app.name))
        rung = {"telegram": 1, "discord": 1, "slack": 1, "whatsapp": 1}
        assert today.rings("Tea or coffee?") == rung
        apps.discord.presses("Tea")
        await today.until(apps.discord, words="chose Tea")
        today.clock.leap(3 * TEN)
        await today.story.settle()
        waits = today.rings("waits for your answer")
        assert waits == {"discord": 1}


@pytest.mark.parametrize("mode", ["mute", "questions"])
async def test_what_they_do_not_wish_rings_nowhere(tmp_path: Path, mode: str) -> None:
    async with day(tmp_path) as today:
        apps = today.story.apps
        apps.discord.says(f"/notify {mode}")
        await today.until(apps.discord, words="In all your chats from now on")
        await today.put(type="push", text="a parcel came")
        await today.until(apps.telegram, apps.discord, words="a parcel came")
        for _ in range(3):
            today.clock.leap(TEN)
            await today.story.settle()
        assert today.rings("a parcel came") == {}
