"""The channel as a whole: limits, pace, bans, and two bots side by side."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.errors import Gone, RateLimited
from bridge.domain.ids import ChannelName
from bridge.domain.parts import Address
from channels.telegram.channel import GROUP, PRIVATE
from tests.channels.telegram.connected import Ear, connect, part

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class SetClock:
    def __init__(self):
        self.at = NINE

    def now(self):
        return self.at

    def forward(self, **time):
        self.at += timedelta(**time)


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def timed(fake, bot, clock):
    return connect(fake, bot, clock=clock)


def limits(channel, place):
    return channel.capabilities(Address(channel=channel.name, place=place))


def test_a_private_chat_shows_drafts_and_a_group_edits(telegram):
    assert limits(telegram.channel, "12") == limits(telegram.channel, "12/7") == PRIVATE
    assert limits(telegram.channel, "-12") == limits(telegram.channel, "-12/7") == GROUP
    assert (PRIVATE.drafts, PRIVATE.previews) == (True, False)
    assert (GROUP.drafts, GROUP.previews, GROUP.edits) == (False, True, True)
    assert not PRIVATE.resolves, "bots cannot read what was said"
    assert PRIVATE.preview_interval == timedelta(seconds=1)
    assert GROUP.preview_interval == timedelta(seconds=3)


async def test_a_text_of_just_the_limit_fits_with_emoji_and_many_entities(telegram, dm):
    await telegram.channel.send(telegram.at(dm), part("😀" * 2048))
    assert PRIVATE.size("😀" * 2048) == 4096
    assert PRIVATE.size("**b** " * 150) > PRIVATE.max_chars, "more than Telegram would format"
    assert dm.shown() == ["😀" * 2048]


async def test_typing_is_shown(telegram, dm):
    await telegram.channel.typing(telegram.at(dm))
    assert dm.typed == 1


async def test_a_place_that_is_none_of_telegrams_is_gone(telegram):
    nowhere = Address(channel=telegram.channel.name, place="nowhere")
    with pytest.raises(Gone):
        await telegram.channel.send(nowhere, part())


# -- pace -----------------------------------------------------------------------------------------


async def shown_in(timed, clock, room, seconds):
    """Try to show a preview ten times a second; return how often that was let through."""
    shown = 0
    for _ in range(seconds * 10):
        try:
            await timed.channel.typing(timed.at(room))
            shown += 1
        except RateLimited:
            pass
        clock.forward(milliseconds=100)
    return shown


async def test_previews_leave_room_for_the_answer_and_keep_to_the_pace(timed, clock, dm, fake, bot):
    group = fake.group("Team", bot)
    assert await shown_in(timed, clock, dm, 10) <= 10 + 3
    await timed.channel.send(timed.at(dm), part("answer"))
    assert await shown_in(timed, clock, group, 30) <= 10 + 3
    await timed.channel.send(timed.at(group), part("answer", 2))


async def test_a_group_gets_at_most_twenty_messages_a_minute(timed, clock, fake, bot):
    group = fake.group("Team", bot)
    sent = 0
    for second in range(60):
        for _ in range(3):
            try:
                await timed.channel.send(timed.at(group), part(f"{second}"))
                sent += 1
            except RateLimited:
                pass
        clock.forward(seconds=1)
    assert 15 <= sent <= 20


async def test_during_a_ban_nothing_is_asked_of_telegram_there(timed, clock, fake, dm):
    fake.fault("sendMessage", status=429, words="Too Many Requests", retry_after=30)
    with pytest.raises(RateLimited) as raised:
        await timed.channel.send(timed.at(dm), part())
    assert raised.value.until == NINE + timedelta(seconds=30)
    asked = sum(fake.calls.values())
    for _ in range(29):
        clock.forward(seconds=1)
        for call in (timed.channel.typing, timed.channel.preview, timed.channel.send):
            with pytest.raises(RateLimited):
                await (
                    call(timed.at(dm))
                    if call == timed.channel.typing
                    else call(timed.at(dm), part())
                )
    assert sum(fake.calls.values()) == asked
    clock.forward(seconds=1)
    await timed.channel.send(timed.at(dm), part("at last"))
    assert dm.shown() == ["at last"]


async def test_a_ban_is_for_its_place_until_a_second_place_is_refused_too(
    timed, clock, fake, bot, dm
):
    bob, eve = (bot.dm(fake.person(name)) for name in ("Bob", "Eve"))
    fault = {"status": 429, "words": "Too Many Requests", "retry_after": 30}
    fake.fault("sendMessage", chat=dm.id, **fault)
    fake.fault("sendMessage", chat=bob.id, **fault)
    with pytest.raises(RateLimited):
        await timed.channel.send(timed.at(dm), part())
    await timed.channel.send(timed.at(eve), part("fine"))
    with pytest.raises(RateLimited):
        await timed.channel.send(timed.at(bob), part())
    with pytest.raises(RateLimited):
        await timed.channel.send(timed.at(eve), part("not now"))
    clock.forward(seconds=30)
    await timed.channel.send(timed.at(eve), part("again"))
    assert eve.shown() == ["fine", "again"]


# -- two of them ----------------------------------------------------------------------------------


async def test_two_bots_side_by_side_do_not_mix(fake, ada):
    one, two = fake.bot("one_bot"), fake.bot("two_bot")
    first, second = connect(fake, one, "first"), connect(fake, two, "second")
    ears = Ear(), Ear()
    async with first.listening(ears[0]), second.listening(ears[1]):
        ada.says(one.dm(ada), "to one")
        ada.says(two.dm(ada), "to two")
        await fake.until(lambda: one.confirmed and two.confirmed)
        await first.channel.send(first.at(one.dm(ada)), part("from one"))
        await second.channel.send(second.at(two.dm(ada)), part("from two"))
        two.revoked = True
        ada.says(one.dm(ada), "to one again")
        await fake.until(lambda: len(one.confirmed) == 2)
    assert ears[0].said == ["to one", "to one again"]
    assert ears[1].said == ["to two"]
    assert {each.address.channel for each in ears[1].heard} == {ChannelName("second")}
    assert one.dm(ada).shown() == ["from one"]
    assert two.dm(ada).shown() == ["from two"]


async def test_a_link_sends_a_code_once_it_is_known_who_the_bot_is(telegram, bot):
    assert telegram.channel.link("ABCDE-FGHJK") is None
    async with telegram.listening(Ear()):
        await telegram.until(lambda: telegram.fake.calls["getUpdates"])
        link = telegram.channel.link("ABCDE-FGHJK")
    assert link == f"https://t.me/{bot.username}?start=ABCDE-FGHJK"
