"""What somebody may read of a session is saved as a file from the page."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.rig import Bridge, Pages, say

pytestmark = pytest.mark.browser


def opened(page: Page) -> None:
    expect(page.locator("#people-open")).to_be_enabled()
    page.locator("#who").focus()
    page.keyboard.press("Enter")


def test_what_was_said_is_saved_as_a_file_to_read(bridge: Bridge, pages: Pages) -> None:
    page = pages.open(bridge.link())
    say(page, "about pigeons")
    expect(page.get_by_text("about pigeons").first).to_be_visible()
    opened(page)
    with page.expect_download() as coming:
        page.get_by_role("button", name="Export as a file").press("Enter")
    assert coming.value.suggested_filename.endswith(".md")
    assert "> about pigeons" in Path(coming.value.path()).read_text()


def test_a_file_that_does_not_come_is_told_of_and_asked_for_again(
    bridge: Bridge, pages: Pages
) -> None:
    page = pages.open(bridge.link())
    page.route("**/copy", lambda route: route.abort())
    opened(page)
    button = page.locator("#export")
    button.press("Enter")
    expect(button).to_have_text("The file did not come. Try again.")
    page.unroute("**/copy")
    with page.expect_download():
        button.press("Enter")
    expect(button).to_have_text("Export as a file")


def test_a_copy_is_made_and_told_of_in_the_page(bridge: Bridge, pages: Pages) -> None:
    page = pages.open(bridge.link())
    say(page, "about pigeons")
    expect(page.get_by_text("about pigeons").first).to_be_visible()
    say(page, "/fork What if")
    page.get_by_role("link", name="What if").first.click()
    expect(page.locator("#title")).to_have_text("What if")
    expect(page.get_by_text("about pigeons").first).to_be_visible()
