"""Hearing: redelivery, order, slow places, albums, updates that cannot be read."""

import asyncio
from dataclasses import replace

import pytest

from bridge.demo.telegram.methods import get_updates
from bridge.domain.errors import StoreUnavailable
from bridge.domain.inbound import Relocated
from tests.channels.telegram.connected import BRISK, Ear, connect, part
from tests.left_out import left_out


def confirmed(bot):
    return [each["update_id"] for each in bot.confirmed]


async def test_a_death_between_keeping_and_acknowledging_brings_the_same_again(
    fake, telegram, bot, ada, dm
):
    """The listener is cut off while the inbox has kept it and not returned."""
    message = ada.says(dm, "hello")
    kept = []

    async def keep_and_hang(heard):
        kept.append(heard)
        await asyncio.Event().wait()

    async with telegram.listening(keep_and_hang):
        await telegram.until(lambda: kept)
    assert bot.confirmed == []
    ear = Ear()
    async with telegram.listening(ear):
        await telegram.until(lambda: bot.confirmed)
    assert ear.heard == kept
    assert kept[0].external_id == f"{dm.id}:{message.id}"


async def test_an_update_that_comes_twice_has_one_id(telegram, bot, ada, dm):
    ada.says(dm, "hello")
    ear = Ear()
    async with telegram.listening(ear):
        await telegram.until(lambda: bot.confirmed)
        bot.redeliver(bot.confirmed[0])
        await telegram.until(lambda: len(bot.confirmed) == 2)
    first, second = ear.heard
    assert first == second


async def test_a_slow_place_holds_up_no_other_and_nothing_is_acknowledged_before_it(
    telegram, bot, ada, dm, fake
):
    bob_dm = bot.dm(fake.person("Bob"))
    ear = Ear(slow={dm.place: asyncio.Event()})
    async with telegram.listening(ear):
        ada.says(dm, "first")
        await telegram.until(lambda: fake.calls["getUpdates"] > 1)
        ada.says(dm, "second")
        for number in range(3):
            bob_dm.person.says(bob_dm, f"quick {number}")
        await telegram.until(lambda: len(ear.heard) == 3)
        assert ear.said == ["quick 0", "quick 1", "quick 2"]
        assert bot.confirmed == []
        ear.slow[dm.place].set()
        await telegram.until(lambda: len(bot.confirmed) == 5)
    assert ear.said[3:] == ["first", "second"]
    assert confirmed(bot) == sorted(confirmed(bot))


async def test_while_the_store_is_away_other_places_wait_for_nothing_of_this_one(
    telegram, bot, ada, dm
):
    ear = Ear(refusals=[StoreUnavailable()] * 5)
    async with telegram.listening(ear):
        for number in range(3):
            ada.says(dm, f"message {number}")
        await telegram.until(lambda: len(bot.confirmed) == 3)
    assert ear.said == ["message 0", "message 1", "message 2"]


async def test_an_update_that_cannot_be_read_is_passed_over(telegram, bot, ada, dm, capsys):
    ada.says(dm, "before")
    broken = {"update_id": next(bot.world.update_ids), "message": {"chat": "?"}, "poison": True}
    bot.redeliver(broken)
    ada.says(dm, "after")
    ear = Ear()
    async with telegram.listening(ear):
        await telegram.until(lambda: len(bot.confirmed) == 3)
    assert ear.said == ["before", "after"]
    assert str(broken["update_id"]) in capsys.readouterr().out
    assert left_out() == {"unreadable": 1}


async def test_what_is_said_where_nobody_is_heard_is_noted(telegram, fake, bot, ada, capsys):
    """A channel's direct messages come as one group: who wrote in vain is to be found out."""
    team, bot.privacy = fake.group("News", bot), False
    chat = {**team.json(), "is_direct_messages": True}
    topic = {"topic_id": 5, "user": ada.json()}
    ada.says(team, "is anybody there?", chat=chat, direct_messages_topic=topic)
    async with telegram.listening(Ear()):
        await telegram.until(lambda: len(bot.confirmed) == 1)
    assert left_out() == {"unserved": 1}
    assert str(team.id) in capsys.readouterr().out


async def test_more_than_one_answer_of_telegrams_holds_comes_in_order(telegram, bot, ada, dm):
    for number in range(250):
        ada.says(dm, f"{number}")
    ear = Ear()
    async with telegram.listening(ear):
        await telegram.until(lambda: len(bot.confirmed) == 250)
    assert ear.said == [f"{number}" for number in range(250)]


async def test_updates_out_of_order_are_all_heard_and_acknowledged(telegram, bot, ada, dm):
    for number in range(3):
        ada.says(dm, f"{number}")
    bot.updates.reverse()
    ear = Ear()
    async with telegram.listening(ear):
        await telegram.until(lambda: len(bot.confirmed) == 3)
    assert set(ear.said) == {"0", "1", "2"}


async def test_only_what_is_of_concern_is_asked_for(fake, telegram):
    async with telegram.listening(Ear()):
        await telegram.until(lambda: fake.calls["getUpdates"])
    (asked, *_) = [asked for method, asked in fake.requests if method == "getUpdates"]
    assert asked["allowed_updates"] == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "message_reaction",
        "stopped_message_generation",
    ]
    assert "offset" not in asked


# -- albums ---------------------------------------------------------------------------------------


async def test_an_album_is_heard_once_even_if_it_comes_bit_by_bit(fake, bot, ada, dm):
    ear = Ear()
    telegram = connect(fake, bot, pace=replace(BRISK, album=0.5))
    async with telegram.listening(ear):
        sent = ada.sends(dm, ("photo", b"1"), ("photo", b"2"), ("photo", b"3"), caption="look")
        late = bot.updates.pop()
        await asyncio.sleep(0.03)
        bot.redeliver(late)
        ada.says(dm, "what is this?")
        await telegram.until(lambda: len(bot.confirmed) == 4)
    album, question = ear.heard
    assert album.external_id == f"{dm.id}:{sent[0].id}"
    assert len(album.what.files) == 3
    assert album.what.content.text == "look"
    assert question.what.content.text == "what is this?"


async def test_an_album_is_acknowledged_only_as_a_whole(telegram, bot, ada, dm):
    ear = Ear(slow={dm.place: asyncio.Event()})
    async with telegram.listening(ear):
        ada.sends(dm, ("photo", b"1"), ("photo", b"2"))
        await asyncio.sleep(0.15)
        assert bot.confirmed == []
    ear = Ear()
    async with telegram.listening(ear):
        await telegram.until(lambda: len(bot.confirmed) == 2)
    (again,) = ear.heard
    assert len(again.what.files) == 2


async def test_two_albums_and_what_is_between_them_stay_apart_and_in_order(telegram, bot, ada, dm):
    ada.sends(dm, ("photo", b"1"), ("photo", b"2"), caption="one")
    ada.says(dm, "between")
    ada.sends(dm, *[("photo", b"%d" % n) for n in range(10)], caption="two")
    ear = Ear()
    async with telegram.listening(ear):
        await telegram.until(lambda: len(bot.confirmed) == 13)
    assert ear.said == ["one", "between", "two"]
    assert [len(each.what.files) for each in ear.heard] == [2, 0, 10]


# -- places that move -----------------------------------------------------------------------------


async def test_a_move_is_heard_before_what_follows_in_the_new_place(telegram, bot, ada, fake):
    group = fake.group("Team", bot, kind="group")
    ear = Ear(slow={group.place: asyncio.Event()})
    async with telegram.listening(ear):
        ada.says(group, "/before")
        new = group.upgrade()
        ada.says(new, "/after")
        await asyncio.sleep(0.1)
        assert ear.heard == []
        ear.slow[group.place].set()
        await telegram.until(lambda: len(bot.confirmed) == 4)
    assert [type(each) for each in ear.heard][1:3] == [Relocated, Relocated]
    assert [ear.heard[0].what.content.text, ear.heard[3].what.content.text] == ["/before", "/after"]


# -- the end --------------------------------------------------------------------------------------


async def test_another_error_of_the_inbox_ends_it_and_nothing_is_left_open(
    telegram, bot, ada, dm, fake
):
    ada.says(dm, "hello")
    with pytest.raises(ZeroDivisionError):
        await telegram.channel.listen(Ear(refusals=[ZeroDivisionError()]))
    assert telegram.channel._client._bot is None
    assert not telegram.channel._line.listening
    assert bot.confirmed == []


async def test_after_its_end_things_can_still_be_shown(telegram, dm):
    async with telegram.listening(Ear()):
        await telegram.until(lambda: telegram.fake.calls["getUpdates"])
    await telegram.channel.send(telegram.at(dm), part("bye"))
    assert dm.shown() == ["bye"]
    assert telegram.channel._client._bot is None


async def test_the_fake_takes_back_what_another_poller_asks_for(bot):
    """A check of the fake: of two who ask, the first is told so."""
    first = asyncio.create_task(get_updates(bot, {"timeout": 2}))
    await asyncio.sleep(0)
    second = asyncio.create_task(get_updates(bot, {"timeout": 0}))
    with pytest.raises(Exception, match="terminated by other"):
        await first
    assert await second == []
