"""A Slack channel and a Telegram group as one room, on the real clients: what crosses, and once."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from bridge.app import Running
from bridge.demo.apps import Apps, four
from tests.running import running_bridge
from tests.waiting import PATIENCE, until

CODE = re.compile(r"/link (\w{5}-\w{5})")


@dataclass
class Rooms:
    """The two rooms: Sam writes in the channel, Tom in the group; Ada owns the bridge."""

    apps: Apps
    bridge: Running
    sam: Any
    tom: Any
    channel: Any
    group: Any

    def in_group(self) -> list[Any]:
        """The bridge's messages in the group."""
        bot = self.apps.telegram.bot
        return [each for each in self.group.seen() if each.author is bot]

    def in_channel(self) -> list[Any]:
        return [each for each in self.channel.visible() if each.bot]

    def told(self) -> list[str]:
        """Everything in the channel, also what only one person sees."""
        return [
            *(each.shown for each in self.in_channel()),
            *(given["text"] for _, given in self.channel.ephemeral),
        ]

    def copy(self, words: str) -> Any:
        return next((each for each in self.in_group() if words in each.text), None)

    def mention(self, room: str) -> str:
        slack = self.apps.slack.fake.workspace.bot_user
        return f"<@{slack}> " if room == "slack" else f"@{self.apps.telegram.bot.username} "

    async def events(self, kind: str) -> list[dict[str, Any]]:
        found = await self._get("events", limit=200)
        return [each for each in found["events"] if each["type"] == kind]

    async def receipt(self, words: str) -> None:
        """Wait until the bridge has read which messages show this: before, a reply names none."""
        heard = await self.events("message_received")
        (seq,) = (each["seq"] for each in heard if each["content"]["text"] == words)
        await self._get(f"deliveries/{seq}", wait="settled")

    async def _get(self, what: str, **query: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.bridge.token}"}
        async with httpx.AsyncClient(
            base_url=self.bridge.url, headers=headers, trust_env=False, timeout=PATIENCE
        ) as client:
            answer = await client.get(f"/v1/sessions/main/{what}", params=query)
            assert answer.status_code == 200, answer.text
            return dict(answer.json())


def says(shown: Callable[[], list[str]], words: str) -> Callable[[], bool]:
    return lambda: any(words in " ".join(re.sub(r"[*_`]", "", t).split()) for t in shown())


@asynccontextmanager
async def joined(folder) -> AsyncIterator[Rooms]:
    async with four() as apps:
        telegram, slack = apps.telegram, apps.slack
        telegram.bot.privacy = False
        tom, sam = telegram.fake.person("Tom"), slack.fake.person("Sam")
        group = telegram.fake.group("Team", telegram.bot)
        channel = slack.fake.room("team", slack.person, sam)
        sections = []
        for app, people in (
            (telegram, [telegram.person.id, tom.id]),
            (slack, [slack.person.id, sam.id]),
        ):
            lines = [f"  {app.name}:", "    welcome: false", f"    allow: {[*map(str, people)]}"]
            for key, value in app.section().items():
                if "token" in key:
                    file = folder / f"{app.name}_{key}"
                    file.write_text(value)
                    file.chmod(0o600)
                    lines.append(f"    {key}: {{file: {file}}}")
                else:
                    lines.append(f'    {key}: "{value}"')
            sections += lines
        sections.append("    threads: never")
        config = "\n".join(["agents: {echo: {type: echo, delay: 0}}", "channels:", *sections, ""])
        async with running_bridge(folder / "data", config) as bridge:
            await until(lambda: slack.fake.sockets.connected)
            rooms = Rooms(apps=apps, bridge=bridge, sam=sam, tom=tom, channel=channel, group=group)
            await _follow(rooms)
            yield rooms


async def _follow(rooms: Rooms) -> None:
    """Let Ada be the owner in both apps, and both rooms follow her session."""
    telegram, slack = rooms.apps.telegram, rooms.apps.slack
    dm = telegram.chat.shown
    telegram.says(rooms.bridge.code)
    await until(says(dm, "You are now the owner"))
    telegram.says("/link")
    await until(lambda: any(CODE.search(each) for each in dm()))
    (code,) = {found[1] for each in dm() if (found := CODE.search(each))}
    slack.says(f"/link {code}")
    await until(lambda: len([each for each in slack.seen() if not each.who]) > 0)
    mention = rooms.mention("telegram")
    telegram.person.says(rooms.group, f"{mention}/follow main")
    await until(says(rooms.group.shown, "/follow main yes"))
    telegram.person.says(rooms.group, f"{mention}/follow main yes")
    await until(says(rooms.group.shown, "now follows this session"))
    mention = rooms.mention("slack")
    slack.person.says(rooms.channel, f"{mention}/follow main")
    await until(says(rooms.told, "/follow main yes"))
    slack.person.says(rooms.channel, f"{mention}/follow main yes")
    await until(says(rooms.told, "now follows this session"))


async def test_what_is_said_changed_reacted_to_and_taken_back_crosses_once(tmp_path) -> None:
    async with joined(tmp_path) as rooms:
        rooms.sam.says(rooms.channel, f"{rooms.mention('slack')}I am here")
        await until(lambda: rooms.copy("said: I am here"))
        rooms.tom.says(rooms.group, f"{rooms.mention('telegram')}me too")
        await until(lambda: any("said: me too" in each.shown for each in rooms.in_channel()))

        lunch = rooms.sam.says(rooms.channel, "Lunch at noon?")
        await until(lambda: rooms.copy("Lunch at noon?"))
        assert "Sam" in rooms.copy("Lunch at noon?").text

        await rooms.receipt("Lunch at noon?")
        reply = rooms.tom.says(rooms.group, "Gladly", reply_to=rooms.copy("Lunch at noon?"))
        await until(lambda: any("Gladly" in each.shown for each in rooms.in_channel()))
        heard = await rooms.events("message_received")
        (said,) = (each for each in heard if each["content"]["text"] == "Gladly")
        (about,) = (each for each in heard if each["content"]["text"] == "Lunch at noon?")
        assert said["reply_to"] == about["seq"]

        rooms.sam.edits(lunch, "Lunch at one?")
        await until(lambda: rooms.copy("Lunch at one?"))
        assert rooms.copy("Lunch at noon?") is None

        rooms.tom.reacts(rooms.copy("Lunch at one?"), "👍")
        await until(lambda: lunch.reactions.get("thumbsup"))
        assert lunch.reactions["thumbsup"] == [rooms.apps.slack.fake.workspace.bot_user]

        gladly = next(each for each in rooms.in_channel() if "Gladly" in each.shown)
        rooms.sam.reacts(gladly, "heart")
        await until(lambda: reply.reactions.get(rooms.apps.telegram.bot.id) == ["❤"])

        rooms.tom.reacts(rooms.copy("Lunch at one?"))
        await until(lambda: not lunch.reactions["thumbsup"])

        rooms.sam.deletes(lunch)
        await until(lambda: rooms.copy("Lunch at one?") is None)

        copies = [each.shown for each in rooms.in_channel() if "said:" not in each.shown]
        assert sum("Gladly" in each for each in copies) == 1
        assert not any(
            "Gladly" in each.text for each in rooms.in_group() if "said:" not in each.text
        )
        assert len(await rooms.events("reacted")) == 3


async def test_a_thread_below_a_copy_asks_the_agent(tmp_path) -> None:
    """As one below an original does: what the copy shows is told along (`test_threads`)."""
    async with joined(tmp_path) as rooms:
        rooms.tom.says(rooms.group, "Lunch at noon?")
        await until(lambda: any("Lunch at noon?" in each.shown for each in rooms.in_channel()))
        copy = next(each for each in rooms.in_channel() if "Lunch at noon?" in each.shown)
        rooms.sam.says(rooms.channel, "why so late?", thread=copy.ts)
        slack = rooms.apps.slack.fake
        answers = lambda: [each.shown for each in slack.shown(rooms.channel, copy.ts)]  # noqa: E731
        await until(says(answers, "said: why so late?"))
        assert not any("why so late?" in each.text for each in rooms.in_group())
