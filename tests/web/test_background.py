"""The dialog about what works in the background of a session: since when, and stopping it."""

import pytest
from playwright.sync_api import expect

from bridge.domain.commands import ChangeRole
from bridge.domain.events import BackgroundStopped, QuestionAsked
from bridge.session.routing import SHARED
from tests.web.rig import ADA, BOB, Bridge, Pages, until
from tests.web.test_access import FAINT, NAMELESS, NARROW
from tests.web.test_axe import violations
from tests.web.test_languages import LOCALES, OTHERS, left_in_english, too_wide, words
from tests.web.test_schedules import opened

pytestmark = pytest.mark.browser

NAME = "Background work"


def begin(bridge: Bridge, task: str = "approve") -> None:
    """Let the agent do something in the background; by itself it waits for approval there."""
    bridge.asks(f"background {task}")
    until(lambda: any(isinstance(each.body, QuestionAsked) for each in bridge.log()))


def test_it_is_listed_and_stopped_by_keyboard(bridge: Bridge, pages: Pages):
    """And the log says who stopped it."""
    page = pages.open(bridge.link())
    dialog = opened(page, NAME)
    expect(dialog.locator("#background-none")).to_be_visible()
    begin(bridge)
    line = dialog.get_by_role("listitem")
    expect(line).to_contain_text("approve")
    expect(line).to_contain_text("waits for an answer")
    expect(line).to_contain_text("for Ada")
    assert violations(page) == []
    dialog.get_by_role("button", name="Stop: approve").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("status")).to_contain_text("It is stopped. It reports nothing.")
    expect(line).to_contain_text("stopped")
    expect(dialog.get_by_role("button", name="Stop: approve")).to_have_count(0)
    assert any(isinstance(each.body, BackgroundStopped) for each in bridge.log())
    page.keyboard.press("Escape")
    expect(page.locator("#who")).to_be_focused()
    lines = page.locator(".line")
    expect(lines.filter(has_text="In the background from now on: approve")).to_have_count(1)
    expect(lines.filter(has_text="Ada stopped work in the background")).to_have_count(1)


def test_a_viewer_sees_it_and_no_button(bridge: Bridge, pages: Pages):
    change = ChangeRole(by=ADA, participant=BOB, role="viewer")
    bridge.loop.run(bridge.core.sessions.submit(SHARED, change))
    begin(bridge)
    dialog = opened(pages.open(bridge.link(BOB)), NAME)
    expect(dialog.get_by_role("listitem")).to_contain_text("waits for an answer")
    assert dialog.locator("[data-act=stop]").count() == 0


@pytest.mark.parametrize("code", OTHERS)
def test_it_is_in_the_language_of_whoever_looks(bridge: Bridge, pages: Pages, code: str):
    """Nothing is cut off at 360 px, and all of it has a name and stands out."""
    said = words(code)
    begin(bridge)
    page = pages.open(bridge.link(), locale=LOCALES[code], viewport=NARROW, reduced_motion="reduce")
    expect(page.locator("#title")).to_have_text("Main")
    dialog = opened(page, said[NAME])
    expect(dialog.get_by_role("listitem")).to_contain_text(said["waits for an answer"])
    dialog.locator("[data-act=stop]").click()
    expect(dialog.get_by_role("status")).not_to_be_empty()
    expect(dialog).not_to_contain_text("stopped")
    assert left_in_english(page, code) == set()
    assert too_wide(page) == []
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(FAINT) == []
