"""Accounts of the kind side by side do not mix, on one Discord or on two."""

import subprocess
import sys

from bridge.ids import ChannelName
from bridge.plugins import load
from channels.discord.config import API_URL
from tests.channels.discord.account import Account, part
from tests.fakes.discord.fake import FakeDiscord


async def test_two_bots_on_one_discord_hear_and_show_their_own(discord):
    second = discord.add_bot("Second")
    discord.server.bots.append(second)
    ada = discord.person("Ada")
    accounts = [Account(discord, bot, name=ChannelName(bot.name)) for bot in (discord.bot, second)]
    rooms = [discord.direct(ada, bot) for bot in (discord.bot, second)]
    async with accounts[0].listening() as first, accounts[1].listening() as other:
        ada.says(rooms[0], "to the first")
        ada.says(rooms[1], "to the second")
        await first.until(1)
        await other.until(1)
        for account, room in zip(accounts, rooms, strict=True):
            await account.channel.send(account.at(room), part(f"from {account.name}"))
    assert first.texts() == ["to the first"]
    assert other.texts() == ["to the second"]
    assert [discord.shown(room) for room in rooms] == [["from Bridge"], ["from Second"]]


async def test_accounts_with_different_addresses_never_call_each_others():
    with FakeDiscord.serving() as here, FakeDiscord.serving() as there:
        accounts = [Account(here), Account(there)]
        people = [fake.person("Ada") for fake in (here, there)]
        rooms = [fake.direct(ada) for fake, ada in zip((here, there), people, strict=True)]
        async with accounts[0].listening() as first, accounts[1].listening() as second:
            people[0].says(rooms[0], "here")
            people[1].says(rooms[1], "there")
            await first.until(1)
            await second.until(1)
            for account, room in zip(accounts, rooms, strict=True):
                await account.channel.send(account.at(room), part())
            there.run(there.gateway.invalidate(resumable=False))
            people[1].says(rooms[1], "still there")
            await second.until(2)
    assert first.texts() == ["here"]
    assert second.texts() == ["there", "still there"]
    assert here.gateway.identified == 1
    assert there.gateway.identified == 2


def test_by_default_it_is_the_real_discord():
    config = load("channels", "discord").config.model_validate({"token": "x"})
    assert config.api_url == API_URL
    assert "x" not in repr(config.token)


def test_a_config_is_checked_without_the_library():
    code = (
        "import sys; from bridge.plugins import load;"
        "load('channels', 'discord').config.model_validate({'token': 'x'});"
        "print('discord' in sys.modules, 'aiohttp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
