"""A call is one request to its own account's Discord, and none that would be one too many."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.demo.discord.fake import FakeDiscord
from bridge.domain.errors import RateLimited
from bridge.domain.ids import ChannelName
from bridge.engine.clock import SystemClock
from tests.channels.discord.account import Account, part
from tests.waiting import until


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


# -- one call is one request


async def test_an_empty_bucket_is_not_called(discord, account, direct, monkeypatch):
    empty = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "30"}
    monkeypatch.setattr("bridge.demo.discord.fake._bucket", lambda: empty)
    await account.channel.send(account.at(direct), part("one", 1))
    with pytest.raises(RateLimited) as raised:
        await account.channel.send(account.at(direct), part("two", 2))
    assert raised.value.code == "bucket"
    assert raised.value.until - datetime.now(UTC) > timedelta(seconds=20)
    assert discord.calls["send"] == 1


async def test_an_empty_bucket_is_called_again_when_the_clock_was_set_back(
    discord, account, direct, monkeypatch
):
    """How much of the wait has passed nobody knows then; it is not as long as the clock is off."""
    empty = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "30"}
    monkeypatch.setattr("bridge.demo.discord.fake._bucket", lambda: empty)
    await account.channel.send(account.at(direct), part("one", 1))
    now = datetime.now(UTC) - timedelta(days=1)
    monkeypatch.setattr(SystemClock, "now", lambda _: now)
    await account.channel.send(account.at(direct), part("two", 2))
    assert discord.calls["send"] == 2


async def test_without_a_listener_no_connection_is_kept(discord, account, direct):
    await account.channel.send(account.at(direct), part("one", 1))
    await account.channel.send(account.at(direct), part("two", 2))
    await until(lambda: discord.connections() == 0)
    async with account.listening():
        await account.channel.send(account.at(direct), part("three", 3))
        assert discord.connections() > 0
    await account.channel.send(account.at(direct), part("four", 4))
    await until(lambda: discord.connections() == 0)
