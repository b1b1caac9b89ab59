"""The demo: what a newcomer sees without an account, a key or a platform."""

import aiohttp
import pytest

from bridge.demo.page import demo
from tests.process import command

APPS = ["telegram", "discord", "slack", "whatsapp"]


@pytest.fixture
async def shown():
    async with demo() as (url, story), aiohttp.ClientSession(base_url=url) as page:
        yield page, story


async def test_one_person_is_in_four_apps_and_one_question_is_answered_in_all(shown):
    page, story = shown
    asked = {"app": "slack", "text": "What is up?"}
    origin = {"Origin": str(page._base_url).rstrip("/")}
    async with page.post("says", json=asked, headers=origin) as answer:
        assert answer.status == 200
    await story.until_everywhere("said: What is up?")
    async with page.get("state") as answer:
        state = await answer.json()
    assert [app["name"] for app in state["apps"]] == APPS
    for app in state["apps"]:
        assert [look["text"] for look in app["messages"] if "said: What is up?" in look["text"]]
        joined = [each for each in app["messages"] if " joined." in each["text"]]
        assert not joined, "one person"


async def test_the_page_needs_nothing_from_elsewhere(shown):
    page, _ = shown
    async with page.get("") as answer:
        assert "://" not in await answer.text()


async def test_another_sites_page_can_say_nothing(shown):
    page, _ = shown
    asked = {"app": "slack", "text": "boo"}
    for headers in ({}, {"Origin": "https://evil.example"}):
        async with page.post("says", json=asked, headers=headers) as answer:
            assert answer.status == 403


def test_played_once_it_says_what_each_app_shows_and_ends():
    done = command("demo", "--once", "--port", "0", environ={})
    assert done.code == 0, done.err
    shown = [line for line in done.out.splitlines() if "said: What is up?" in line]
    assert [line.partition(" shows:")[0].lower() for line in shown] == APPS
