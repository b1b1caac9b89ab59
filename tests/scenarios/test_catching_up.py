"""A place that comes, or comes back, is told in a few lines what it missed; real libraries."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bridge import texts
from bridge.demo.apps import App, four, shown
from tests.scenarios.four import Four
from tests.waiting import PATIENCE

INBOX = "/v1/stream/sessions/main/inbox"
CODE = re.compile(r"/link ([A-Z0-9-]+)")
BEHIND = 500


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[Four, httpx.AsyncClient]]:
    """Serve four apps, and a page of their one person, who uses Telegram by then."""
    async with four() as apps:
        story = Four(apps=apps, data=folder / "data", each={"welcome": True})
        async with story.serving(), in_page(story) as page:
            await moves_in(story, page, apps.telegram)
            yield story, page


@asynccontextmanager
async def in_page(story: Four) -> AsyncIterator[httpx.AsyncClient]:
    token = {"Authorization": f"Bearer {story.page.partition('token=')[2]}"}
    async with httpx.AsyncClient(base_url=story.url, headers=token, timeout=PATIENCE) as page:
        yield page


async def put(page: httpx.AsyncClient, **body: str) -> dict[str, str]:
    answer = await page.post(INBOX, json={"place": "web", **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def idle(page: httpx.AsyncClient) -> None:
    while (await page.get("/v1/sessions/main")).json()["state"] != "idle":
        await asyncio.sleep(0.05)


async def moves_in(story: Four, page: httpx.AsyncClient, app: App) -> None:
    found = CODE.search((await put(page, type="message", text="/link"))["reply"])
    app.says(f"/link {found[1]}")
    await story.until(lambda: story.count(app, "follow"))


async def test_whoever_goes_on_in_another_app_is_told_what_was_said_last(tmp_path: Path) -> None:
    async with served(tmp_path) as (story, page):
        for words in ("about pigeons", "about taxes", "about tea"):
            await put(page, type="message", text=words)
            await story.until(
                lambda words=words: story.count(story.apps.telegram, f"said: {words}")
            )
        await moves_in(story, page, story.apps.whatsapp)
        app = story.apps.whatsapp
        await story.until(lambda: story.count(app, texts.SAID_LAST))
        (told,) = [text for text in shown(app) if texts.SAID_LAST in text]
        assert "about tea" in told
        assert "about taxes" in told
        assert "pigeons" not in told
        await put(page, type="message", text="live again")
        await story.until(lambda: story.count(app, "said: live again"))
        assert not any("said: about" in text for text in shown(app) if texts.SAID_LAST not in text)


async def test_a_place_500_events_behind_gets_at_most_three_messages(tmp_path: Path) -> None:
    async with served(tmp_path) as (story, page):
        app = story.apps.telegram
        app.person.blocks(app.bot)
        number, head = 0, 0
        while head <= BEHIND:
            number += 1
            await put(page, type="message", text=f"number {number}")
            head = int((await page.get("/v1/sessions/main")).json()["offset"][:16])
        await idle(page)
        before = len(shown(app))
        app.person.unblocks(app.bot)
        app.says("/help")
        await story.until(lambda: story.count(app, "While you were away"))
        app.says("I am back")
        await story.until(lambda: story.count(app, "said: I am back"))
        missed = [t for t in shown(app)[before:] if "I am back" not in t and "/stop" not in t]
        assert 1 <= len(missed) <= 3
        assert f"number {number}" in missed[-1]
