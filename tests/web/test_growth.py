"""A long session stays quick and whole."""

from time import monotonic

import pytest
from playwright.sync_api import expect

from bridge.domain.content import Content
from bridge.domain.events import MessageReceived
from bridge.domain.ids import ConversationId
from tests.web.rig import ADA, BOB, Bridge, Pages

pytestmark = pytest.mark.browser

MANY = 2000
MOST_ROWS = 450


def said(number: int) -> MessageReceived:
    return MessageReceived(
        participant=BOB if number % 2 else ADA,
        conversation=ConversationId("http:web"),
        content=Content(text=f"line **{number}**"),
        addressed=False,
    )


@pytest.fixture
def long_log(bridge: Bridge) -> None:
    bridge.append(*(said(number) for number in range(MANY)))


@pytest.mark.usefixtures("long_log")
def test_two_thousand_events_open_at_their_end(bridge: Bridge, pages: Pages):
    """The last ones are in sight soon, and the document holds only a window of them."""
    started = monotonic()
    page = pages.open(bridge.link())
    expect(page.get_by_text(f"line {MANY - 1}", exact=True)).to_be_in_viewport()
    assert monotonic() - started < 20
    assert page.locator("#rows > *").count() < MOST_ROWS


@pytest.mark.usefixtures("long_log")
def test_earlier_events_come_when_one_scrolls_to_them(bridge: Bridge, pages: Pages):
    """What one reads stays where it is while earlier rows are put above it."""
    page = pages.open(bridge.link())
    expect(page.get_by_text(f"line {MANY - 1}", exact=True)).to_be_in_viewport()
    first, before = page.evaluate(SCROLL_UP)
    expect(page.locator(f"#rows > [data-seq='{first - 20}']")).to_be_attached()
    assert abs(page.evaluate(TOP_OF, first) - before) < 2
    seqs = page.evaluate(
        "[...document.querySelectorAll('#rows > [data-seq]')].map(r => +r.dataset.seq)"
    )
    assert seqs == list(range(seqs[0], seqs[-1] + 1))


SCROLL_UP = """() => {
  const first = document.querySelector("#rows > [data-seq]");
  document.querySelector("#log").scrollTop = 200;
  return [+first.dataset.seq, first.getBoundingClientRect().top];
}"""
TOP_OF = "seq => document.querySelector(`#rows > [data-seq='${seq}']`).getBoundingClientRect().top"


@pytest.mark.usefixtures("long_log")
def test_a_reader_above_the_end_is_not_moved(bridge: Bridge, pages: Pages):
    """New messages are announced by a button, which leads to them."""
    page = pages.open(bridge.link())
    expect(page.get_by_text(f"line {MANY - 1}", exact=True)).to_be_in_viewport()
    page.locator("#log").hover()
    page.mouse.wheel(0, -600)
    button = page.get_by_role("button", name="To the end")
    expect(button).to_be_visible()
    before = page.evaluate("document.querySelector('#log').scrollTop")
    bridge.push("something new")
    new = page.get_by_role("button", name="1 new message")
    expect(new).to_be_visible()
    assert page.evaluate("document.querySelector('#log').scrollTop") == before
    new.click()
    expect(page.locator(".pushed")).to_be_in_viewport()
    expect(page.locator("#to-end")).to_be_hidden()
