"""What a page survives: refreshes, cuts, restarts, being offline, being closed."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from bridge.domain.events import MessageReceived
from bridge.http.limits import Limits
from tests.web.rig import ADA, BOB, HIDE, OUTBOXES, Bridge, Loop, Pages, is_typing, say, until

pytestmark = pytest.mark.browser

SEQS = "() => [...document.querySelectorAll('#rows [data-seq]')].map(row => +row.dataset.seq)"


def assert_whole(page: Page) -> None:
    """The rows are in the order of the log, each once."""
    seqs = page.evaluate(SEQS)
    assert seqs == sorted(set(seqs))


def test_a_refresh_in_mid_answer_continues(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    bridge.pace.held = True
    say(page, "slow 1")
    expect(page.locator(".writing")).to_contain_text("taking my time")
    page.reload()
    expect(page.locator(".writing")).to_contain_text("taking my time")
    bridge.pace.held = False
    expect(page.locator(".composed:not(.writing)")).to_have_text(re.compile("That took 1 s."))
    expect(page.locator(".composed")).to_have_count(1)
    assert_whole(page)


def test_a_restart_of_the_bridge_in_mid_answer_continues(bridge: Bridge, pages: Pages):
    """The page comes back by itself from its offset; the answer arrives once."""
    page = pages.open(bridge.link())
    bridge.pace.held = True
    say(page, "slow 1")
    expect(page.locator(".writing")).to_contain_text("taking my time")
    bridge.stop()
    expect(page.locator("#connection")).to_have_text("Reconnecting…")
    bridge.pace.held = False
    bridge.start()
    expect(page.locator("#connection")).to_have_text("Connected")
    answer = page.locator(".composed:not(.writing)", has_text="That took 1 s.")
    expect(answer).to_have_count(1)
    expect(page.locator(".said.mine")).to_have_count(1)
    assert_whole(page)


def test_being_offline_in_mid_answer_loses_nothing(bridge: Bridge, pages: Pages):
    """A disconnect is not a cancel: what was said meanwhile is there afterwards, in order."""
    page = pages.open(bridge.link())
    bridge.pace.held = True
    say(page, "slow 1")
    expect(page.locator(".writing")).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("#bar")).to_contain_text("You are offline")
    bridge.pace.held = False
    bridge.push("said while you were offline")
    until(lambda: any("That took 1 s." in str(event.body) for event in bridge.log()))
    page.context.set_offline(False)
    expect(page.locator(".composed:not(.writing)")).to_contain_text("That took 1 s.")
    expect(page.locator(".pushed")).to_have_count(1)
    expect(page.locator("#bar")).to_be_hidden()
    assert_whole(page)


def test_when_the_browser_says_it_is_offline_the_bridge_is_asked_anew(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    page.evaluate(WATCH_CONNECTION)
    with page.expect_request("**/live?*"):
        page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#connection")).to_have_text("Connected")
    assert page.evaluate("window.states") == ["Reconnecting…", "Connected"]
    assert_whole(page)


def test_the_end_of_a_response_is_not_shown(loop: Loop, bridge: Bridge, pages: Pages):
    """The server ends each response by design: the page goes on without a word."""
    bridge.stop()
    bridge.limits = Limits(stream=0.3)
    bridge.start()
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    page.evaluate(WATCH_CONNECTION)
    for _ in range(3):
        with page.expect_request("**/live?*"):
            pass
    bridge.push("still here")
    expect(page.locator(".pushed")).to_contain_text("still here")
    assert page.evaluate("window.states") == []


WATCH_CONNECTION = """() => {
  window.states = [];
  const node = document.querySelector("#connection");
  const note = () => window.states.push(node.textContent);
  new MutationObserver(note).observe(node, {childList: true, characterData: true, subtree: true});
}"""


def test_where_streams_do_not_come_through_the_log_is_polled_for(bridge: Bridge, pages: Pages):
    """A proxy that holds back streams costs previews, not messages."""
    page = pages.open(bridge.link())
    page.clock.install()
    page.route("**/live?*", lambda _: None)
    page.reload()
    for _ in range(2):
        with page.expect_request("**/live?*"):
            page.clock.fast_forward(1000)
        page.clock.fast_forward(11_000)
    with page.expect_request("**live=long-poll*"):
        page.clock.fast_forward(1000)
    bridge.push("by another way")
    expect(page.locator(".pushed")).to_contain_text("by another way")
    expect(page.locator("#connection")).to_have_text("Connected")


def test_coming_back_from_the_background_opens_a_fresh_connection(bridge: Bridge, pages: Pages):
    """A phone may say that a dead connection is open: after 5 s away it is not believed."""
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    page.evaluate(WATCH_CONNECTION)
    page.clock.install()
    page.evaluate(HIDE, "hidden")
    page.clock.fast_forward(6000)
    with page.expect_request("**/live?*"):
        page.evaluate(HIDE, "")
    bridge.push("good to see you")
    expect(page.locator(".pushed")).to_contain_text("good to see you")
    assert page.evaluate("window.states") == []


def test_another_person_in_the_same_browser_does_not_send_my_words(bridge: Bridge, pages: Pages):
    """What Ada left unsent is not sent as Bob; it waits for Ada."""
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    page.route("**/inbox", lambda route: route.abort())
    say(page, "from Ada")
    expect(page.locator(".pending")).to_have_count(1)
    page.close()
    bob = pages.tab(pages.browser.contexts[0], bridge.link(BOB), agreeing=True)
    say(bob, "from Bob")
    expect(bob.locator(".composed:not(.writing)")).to_be_visible()
    assert bridge.said() == ["from Bob"]
    bob.close()
    pages.tab(pages.browser.contexts[0], bridge.link(ADA), agreeing=True)
    until(lambda: bridge.said() == ["from Bob", "from Ada"])
    assert [
        event.body.participant for event in bridge.log() if isinstance(event.body, MessageReceived)
    ] == [BOB, ADA]


# -- the outbox -----------------------------------------------------------------------------------


def test_what_is_typed_offline_is_sent_once_and_in_order(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    page.context.set_offline(True)
    say(page, "first")
    say(page, "second")
    expect(page.locator(".pending")).to_have_count(2)
    expect(page.locator(".pending").first).to_contain_text("Waiting to be sent")
    page.context.set_offline(False)
    expect(page.locator(".pending")).to_have_count(0)
    expect(page.locator(".said.mine")).to_have_count(2)
    until(lambda: bridge.said() == ["first", "second"])


def test_a_lost_answer_is_asked_for_again(bridge: Bridge, pages: Pages):
    """The bridge took the message, but its answer got lost: the repeat changes nothing."""
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    lost: list[str] = []

    def lose_once(route: Route) -> None:
        if lost or is_typing(route):
            return route.continue_()
        lost.append(route.fetch().text())
        return route.abort()

    page.route("**/inbox", lose_once)
    say(page, "once, please")
    expect(page.locator(".composed:not(.writing)")).to_be_visible()
    expect(page.locator(".said.mine")).to_have_count(1)
    expect(page.locator(".pending")).to_have_count(0)
    assert lost
    until(lambda: page.evaluate(OUTBOXES) == [0])
    assert bridge.said() == ["once, please"]


def test_a_closed_tab_leaves_its_outbox_to_the_next(bridge: Bridge, pages: Pages):
    """What was still to be sent goes out from another tab, under the closed one's number."""
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    answers: list[str] = []

    def take_but_do_not_tell(route: Route) -> None:
        if not answers and not is_typing(route):
            answers.append(route.fetch().text())
        route.abort()

    page.route("**/inbox", take_but_do_not_tell)
    say(page, "taken, but the tab does not know")
    expect(page.locator(".composed:not(.writing)")).to_be_visible()
    assert answers
    page.close()
    again = pages.tab(pages.browser.contexts[0], bridge.url)
    expect(again.locator(".said.mine")).to_have_count(1)
    expect(again.locator(".pending")).to_have_count(0)
    until(lambda: again.evaluate(OUTBOXES) == [0])
    assert bridge.said() == ["taken, but the tab does not know"]


def test_a_message_typed_before_a_reload_is_still_sent(bridge: Bridge, pages: Pages):
    """The outbox outlives the page it was typed in; the next load sends it, once."""
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    page.route("**/inbox", lambda route: route.abort())
    say(page, "typed in a tunnel")
    expect(page.locator(".pending")).to_have_count(1)
    page.unroute("**/inbox")
    page.reload()
    expect(page.locator(".said.mine:not(.pending)")).to_have_count(1)
    until(lambda: bridge.said() == ["typed in a tunnel"])


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (409, {"Producer-Expected-Seq": "0", "Producer-Received-Seq": "1"}),
        (403, {"Producer-Epoch": "7"}),
    ],
)
def test_a_lost_count_begins_a_new_epoch(
    bridge: Bridge, pages: Pages, status: int, headers: dict[str, str]
):
    """After a gap or a fence the queue goes on from 0 in a higher epoch, and nothing is lost."""
    page = pages.open(bridge.link())
    sent: list[tuple[str, str]] = []

    def refuse_the_second(route: Route) -> None:
        if is_typing(route):
            return route.continue_()
        given = route.request.headers
        sent.append((given["producer-epoch"], given["producer-seq"]))
        if len(sent) == 2:
            return route.fulfill(status=status, headers=headers, json={"error": {"message": "no"}})
        return route.continue_()

    page.route("**/inbox", refuse_the_second)
    say(page, "/status")
    expect(page.locator(".note")).to_have_count(1)
    say(page, "two")
    expect(page.locator(".said.mine:not(.pending)")).to_have_count(1)
    assert sent == [("0", "0"), ("0", "1"), (str(int(headers.get("Producer-Epoch", 0)) + 1), "0")]
    assert bridge.said() == ["two"]


def test_a_duplicated_tab_is_a_producer_of_its_own(bridge: Bridge, pages: Pages):
    """Two tabs never share numbers, even where one began as a copy of the other."""
    page = pages.open(bridge.link())
    producers: list[str] = []
    page.context.on(
        "request",
        lambda request: (
            producers.append(request.headers["producer-id"])
            if "producer-id" in request.headers
            else None
        ),
    )
    say(page, "/status")
    expect(page.locator(".note")).to_have_count(1)
    with page.context.expect_page() as opened:
        page.evaluate("window.open(location.href, '_blank', 'opener')")
    copy = opened.value
    assert copy.evaluate("sessionStorage.length") > 0, "the copy got the storage of its opener"
    say(copy, "/status")
    expect(copy.locator(".note")).to_have_count(1)
    assert len(set(producers)) == 2
