"""Coming in: the token in the link, the token that is not there, the token that is refused."""

import pytest
from playwright.sync_api import expect

from tests.web.rig import ADA, Bridge, Pages, of_each, token_of, until

pytestmark = pytest.mark.browser


def test_the_token_is_taken_out_of_the_address_and_kept(bridge: Bridge, pages: Pages):
    """It never stands in the address bar or the history, and the next visit needs no link."""
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    assert "token" not in page.url
    again = pages.tab(page.context, bridge.url)
    expect(again.locator("#my-name")).to_have_text("Ada")
    assert [url for url in pages.requests if token_of(ADA) in url.partition("#")[0]] == []


def test_without_a_token_the_page_says_where_the_link_is(bridge: Bridge, pages: Pages):
    """Pasting the link, or the token alone, lets one in."""
    page = pages.open(bridge.url)
    expect(page.locator("#gate")).to_contain_text("bridge run")
    page.get_by_label("Or paste the link, or the token, here").fill(bridge.link())
    page.keyboard.press("Enter")
    expect(page.locator("#my-name")).to_have_text("Ada")


def test_a_refused_token_is_said_and_another_can_be_given(bridge: Bridge, pages: Pages):
    page = pages.open(f"{bridge.url}/#token=wrong")
    expect(page.get_by_role("alert")).to_contain_text("not accepted")
    page.get_by_label("Or paste the link, or the token, here").fill(token_of(ADA))
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#my-name")).to_have_text("Ada")


def test_a_link_with_another_token_asks_whoever_is_signed_in(bridge: Bridge, pages: Pages):
    """Anyone can make such a link: without a yes the sign-in stays, and the token is forgotten."""
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.evaluate("address => location.href = address", f"{bridge.url}/#token=JUNK")
    until(lambda: "token" not in page.url and len(asked) == 1)
    assert "signed in" in asked[0]
    expect(page.locator("#my-name")).to_have_text("Ada")
    page.reload()
    expect(page.locator("#my-name")).to_have_text("Ada")
    page.evaluate("address => location.href = address", bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    assert len(asked) == 1, "one's own link needs no question"


def test_a_link_for_someone_else_changes_who_one_is(bridge: Bridge, pages: Pages):
    """Once that was agreed to, also when it is opened in a page that is open."""
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    page.on("dialog", lambda dialog: dialog.accept())
    page.evaluate("address => location.href = address", bridge.link("p_bob"))
    expect(page.locator("#my-name")).to_have_text("Bob")


def test_the_page_waits_for_a_bridge_that_is_not_there_yet(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    page.route("**/v1/**", lambda route: route.abort())
    page.reload()
    expect(page.locator("#bar")).to_contain_text("cannot be reached")
    page.unroute("**/v1/**")
    expect(page.locator("#my-name")).to_have_text("Ada")


def test_every_module_is_asked_for_at_once(bridge: Bridge, pages: Pages):
    """The page names its modules ahead, so that none waits for the one that imports it."""
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    named = of_each(page, "script[src], link[href]", "e => e.src || e.href")
    loaded = {url for url in pages.requests if "/web/" in url}
    assert loaded <= set(named)
    assert [url for url in loaded if url.endswith(".js") and pages.requests.count(url) > 1] == []
