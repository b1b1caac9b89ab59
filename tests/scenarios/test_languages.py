"""One session, followed by somebody who reads German and somebody who reads English."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.agents.outside import HEAD, PYTHON
from tests.scenarios.four import Four, four_apps

ASKER = """
turn = hear()
approved = turn.get('approved') or []
said = turn['messages'][-1].get('text', '')
if approved:
    say('called', **approved[0]); hear(); say('returned', call=approved[0]['call'], result='ok')
    say('ended', text='I ran it.')
elif said.startswith('run'):
    say('ask', question='q_' + turn['run'], kind='approval', text='May I?',
        call={'call': 'k_' + turn['run'], 'name': 'shell', 'arguments': {'command': 'ls'}})
    say('ended')
else:
    say('ended', text='Fine.')
"""


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Four]:
    program = tmp_path / "asker.py"
    program.write_text(f"{HEAD}\n{ASKER}")
    agents = {"asker": {"type": "process", "command": [*PYTHON, str(program)]}}
    async with four_apps(tmp_path / "data", agents=agents) as made:
        made.each = {"welcome": True}
        made.only = ("telegram", "slack")
        made.file.write_text(json.dumps(made._settings()), encoding="utf-8")
        yield made


def card(app):
    """Return what an app shows of the question that was asked last."""
    return [look for look in app.seen() if "shell" in look.text and not look.who][-1]


async def said(story, app, words):
    await story.until(lambda: story.count(app, words))


async def test_an_approval_is_asked_and_answered_and_each_reads_their_own_language(story: Four):
    telegram, slack = story.apps.telegram, story.apps.slack
    telegram.person.language = "de"
    async with story.serving():
        telegram.says("hello")
        await said(story, telegram, "Dieser Chat folgt jetzt Main; dort antwortet")
        await said(story, telegram, "Fine.")
        slack.says("/retry")
        await said(story, slack, "There is nothing to retry.")
        slack.says("hello")
        await said(story, slack, "This chat now follows")
        await story.until(lambda: story.count(telegram, "Fine.") == 2)
        telegram.says("/retry")
        await said(story, telegram, "Es gibt nichts zu wiederholen.")
        telegram.says("run it")
        await story.until(lambda: any(look.buttons for look in telegram.seen()))
        await story.until(lambda: any(look.buttons for look in slack.seen()))
        assert card(telegram).buttons == ("Genehmigen", "Ablehnen", "Immer")
        assert card(slack).buttons == ("Approve", "Deny", "Always")
        assert "May I?" in card(telegram).text, "the words of the agent are its own"
        slack.presses("Approve")
        await said(story, telegram, "· Slack: Genehmigen")
        await said(story, slack, "· Slack: Approve")
        await said(story, telegram, "I ran it.")
        await said(story, slack, "I ran it.")
        assert story.count(telegram, "Approve") == story.count(slack, "Genehmigen") == 0


async def test_a_card_stays_in_its_language_and_the_next_is_in_the_one_that_was_chosen(
    story: Four,
):
    telegram, slack = story.apps.telegram, story.apps.slack
    telegram.person.language = "de"
    async with story.serving():
        slack.says("run this")
        await story.until(lambda: any(look.buttons for look in slack.seen()))
        telegram.says("/me language es")
        await said(story, telegram, "Español")
        slack.says("/me language fr")
        await said(story, slack, "Langue désormais : Français")
        slack.presses("Deny")
        await said(story, slack, "· Slack: Deny")
        await said(story, slack, "Fine.")
        slack.says("run that")
        await story.until(lambda: any("Refuser" in look.buttons for look in slack.seen()))
        slack.says("refuser")
        await said(story, slack, "· Slack: Refuser")


async def test_replies_and_help_are_in_the_language_of_the_app(story: Four):
    telegram = story.apps.telegram
    telegram.person.language = "zh-hans"
    async with story.serving():
        telegram.says("/stop")
        await said(story, telegram, "没有什么可停止的。")
        telegram.says("/me language xx")
        await said(story, telegram, "我不会说")
        telegram.says("/help")
        await said(story, telegram, "你在这里可以做什么")
        assert story.count(telegram, "what you can do here") == 0
