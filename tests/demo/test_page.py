"""The demo: what a newcomer sees without an account, a key or a platform."""

import asyncio
import socket

import aiohttp
import pytest
from playwright.async_api import async_playwright, expect

from bridge.demo.page import CONVERSATION, demo
from bridge.domain.errors import ConfigError
from tests.process import command
from tests.waiting import PATIENCE
from tests.web.conftest import CHROMIUM, FLAGS

APPS = ["telegram", "discord", "slack", "whatsapp"]
PANES = [*APPS, "bob"]


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
    assert [app["name"] for app in state["apps"]] == PANES
    for app in state["apps"]:
        assert [look["text"] for look in app["messages"] if "said: What is up?" in look["text"]]
        joined = [each for each in app["messages"] if "Ada joined" in each["text"]]
        assert not joined, "one person"


async def test_what_is_seen_first_is_a_conversation(shown):
    """How the apps were linked is over by then, and no part of it is shown."""
    page, _ = shown
    async with page.get("state") as answer:
        state = await answer.json()
    for app in state["apps"][:-1]:
        seen = [look["text"] for look in app["messages"]]
        assert len(seen) == 7, seen
        assert all(words in "\n".join(seen) for _, words in CONVERSATION)
        assert not any("/link" in each or "joined as you" in each for each in seen), seen


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
    assert [line.partition(" shows:")[0].lower() for line in shown] == [*APPS, "bob's telegram"]


async def test_a_port_in_use_is_told_with_what_to_do():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} .*choose another with --port"):
            async with demo(port):
                pass


async def test_the_browser_is_adas_and_bob_is_somebody_else(shown):
    _, story = shown
    url, token = story.page.split("/#token=")
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(base_url=url, headers=headers) as browser:
        async with browser.get("/v1/me") as answer:
            assert (await answer.json())["name"] == "Ada"
        async with browser.get("/v1/sessions/main") as answer:
            people = [each["name"] for each in (await answer.json())["participants"]]
    assert people == ["Ada", "Bob"]


async def test_the_bot_is_seen_typing_until_it_has_written(shown):
    page, story = shown
    asked = {"app": "slack", "text": "slow 6"}
    origin = {"Origin": str(page._base_url).rstrip("/")}
    async with page.post("says", json=asked, headers=origin) as answer:
        assert answer.status == 200

    async def typing() -> list[str]:
        async with page.get("state") as answer:
            return [app["name"] for app in (await answer.json())["apps"] if app["typing"]]

    async with asyncio.timeout(PATIENCE):
        while "discord" not in await typing():
            await asyncio.sleep(0.05)
    await story.until_everywhere("That took 6 s.")
    assert "discord" not in await typing()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
async def test_each_app_draws_what_it_is_sent(shown):
    """Bold words, headings, quotes, code, links; tables where the app has them, else as code."""
    page, story = shown
    story.apps.slack.says("markdown")
    await story.until_everywhere("cause trouble")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        drawn = await browser.new_page()
        await drawn.goto(str(page._base_url))
        for app in APPS:
            pane = drawn.locator(f"section.{app}")
            await expect(pane.locator("li", has_text="cause trouble")).to_be_visible()
            for tag in ("strong", "em", "code", "blockquote", "pre"):
                assert await pane.locator(f"li {tag}").count(), (app, tag)
            assert "**" not in await pane.inner_text(), app
        assert await drawn.locator(".slack li table").count() == 1
        assert await drawn.locator(".discord li h3").count()
        await browser.close()
