"""What an error of Discord's means: case by case, as the real client brings it."""

from datetime import timedelta

import pytest

from bridge.domain.errors import (
    ChangeRefused,
    FileRefused,
    FormRefused,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from channels.discord.limits import BAN
from tests.channels.discord.account import part
from tests.stores import AT, StillClock

SENDING = [
    (401, 0, Unauthorized),
    (403, 50001, Gone),  # missing access
    (403, 50007, Gone),  # direct messages closed
    (403, 50013, Gone),  # missing permissions
    (403, 50278, Gone),  # no server in common
    (404, 10003, Gone),  # unknown channel
    (404, 10004, Gone),  # unknown guild
    (400, 50083, ChangeRefused),  # thread archived
    (400, 160005, Gone),  # thread locked
    (404, 10008, ChangeRefused),  # unknown message
    (400, 30046, ChangeRefused),  # too many edits of an old message
    (400, 50006, Rejected),  # empty message
    (400, 50035, FormRefused),  # invalid form body
    (400, 200000, Rejected),  # AutoMod
    (400, 240000, Rejected),  # harmful link
    (413, 40005, FileRefused),  # files too large
    (413, 0, FileRefused),
    (403, 20009, FileRefused),  # explicit content
    (400, 160002, FormRefused),  # it may not reply here
    (400, 50008, Gone),  # a room without text
    (400, 99999, Rejected),  # whatever else is our fault
    (400, 20016, RateLimited),  # slow mode
    (429, 20028, RateLimited),  # too much written in this room
    (400, 40003, RateLimited),  # opening direct messages too fast
    (429, 0, RateLimited),
    (503, 130000, Unreachable),  # overloaded
    (500, 0, OutcomeUnknown),
    (502, 0, OutcomeUnknown),
    (503, 0, OutcomeUnknown),
    (504, 0, OutcomeUnknown),
    (524, 0, OutcomeUnknown),
]


HANG_UPS = {"edit": 1, "delete": 2}
"""aiohttp itself repeats a DELETE once, as HTTP allows, but no POST and no PATCH."""


@pytest.fixture
def room(discord):
    return discord.room()


@pytest.mark.parametrize("answer", SENDING, ids=str)
async def test_a_refused_send_means_one_thing(discord, account, room, answer):
    status, code, means = answer
    discord.fault("send", status=status, code=code, retry_after=1)
    with pytest.raises(means) as raised:
        await account.channel.send(account.at(room), part())
    assert type(raised.value) is means
    assert raised.value.certain is (means is not OutcomeUnknown)
    assert raised.value.code == str(code or status)
    assert discord.calls["send"] == 1


@pytest.mark.parametrize(
    "answer",
    [
        ({"status": 429, "retry_after": 7}, "429", timedelta(seconds=7)),
        ({"status": 429, "retry_after": 7, "everywhere": True}, "global", timedelta(seconds=7)),
        ({"status": 429, "retry_after": 0, "via": False}, "cloudflare", BAN),
        ({"status": 403, "html": True, "via": False}, "cloudflare", BAN),
    ],
    ids=["this route", "all of the bot", "Cloudflare", "Cloudflare, forbidden"],
)
async def test_how_long_to_wait_is_said(discord, room, make, answer):
    fault, code, wait = answer
    account = make(clock=StillClock())
    discord.fault("send", **fault)
    with pytest.raises(RateLimited) as raised:
        await account.channel.send(account.at(room), part())
    assert raised.value.code == code
    assert timedelta(0) <= raised.value.until - AT - wait < timedelta(seconds=6)


async def test_a_discord_that_cannot_be_reached_surely_has_not_taken_it(discord, account, room):
    discord.down()
    with pytest.raises(Unreachable):
        await account.channel.send(account.at(room), part())
    discord.up()
    await account.channel.send(account.at(room), part())
    assert discord.shown(room) == ["hello"]


@pytest.mark.parametrize("operation", ["edit", "delete"])
async def test_a_change_that_is_not_answered_is_of_unknown_outcome(
    discord, account, room, operation
):
    sent = await account.channel.send(account.at(room), part())
    discord.fault(operation, hang_up=True, applied=True, times=HANG_UPS[operation])
    change = {
        "edit": lambda: account.channel.edit(account.at(room), sent.message, part("new")),
        "delete": lambda: account.channel.delete(account.at(room), sent.message),
    }[operation]
    with pytest.raises(OutcomeUnknown):
        await change()
    await change()  # a repeat is a success
    assert discord.shown(room) == {"edit": ["new"], "delete": []}[operation]


@pytest.mark.parametrize(
    ("code", "status"),
    [(10008, 404), (30046, 400), (50005, 403), (50083, 400)],
    ids=["gone", "old", "not ours", "archived"],
)
async def test_what_cannot_be_edited_any_more_is_rejected(discord, account, room, code, status):
    sent = await account.channel.send(account.at(room), part())
    discord.fault("edit", status=status, code=code)
    with pytest.raises(ChangeRefused):
        await account.channel.edit(account.at(room), sent.message, part("new"))
