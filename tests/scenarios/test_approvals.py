"""A long call is asked about in four chat apps at once: whole everywhere, and then its buttons."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge import texts
from bridge.delivery.call_display import text
from tests.agents.outside import HEAD, PYTHON
from tests.scenarios.four import Four, four_apps

COMMAND = f"cp {' '.join(f'file-{n}' for n in range(700))}{' ' * 3000}; rm -rf /"
HUGE = "y" * 30_000
ASKER = """
turn = hear()
approved = turn.get('approved') or []
said = turn['messages'][-1].get('text', '')
if approved:
    say('called', **approved[0]); hear(); say('returned', call=approved[0]['call'], result='ok')
    say('ended', text='I ran it.')
elif said.startswith('run'):
    command = COMMAND if said == 'run' else HUGE
    say('ask', question='q_' + turn['run'], kind='approval', text='May I?',
        call={'call': 'k_' + turn['run'], 'name': 'shell', 'arguments': {'command': command}})
    say('ended')
else:
    say('ended', text='Fine.')
"""


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Four]:
    program = tmp_path / "asker.py"
    program.write_text(f"{HEAD}\nCOMMAND = {COMMAND!r}\nHUGE = {HUGE!r}\n{ASKER}")
    agents = {"asker": {"type": "process", "command": [*PYTHON, str(program)]}}
    async with four_apps(tmp_path / "data", agents=agents) as made:
        yield made


async def test_a_long_call_is_whole_everywhere_before_it_can_be_approved(story: Four):
    display = text("shell", json.dumps({"command": COMMAND})).split("\n")
    async with story.serving():
        await story.gather()
        story.apps.telegram.says("run")
        with_buttons = (story.apps.telegram, story.apps.discord, story.apps.slack)
        for app in with_buttons:
            await story.until(lambda app=app: any(look.buttons for look in app.seen()))
        await story.until(lambda: story.count(story.apps.whatsapp, "Reply with a number"))
        await story.settle()
        for app in story.apps.all:
            looks = [look for look in app.seen() if not look.who]
            seen = "\n".join(look.text for look in looks)
            places = [seen.find(line.strip()) for line in display]
            assert -1 not in places, app.name
            assert "⟨3000 spaces⟩; rm -rf /" in seen, app.name
        for app in with_buttons:
            last = [look for look in app.seen() if not look.who][-1]
            assert last.buttons == ("Approve", "Deny", "Always"), app.name
            assert "rm -rf /" in last.text, app.name
        story.apps.whatsapp.says("1")
        await story.until_everywhere("I ran it.")


async def test_a_call_that_is_too_long_for_chat_apps_is_only_denied_there(story: Four):
    async with story.serving():
        await story.gather()
        story.apps.telegram.says("run a huge one")
        for app in (story.apps.telegram, story.apps.discord, story.apps.slack):
            await story.until(lambda app=app: any(look.buttons for look in app.seen()))
            assert {label for look in app.seen() for label in look.buttons} == {"Deny"}, app.name
        await story.until_everywhere("too long to decide here")
        story.apps.whatsapp.says("1")
        await story.until(lambda: story.count(story.apps.whatsapp, texts.CALL_NOT_SHOWN[:40]))
        story.apps.whatsapp.says("deny")
        await story.until_everywhere("Deny")
        await story.settle()
        for app in story.apps.all:
            assert story.count(app, "I ran it.") == 0, app.name


async def test_what_is_withdrawn_elsewhere_is_named_in_every_app(tmp_path: Path):
    """Where the card can be changed it says so itself; elsewhere a line names the call."""
    async with four_apps(tmp_path / "data") as story, story.serving():
        await story.gather()
        story.apps.telegram.says("approve")
        await story.until_everywhere("May I roll a die")
        story.apps.slack.says("/stop")
        for app in (story.apps.telegram, story.apps.discord, story.apps.slack):
            await story.until(lambda app=app: story.count(app, "No longer needed"))
            (card,) = [each for each in app.seen() if "No longer needed" in each.text]
            assert "May I roll a die" in card.text, app.name
            assert "die" in card.text
            assert not card.buttons, app.name
        whatsapp = story.apps.whatsapp
        await story.until(lambda: story.count(whatsapp, "No longer needed"))
        (line,) = [each.text for each in whatsapp.seen() if "No longer needed" in each.text]
        assert "die" in line
        assert "6" in line, "with what it was to be called"
