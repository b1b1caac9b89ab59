"""Windows to write in: about any message, and below an open question."""

import pytest

from bridge.domain.content import Content
from bridge.domain.ids import MessageId
from bridge.domain.inbound import Quoted, Spoken
from bridge.domain.parts import Button, Reply
from bridge.session.routing import WRITES
from channels.discord.render import EPHEMERAL
from tests.channels.discord.account import Account, Ear, part
from tests.waiting import until

OPEN, SAY, CHANGE_LATER = 9, 4, 6


async def opened(interaction):
    await until(lambda: interaction.form is not None)
    return interaction


def asked(ear):
    return [each for each in ear.heard if isinstance(each.what, Spoken) and each.what.addressed]


async def test_anybodys_message_can_be_asked_about(discord, account, ada):
    ear, room, tom = Ear(), discord.room(), discord.person("Tom")
    async with account.listening(ear):
        said = tom.says(room, "the build is **red**")
        window = await opened(ada.asks_about(said))
        assert window.answers == [OPEN]
        assert asked(ear) == []
        ada.writes(window, "Why?")
        await until(lambda: asked(ear))
    (heard,) = asked(ear)
    assert (heard.sender.name, heard.what.content) == ("Ada", Content(text="Why?"))
    assert heard.what.quoted == Quoted(author="Tom", text="the build is **red**")
    assert heard.address == account.at(room)


async def test_without_words_it_asks_what_that_is_about(discord, account, ada):
    ear, room = Ear(), discord.room()
    async with account.listening(ear):
        window = await opened(ada.asks_about(discord.person("Tom").says(room, "hm")))
        ada.writes(window, "")
        await until(lambda: asked(ear))
    assert asked(ear)[0].what.content.text == "What is this about?"


async def test_what_it_is_about_commands_nothing_and_answers_no_question(discord, account, ada):
    """Whatever stands in the message is somebody else's; it is no reply to what the log has."""
    ear, room = Ear(), discord.room()
    async with account.listening(ear):
        said = discord.person("Tom").says(room, "/stop")
        ada.writes(await opened(ada.asks_about(said)), "Why?")
        await until(lambda: asked(ear))
    spoken = asked(ear)[0].what
    assert spoken.quoted.text == "/stop"
    assert spoken.reply_to == f"about:{said.id}"


async def test_after_a_restart_the_message_is_asked_for(discord, account, ada):
    room = discord.room()
    said = discord.person("Tom").says(room, "the build is red")
    async with account.listening(Ear()):
        window = await opened(ada.asks_about(said))
    ear = Ear()
    async with Account(discord).listening(ear):
        ada.writes(window, "Why?")
        await until(lambda: asked(ear))
    assert asked(ear)[0].what.quoted == Quoted(author="Tom", text="the build is red")


async def test_of_a_message_that_is_gone_by_then_it_is_said(discord, account, ada):
    room, tom = discord.room(), discord.person("Tom")
    said = tom.says(room, "the build is red")
    async with account.listening(Ear()):
        window = await opened(ada.asks_about(said))
    tom.unsays(said)
    ear = Ear()
    async with Account(discord).listening(ear):
        ada.writes(window, "Why?")
        await until(lambda: asked(ear))
    assert "message" in asked(ear)[0].what.quoted.text


async def test_what_was_said_in_one_place_is_not_told_in_another(discord, account, ada):
    """What a window sends back is of somebody's making, the message that it names too."""
    ear, room = Ear(), discord.room()
    async with account.listening(ear):
        window = await opened(ada.asks_about(discord.person("Tom").says(room, "our secret")))
        window.room = discord.room("other")
        ada.writes(window, "Why?")
        await until(lambda: asked(ear))
    assert asked(ear)[0].address == account.at(window.room)
    assert "secret" not in asked(ear)[0].what.quoted.text


async def test_what_was_whispered_to_one_person_is_not_told_to_all(discord, account, ada):
    ear, room = Ear(), discord.room()
    async with account.listening(ear):
        said = discord.person("Tom").says(room, "a code for you alone")
        said.flags = EPHEMERAL
        window = await opened(ada.asks_about(said))
        discord.person("Tom").unsays(said)  # nobody can ask for a whisper
        ada.writes(window, "Why?")
        await until(lambda: asked(ear))
    assert "code" not in asked(ear)[0].what.quoted.text


async def test_the_reply_to_what_was_written_is_whispered(discord, account, ada):
    room = discord.room()
    async with account.listening(Ear(reply=Reply(text="you may not", refused=True))):
        window = await opened(ada.asks_about(discord.person("Tom").says(room, "hm")))
        written = ada.writes(window, "Why?")
        await until(lambda: written.whispers)
    assert written.whispers == ["you may not"]


@pytest.fixture
async def card(discord, account):
    """An open question of ours."""
    room = discord.room()
    button = Button(value=f"{WRITES}7", label="Answer")
    await account.channel.send(account.at(room), part("Which one?", buttons=(button,)))
    return discord.messages(room)[0]


async def test_an_open_question_is_answered_in_a_window(discord, account, ada, card):
    ear = Ear()
    async with account.listening(ear):
        window = await opened(ada.presses(card, "Answer"))
        assert ear.heard == []
        written = ada.writes(window, "The blue one")
        await until(lambda: asked(ear))
        await until(lambda: written.answers)
    spoken = asked(ear)[0].what
    assert (spoken.content.text, spoken.reply_to) == ("The blue one", MessageId(str(card.id)))
    assert written.answers == [CHANGE_LATER]


async def test_who_may_not_answer_is_told_so_alone(discord, account, ada, card):
    async with account.listening(Ear(reply=Reply(text="not asked of you", refused=True))):
        written = ada.writes(await opened(ada.presses(card, "Answer")), "Me!")
        await until(lambda: written.whispers)
    assert written.whispers == ["not asked of you"]
