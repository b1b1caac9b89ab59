"""Doctor names each fault and where to click."""

import pytest

from channels.discord.commands import menu
from tests.channels.discord.account import Account, part


@pytest.fixture
def healthy(discord, account, ada):
    """An account with nothing wrong, a room and direct messages."""
    discord.bot.commands = menu()
    room, direct = discord.room("general"), discord.direct(ada)
    thread = discord.thread("plans", room)
    account.facts.kept |= {
        "since": "1",
        f"room:{room.id}": "1",
        f"room:{thread.id}": "1",
        f"dm:{direct.id}": "1",
    }
    account.room, account.direct, account.thread = room, direct, thread
    return account


async def faults(account):
    return [each for each in await account.channel.diagnose() if not each.ok]


async def test_where_nothing_is_wrong_everything_is_well(healthy):
    checks = await healthy.channel.diagnose()
    assert [each for each in checks if not each.ok] == []
    assert {each.name for each in checks} >= {
        "token",
        "message content intent",
        "interactions endpoint",
        "servers",
        "commands",
        "room #general",
        "room #plans",
    }


PLANTED = {
    "intent": lambda d, _: setattr(d.bot, "content", False),
    "endpoint": lambda d, _: setattr(d.bot, "endpoint", "https://example.org/interactions"),
    "code grant": lambda d, _: setattr(d.bot, "code_grant", True),
    "no server": lambda d, a: (a.facts.kept.clear(), d.servers.clear()),
    "commands": lambda d, _: d.bot.commands.clear(),
    "may not see": lambda _, a: a.room.denied.add("view"),
    "may not send": lambda _, a: a.room.denied.add("send"),
    "may not attach": lambda _, a: a.room.denied.add("attach"),
    "may not read back": lambda _, a: a.room.denied.add("history"),
    "may not send in threads": lambda _, a: a.room.denied.add("send in threads"),
    "token reset": lambda d, _: d.bots.clear(),
    "discord broken": lambda d, _: d.fault("me", status=500),
    "discord overloaded": lambda d, _: d.fault("me", status=503, code=130000),
    "too many calls": lambda d, _: d.fault("me", status=429, retry_after=60),
    "cloudflare": lambda d, _: d.fault("me", status=429, via=False, html=True),
    "not discord": lambda d, _: d.fault("me", status=404, html=True),
    "no starts left": lambda d, _: setattr(d.gateway, "starts_left", 0),
    "no network": lambda d, _: d.down(),
}


@pytest.mark.parametrize("planted", PLANTED)
async def test_a_planted_fault_is_named_with_its_fix(discord, healthy, planted):
    PLANTED[planted](discord, healthy)
    found = await faults(healthy)
    if planted == "no network":
        discord.up()
    assert found
    assert all(each.detail and each.fix for each in found)
    also_in_the_thread = {"may not see", "may not attach", "may not read back"}
    assert len(found) == (2 if planted in also_in_the_thread else 1)


async def test_a_deleted_room_is_no_fault_and_is_forgotten(healthy):
    healthy.room.gone = healthy.thread.gone = True
    assert await faults(healthy) == []
    assert [key for key in healthy.facts.kept if key.startswith("room:")] == []


async def test_every_planted_fault_has_a_line_of_its_own(ada):
    from bridge.demo.discord.fake import FakeDiscord

    lines = set()
    for plant in PLANTED.values():
        with FakeDiscord.serving() as discord:
            account = Account(discord)
            discord.bot.commands = menu()
            account.room = room = discord.room("general")
            account.thread = thread = discord.thread("plans", room)
            account.facts.kept |= {"since": "1", f"room:{room.id}": "1", f"room:{thread.id}": "1"}
            plant(discord, account)
            lines.add("\n".join(each.detail for each in await faults(account)))
            if discord.url and plant is PLANTED["no network"]:
                discord.up()
    assert len(lines) == len(PLANTED)


async def test_a_person_who_closed_their_direct_messages_is_named_after_a_send_in_vain(healthy):
    healthy.direct.closed = True
    with pytest.raises(Exception, match="Cannot send"):
        await healthy.channel.send(healthy.at(healthy.direct), part())
    (fault,) = await faults(healthy)
    assert "Direct Messages" in fault.fix
    healthy.direct.closed = False
    await healthy.channel.send(healthy.at(healthy.direct), part())
    assert await faults(healthy) == []


async def test_what_is_no_token_is_told_from_a_token_that_is_refused(discord):
    (fault,) = await faults(Account(discord, token="1234567890"))
    assert fault.detail == "this is no bot token"
