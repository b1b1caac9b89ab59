"""The slash commands as Discord is told of them."""

import pytest

from bridge.domain.wording import LANGUAGES
from bridge.session.slash import COMMANDS
from channels.discord.commands import CHAT_INPUT, LOCALES, MESSAGE, is_registered, menu


def test_every_command_is_in_the_menu():
    named = [each["name"] for each in menu() if each["type"] == CHAT_INPUT]
    assert named == [each.name for each in COMMANDS]


def test_every_message_has_an_entry_to_ask_about_it():
    (entry,) = [each for each in menu() if each["type"] == MESSAGE]
    assert (entry["name"], entry["description"]) == ("Ask about this", "")
    names = [entry["name"], *entry["name_localizations"].values()]
    assert all(1 <= len(each) <= 32 for each in names)


def test_what_discord_adds_to_a_command_is_no_difference():
    found = [each | {"id": "1", "version": "2", "nsfw": False} for each in reversed(menu())]
    assert is_registered(found)


@pytest.mark.parametrize(
    "change",
    [
        *({"description": "else"}, {"name": "other"}, {"options": []}),
        {"description_localizations": {}},
    ],
    ids=str,
)
def test_a_command_that_differs_is_a_difference(change):
    first, *others = menu()
    assert not is_registered([first | change, *others])
    assert not is_registered(others)


def test_every_command_is_explained_in_every_language():
    (told,) = [each for each in menu() if each["name"] == "help"]
    explained = told["description_localizations"]
    assert explained.keys() == {"de", "es-ES", "es-419", "fr", "zh-CN", "zh-TW"}
    assert explained["de"] == "was du hier tun kannst"
    assert LOCALES.keys() == LANGUAGES.keys() - {"en"}


def test_descriptions_are_as_short_as_discord_wants_them():
    assert all(
        1 <= len(each["description"]) <= 100 for each in menu() if each["type"] == CHAT_INPUT
    )
