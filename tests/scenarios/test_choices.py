"""What can be chosen is buttons in the chat apps; a press is what its presser could have typed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bridge import texts
from bridge.demo.apps import Apps, four
from tests.running import running_bridge
from tests.scenarios.four import Four, four_apps
from tests.waiting import PATIENCE, until

MODES = ("steer", "queue", "interrupt")
NOW = "queue (now)"


async def test_a_mode_is_chosen_with_a_button_wherever_there_are_buttons(tmp_path: Path):
    """Everywhere else the same can be typed: the list stands in the words."""
    async with four_apps(tmp_path / "data") as story, story.serving():
        await story.gather()
        opened = {"type": "message", "text": "/may mode members"}
        async with owner(story) as opener:
            (await opener.post("/v1/stream/sessions/main/inbox", json=opened)).raise_for_status()
        with_buttons = (story.apps.telegram, story.apps.discord, story.apps.slack)
        chosen = zip(with_buttons, ("queue", "interrupt", "steer"), strict=True)
        for app, mode in chosen:
            app.says("/mode")
            await story.until(lambda app=app: any(each.buttons == MODES for each in app.seen()))
            app.presses(mode)
            await until_chosen(story, mode)
        story.apps.whatsapp.says("/mode")
        await story.until(lambda: story.count(story.apps.whatsapp, "/mode NAME"))
        assert not any(each.buttons for each in story.apps.whatsapp.seen())


def owner(story: Four) -> httpx.AsyncClient:
    token = {"Authorization": f"Bearer {story.page.partition('token=')[2]}"}
    return httpx.AsyncClient(base_url=story.url, headers=token)


async def until_chosen(story: Four, mode: str) -> None:
    async with owner(story) as reader, asyncio.timeout(PATIENCE):
        while True:
            log = (await reader.get("/v1/stream/sessions/main")).json()
            changes = [each for each in log if each["type"] == "setting_changed"]
            if (changes[-1]["name"], changes[-1]["value"]) == ("mode", mode):
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def in_a_room(folder: Path, make: Callable[[Apps], dict[str, str]]) -> AsyncIterator[Apps]:
    async with four() as apps:
        lines = []
        for key, value in make(apps).items():
            if key.endswith("token"):
                file = folder / key
                file.write_text(value)
                file.chmod(0o600)
                value = f"{{file: {file}}}"  # noqa: PLW2901 - it is read from there
            lines.append(f"    {key}: {value}")
        section = "\n".join(["  app:", *lines, '    allow: ["*"]', "    welcome: false"])
        async with running_bridge(folder / "data", f"channels:\n{section}\n"):
            yield apps


async def test_in_a_group_of_telegram_a_press_is_the_pressers_own(tmp_path: Path):
    """Bob may not choose for everyone, whoever asked for the buttons; he is told so."""
    async with in_a_room(tmp_path, lambda apps: dict(apps.telegram.section())) as apps:
        bot, ada = apps.telegram.bot, apps.telegram.person
        bob = apps.telegram.fake.person("Bob")
        team = apps.telegram.fake.group("Team", bot)
        ada.says(team, f"@{bot.username} hello")
        ada.says(team, f"/mode@{bot.username}")
        await until(lambda: any(each.buttons for each in team.seen()))
        refused = bob.presses(team, "queue")
        await until(lambda: bot.queries[refused] is not None)
        assert bot.queries[refused] == texts.OWNERS_ONLY
        taken = ada.presses(team, "queue")
        await until(lambda: bot.queries[taken])
        assert "queue from now on" in bot.queries[taken]


async def test_in_a_room_of_discord_a_press_is_the_pressers_own(tmp_path: Path):
    async with in_a_room(tmp_path, lambda apps: dict(apps.discord.section())) as apps:
        fake, ada = apps.discord.fake, apps.discord.person
        bob, room = fake.person("Bob"), fake.room("team")
        await until(lambda: fake.gateway.identified)
        for words in ("hello", "/mode"):
            ada.says(room, f"{fake.bot.mention()} {words}")
        await until(lambda: any(each.buttons for each in fake.messages(room)))
        card = next(each for each in fake.messages(room) if each.buttons)
        refused = bob.presses(card, "queue")
        await until(lambda: refused.whispers)
        assert refused.whispers == [texts.OWNERS_ONLY]
        taken = ada.presses(card, "queue")
        await until(lambda: taken.whispers)
        assert "from now on" in taken.whispers[0]


async def test_from_the_menu_of_discord_the_buttons_are_whispered(tmp_path: Path):
    async with in_a_room(tmp_path, lambda apps: dict(apps.discord.section())) as apps:
        fake, ada = apps.discord.fake, apps.discord.person
        await until(lambda: fake.gateway.identified)
        begun = ada.commands(fake.direct(ada), "notify", "all")
        await until(lambda: begun.whispers)
        interaction = ada.commands(fake.direct(ada), "mode")
        await until(lambda: interaction.whispers)
        assert tuple(interaction.buttons) == MODES


async def test_in_a_thread_of_slack_the_buttons_are_for_the_thread(tmp_path: Path):
    """The reply stands outside of it, where only the asker sees it."""
    async with in_a_room(tmp_path, lambda apps: dict(apps.slack.section())) as apps:
        fake, ada = apps.slack.fake, apps.slack.person
        room = fake.room("team", ada)
        await until(lambda: fake.sockets.connected)
        mention = f"<@{fake.workspace.bot_user}>"
        begun = ada.says(room, f"{mention} hello")
        ada.says(room, f"{mention} /mode", thread=begun.ts)
        await until(lambda: room.ephemeral)
        ada.presses_aside(room, MODES.index("queue"))
        await until(lambda: len(room.ephemeral) == 2)
        assert "from now on" in room.ephemeral[-1][1]["text"]
        ada.says(room, f"{mention} /mode", thread=begun.ts)
        await until(lambda: len(room.ephemeral) == 3)
        assert NOW in room.ephemeral[-1][1]["text"]
