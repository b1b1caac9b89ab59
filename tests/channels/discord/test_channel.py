"""What the bridge says is shown as it should be, once, and nobody is disturbed without need."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.content import Attachment
from bridge.domain.errors import OutcomeUnknown, RateLimited
from bridge.domain.ids import MediaId
from bridge.domain.parts import Button
from channels.discord.render import PREVIEW_MARK
from tests.channels.discord.account import Account, only, part
from tests.stores import StillClock

PNG = Attachment(kind="image", name="cat.png", mime="image/png", size=4, media=MediaId("m_1"))


@pytest.fixture
def room(direct):
    return direct


# -- changing and taking back ---------------------------------------------------------------------


async def test_an_edit_takes_the_buttons_away_when_there_are_none_any_more(
    discord, account, room, show
):
    sent = await show("sure?", buttons=(Button(value="v", label="Yes"),))
    await account.channel.edit(account.at(room), sent.message, part("Yes, says Ada"))
    message = only(discord, room)
    assert message.content == "Yes, says Ada"
    assert message.buttons == {}


async def test_a_preview_is_marked_as_one_and_the_final_text_is_not(discord, account, room, show):
    sent = await show("thinking", priority="preview", silent=True)
    assert only(discord, room).content == "thinking" + PREVIEW_MARK
    await account.channel.edit(account.at(room), sent.message, part("thought"))
    assert only(discord, room).content == "thought"


async def test_typing_is_shown(discord, account, room):
    await account.channel.typing(account.at(room))
    assert room.typed == 1


# -- what became of it ----------------------------------------------------------------------------


@pytest.fixture
def lost(discord, account, room):
    """Send a part whose answer never comes."""

    async def send(each, *, applied):
        discord.fault("send", hang_up=True, applied=applied)
        with pytest.raises(OutcomeUnknown):
            await account.channel.send(account.at(room), each)

    return send


@pytest.mark.parametrize(
    "trouble",
    [{"hang_up": True}, {"status": 500}, {"status": 502, "html": True}, {"status": 504}],
    ids=["hang up", "500", "502 as HTML", "504"],
)
@pytest.mark.parametrize("applied", [True, False])
async def test_after_trouble_it_is_sent_again_and_shown_once(discord, room, show, trouble, applied):
    discord.fault("send", applied=applied, **trouble)
    with pytest.raises(OutcomeUnknown):
        await show("once")
    assert discord.calls["send"] == 1
    await show("once")
    assert discord.shown(room) == ["once"]


async def test_a_part_seen_to_appear_is_known_by_its_nonce(discord, account, room, lost):
    async with account.listening():
        discord.fault("history", status=500, times=100)
        await lost(part("once"), applied=True)
        sent = None
        while sent is None:
            try:
                sent = await account.channel.resolve(account.at(room), part("once"))
            except OutcomeUnknown:
                continue
    assert discord.shown(room) == ["once"]
    assert int(sent.message) in room.messages


async def test_after_a_restart_our_newest_message_is_known_by_what_it_says(
    discord, account, room, ada, lost
):
    await lost(part("the **answer**"), applied=True)
    ada.says(room, "hello?")
    sent = await account.restarted().channel.resolve(account.at(room), part("the **answer**"))
    assert sent is not None
    assert discord.shown(room) == ["the **answer**"]


async def test_the_same_words_again_are_not_taken_for_the_ones_before(
    discord, account, room, show, lost
):
    await show("ok", number=1)
    await lost(part("ok", 2), applied=False)
    sent = await account.restarted().channel.resolve(account.at(room), part("ok", 2))
    assert sent is not None
    assert discord.shown(room) == ["ok", "ok"]


async def test_longer_after_than_discord_knows_a_nonce_nothing_is_sent_to_find_out(
    discord, account, room, lost
):
    await lost(part("once"), applied=True)
    discord.age(only(discord, room), 600)
    sent = await account.restarted().channel.resolve(account.at(room), part("once"))
    assert sent is not None
    assert discord.calls["send"] == 1


async def test_what_is_not_there_is_not_found(discord, account, room, show, lost):
    await lost(part("once"), applied=False)
    assert await account.channel.resolve(account.at(room), part("once")) is None
    assert discord.shown(room) == []


async def test_a_preview_whose_id_was_lost_is_found_by_its_mark(discord, account, room, lost):
    preview = part("thin", priority="preview", silent=True)
    await lost(preview, applied=True)
    empty = part("", priority="preview", silent=True)
    sent = await account.restarted().channel.resolve(account.at(room), empty)
    assert sent is not None
    await account.channel.delete(account.at(room), sent.message)
    assert discord.shown(room) == []


async def test_no_other_message_is_taken_for_a_preview(discord, account, room, show):
    await show("good morning", speaker="Bob · Slack", silent=True)
    empty = part("", priority="preview", silent=True)
    assert await account.restarted().channel.resolve(account.at(room), empty) is None


# -- how often ------------------------------------------------------------------------------------


async def test_a_429_is_raised_at_once_and_blocks_that_place_alone(discord, account, room, show):
    other = discord.direct(discord.person("Bob"))
    discord.fault("send", status=429, retry_after=60)
    with pytest.raises(RateLimited) as raised:
        await show()
    assert raised.value.until.tzinfo is UTC
    for priority in ("final", "preview"):
        with pytest.raises(RateLimited):
            await show(priority=priority)
    assert discord.calls["send"] == 1
    await account.channel.send(account.at(other), part())
    assert discord.shown(other) == ["hello"]


@pytest.mark.parametrize(
    "trouble",
    [{"everywhere": True}, {"via": False}, {"via": False, "html": True}],
    ids=["all of the bot", "Cloudflare", "Cloudflare as HTML"],
)
async def test_a_429_for_everything_blocks_every_place(discord, account, room, show, trouble):
    other = discord.direct(discord.person("Bob"))
    discord.fault("send", status=429, retry_after=60, **trouble)
    with pytest.raises(RateLimited):
        await show()
    with pytest.raises(RateLimited):
        await account.channel.send(account.at(other), part())
    assert discord.calls["send"] == 1


async def test_429_twice_delays_a_message_and_shows_it_once(discord, room, show):
    discord.fault("send", status=429, retry_after=0.03, times=2)
    while not discord.shown(room):
        try:
            await show()
        except RateLimited as error:
            await asyncio.sleep((error.until - datetime.now(UTC)).total_seconds())
    assert discord.calls["send"] == 3
    assert discord.shown(room) == ["hello"]


async def test_a_burst_of_previews_leaves_room_for_what_matters(discord, room):
    account = Account(discord, clock=StillClock())
    sent = await account.channel.send(account.at(room), part())
    refused = 0
    for number in range(10):
        preview = part(f"text {number}", priority="preview", silent=True)
        try:
            await account.channel.edit(account.at(room), sent.message, preview)
        except RateLimited:
            refused += 1
    assert refused >= 8
    assert discord.calls["edit"] == 10 - refused
    await account.channel.send(account.at(room), part("the end", 2))
    assert discord.shown(room)[-1] == "the end"


async def test_previews_may_be_changed_as_often_as_the_limits_say(account, room):
    interval = account.channel.capabilities(account.at(room)).preview_interval
    assert interval >= timedelta(seconds=1)
