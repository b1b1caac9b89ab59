"""The line to Telegram: how it begins, and what it does when it is cut."""

import asyncio

import pytest

from bridge.demo.telegram.methods import get_updates
from bridge.domain.errors import Unauthorized
from channels.telegram.inbound import Poller
from tests.channels.telegram.connected import BRISK, Ear, connect
from tests.waiting import soon


async def begun(telegram):
    await telegram.until(lambda: telegram.fake.calls["getUpdates"])


async def test_the_commands_are_in_the_menu(telegram, bot):
    async with telegram.listening(Ear()):
        await begun(telegram)
    names = {each["command"] for each in bot.commands}
    assert {"help", "link", "status", "stop"} <= names
    assert all(each["description"] for each in bot.commands)


async def test_the_menu_is_in_every_language(telegram, bot):
    async with telegram.listening(Ear()):
        await begun(telegram)
    assert bot.commands_in.keys() == {"de", "es", "fr", "zh"}
    (help_in_german,) = [each for each in bot.commands_in["de"] if each["command"] == "help"]
    assert help_in_german["description"] == "was du hier tun kannst"
    assert all(len(each) == len(bot.commands) for each in bot.commands_in.values())


async def test_without_a_menu_it_listens_all_the_same(fake, telegram, bot, ada, dm):
    fake.fault("setMyCommands", status=500)
    ear = Ear()
    async with telegram.listening(ear):
        ada.says(dm, "hello")
        await telegram.until(lambda: bot.confirmed)
    assert bot.commands == []


async def test_a_webhook_goes_and_what_waited_for_it_is_heard(telegram, bot, ada, dm):
    bot.webhook = "https://elsewhere.example/hook"
    ada.says(dm, "early")
    ear = Ear()
    async with telegram.listening(ear):
        await telegram.until(lambda: bot.confirmed)
    assert bot.webhook == ""
    assert ear.said == ["early"]


async def test_a_webhook_set_meanwhile_goes_too(telegram, bot, ada, dm, capsys):
    ear = Ear()
    async with telegram.listening(ear):
        await begun(telegram)
        bot.webhook = "https://elsewhere.example/hook"
        ada.says(dm, "wake")
        await telegram.until(lambda: bot.webhook == "")
        ada.says(dm, "hello")
        await telegram.until(lambda: len(bot.confirmed) == 2)
    assert ear.said == ["wake", "hello"]
    assert "webhook removed" in capsys.readouterr().out


async def test_a_second_poller_is_said_once_and_waited_out(telegram, bot, ada, dm, capsys):
    ear = Ear()
    async with telegram.listening(ear):
        await begun(telegram)
        for _ in range(3):
            await get_updates(bot, {"timeout": 0})
            await telegram.until(lambda: telegram.channel._line.trouble is not None)
        ada.says(dm, "hello")
        await telegram.until(lambda: bot.confirmed)
        assert telegram.channel._line.trouble is None
    assert ear.said == ["hello"]
    assert "code=409" in capsys.readouterr().out


@pytest.mark.parametrize("revoked", [True, False])
async def test_a_refused_token_ends_it(fake, bot, revoked):
    if revoked:
        bot.revoked = True
    else:
        del fake.bots[bot.token]
    with pytest.raises(Unauthorized):
        await soon(connect(fake, bot).channel.listen(Ear()))


async def test_a_token_that_is_revoked_meanwhile_ends_it(telegram, bot, ada, dm):
    async with telegram.listening(Ear()):
        await begun(telegram)
    listening = asyncio.create_task(telegram.channel.listen(Ear()))
    await asyncio.sleep(0.05)
    bot.revoked = True
    ada.says(dm, "wake")
    with pytest.raises(Unauthorized):
        await soon(listening)


async def test_a_page_in_between_is_no_reason_to_end(fake, telegram, bot, ada, dm):
    fake.fault("getMe", status=404, page=True)
    fake.fault("getUpdates", status=404, page=True)
    fake.fault("getUpdates", status=502, page=True)
    fake.fault("getUpdates", status=200, page=True)
    ear = Ear()
    async with telegram.listening(ear):
        ada.says(dm, "hello")
        await telegram.until(lambda: bot.confirmed)
    assert ear.said == ["hello"]


async def test_while_telegram_is_away_it_tries_again_and_says_so_once(
    fake, telegram, bot, dm, capsys
):
    ear = Ear()
    async with telegram.listening(ear):
        await begun(telegram)
        await fake.down()
        dm.person.says(dm, "while down")
        await telegram.until(lambda: telegram.channel._line._tries > 3)
        await fake.up()
        await telegram.until(lambda: bot.confirmed)
    assert ear.said == ["while down"]
    told = capsys.readouterr().out
    assert told.count("telegram heard again") == 1
    assert told.count("telegram not heard") <= 3, "once for each way in which it failed"


async def test_a_wait_that_telegram_asks_for_is_kept(fake, bot):
    waits = []

    class Clock:
        def now(self):
            from datetime import UTC, datetime

            return datetime.now(UTC)

        async def sleep(self, seconds):
            waits.append(seconds)
            await asyncio.sleep(0)

    telegram = connect(fake, bot, clock=Clock())
    fake.fault("getUpdates", status=429, words="Too Many Requests", retry_after=40)
    async with telegram.listening(Ear()):
        await telegram.until(lambda: fake.calls["getUpdates"] > 1)
    assert 39 < waits[0] <= 40


async def test_pauses_grow_up_to_the_longest(fake, bot):
    waits = []

    class Clock:
        def now(self):
            raise AssertionError

        async def sleep(self, seconds):
            waits.append(seconds)

    line = Poller("telegram", Clock(), type(BRISK)(longest=15.0))
    from bridge.domain.errors import Unreachable

    for _ in range(8):
        await line._wait_out(Unreachable(code="x"))
    assert waits == sorted(waits)
    assert 1 <= waits[0] <= 2
    assert waits[-1] == 15.0
