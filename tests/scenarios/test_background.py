"""Work in the background that asks, is approved in one app and another, and reports back."""

import json

from tests.fakes.models import Answers, Asked, calls
from tests.scenarios.four import four_apps

TOOL = "tests.scenarios.counting_tool:count_tickets"
SECRET = "The safe is behind the picture."


def said(asked: Asked) -> Answers:
    """Answer as a model would: begin it, work on it there, and tell what it reports."""
    text, last = asked.text(), json.dumps(asked.messages[-1], ensure_ascii=False)
    if "Nobody reads along." in text:
        if "There are 12 tickets" in last:
            return Answers(text="I counted: 12 open tickets.")
        return calls("count_tickets", state="open")
    if "I counted: 12 open tickets." in last:
        return Answers(text="Twelve tickets are open.")
    if "It works in the background now" in last:
        return Answers(text="I count them in the background.")
    if "in the background, please" in last:
        return calls("background", task="Count the open tickets.", told="They are tickets.")
    return Answers(text="All right.")


def buttons(app) -> list[str]:
    return [label for look in app.seen() for label in look.buttons]


async def test_it_asks_is_approved_and_reports_back_across_restarts(models, tmp_path):
    """Its beginning is approved in Telegram, its call in Slack, and the answer is everywhere."""
    model = {"model": "openai/gpt-4o-mini", "api_base": models.base("openai"), "api_key": "k"}
    helper = {"helper": {"type": "litellm", **model, "tools": {"functions": [TOOL]}}}
    models.replies = [said] * 200
    async with four_apps(tmp_path / "data", agents=helper) as story:
        phone, desk = story.apps.telegram, story.apps.slack
        async with story.serving():
            await story.gather()
            phone.says(SECRET)
            await story.until_everywhere("All right.")
            phone.says("Count the open tickets in the background, please")
            await story.until(lambda: "Approve" in buttons(phone))
            assert story.count(phone, "Count the open tickets."), "the exact call"
            phone.presses("Approve")
            await story.until_everywhere("I count them in the background.")
            await story.until_everywhere("In the background from now on: Count the open tickets")
            await story.until(lambda: story.count(desk, "count_tickets"))
            await story.until(lambda: "Approve" in buttons(desk))
            phone.says("/background")
            await story.until(lambda: story.count(phone, "waits for an answer"))
            await story.settle()
        async with story.serving():  # it waits for as long as it takes
            assert "Approve" in buttons(desk)
            await story.until(lambda: desk.fake.sockets.connected)
            desk.presses("Approve")
            await story.until_everywhere("Twelve tickets are open.")
            await story.settle()
            for app in story.apps.all:
                assert story.count(app, "Twelve tickets are open.") == 1, app.name
        there = [each for each in models.asked if "Nobody reads along." in each.text()]
        assert there
        assert not [each for each in there if SECRET in each.text()], "it knows what it was told"
        assert not [each for each in there if "background" in each.tools]


async def test_a_button_stops_it_everywhere(models, tmp_path):
    """What it asked is taken back in every app, and nothing is reported."""
    model = {"model": "openai/gpt-4o-mini", "api_base": models.base("openai"), "api_key": "k"}
    tools = {"functions": [TOOL], "policy": [{"tool": "background", "do": "allow"}]}
    helper = {"helper": {"type": "litellm", **model, "tools": tools}}
    models.replies = [said] * 200
    async with four_apps(tmp_path / "data", agents=helper) as story, story.serving():
        phone, desk = story.apps.telegram, story.apps.slack
        await story.gather()
        phone.says("Count the open tickets in the background, please")
        await story.until(lambda: "Approve" in buttons(desk))
        phone.says("/background")
        await story.until(lambda: any(each.startswith("Stop ") for each in buttons(phone)))
        phone.presses(next(each for each in buttons(phone) if each.startswith("Stop ")))
        await story.until_everywhere("stopped work in the background")
        await story.until(lambda: "Approve" not in buttons(desk))
        await story.settle()
        assert not story.count(phone, "Twelve")
