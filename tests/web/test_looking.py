"""A page says that it is looked at, and what it shows, so that no phone need ring."""

import pytest
from playwright.sync_api import expect

from bridge.session.routing import SHARED
from tests.web.rig import ADA, BOB, HIDE, Bridge, Pages, until

pytestmark = pytest.mark.browser


def test_a_visible_page_is_looked_at_and_what_it_shows_is_seen(bridge: Bridge, pages: Pages):
    looking = bridge.core.live.looking
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    until(lambda: looking.looks(SHARED, ADA))
    assert not looking.looks(SHARED, BOB)
    bridge.push("a parcel came")
    expect(page.locator(".pushed")).to_contain_text("a parcel came")
    head = bridge.log()[-1].seq
    until(lambda: looking.seen(SHARED, ADA) == head)


def test_a_page_in_the_background_shows_nobody_anything(bridge: Bridge, pages: Pages):
    looking = bridge.core.live.looking
    page = pages.open(bridge.link())
    until(lambda: looking.looks(SHARED, ADA))
    page.evaluate(HIDE, "hidden")
    until(lambda: not looking.looks(SHARED, ADA))
    bridge.push("a parcel came")
    expect(page.locator(".pushed")).to_contain_text("a parcel came")
    assert looking.seen(SHARED, ADA) < bridge.log()[-1].seq
    page.evaluate(HIDE, "")
    until(lambda: looking.seen(SHARED, ADA) == bridge.log()[-1].seq)
    assert looking.looks(SHARED, ADA)
