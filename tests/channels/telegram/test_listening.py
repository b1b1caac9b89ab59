"""Hearing: redelivery, order, slow places, albums, updates that cannot be read, replies."""

import asyncio
from dataclasses import replace

import pytest

from bridge.demo.telegram.methods import get_updates
from bridge.errors import StoreUnavailable
from bridge.inbound import Added, Pressed, Relocated
from bridge.parts import Reply
from channels import telling
from tests.channels.telegram.connected import BRISK, Ear, connect, part


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


# -- replies --------------------------------------------------------------------------------------


async def test_a_reply_is_shown_to_who_asked_below_their_words_in_a_group(
    telegram, bot, ada, dm, fake
):
    team = fake.group("Team", bot)
    async with telegram.listening(Ear(reply=Reply(text="**done** for @everyone"))):
        ada.says(dm, "/status")
        asked = ada.says(team, "/status")
        await telegram.until(lambda: len(bot.confirmed) == 2)
    (private,) = [each for each in dm.seen() if each.author is bot]
    (public,) = [each for each in team.seen() if each.author is bot]
    assert private.text == public.text == "done for @\u200beveryone"
    assert private.reply_to is None
    assert public.reply_to == asked.id


async def test_a_press_is_always_answered_with_the_reply_in_an_alert(fake, telegram, bot, ada, dm):
    keyboard = [[{"text": "Yes", "callback_data": "q:1"}]]
    dm.add(bot, text="Shall I?", keyboard=keyboard)
    ear = Ear()
    async with telegram.listening(ear):
        first = ada.presses(dm, "Yes")
        await telegram.until(lambda: bot.queries[first] is not None)
        ear.reply = Reply(text="**Too late** " + "x" * 300)
        second = ada.presses(dm, "Yes", too_old=True)
        await telegram.until(lambda: bot.queries[second] is not None)
    assert bot.queries[first] == ""
    assert bot.queries[second].startswith("Too late xxx")
    assert len(bot.queries[second]) == 200
    assert [each.what for each in ear.heard] == [Pressed(value="q:1")] * 2
    assert dm.shown() == ["Shall I?"]


async def test_a_press_that_is_too_old_to_be_answered_is_heard_all_the_same(
    telegram, bot, ada, dm, capsys
):
    keyboard = [[{"text": "Yes", "callback_data": "q:1"}]]
    dm.add(bot, text="Shall I?", keyboard=keyboard)
    query = ada.presses(dm, "Yes")
    del bot.queries[query]
    ear = Ear()
    async with telegram.listening(ear):
        await telegram.until(lambda: bot.confirmed)
    assert len(ear.heard) == 1
    assert "reply not shown" not in capsys.readouterr().out


async def test_a_reply_that_cannot_be_shown_is_no_reason_to_stop(telegram, bot, ada, dm, capsys):
    ada.says(dm, "/status")
    ada.blocks(bot)
    async with telegram.listening(Ear(reply=Reply(text="fine"))):
        await telegram.until(lambda: len(bot.confirmed) == 2)
    assert dm.shown() == []
    assert "reply not shown" in capsys.readouterr().out


async def test_a_reply_that_telegram_does_not_take_keeps_nobody_from_being_heard(
    telegram, bot, ada, fake, monkeypatch
):
    """The bot's answer to a command stumbles; what is said next is heard meanwhile."""
    monkeypatch.setattr(telling, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(telling, "PAUSES", (1_000.0,))
    fake.fault("sendMessage", times=None)
    ear, dm = Ear(reply=Reply(text="fine")), bot.dm(ada)
    ada.says(dm, "/status")
    ada.says(dm, "next")
    async with telegram.listening(ear):
        await telegram.until(lambda: len(bot.confirmed) == 2)
    assert ear.said == ["/status", "next"]


async def test_joining_a_group_can_be_answered(telegram, bot, ada, fake):
    room = fake.group("Team")
    ear = Ear(reply=Reply(text="Hello, I am an agent."))
    async with telegram.listening(ear):
        ada.adds(bot, room)
        await telegram.until(lambda: bot.confirmed)
    assert ear.heard[0].what == Added()
    assert room.shown() == ["Hello, I am an agent."]


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
