"""Emoji on messages in Telegram: of its own list, and one of the bot's."""

import pytest

from bridge.domain.errors import ChangeRefused, RateLimited, Rejected
from bridge.domain.ids import MessageId
from bridge.domain.reactions import MARKS
from channels.telegram.limits import REACTIONS_IN_CHAT
from channels.telegram.reactions import ALLOWED, INSTEAD, reaction


def test_every_mark_has_an_emoji_that_telegram_takes():
    assert [reaction([each]) for each in MARKS] == ["👀", "✍", "👌", "💔"]
    assert set(INSTEAD.values()) <= ALLOWED
    assert not set(INSTEAD) & ALLOWED


def test_of_several_the_last_counts_and_what_telegram_lacks_is_left_out():
    assert reaction(["👀", "👍", "🧀"]) == "👍"
    assert reaction([]) is None
    with pytest.raises(Rejected):
        reaction(["🧀"])


async def test_the_bot_has_one_reaction_which_can_be_taken_off(telegram, fake, bot, ada):
    dm = bot.dm(ada)
    said = ada.says(dm, "hello")
    channel, at, message = telegram.channel, telegram.at(dm), MessageId(str(said.id))
    await channel.react(at, message, ["👀"], [])
    await channel.react(at, message, ["⏳"], ["👀"])
    assert said.reactions[bot.id] == ["✍"]
    await channel.react(at, message, [], ["⏳"])
    assert said.reactions[bot.id] == []


async def test_what_is_no_message_and_too_many_calls_are_refused(telegram, bot, ada):
    dm = bot.dm(ada)
    said = MessageId(str(ada.says(dm, "hello").id))
    with pytest.raises(ChangeRefused):
        await telegram.channel.react(telegram.at(dm), MessageId("callback:1"), ["👀"], [])
    for _ in range(REACTIONS_IN_CHAT.burst):
        await telegram.channel.react(telegram.at(dm), said, ["👀"], [])
    with pytest.raises(RateLimited):
        await telegram.channel.react(telegram.at(dm), said, ["👀"], [])


async def test_when_telegram_asks_to_wait_it_is_not_asked_again_before(telegram, fake, bot, ada):
    dm = bot.dm(ada)
    said = MessageId(str(ada.says(dm, "hello").id))
    fake.fault("setMessageReaction", status=429, words="Too Many Requests", retry_after=30)
    for _ in range(2):
        with pytest.raises(RateLimited):
            await telegram.channel.react(telegram.at(dm), said, ["👀"], [])
