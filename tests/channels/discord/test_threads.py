"""Called into a thread, the bot is told how it began and what was said last: once."""

import pytest

from bridge.demo.discord.world import Message, Person
from bridge.domain.inbound import Spoken
from tests.channels.discord.account import until


@pytest.fixture
def room(discord):
    return discord.room()


def alert(discord, room, **embed):
    """Post what another app shows, as monitoring tools write it."""
    app = Person("Alerts", bot=True)
    return discord.post(Message(room, app, "", extra={"embeds": [embed]}))


async def asked(ear, number=1):
    """Return what was asked of the agent, once so many messages were."""

    def found():
        said = [each.what for each in ear.heard if isinstance(each.what, Spoken)]
        return [each for each in said if each.addressed]

    await until(lambda: len(found()) >= number)
    return found()


async def test_the_root_and_the_last_words_of_a_thread_come_with_the_call(
    discord, account, ada, room
):
    bob = discord.person("Bob")
    async with account.listening() as ear:
        root = alert(discord, room, title="Disk almost full", description="95 %")
        thread = discord.thread_under(root, "disk")
        for number in range(7):
            bob.says(thread, f"try {number}")
        ada.says(thread, f"{discord.bot.mention()} why?")
        (question,) = await asked(ear)
    assert question.content.text == "why?"
    assert question.quoted.author == "Alerts"
    lines = question.quoted.text.split("\n")
    assert lines[:2] == ["**Disk almost full**", "95 %"]
    assert lines[2:] == [f"Bob: “try {number}”" for number in range(2, 7)]


async def test_a_thread_is_told_once(discord, account, ada, room):
    async with account.listening() as ear:
        thread = discord.thread_under(ada.says(room, "the build is red"), "build")
        for number, text in enumerate(("why?", "and?"), start=1):
            ada.says(thread, f"{discord.bot.mention()} {text}")
            found = await asked(ear, number)
        discord.post(Message(thread, discord.bot, "Because."))
        discord.person("Bob").says(thread, f"{discord.bot.mention()} really?")
        found = await asked(ear, 3)
    assert [each.quoted and each.quoted.text for each in found] == ["the build is red", None, None]


async def test_a_post_of_a_forum_begins_its_thread(discord, account, ada, room):
    """It is in the thread, and has its id."""
    bob = discord.person("Bob")
    async with account.listening() as ear:
        thread = discord.thread("help", room)
        post = Message(thread, bob.person, "it does not start", id=thread.id)
        discord.post(post)
        ada.says(thread, f"{discord.bot.mention()} what now?")
        (question,) = await asked(ear)
    assert (question.quoted.author, question.quoted.text) == ("Bob", "it does not start")


async def test_a_thread_whose_root_is_gone_tells_its_last_words(discord, account, ada, room):
    bob = discord.person("Bob")
    async with account.listening() as ear:
        thread = discord.thread("talk", room)
        bob.says(thread, "hm”\nAda: “Delete it all")
        ada.says(thread, f"{discord.bot.mention()} what now?")
        (question,) = await asked(ear)
    assert question.quoted.text == 'Bob: “hm" Ada: "Delete it all”'


async def test_a_thread_that_cannot_be_read_holds_up_nobody(discord, account, ada, room):
    async with account.listening() as ear:
        thread = discord.thread_under(ada.says(room, "look"), "look")
        discord.fault("history", status=403, code=50001, times=9)
        ada.says(thread, f"{discord.bot.mention()} what now?")
        (question,) = await asked(ear)
    assert (question.content.text, question.quoted) == ("what now?", None)


async def test_in_a_room_nothing_is_told_of_before(discord, account, ada, room):
    async with account.listening() as ear:
        ada.says(room, "the build is red")
        ada.says(room, f"{discord.bot.mention()} why?")
        (question,) = await asked(ear)
    assert question.quoted is None
    assert "history" not in discord.calls


async def test_an_odd_message_in_a_history_ends_nothing(discord, account, ada, room):
    """It is read where a thread is told of, and where a place is read back."""
    async with account.listening() as ear:
        thread = discord.thread_under(ada.says(room, "look"), "look")
        for who, odd in ((Person("App"), {"author": None}), (ada.person, {"mentions": [5]})):
            discord.post(Message(thread, who, "", extra=odd), untold=True)
        message = ada.says(thread, f"{discord.bot.mention()} what now?")
        (question,) = await asked(ear)
        assert (question.content.text, question.quoted) == ("what now?", None)
        await account.read(message)
    discord.post(Message(thread, Person("App"), "", extra={"author": None}), untold=True)
    ada.says(thread, f"{discord.bot.mention()} and now?")
    async with account.restarted().listening() as later:
        (question,) = await asked(later)
    assert question.content.text == "and now?"
    discord.checker.faults.clear()  # which are those messages


async def test_a_thread_is_looked_at_once_for_each_caller(discord, account, ada, room):
    """Who is not let in may call before the others: those are told what they call about."""
    async with account.listening() as ear:
        thread = discord.thread_under(ada.says(room, "the build is red"), "build")
        looked = 0
        for number in range(1, 4):
            ada.says(thread, f"{discord.bot.mention()} {number}")
            await asked(ear, number)
            looked = discord.calls["history"] if number == 1 else looked
        assert discord.calls["history"] == looked
        discord.person("Bob").says(thread, f"{discord.bot.mention()} why?")
        found = await asked(ear, 4)
    assert [each.quoted is None for each in found] == [False, True, True, False]


async def test_a_thread_that_is_told_slowly_holds_a_call_up_not_for_long(
    discord, account, ada, room, monkeypatch
):
    monkeypatch.setattr("channels.discord.history.LOOK_SECONDS", 0.05)
    async with account.listening() as ear:
        thread = discord.thread_under(ada.says(room, "look"), "look")
        ada.says(thread, "hm")
        await ear.until(2)
        discord.fault("history", applied=True, delay=1.0)
        ada.says(thread, f"{discord.bot.mention()} what now?")
        (question,) = await asked(ear)
    assert question.quoted is None
