"""Coming into a session by an invitation that is a link, and what one may do there then."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.rig import Bridge, Pages, say, until

pytestmark = pytest.mark.browser

NARROW = {"width": 360, "height": 700}


def joins(page: Page, name: str = "Eva") -> None:
    expect(page.get_by_role("heading", name="You are invited")).to_be_visible()
    page.get_by_label("Your name").fill(name)
    page.keyboard.press("Enter")
    expect(page.locator("#my-name")).to_have_text(name)


def test_a_link_makes_the_browser_somebody_of_its_own(bridge: Bridge, pages: Pages):
    """They see what is said since, write, and stay signed in; the link is in no address by then."""
    bridge.asks("between us")
    ada = pages.open(bridge.link())
    link = bridge.invite()
    page = pages.open(link, viewport=NARROW)
    assert "invite" not in page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    joins(page)
    say(page, "hello everyone")
    expect(page.locator("#log")).to_contain_text("said: hello everyone")
    expect(page.locator("#log")).not_to_contain_text("between us")
    expect(page.locator("#new-open")).to_be_hidden()
    expect(ada.locator("#log")).to_contain_text("hello everyone")
    expect(ada.locator("#log")).to_contain_text("came by your invitation")
    page.reload()
    expect(page.locator("#log")).to_contain_text("said: hello everyone")
    code = link.partition("invite=")[2]
    assert [url for url in pages.requests if code in url.partition("#")[0]] == []


def test_with_history_the_page_shows_what_was_said_before(bridge: Bridge, pages: Pages):
    bridge.asks("long ago")
    page = pages.open(bridge.invite(earlier=True))
    joins(page)
    expect(page.locator("#log")).to_contain_text("long ago")


def test_a_name_that_is_anothers_is_refused_and_another_can_be_given(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.invite())
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("alert")).to_contain_text("Ada")
    joins(page)


def test_a_link_whose_answer_was_lost_is_opened_anew_and_lets_in(bridge: Bridge, pages: Pages):
    link = bridge.invite()
    first = pages.open(link)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    first.route("**/sign-in", lose)
    first.get_by_label("Your name").fill("Eva")
    first.keyboard.press("Enter")
    expect(first.get_by_role("alert")).to_be_visible()
    first.close()
    joins(pages.tab(first.context, link))


def test_a_link_that_was_used_says_so(bridge: Bridge, pages: Pages):
    link = bridge.invite()
    joins(pages.open(link))
    page = pages.open(link)
    page.get_by_label("Your name").fill("Eve")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("does not work any more")
    page.get_by_role("button", name="Not now").click()
    expect(page.locator("#gate-form")).to_be_visible()


def test_a_viewer_reads_and_is_told_why_they_cannot_write(bridge: Bridge, pages: Pages):
    """Once an owner lets them write, they can at once, and the other way round."""
    page = pages.open(bridge.invite(role="viewer"))
    joins(page)
    bridge.push("read this")
    expect(page.locator("#log")).to_contain_text("read this")
    expect(page.locator("#only-reads")).to_have_text(
        "You can read in this session. You cannot write in it."
    )
    expect(page.locator("#composer")).to_be_hidden()
    bridge.asks("/role Eva member")
    say(page, "at last")
    expect(page.locator("#log")).to_contain_text("said: at last")
    bridge.asks("/role Eva viewer")
    expect(page.locator("#only-reads")).to_be_visible()


def test_whoever_is_removed_sees_nothing_more_at_once(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.invite())
    joins(page)
    bridge.asks("/kick Eva")
    expect(page.locator("#gate-form")).to_be_visible()
    bridge.asks("between us")
    page.reload()
    expect(page.locator("#gate-form")).to_be_visible()
    expect(page.locator("#log")).not_to_contain_text("between us")


def test_whoever_is_signed_in_is_asked_before_they_become_somebody_else(
    bridge: Bridge, pages: Pages
):
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.evaluate("address => location.href = address", bridge.invite())
    until(lambda: "invite" not in page.url and len(asked) == 1)
    expect(page.locator("#my-name")).to_have_text("Ada")
    page.reload()
    expect(page.locator("#my-name")).to_have_text("Ada")
