"""A real `bridge run` that is killed with -9 while marks say that work is going on."""

import asyncio
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.demo.discord.world import Bot as DiscordBot
from tests.agents.outside import HEAD, PYTHON
from tests.postgres import empty_database
from tests.scenarios.four import JOIN, JOINED
from tests.scenarios.standing import Standing, standing
from tests.waiting import PATIENCE

__all__ = ["empty_database"]

STORES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
APPS = ("telegram", "discord", "slack")
ROUNDS = 2

WAITING = (
    HEAD
    + """
turn = hear()
while not os.path.exists(os.environ["GO"]): time.sleep(0.01)
new = [each["text"] for each in turn["messages"] if each.get("new")]
say("ended", text="answered: " + ", ".join(new))
"""
)
"""It answers once it may."""


def marks(story: Standing) -> dict[str, list[str]]:
    """Return of each app the bridge's marks on what the person said there, the oldest first."""
    telegram, discord, slack = story.apps.telegram, story.apps.discord, story.apps.slack
    bot = telegram.bot.id
    return {
        "telegram": [
            "".join(each.reactions.get(bot, []))
            for each in telegram.chat.seen()
            if "word" in each.text and each.author is not telegram.bot
        ],
        "discord": [
            "".join(emoji for emoji, people in each.reactions.items() if people)
            for each in discord.fake.messages(discord.chat)
            if "word" in each.content and not isinstance(each.author, DiscordBot)
        ],
        "slack": [
            "".join(name for name, people in each.reactions.items() if people)
            for each in slack.chat.visible()
            if "word" in each.shown and not each.bot
        ],
    }


DONE = {"telegram": "👌", "discord": "✅", "slack": "white_check_mark"}
WORKING = {"telegram": "✍", "discord": "⏳", "slack": "hourglass_flowing_sand"}


@pytest.mark.parametrize("store", STORES)
async def test_a_mark_that_was_put_on_before_a_death_is_not_left_as_working(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Killed while it works, while it ends, or while the mark is on its way: done in the end."""
    url = request.getfixturevalue("empty_database") if store == "postgres" else ""
    more: dict[str, Any] = {"store": {"type": "postgres", "url": "${DATABASE}"}} if url else {}
    go = tmp_path / "go"
    command = [*PYTHON, "-c", WAITING]
    agent = {"type": "process", "command": command, "env": {"GO": str(go)}}
    dice = random.Random(store)
    more |= {"agents": {"waiting": agent}, "each": {"reactions": "on"}}
    async with standing(tmp_path / "data", only=APPS, **more) as story:
        story.environ["DATABASE"] = url
        await story.start()
        await joined(story)
        for said in range(ROUNDS):
            go.unlink(missing_ok=True)
            for app in story.mine:
                app.says(f"word {said} in {app.name}")
            await until(
                story, lambda: all(each[-1:] == [WORKING[app]] for app, each in every(story))
            )
            if said:
                await story.end(signal.SIGKILL)
                await story.start()
                await asyncio.sleep(dice.uniform(0, 0.5))
            go.touch()
            await asyncio.sleep(dice.uniform(0, 0.4))
            await story.end(signal.SIGKILL)
            await story.start()
            await until(story, lambda: all(set(each) == {DONE[app]} for app, each in every(story)))
        assert all(len(each) == ROUNDS for _, each in every(story))


def every(story: Standing) -> list[tuple[str, list[str]]]:
    return list(marks(story).items())


async def joined(story: Standing) -> None:
    await story.until(story.apps.discord.fake.gateway.sockets)
    for app in story.mine:
        app.says(JOIN)
        await story.until(lambda app=app: story.count(app, JOINED))
    await story.settle()


async def until(story: Standing, holds: Callable[[], bool], seconds: float = 4 * PATIENCE) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"marks: {marks(story)}") from None
