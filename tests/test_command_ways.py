"""Every command can be called in every app in the way that docs/team.md says."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from bridge import texts
from bridge.demo.discord.fake import FakeDiscord
from bridge.demo.slack.server import FakeSlack
from bridge.demo.telegram.server import FakeTelegram
from bridge.domain.content import Content
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import Inbound, Spoken
from bridge.session import slash
from channels.discord.commands import menu
from channels.email.config import EmailConfig
from channels.email.parse import Arrived, Mail
from channels.email.parse import read as read_mail
from tests import docs_tables
from tests.channels.discord import account as discord_account
from tests.channels.slack import rig as slack_rig
from tests.channels.telegram import connected as telegram_rig
from tests.channels.whatsapp import ear as whatsapp_ear
from tests.channels.whatsapp.stage import staged
from tests.conformance.rigs.mail import TRUSTED, US, written
from tests.http.rig import INBOX, serving
from tests.waiting import until

NAMES = [each.name for each in slash.COMMANDS]
Heard = Sequence[tuple[str, bool, bool]]
"""What was heard: the words, whether it was for the bridge, and whether others read them."""


def _told(heard: Sequence[object]) -> Heard:
    found = [each for each in heard if isinstance(each, Inbound)]
    return [
        (each.what.content.text, each.what.addressed, each.room)
        for each in found
        if isinstance(each.what, Spoken)
    ]


async def telegram(*, group: bool = False) -> Heard:
    async with FakeTelegram.open() as fake:
        bot, ada, ear = fake.bot("your_bot"), fake.person("Ada"), telegram_rig.Ear()
        room = fake.group("Team", bot) if group else bot.dm(ada)
        there = telegram_rig.connect(fake, bot)
        async with there.listening(ear):
            await until(lambda: bot.commands)
            assert [each["command"] for each in bot.commands] == NAMES
            for name in NAMES:
                ada.says(room, f"/{name}@your_bot" if group else f"/{name}")
            await until(lambda: len(ear.heard) == len(NAMES))
    return _told(ear.heard)


async def telegram_group() -> Heard:
    return await telegram(group=True)


async def discord(*, room: bool = False) -> Heard:
    listed = [each["name"] for each in menu()]
    assert listed[: len(NAMES)] == NAMES
    with FakeDiscord.serving() as fake:
        ada, ear = fake.person("Ada"), discord_account.Ear()
        there = fake.room() if room else fake.direct(ada)
        async with discord_account.Account(fake).listening(ear):
            for name in NAMES:
                ada.commands(there, name)
            await until(lambda: len(ear.heard) == len(NAMES))
            for name in NAMES:
                ada.says(there, f"{fake.bot.mention()} /{name}" if room else f"/{name}")
            await until(lambda: len(ear.heard) == 2 * len(NAMES))
    first, second = _told(ear.heard[: len(NAMES)]), _told(ear.heard[len(NAMES) :])
    assert [each[0] for each in first] == [each[0] for each in second]
    return second


async def discord_room() -> Heard:
    return await discord(room=True)


async def slack(*, kind: str = "dm") -> Heard:
    async with FakeSlack() as fake:
        ada, ear = fake.person("Ada"), slack_rig.Ear()
        room = fake.dm(ada) if kind == "dm" else fake.room("general", ada)
        async with slack_rig.listening(slack_rig.opened(fake), ear):
            await slack_rig.connected(fake)
            root = ada.says(room, "good morning") if kind == "thread" else None
            before = 1 if root is not None else 0
            await until(lambda: len(ear.heard) == before)
            for name in NAMES:
                if root is None:
                    ada.types(room, name)
                else:
                    ada.says(room, f"<@{fake.workspace.bot_user}> /{name}", thread=root.ts)
            await until(lambda: len(ear.heard) == len(NAMES) + before)
    return _told(ear.heard[before:])


async def slack_room() -> Heard:
    return await slack(kind="room")


async def slack_thread() -> Heard:
    return await slack(kind="thread")


async def whatsapp() -> Heard:
    async with staged() as stage:
        ear, ada = whatsapp_ear.Ear(), stage.fake.person("Ada")
        async with whatsapp_ear.listening(stage.channel, ear):
            for name in NAMES:
                stage.fake.says(ada, f"/{name}")
            await until(lambda: len(ear.heard) == len(NAMES))
    return _told(ear.heard)


async def email() -> Heard:
    config = EmailConfig.model_validate(
        {
            "address": US, "password": "x", "imap": "mx.example.com", "smtp": "mx.example.com",
            "trusts": TRUSTED,
        }
    )  # fmt: skip
    heard = []
    for number, name in enumerate(NAMES):
        body = written("ada@example.org", f"/{name}", number=number)
        told = Arrived(ref="1/2", body=body, size=len(body), at=datetime(2026, 11, 30, tzinfo=UTC))
        found = read_mail(told, config, ChannelName("mail"))
        assert isinstance(found, Mail)
        heard.append(found.inbound)
    return _told(heard)


async def page() -> Heard:
    """Whatever is typed there is sent as it is: the session answers."""
    unknown = []
    async with serving() as bridge, bridge.client() as ada:
        for name in NAMES:
            answer = await ada.post(INBOX, json={"type": "message", "text": f"/{name}"})
            unknown += [name] if texts.no_such_command(name) in answer.text else []
        answer = await ada.post(INBOX, json={"type": "message", "text": "/marco"})
        assert texts.no_such_command("marco") in answer.text
    assert unknown == []
    return [(f"/{name}", True, False) for name in NAMES]


CALLS = {
    each.__name__: each
    for each in (
        telegram,
        telegram_group,
        discord,
        discord_room,
        slack,
        slack_room,
        slack_thread,
        whatsapp,
        email,
        page,
    )
}


def test_every_way_has_a_test_of_its_name():
    assert CALLS.keys() == {each.name for each in docs_tables.WAYS}


@pytest.mark.parametrize("way", docs_tables.WAYS, ids=lambda each: each.name)
async def test_every_command_is_called_so(way):
    heard = {words: (addressed, room) for words, addressed, room in await CALLS[way.name]()}
    commands = {slash.commanded(Content(text=words)) for words in heard}
    called = {each.command.name for each in commands if isinstance(each, slash.Slash)}
    assert called == set(NAMES)
    assert set(heard.values()) == {(True, way.where == "room")}
