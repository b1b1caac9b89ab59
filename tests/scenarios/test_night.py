"""An approval asked at night in all apps, and given in the morning from another one."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bridge.demo.apps import App, shown
from tests.fakes.models import Answers, FakeModels, calls
from tests.scenarios.four import Four, four_apps

PROGRAM = Path(__file__).parents[1] / "fakes" / "mcp_program.py"
NIGHT = timedelta(hours=10)


class LaterClock:
    """The real clock, so much later."""

    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


def helper(models: FakeModels) -> dict[str, object]:
    tools = {"mcp": {"files": {"command": sys.executable, "args": ["-S", str(PROGRAM)]}}}
    model = {"model": "openai/gpt-4o-mini", "api_base": models.base("openai"), "api_key": "k"}
    return {"helper": {"type": "litellm", **model, "tools": tools}}


def card(app: App) -> str:
    """Return the newest message that asks for leave."""
    return [text for text in shown(app) if "May I use" in text][-1]


async def gathered(story: Four, models: FakeModels) -> None:
    models.replies = []
    await story.gather()


async def test_asked_at_night_answered_next_morning_from_another_app(models, tmp_path):
    noted = tmp_path / "noted"
    async with four_apps(tmp_path / "data", agents=helper(models)) as story:
        apps = story.apps
        async with story.serving(LaterClock()):
            await gathered(story, models)
            models.replies = [
                calls("files__note", text=str(noted), saying="I will note it."),
                Answers(text="It is noted, good morning."),
            ]
            apps.whatsapp.says("Note this, please.")
            await story.until_everywhere("May I use")
            await story.settle()
        assert json.dumps(str(noted)).strip('"') in card(apps.whatsapp), "the exact call"
        async with story.serving(LaterClock(NIGHT / 2)):  # nobody is awake
            await story.settle()
        assert not noted.exists()
        async with story.serving(LaterClock(NIGHT)):
            await story.until(apps.discord.fake.gateway.sockets)
            await story.settle(0.5)  # Discord loses a press while nobody is connected
            apps.discord.presses("Approve")
            await story.until_everywhere("It is noted, good morning.")
            await story.settle()
            for app in (apps.slack, apps.telegram, apps.discord):
                assert "Discord" in card(app), (app.name, "who decided, and where")
                assert not any(look.buttons for look in app.seen()), app.name
            assert any("Ada" in text and "Approve" in text for text in shown(apps.whatsapp))
    assert noted.read_text() == "ran\n", "once"


async def test_a_message_while_an_approval_is_open_is_answered_and_the_question_stays(
    models, tmp_path
):
    noted = tmp_path / "noted"
    async with four_apps(tmp_path / "data", agents=helper(models)) as story, story.serving():
        await gathered(story, models)
        models.replies = [
            calls("files__note", text=str(noted)),
            Answers(text="It is half past nine."),
            Answers(text="Now it is noted."),
        ]
        story.apps.telegram.says("Note this, please.")
        await story.until_everywhere("May I use")
        story.apps.slack.says("What time is it?")
        await story.until_everywhere("It is half past nine.")
        assert not noted.exists()
        story.apps.telegram.presses("Approve")
        await story.until_everywhere("Now it is noted.")
    assert noted.read_text() == "ran\n"
