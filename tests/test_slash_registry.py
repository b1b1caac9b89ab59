"""One registry of slash commands: everything that lists commands is made from it."""

from types import SimpleNamespace

import pytest
import yaml
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from bridge.cli import chat_texts
from bridge.cli.terminal import _Commands
from bridge.domain.commands import Stop
from bridge.domain.parts import Reply
from bridge.domain.wording import ENGLISH
from bridge.engine.commands import slash_commands
from bridge.session import slash
from channels.discord import commands as discord
from channels.slack import manifest
from channels.slack import parse as slack
from channels.telegram import inbound as telegram
from tests import docs_tables
from tests.http.rig import SESSION, put, serving

PING = slash.SlashCommand(name="marco", text="say that I am here", argument="[WORD]", act=Stop)


async def _polo(_, request):
    return None, Reply(text=f"polo {request.argument}".strip())


@pytest.fixture
def ping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a command, as whoever adds one does: an entry and a handler."""
    monkeypatch.setattr(slash, "COMMANDS", (*slash.COMMANDS, PING))
    monkeypatch.setattr(slash_commands, "HANDLERS", {**slash_commands.HANDLERS, PING.name: _polo})


def test_every_command_has_a_handler_and_every_handler_a_command():
    assert slash_commands.HANDLERS.keys() == {each.name for each in slash.COMMANDS}


def test_no_two_commands_have_one_name():
    names = [each.name for each in slash.COMMANDS]
    names += [name for name, _ in chat_texts.COMMANDS]
    assert len(names) == len(set(names))


async def test_a_command_that_is_added_is_answered_in_help_and_completed_everywhere(ping):
    """By the page and the terminal from what the session shows; in every app by its own words."""
    async with serving() as bridge, bridge.client() as ada:
        answer = await put(ada, {"type": "message", "text": "/marco you"})
        assert answer["reply"] == "polo you"
        told = await put(ada, {"type": "message", "text": "/help"})
        assert "- `/marco [WORD]` say that I am here" in told["reply"].splitlines()
        commands = (await ada.get(SESSION)).json()["commands"]
    assert commands[-1] == {"name": "marco", "text": "say that I am here"}
    listed = [(each["name"], each["text"]) for each in commands]
    talk = SimpleNamespace(commands=listed, offers=(), view=SimpleNamespace(language=ENGLISH))
    completed = _Commands(talk).get_completions(Document("/mar"), CompleteEvent())
    assert [each.text for each in completed] == ["/marco"]


def test_a_command_that_is_added_is_in_the_menu_of_every_app_that_has_one(ping):
    assert telegram.commands()[-1] == ("marco", "say that I am here")
    typed = [each["name"] for each in discord.menu() if each["type"] == discord.CHAT_INPUT]
    assert typed[-1] == "marco"
    assert slack._typed({"text": "marco you"}) == "/marco you"  # it has one: /bridge


def test_a_command_that_is_added_is_in_the_documents(ping):
    row = "| `/marco [WORD]` | say that I am here | member | anywhere |"
    assert row in docs_tables.slash_commands().splitlines()
    assert "| stop the agent | `Stop`, `/stop`, `/marco` | member | anywhere |" in (
        docs_tables.permissions().splitlines()
    )


@pytest.mark.parametrize("name", docs_tables.TABLES)
def test_the_documents_have_the_tables_that_the_code_makes(name):
    """`python -m tests.docs_tables` writes them."""
    page = docs_tables.TABLES[name][0].read_text(encoding="utf-8")
    assert docs_tables.made(name, page) == page


def test_what_slack_hints_at_below_its_one_command_are_commands():
    (bridge,) = yaml.safe_load(manifest.as_yaml())["features"]["slash_commands"]
    *named, _ = bridge["usage_hint"].strip("[]").split(" | ")
    assert all(slash.named(each) is not None for each in named)
