"""`bridge doctor` over planted faults: each has a line of its own that says what to do."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bridge.demo.telegram.methods import get_updates
from tests.channels.telegram.connected import Ear, connect


async def checks(telegram):
    return {check.name: check for check in await telegram.channel.diagnose()}


async def bad(telegram):
    """Return the one thing that is wrong."""
    (found,) = [check for check in (await checks(telegram)).values() if not check.ok]
    assert found.detail
    assert found.fix
    return found


@pytest.fixture
async def sound(telegram, bot):
    """A bot that has listened once, so that nothing is wrong with it."""
    bot.privacy = False
    async with telegram.listening(Ear()):
        await telegram.until(lambda: telegram.fake.calls["getUpdates"])
    return telegram


async def test_when_nothing_is_wrong_each_check_says_so(sound):
    found = await checks(sound)
    assert list(found) == [
        "token",
        "webhook",
        "messages",
        "groups",
        "commands",
        "files",
        "clock",
    ]
    assert all(check.ok for check in found.values())
    assert found["token"].detail == "@bridge_bot"


async def test_looking_acknowledges_nothing_and_stops_nobody(sound, bot, ada, dm):
    ada.says(dm, "waiting")
    await checks(sound)
    assert bot.confirmed == []
    ear = Ear()
    async with sound.listening(ear):
        await sound.until(lambda: bot.confirmed)
        assert (await checks(sound))["messages"].ok
        assert sound.channel._line.trouble is None
    assert ear.said == ["waiting"]


async def test_a_revoked_token(sound, bot):
    bot.revoked = True
    found = await bad(sound)
    assert found.name == "token"
    assert "revoked" in found.detail
    assert "API Token" in found.fix


async def test_a_token_of_no_bot(sound, fake, bot):
    del fake.bots[bot.token]
    assert "knows no bot" in (await bad(sound)).detail


async def test_a_server_that_is_not_there(sound, fake):
    await fake.down()
    assert "nothing accepts a connection" in (await bad(sound)).detail


async def test_a_web_page_instead_of_telegram(sound, fake):
    fake.fault("getMe", status=403, page=True)
    found = await bad(sound)
    assert "web page" in found.detail
    assert "proxy" in found.fix


async def test_telegram_failing(sound, fake):
    fake.fault("getMe", status=500)
    assert "failing" in (await bad(sound)).detail


async def test_telegram_asking_to_wait(sound, fake):
    fake.fault("getMe", status=429, words="Too Many Requests", retry_after=30)
    assert "left alone until" in (await bad(sound)).detail


async def test_a_webhook_set_elsewhere(sound, bot):
    bot.webhook = "https://elsewhere.example/secret-path"
    found = await bad(sound)
    assert found.name == "webhook"
    assert "elsewhere.example" in found.detail
    assert "secret-path" not in found.detail


async def test_another_program_that_asks_while_nobody_here_listens(sound, fake):
    words = "Conflict: terminated by other getUpdates request"
    fake.fault("getUpdates", status=409, words=words)
    found = await bad(sound)
    assert found.name == "messages"
    assert "another program" in found.detail


async def test_another_program_that_asks_while_we_listen(sound, bot):
    async with sound.listening(Ear()):
        await asyncio.sleep(0.05)
        while sound.channel._line.trouble is None:
            await get_updates(bot, {"timeout": 0})
            await asyncio.sleep(0.005)
        assert "another program" in (await bad(sound)).detail


async def test_a_bot_that_cannot_be_added_to_groups(sound, bot):
    bot.joins = False
    found = await bad(sound)
    assert found.name == "groups"
    assert "/setjoingroups" in found.fix


async def test_privacy_is_said_though_it_is_no_fault(sound, bot):
    bot.privacy = True
    found = (await checks(sound))["groups"]
    assert found.ok
    assert "/setprivacy" in found.detail


async def test_commands_that_are_not_in_the_menu(sound, bot):
    bot.commands = [{"command": "weather", "description": "of another program"}]
    found = await bad(sound)
    assert found.name == "commands"


async def test_a_server_of_files_out_of_reach(sound, fake):
    fake.files_broken = True
    found = await bad(sound)
    assert found.name == "files"


@pytest.mark.parametrize(("hours", "word"), [(2, "ahead"), (-2, "behind")])
async def test_a_clock_that_is_wrong(fake, bot, sound, hours, word):
    class Wrong:
        def now(self):
            return datetime.now(UTC) + timedelta(hours=hours)

    found = await bad(connect(fake, bot, clock=Wrong()))
    assert found.name == "clock"
    assert word in found.detail


async def test_every_planted_fault_has_a_line_of_its_own(sound, fake, bot):
    """The same twelve faults at once: no two lines are alike."""
    lines = set()

    async def plant(**fault):
        fake.fault("getMe", **fault)
        lines.add((await bad(sound)).detail)

    await plant(status=401, words="Unauthorized")
    await plant(status=404, words="Not Found")
    await plant(status=403, page=True)
    await plant(status=500)
    await plant(status=429, words="Too Many Requests", retry_after=30)
    bot.joins = False
    lines.add((await bad(sound)).detail)
    bot.joins, bot.webhook = True, "https://x.example"
    lines.add((await bad(sound)).detail)
    bot.webhook = ""
    fake.fault("getUpdates", status=409, words="terminated by other getUpdates request")
    lines.add((await bad(sound)).detail)
    bot.commands, commands = [], bot.commands
    lines.add((await bad(sound)).detail)
    bot.commands, fake.files_broken = commands, True
    lines.add((await bad(sound)).detail)
    fake.files_broken = False
    await fake.down()
    lines.add((await bad(sound)).detail)
    assert len(lines) == 11
