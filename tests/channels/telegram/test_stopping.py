"""A button to stop a draft, answers that one person reads, one reaction for two reasons."""

import pytest

from bridge.domain.errors import Rejected
from bridge.domain.ids import MessageId, RunId
from bridge.domain.inbound import Spoken
from bridge.domain.parts import Reply
from channels.telegram.reactions import prevailing
from tests.channels.telegram.connected import Ear, part
from tests.waiting import until

SEEN, DONE = "👀", "👌"


@pytest.fixture
def group(fake, bot):
    return fake.group("Team", bot)


def said(ear):
    return [each for each in ear.heard if isinstance(each.what, Spoken)]


async def test_the_button_below_a_draft_says_stop(telegram, bot, ada):
    dm = bot.dm(ada)
    ear = Ear()
    async with telegram.listening(ear):
        draft = part("Let me th", run=RunId("r_1"), priority="preview")
        await telegram.channel.preview(telegram.at(dm), draft)
        assert dm.drafts
        ada.stops(dm)
        ada.stops(dm)
        await until(lambda: said(ear))
    heard = said(ear)[0]
    assert heard.what.content.text == "/stop"
    assert (heard.address, heard.sender.user) == (telegram.at(dm), str(ada.id))
    assert not heard.room
    assert len({each.external_id for each in said(ear)}) == 1, "it is one press, however often told"


async def test_in_a_group_the_answer_to_a_command_is_for_whoever_gave_it(telegram, bot, ada, group):
    async with telegram.listening(Ear(reply=Reply(text="All is well."))):
        ada.says(group, "/status")
        await until(lambda: [each for each in group.seen() if each.author is bot])
    (answer,) = [each for each in group.seen() if each.author is bot]
    assert (answer.text, answer.receiver) == ("All is well.", ada.id)


async def test_in_private_nobody_needs_to_be_whispered_to(telegram, bot, ada):
    dm = bot.dm(ada)
    async with telegram.listening(Ear(reply=Reply(text="All is well."))):
        ada.says(dm, "/status")
        await until(lambda: [each for each in dm.seen() if each.author is bot])
    (answer,) = [each for each in dm.seen() if each.author is bot]
    assert answer.receiver is None


async def test_where_telegram_refuses_to_whisper_everybody_reads_it(
    telegram, fake, bot, ada, group
):
    fake.fault("sendMessage", status=400, words="Bad Request: receiver_user_id invalid")
    async with telegram.listening(Ear(reply=Reply(text="All is well."))):
        ada.says(group, "/status")
        await until(lambda: [each for each in group.seen() if each.author is bot])
    (answer,) = [each for each in group.seen() if each.author is bot]
    assert answer.receiver is None


# -- one reaction of the bot's on each message


@pytest.mark.parametrize(
    ("marks", "people", "shown"),
    [
        (["👀"], ["👍"], ["👀"]),
        (["⏳"], ["👍"], ["⏳"]),
        (["❌"], ["👍"], ["❌"]),
        (["✅"], ["👍"], ["👍"]),
        (["✅"], [], ["✅"]),
        ([], ["👍"], ["👍"]),
        ([], [], []),
    ],
)
def test_that_work_goes_on_prevails_and_what_people_gave_does_once_it_is_done(marks, people, shown):
    assert list(prevailing({True: tuple(marks), False: tuple(people)})) == shown


async def test_what_people_gave_elsewhere_waits_for_the_end_of_the_work(telegram, bot, ada):
    dm = bot.dm(ada)
    message = ada.says(dm, "well?")
    at, number = telegram.at(dm), MessageId(str(message.id))

    async def react(emoji, gone):
        await telegram.channel.react(at, number, emoji, gone)
        return message.reactions[bot.id]

    assert await react(["👀"], []) == [SEEN]
    assert await react(["👍"], []) == [SEEN]
    assert await react(["✅"], ["👀"]) == ["👍"]
    assert await react([], ["👍"]) == [DONE]


async def test_an_emoji_that_telegram_lacks_is_refused_whatever_else_is_there(telegram, bot, ada):
    dm = bot.dm(ada)
    message = ada.says(dm, "well?")
    await telegram.channel.react(telegram.at(dm), MessageId(str(message.id)), ["👀"], [])
    with pytest.raises(Rejected):
        await telegram.channel.react(telegram.at(dm), MessageId(str(message.id)), ["🧀"], [])
    assert message.reactions[bot.id] == [SEEN]


async def test_a_topic_of_a_private_chat_is_a_place_of_its_own(telegram, bot, ada):
    dm, ear = bot.dm(ada), Ear()
    async with telegram.listening(ear):
        ada.says(dm, "in general")
        ada.says(dm, "of tea", thread=77)
        await until(lambda: len(said(ear)) == 2)
    first, second = said(ear)
    assert (first.address, second.address) == (telegram.at(dm), telegram.at(dm, 77))
    assert not second.room
    assert second.what.addressed
