"""The connection is mended by itself, and whatever happens to it nothing said is lost."""

import asyncio
import threading
import time

import pytest

from bridge.domain.errors import Unauthorized
from channels.discord.config import Pace
from tests.channels.discord.account import Account, Ear
from tests.waiting import soon, until


async def test_a_cut_connection_is_resumed_and_what_was_missed_is_told(discord, account, ada):
    room = discord.direct(ada)
    async with account.listening() as ear:
        ada.says(room, "one")
        await ear.until(1)
        discord.run(discord.gateway.close(4000))
        ada.says(room, "two")
        await ear.until(2)
    assert ear.texts() == ["one", "two"]
    assert (discord.gateway.identified, discord.gateway.resumed) == (1, 1)


async def test_edits_made_during_a_cut_are_told_when_it_is_resumed(discord, account, ada):
    room = discord.direct(ada)
    async with account.listening() as ear:
        message = ada.says(room, "helo")
        await ear.until(1)
        discord.run(discord.gateway.close(4000))
        ada.corrects(message, "hello")
        await ear.until(2)
    assert ear.heard[1].what.content.text == "hello"


async def test_asked_to_reconnect_it_does(discord, account, ada):
    room = discord.direct(ada)
    async with account.listening() as ear:
        discord.run(discord.gateway.ask_to_reconnect())
        await until(lambda: discord.gateway.resumed == 1)
        ada.says(room, "hello")
        await ear.until(1)
    assert discord.gateway.identified == 1


@pytest.mark.parametrize("resumable", [True, False])
async def test_a_session_that_is_over_is_begun_anew_and_the_gap_is_read_back(
    discord, account, ada, resumable
):
    room = discord.direct(ada)
    async with account.listening() as ear:
        ada.says(room, "one")
        await ear.until(1)
        discord.run(discord.gateway.invalidate(resumable=resumable))
        ada.says(room, "two", untold=not resumable)
        await ear.until(2)
    assert ear.texts() == ["one", "two"]
    assert discord.gateway.identified == (1 if resumable else 2)


async def test_a_resume_that_is_refused_becomes_a_new_session_with_the_gap_read_back(
    discord, account, ada
):
    room = discord.direct(ada)
    async with account.listening() as ear:
        ada.says(room, "one")
        await ear.until(1)
        discord.gateway.refuse_resume = True
        ada.says(room, "two", untold=True)
        discord.run(discord.gateway.close(4000))
        await ear.until(2)
        ada.says(room, "three")
        await ear.until(3)
    assert ear.texts() == ["one", "two", "three"]
    assert discord.gateway.identified == 2


async def test_what_a_resume_leaves_out_is_read_back_before_what_comes_after(discord, account, ada):
    room = discord.direct(ada)
    async with account.listening() as ear:
        ada.says(room, "one")
        await ear.until(1)
        ada.says(room, "two, which no event tells", untold=True)
        discord.run(discord.gateway.close(4000))
        ada.says(room, "three")
        await ear.until(3)
    assert ear.texts() == ["one", "two, which no event tells", "three"]


async def test_a_discord_that_was_down_for_a_while_is_found_again(discord, account, ada):
    room = discord.direct(ada)
    async with account.listening() as ear:
        ada.says(room, "before")
        await ear.until(1)
        discord.down()
        ada.says(room, "during")
        await asyncio.sleep(0.1)
        discord.up()
        await ear.until(2)
        ada.says(room, "after")
        await ear.until(3)
    assert ear.texts() == ["before", "during", "after"]


async def test_a_discord_that_is_down_at_the_start_is_waited_for(discord, ada):
    account = Account(discord)
    discord.down()
    ear = Ear()
    task = asyncio.create_task(account.channel.listen(ear))
    await asyncio.sleep(0.05)
    assert not task.done()
    discord.up()
    await until(lambda: discord.gateway.identified == 1)
    ada.says(discord.direct(ada), "hello")
    await ear.until(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "trouble", [{"status": 500}, {"status": 502, "html": True}, {"status": 429}]
)
async def test_trouble_at_the_login_is_waited_out(discord, account, ada, trouble):
    discord.fault("me", times=2, **trouble)
    async with account.listening() as ear:
        ada.says(discord.direct(ada), "hello")
        await ear.until(1)


async def test_heartbeats_are_sent(discord, account):
    discord.gateway.heartbeat = 20
    async with account.listening():
        await until(lambda: discord.gateway.heartbeats >= 3)


async def test_a_refused_token_ends_it(discord):
    account = Account(discord, token="wrong")
    with pytest.raises(Unauthorized):
        await soon(account.channel.listen(Ear()))


@pytest.mark.parametrize(("code", "says"), [(4004, "token"), (4014, "Message Content Intent")])
async def test_a_gateway_that_refuses_us_ends_it_and_says_why(discord, account, code, says):
    discord.gateway.closing = [code]
    with pytest.raises(Unauthorized, match=says) as raised:
        await soon(account.channel.listen(Ear()))
    assert raised.value.code == str(code)


async def test_without_the_intent_discord_really_refuses(discord, account):
    discord.bot.content = False
    with pytest.raises(Unauthorized, match="Message Content Intent"):
        await soon(account.channel.listen(Ear()))


async def test_a_gateway_that_hangs_up_at_once_is_not_called_without_a_pause(discord):
    discord.gateway.closing = [4000] * 4
    account = Account(discord, pace=Pace(reconnect=(0.0, 0.05, 0.05), identify=0.0))
    began = time.monotonic()
    async with account.listening():
        assert time.monotonic() - began >= 3 * 0.05
    assert discord.calls["gateway"] == 5


async def test_when_it_ends_no_task_and_no_thread_is_left(discord, account, ada):
    before = asyncio.all_tasks()
    discord.room()
    async with account.listening() as ear:
        ada.says(discord.direct(ada), "hello")
        await ear.until(1)
    assert asyncio.all_tasks() == before
    await until(lambda: not [each for each in threading.enumerate() if "keep-alive" in each.name])
