"""The fault table of docs/channels/telegram.md that a channel alone can show, row by row."""

import pytest

from bridge.domain.errors import OutcomeUnknown, RateLimited, Unreachable
from tests.channels.telegram.connected import Ear, HastyClock, connect, part


@pytest.mark.parametrize(
    ("fault", "error", "shown"),
    [
        ({"applied": True, "hang_up": True}, OutcomeUnknown, 1),
        ({"applied": False, "hang_up": True}, OutcomeUnknown, 0),
        ({"status": 500}, OutcomeUnknown, 0),
        ({"status": 502, "page": True}, OutcomeUnknown, 0),
        ({"status": 502, "page": True, "applied": True}, OutcomeUnknown, 1),
        ({"status": 200, "page": True, "applied": True}, OutcomeUnknown, 1),
        ({"status": 302, "page": True}, Unreachable, 0),
        ({"status": 429, "words": "Too Many Requests", "retry_after": 2}, RateLimited, 0),
    ],
)
async def test_a_send_that_fails_is_told_for_what_it_is_and_never_tried_twice(
    telegram, dm, fault, error, shown
):
    fake = telegram.fake
    fake.fault("sendMessage", **fault)
    with pytest.raises(error) as raised:
        await telegram.channel.send(telegram.at(dm), part("once"))
    assert raised.value.certain is (error is not OutcomeUnknown)
    assert len(dm.shown()) == shown
    assert fake.calls["sendMessage"] == 1


async def test_what_cannot_be_connected_to_has_surely_not_been_sent(fake, telegram, dm):
    await fake.down()
    with pytest.raises(Unreachable):
        await telegram.channel.send(telegram.at(dm), part("lost"))
    await fake.up()
    await telegram.channel.send(telegram.at(dm), part("found"))
    assert dm.shown() == ["found"]


async def test_an_edit_whose_answer_is_lost_is_simply_done_again(fake, telegram, dm):
    sent = await telegram.channel.send(telegram.at(dm), part("before"))
    fake.fault("editMessageText", applied=True, hang_up=True)
    with pytest.raises(OutcomeUnknown):
        await telegram.channel.edit(telegram.at(dm), sent.message, part("after"))
    await telegram.channel.edit(telegram.at(dm), sent.message, part("after"))
    (message,) = dm.seen()
    assert (message.text, message.edits) == ("after", 1)


@pytest.mark.parametrize(
    "fault",
    [
        {"hang_up": True},
        {"status": 500},
        {"status": 502, "page": True},
        {"status": 429, "words": "Too Many Requests", "retry_after": 1, "times": 2},
    ],
)
async def test_whatever_happens_to_a_question_for_updates_each_is_heard_once(
    fake, bot, ada, dm, fault
):
    """The fault strikes when Telegram is told what is in."""
    telegram = connect(fake, bot, clock=HastyClock())
    ear = Ear()
    async with telegram.listening(ear):
        ada.says(dm, "one")
        await telegram.until(lambda: bot.confirmed)
        fake.fault("getUpdates", **fault)
        ada.says(dm, "two")
        await telegram.until(lambda: len(bot.confirmed) == 2)
    assert ear.said == ["one", "two"]


async def test_what_was_said_while_we_were_away_comes_first(telegram, bot, ada, dm):
    async with telegram.listening(Ear()):
        pass
    ada.says(dm, "while away")
    ada.corrects(dm.seen()[-1], "while away!")
    ear = Ear()
    async with telegram.listening(ear):
        await telegram.until(lambda: len(bot.confirmed) == 2)
    assert ear.said == ["while away", "while away!"]
