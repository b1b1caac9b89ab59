"""The slash commands as Discord is told of them."""

import pytest

from bridge.slash import COMMANDS
from channels.discord.commands import is_registered, menu


def test_every_command_is_in_the_menu():
    assert [each["name"] for each in menu()] == [each.name for each in COMMANDS]


def test_what_discord_adds_to_a_command_is_no_difference():
    found = [each | {"id": "1", "version": "2", "nsfw": False} for each in reversed(menu())]
    assert is_registered(found)


@pytest.mark.parametrize(
    "change", [{"description": "else"}, {"name": "other"}, {"options": []}], ids=str
)
def test_a_command_that_differs_is_a_difference(change):
    first, *others = menu()
    assert not is_registered([first | change, *others])
    assert not is_registered(others)


def test_descriptions_are_as_short_as_discord_wants_them():
    assert all(1 <= len(each["description"]) <= 100 for each in menu())
