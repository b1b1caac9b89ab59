"""Through the whole bridge: what a person on Discord sees, and how often it rings."""

import asyncio

import pytest

from bridge.demo.discord.world import Bot
from tests.running import running_bridge
from tests.waiting import until

CONFIG = """
agents: {{echo: {{type: echo, delay: 0.02}}}}
channels:
  discord: {{type: discord, token: {{file: "{token}"}}, api_url: "{url}", allow: ["*"]}}
  phone: {{type: memory, label: Telegram, allow: ["*"]}}
"""


@pytest.fixture
async def bridge(tmp_path, discord):
    """A bridge with an account on the fake, that has connected."""
    token = tmp_path / "token"
    token.write_text(discord.bot.token)
    token.chmod(0o600)
    config = CONFIG.format(token=token, url=discord.url)
    async with running_bridge(tmp_path / "data", config) as running:
        await until(lambda: discord.gateway.identified)
        yield running


def answers(discord, room):
    """Return the agent's answers to "hello", those that notified somebody marked so."""
    ours = [each for each in discord.messages(room) if isinstance(each.author, Bot)]
    return [(each.content, not each.silent) for each in ours if "said: hello" in each.content]


async def test_a_question_is_answered_once_and_rings_once(discord, bridge, ada):
    room = discord.direct(ada)
    ada.says(room, "hello")
    await until(lambda: answers(discord, room))
    await asyncio.sleep(0.1)
    assert answers(discord, room) == [("Ada (Discord) said: hello", True)]


async def test_in_a_room_only_the_mention_is_answered(discord, bridge, ada):
    room = discord.room()
    await asyncio.sleep(0.05)
    ada.says(room, "good morning all")
    ada.says(room, f"{discord.bot.mention()} hello")
    await until(lambda: answers(discord, room))
    assert not any("good morning" in each for each in discord.shown(room))


async def test_a_question_is_answered_by_a_press_and_its_buttons_go(discord, bridge, ada):
    room = discord.direct(ada)
    ada.says(room, "ask")
    await until(lambda: any(each.buttons for each in discord.messages(room)))
    card = next(each for each in discord.messages(room) if each.buttons)
    ada.presses(card, "Coffee")
    await until(lambda: not card.buttons)
    await until(lambda: discord.interactions[0].answers)


async def test_a_command_from_the_menu_is_whispered_to(discord, bridge, ada):
    interaction = ada.commands(discord.direct(ada), "help")
    await until(lambda: interaction.whispers)
    assert "/stop" in interaction.whispers[0]


async def test_a_file_comes_back(discord, bridge, ada):
    room = discord.direct(ada)
    ada.says(room, "file", files={"a.txt": ("text/plain", b"hello")})
    await until(lambda: discord.shown(room))


async def test_a_long_answer_comes_whole_in_as_many_messages_as_it_takes(discord, bridge, ada):
    room = discord.direct(ada)
    words = " ".join(f"word{number}" for number in range(250))
    ada.says(room, words)
    await until(lambda: "word249" in "".join(discord.shown(room)))


async def test_trouble_on_the_way_shows_nothing_twice(discord, bridge, ada):
    room = discord.direct(ada)
    discord.fault("send", hang_up=True, applied=True)
    ada.says(room, "hello")
    await until(lambda: answers(discord, room))
    await asyncio.sleep(0.1)
    assert len(discord.shown(room)) == len(set(discord.shown(room)))
    assert len(answers(discord, room)) == 1
