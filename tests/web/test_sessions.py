"""Whoever is in many sessions, among many more of others, reaches each of their own."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from bridge.cli.client_session import choose, sessions
from bridge.cli.server import Server
from bridge.domain.ids import SessionId
from tests.web.rig import ADA, BOB, Bridge, Pages, token_of

pytestmark = pytest.mark.browser

MINE, THEIRS = 120, 1_000


@pytest.fixture
def crowded(bridge: Bridge) -> Bridge:
    """Ada's sessions come first; then, touched later, more of Bob's than any page lists."""

    async def fill() -> None:
        for number in range(MINE):
            await bridge.core.sessions.create(
                SessionId(f"s_mine_{number}"), title=f"Mine {number}", owner=ADA
            )
        for number in range(THEIRS):
            await bridge.core.sessions.create(
                SessionId(f"s_theirs_{number}"), title=f"Theirs {number}", owner=BOB
            )

    bridge.loop.run(fill())
    return bridge


def test_the_page_lists_all_of_ones_own_sessions_and_opens_the_oldest(
    crowded: Bridge, pages: Pages
):
    page = pages.open(crowded.link())
    listed = page.locator("#sessions a[data-session]")
    expect(listed).to_have_count(MINE + 1)
    page.get_by_role("link", name="Mine 0", exact=False).last.click()
    expect(page.locator("#title")).to_have_text("Mine 0")
    assert not page.get_by_text("Theirs").count()


def test_the_terminal_lists_all_of_ones_own_sessions_and_finds_the_oldest(
    crowded: Bridge, tmp_path: Path
):
    server = Server(url=crowded.url, token=token_of(ADA), data=tmp_path)
    assert {each.title for each in sessions(server)} == {
        "Main",
        *(f"Mine {number}" for number in range(MINE)),
    }
    assert choose(server, "Mine 0") == "s_mine_0"
