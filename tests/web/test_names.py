"""What people are called, as the page asks and shows it."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.rig import ADA, BOB, Bridge, Pages, say

pytestmark = pytest.mark.browser


def open_form(page: Page) -> None:
    page.get_by_role("button", name="Change what people call you").click()


def call_me(page: Page, name: str) -> None:
    page.get_by_label("What should people call you?").fill(name)
    page.locator("#me-form").get_by_role("button", name="Save").click()


def test_whoever_changes_their_name_is_called_so_by_everybody(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    open_form(page)
    call_me(page, "Ada <b>Lovelace</b>")
    expect(page.locator("#my-name")).to_have_text("Ada bLovelace/b")
    expect(page.locator("#me-form")).to_be_hidden()
    other = pages.open(bridge.link(BOB))
    other.locator("#who").click()
    expect(other.locator("#about-people")).to_contain_text("Ada bLovelace/b")


def test_a_name_that_is_taken_is_refused_where_it_was_typed(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    open_form(page)
    call_me(page, "b\u043eb")
    expect(page.locator("#me-why")).to_contain_text("is called that already")
    expect(page.locator("#my-name")).to_have_text("Ada")
    page.keyboard.press("Escape")
    expect(page.locator("#me-form")).to_be_hidden()


def test_a_name_chosen_by_a_command_is_shown_at_once(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    say(page, "silent hello")
    expect(page.locator(".said.mine")).to_be_visible()
    say(page, "/me Countess")
    expect(page.locator("#my-name")).to_have_text("Countess")
    page.locator("#who").click()
    expect(page.locator("#about-people")).to_contain_text("Countess")


def test_the_form_begins_with_the_present_name(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    open_form(page)
    expect(page.get_by_label("What should people call you?")).to_have_value("Ada")
    call_me(page, "Ada B")
    open_form(page)
    expect(page.get_by_label("What should people call you?")).to_have_value("Ada B")


def test_an_owner_without_a_name_is_asked_for_it_once(bridge: Bridge, pages: Pages):
    bridge.loop.run(bridge.core.store.rename(ADA, was="Ada", name="Owner"))
    page = pages.open(bridge.link())
    expect(page.get_by_label("What should people call you?")).to_be_visible()
    page.reload()
    expect(page.locator("#my-name")).to_have_text("Owner")
    expect(page.locator("#me-form")).to_be_hidden()
