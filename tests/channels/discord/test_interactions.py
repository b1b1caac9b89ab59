"""Buttons and commands from the menu get their answer in time, and only the asker sees it."""

import asyncio
from dataclasses import replace

import pytest

from bridge.domain.errors import StoreUnavailable
from bridge.domain.parts import Button, Reply
from tests.channels.discord.account import FAST, Account, Ear, part
from tests.waiting import until

SAY, SAY_LATER, CHANGE_LATER = 4, 5, 6


@pytest.fixture
async def card(discord, account):
    """A message of ours with a button."""
    room = discord.room()
    yes = Button(value="a:q_1:0", label="Yes")
    await account.channel.send(account.at(room), part("sure?", buttons=(yes,)))
    return discord.messages(room)[0]


@pytest.fixture
def slow(card):
    """An inbox that has to be let go on."""
    return Ear(reply=Reply(text="done"), slow={str(card.room.id): asyncio.Event()})


async def test_a_press_without_a_reply_changes_nothing(discord, account, ada, card):
    async with account.listening():
        interaction = ada.presses(card, "Yes")
        await until(lambda: interaction.answers)
    assert interaction.answers == [CHANGE_LATER]
    assert interaction.whispers == []
    assert card.content == "sure?"


async def test_the_reply_to_a_press_is_whispered(discord, account, ada, card):
    async with account.listening(Ear(reply=Reply(text="you may not", refused=True))):
        interaction = ada.presses(card, "Yes")
        await until(lambda: interaction.whispers)
    assert interaction.whispers == ["you may not"]
    assert discord.shown(card.room) == ["sure?"]


async def test_a_slow_press_is_acknowledged_in_time_and_its_reply_follows(
    discord, account, ada, card, slow
):
    async with account.listening(slow):
        interaction = ada.presses(card, "Yes")
        await until(lambda: interaction.answers)
        assert interaction.whispers == []
        slow.slow[str(card.room.id)].set()
        await until(lambda: interaction.whispers)
    assert interaction.answers == [CHANGE_LATER]
    assert interaction.whispers == ["done"]


async def test_the_reply_to_a_command_is_whispered(discord, ada):
    room = discord.room()
    account = Account(discord, pace=replace(FAST, answer=10))
    async with account.listening(Ear(reply=Reply(text="all is well"))):
        interaction = ada.commands(room, "status")
        await until(lambda: interaction.whispers)
    assert interaction.answers == [SAY]
    assert interaction.whispers == ["all is well"]
    assert discord.shown(room) == []


async def test_a_slow_command_says_that_it_thinks_and_then_what(discord, account, ada, card, slow):
    async with account.listening(slow):
        interaction = ada.commands(card.room, "status")
        await until(lambda: interaction.answers)
        slow.slow[str(card.room.id)].set()
        await until(lambda: interaction.whispers)
    assert interaction.answers == [SAY_LATER]
    assert interaction.whispers == ["done"]


async def test_a_command_without_a_reply_leaves_nothing_behind(discord, account, ada):
    async with account.listening():
        interaction = ada.commands(discord.room(), "stop")
        await until(lambda: discord.calls["withdraw"])
    assert interaction.answers == [SAY_LATER]
    assert interaction.whispers == []


async def test_a_long_reply_comes_in_several_whispers(discord, account, ada):
    text = "\n\n".join(f"Paragraph {number} " + "x" * 500 for number in range(8))
    async with account.listening(Ear(reply=Reply(text=text))):
        interaction = ada.commands(discord.room(), "help")
        await until(lambda: len(interaction.whispers) == 3)
    assert all(f"Paragraph {number} " in "".join(interaction.whispers) for number in range(8))


async def test_an_interaction_that_discord_has_given_up_is_kept_all_the_same(
    discord, account, ada, card
):
    async with account.listening(Ear(reply=Reply(text="done"))) as ear:
        interaction = ada.presses(card, "Yes")
        interaction.too_late = True
        await ear.until(1)
        ada.says(card.room, "never mind")
        await ear.until(2)
    assert interaction.answers == []


async def test_a_press_the_store_cannot_keep_is_acknowledged_and_handed_in_again(
    discord, account, ada, card
):
    refusals = [StoreUnavailable()] * 30
    async with account.listening(Ear(refusals=refusals, reply=Reply(text="done"))) as ear:
        interaction = ada.presses(card, "Yes")
        await ear.until(1)
        await until(lambda: interaction.whispers)
    assert interaction.answers == [CHANGE_LATER]


async def test_buttons_outlive_the_process_that_showed_them(discord, account, ada, card):
    async with account.restarted().listening() as ear:
        ada.presses(card, "Yes")
        (pressed,) = await ear.until(1)
    assert pressed.what.value == "a:q_1:0"


async def test_a_press_made_in_a_direct_message_comes_from_there(discord, account, ada):
    room = discord.direct(ada)
    yes = Button(value="a:q_1:0", label="Yes")
    await account.channel.send(account.at(room), part("sure?", buttons=(yes,)))
    async with account.listening() as ear:
        ada.presses(discord.messages(room)[0], "Yes")
        (pressed,) = await ear.until(1)
    assert pressed.address == account.at(room)
    assert not pressed.room
