"""What axe, which knows the rules of WCAG, finds in each view of the page: nothing."""

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.rig import Bridge, Pages, say
from tests.web.test_access import NARROW
from tests.web.test_languages import LOCALES, manage, words
from tests.web.test_schedules import opened, plan

pytestmark = pytest.mark.browser

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
FOUND = """async silent => {
  const rules = Object.fromEntries(silent.map(each => [each, {enabled: false}]));
  const {violations} = await axe.run(document, {resultTypes: ["violations"], rules});
  return violations.flatMap(({id, nodes}) => nodes.map(({html, failureSummary}) =>
    `${id}: ${html.slice(0, 160)} ${failureSummary}`));
}"""
STILL = "*, *::before, *::after { animation: none !important; transition: none !important; }"
WIDE = {"width": 1280, "height": 800}
SCREENS = [(size, scheme) for size in (WIDE, NARROW) for scheme in ("light", "dark")]


DRAWER = ["landmark-one-main", "page-has-heading-one"]
"""While the drawer is open the room behind it is inert, with the page's heading."""


def violations(page: Page, *silent: str) -> list[str]:
    """Return what axe finds wrong in what is shown now, by its rules but the `silent` ones."""
    page.evaluate(AXE)
    return list(page.evaluate(FOUND, list(silent)))


def screen(pages: Pages, link: str, size: dict[str, int], scheme: Any, **how: Any) -> Page:
    return pages.open(link, viewport=size, color_scheme=scheme, reduced_motion="reduce", **how)


each_screen = pytest.mark.parametrize(
    ("size", "scheme"), SCREENS, ids=lambda each: str(each["width"]) if "width" in each else each
)


@each_screen
def test_the_way_in(bridge: Bridge, pages: Pages, size: dict[str, int], scheme: str):
    page = screen(pages, f"{bridge.url}/", size, scheme)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Or paste the link").fill("nonsense")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
    guest = screen(pages, bridge.invite(), size, scheme)
    expect(guest.get_by_label("Your name")).to_be_visible()
    assert violations(guest) == []


@each_screen
def test_a_talk(bridge: Bridge, pages: Pages, size: dict[str, int], scheme: str):
    """Messages, code, a call, an answer being written, questions open and closed, notes."""
    page = screen(pages, bridge.link(), size, scheme)
    expect(page.locator("#state")).to_have_text("Idle")
    assert violations(page) == []
    bridge.say_in_chat("from the bus")
    bridge.push(
        "# A title\n\n- one\n\n```\ncode\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[x](https://x.test)"
    )
    say(page, "approve")
    expect(page.locator(".question .choice")).not_to_have_count(0)
    assert violations(page) == []
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".tool .tool-state")).to_have_text("done")
    expect(page.locator("#state")).to_have_text("Idle")
    say(page, "/help")
    expect(page.locator(".note")).to_be_visible()
    page.locator(".tool summary").click()
    bridge.pace.held = True
    say(page, "slow 1")
    expect(page.locator(".writing .activity")).to_be_visible()
    page.locator("#text").fill("/")
    expect(page.get_by_role("option")).not_to_have_count(0)
    assert violations(page) == []
    bridge.pace.held = False


@each_screen
def test_the_dialogs_and_the_drawer(
    bridge: Bridge, pages: Pages, size: dict[str, int], scheme: str
):
    page = screen(pages, bridge.link(), size, scheme, locale=LOCALES["de"])
    expect(page.locator("#state")).to_have_text(words("de")["Idle"])
    page.locator("#who").click()
    expect(page.locator("#about")).to_be_visible()
    assert violations(page) == []
    page.locator("#who").click()
    manage(page, "de")
    page.get_by_role("button", name=words("de")["Make an invitation"]).click()
    expect(page.locator(".pictures img")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    plan(bridge, "look around")
    dialog = opened(page, words("de")["Schedules"])
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    dialog.locator("#schedule-when").fill("now and then")
    dialog.locator("#schedule-what").fill("x")
    dialog.get_by_role("button", name=words("de")["Plan it"]).click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    if size is NARROW:
        page.locator("#menu-open").click()
    page.locator("#new-open").click()
    page.locator("#me-open").click()
    expect(page.locator("#me-language")).to_be_visible()
    assert violations(page, *(DRAWER if size is NARROW else ())) == []
