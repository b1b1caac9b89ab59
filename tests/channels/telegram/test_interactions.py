"""Replies to one person: below their words, or in an alert where they pressed a button."""

from bridge.domain.inbound import Added, Pressed
from bridge.domain.parts import Reply
from bridge.engine.inbound import feed
from channels import telling
from tests.channels.telegram.connected import Ear


def confirmed(bot):
    return [each["update_id"] for each in bot.confirmed]


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
    assert private.text == public.text == "done for @everyone"
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
    assert "reply_not_shown" not in capsys.readouterr().out


async def test_a_reply_that_cannot_be_shown_is_no_reason_to_stop(telegram, bot, ada, dm, capsys):
    ada.says(dm, "/status")
    ada.blocks(bot)
    async with telegram.listening(Ear(reply=Reply(text="fine"))):
        await telegram.until(lambda: len(bot.confirmed) == 2)
    assert dm.shown() == []
    assert "reply_not_shown" in capsys.readouterr().out


async def test_a_reply_that_telegram_does_not_take_keeps_nobody_from_being_heard(
    telegram, bot, ada, fake, monkeypatch
):
    """The bot's answer to a command stumbles; what is said next is heard meanwhile."""
    monkeypatch.setattr(feed, "ANSWER_SECONDS", 0.05)
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
