"""Emoji on messages in Discord: any of Unicode's, and one of each."""

import pytest

from bridge.domain.errors import ChangeRefused, ChannelError, RateLimited
from channels.discord.limits import REACTIONS_IN_PLACE
from tests.channels.discord.account import only


def given(discord, room):
    return [emoji for emoji, people in only(discord, room).reactions.items() if people]


async def test_the_new_one_is_added_and_the_old_one_goes(discord, account, direct, show):
    sent, at = await show(), account.at(direct)
    await account.channel.react(at, sent.message, ["👀"], [])
    await account.channel.react(at, sent.message, ["⏳"], ["👀"])
    assert given(discord, direct) == ["⏳"]
    await account.channel.react(at, sent.message, [], ["⏳"])
    assert given(discord, direct) == []


async def test_of_what_is_gone_it_is_refused_for_that_message(discord, account, direct, show):
    sent, at = await show(), account.at(direct)
    await account.channel.delete(at, sent.message)
    with pytest.raises(ChangeRefused):
        await account.channel.react(at, sent.message, ["👀"], [])


async def test_too_many_are_refused_before_discord_is_asked(account, direct, show):
    sent, at = await show(), account.at(direct)
    for _ in range(REACTIONS_IN_PLACE.burst):
        await account.channel.react(at, sent.message, ["👀"], [])
    with pytest.raises(RateLimited):
        await account.channel.react(at, sent.message, ["👀"], [])


async def test_when_discord_asks_to_wait_it_is_not_asked_again_before(
    discord, account, direct, show
):
    sent, at = await show(), account.at(direct)
    discord.fault("react", status=429, retry_after=30)
    for _ in range(2):
        with pytest.raises(ChannelError):
            await account.channel.react(at, sent.message, ["👀"], [])
    assert given(discord, direct) == []
