"""The page begins with the end of a log, and is right though it has not read what was before."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bridge.domain.content import Content, Option
from bridge.domain.events import (
    Body,
    MessageEdited,
    MessageReceived,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
)
from bridge.domain.ids import ConversationId, QuestionId, RunId, Seq
from tests.web.rig import ADA, BOB, Bridge, Pages, say
from tests.web.test_access import FAINT, NAMELESS

pytestmark = pytest.mark.browser

SHOWN = "() => [...document.querySelectorAll('#rows > [data-seq]')].map(row => +row.dataset.seq)"
TOP = "() => { document.querySelector('#log').scrollTop = 0 }"
TEA, RUN = QuestionId("q_tea"), RunId("r_tea")


def said(text: str, reply_to: Seq | None = None) -> MessageReceived:
    web, content = ConversationId("http:web"), Content(text=text)
    return MessageReceived(
        participant=BOB, conversation=web, content=content, addressed=False, reply_to=reply_to
    )


def lines(first: int, last: int) -> list[Body]:
    return [said(f"line {number}") for number in range(first, last)]


def asked() -> list[Body]:
    options = (Option(id="tea", label="Tea"), Option(id="none", label="Nothing"))
    return [
        RunStarted(run=RUN, agent="echo", upto=Seq(1), node="n"),
        QuestionAsked(
            question=TEA, run=RUN, agent="echo", kind="choice", text="Tea?", options=options
        ),
        RunFinished(run=RUN, outcome="paused", upto=Seq(1)),
    ]


def opened(bridge: Bridge, pages: Pages, *bodies: Body) -> Page:
    """Open the page of a bridge that was started over a log with these events at its end."""
    bridge.stop()
    bridge.append(*bodies)
    bridge.start()
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    return page


def to_the_top(page: Page) -> None:
    """Scroll up until there is nothing above."""
    more = page.get_by_role("button", name="earlier messages")
    while more.is_visible():
        first = page.evaluate(SHOWN)[0]
        page.evaluate(TOP)
        page.wait_for_function(
            "first => document.querySelector('.earlier').hidden "
            "|| +document.querySelector('#rows > [data-seq]').dataset.seq < first",
            arg=first,
        )


def test_only_the_end_of_a_long_log_is_read_to_begin(bridge: Bridge, pages: Pages):
    page = opened(bridge, pages, *lines(0, 1500))
    expect(page.get_by_text("line 1499", exact=True)).to_be_in_viewport()
    read = [url for url in pages.requests if "/events" in url or "offset=-1" in url]
    assert len(read) == 1
    assert page.evaluate(SHOWN)[-1] - page.evaluate(SHOWN)[0] < 200


def test_scrolling_up_leads_to_the_beginning_without_gap_or_repeat(bridge: Bridge, pages: Pages):
    page = opened(bridge, pages, *lines(0, 700))
    to_the_top(page)
    expect(page.get_by_text("line 0", exact=True)).to_be_attached()
    seqs = page.evaluate(SHOWN)
    head = bridge.log()[-1].seq
    assert [each for each in seqs if each > head - 700] == list(range(head - 699, head + 1))
    expect(page.get_by_text("The session is called")).to_have_count(0)


def test_a_row_that_stands_is_not_drawn_again_when_earlier_ones_come(bridge: Bridge, pages: Pages):
    """Nor is what the keyboard is in moved away."""
    page = opened(bridge, pages, *lines(0, 500))
    kept = page.get_by_text("line 499", exact=True)
    kept.evaluate("node => { node.closest('.row').dataset.mark = 'kept' }")
    to_the_top(page)
    expect(page.locator("[data-mark=kept]")).to_contain_text("line 499")


def test_an_edit_of_an_earlier_message_is_right_once_one_scrolls_up(bridge: Bridge, pages: Pages):
    bridge.stop()
    bridge.append(said("as it was"))
    target = bridge.log()[-1].seq
    edit = MessageEdited(participant=BOB, target=target, content=Content(text="as it is"))
    bridge.start()
    page = opened(bridge, pages, *lines(0, 300), edit, *lines(300, 350))
    expect(page.get_by_text("line 349", exact=True)).to_be_in_viewport()
    to_the_top(page)
    expect(page.get_by_text("as it is", exact=True)).to_be_attached()
    expect(page.get_by_text("as it was", exact=True)).to_have_count(0)


def test_a_question_asked_long_ago_stays_in_sight_until_it_is_answered(
    bridge: Bridge, pages: Pages
):
    page = opened(bridge, pages, *asked(), *lines(0, 300))
    card = page.get_by_role("region", name="Still to be answered")
    expect(card.get_by_text("Tea?")).to_be_in_viewport()
    assert page.evaluate(NAMELESS) + page.evaluate(FAINT) == []
    page.get_by_role("button", name="Waiting for an answer").click()
    expect(card.get_by_role("button", name="Tea", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(card).to_be_hidden()
    closed = page.locator("#rows .question")
    expect(closed).to_contain_text("You")
    expect(closed.locator("[aria-pressed=true]")).to_have_text("Tea")
    expect(page.locator("#rows")).to_contain_text("Ada chose Tea.")


def test_a_question_asked_long_ago_stands_where_it_was_asked_once_one_is_there(
    bridge: Bridge, pages: Pages
):
    page = opened(bridge, pages, *lines(0, 5), *asked(), *lines(5, 300))
    expect(page.locator("#asked")).to_be_visible()
    to_the_top(page)
    expect(page.locator("#asked")).to_be_hidden()
    expect(page.locator("#rows .question")).to_have_count(1)
    assert page.evaluate(SHOWN) == sorted(page.evaluate(SHOWN))


def test_a_question_closed_on_the_first_page_is_named(bridge: Bridge, pages: Pages):
    """It was asked before anything that was read."""
    bridge.stop()
    bridge.append(*asked())
    seq = next(each.seq for each in bridge.log() if isinstance(each.body, QuestionAsked))
    over = QuestionClosed(question=TEA, asked=seq, outcome="withdrawn", by=ADA)
    bridge.start()
    page = opened(bridge, pages, *lines(0, 300), over, *lines(300, 310))
    expect(page.locator("#rows .question")).to_contain_text("Tea?")
    expect(page.locator("#asked")).to_be_hidden()
    expect(page.locator("#state")).to_have_text("Idle")


def test_a_run_that_began_long_ago_is_shown_as_it_writes(bridge: Bridge, pages: Pages):
    first = pages.open(bridge.link())
    say(first, "slow 30")
    expect(first.locator(".writing")).to_contain_text("taking my time")
    bridge.append(*lines(0, 300))
    page = pages.open(bridge.link())
    expect(page.get_by_text("line 299", exact=True)).to_be_attached()
    expect(page.locator(".writing")).to_contain_text("taking my time")
    page.get_by_role("button", name="Stop the answer").click()
    expect(page.locator(".writing")).to_have_count(0)
    expect(page.locator("#rows")).to_contain_text("Stopped by Ada")


def test_a_reply_leads_to_a_message_above_what_was_read(bridge: Bridge, pages: Pages):
    bridge.stop()
    bridge.append(said("the first words"))
    first = bridge.log()[-1].seq
    bridge.start()
    page = opened(bridge, pages, *lines(0, 600), said("an answer", reply_to=first))
    page.get_by_role("button", name="an earlier message").click()
    expect(page.get_by_text("the first words", exact=True).first).to_be_in_viewport()
    expect(page.locator(f"[data-seq='{first}']")).to_be_in_viewport()


def test_what_cannot_be_read_just_now_can_be_asked_for_again(bridge: Bridge, pages: Pages):
    page = opened(bridge, pages, *lines(0, 500))
    page.route("**/events?before=*", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.evaluate(TOP)
    more = page.get_by_role("button", name="Show earlier messages")
    expect(more).to_be_visible()
    page.unroute("**/events?before=*")
    before = page.evaluate(SHOWN)[0]
    more.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "was => +document.querySelector('#rows > [data-seq]').dataset.seq < was", arg=before
    )


# -- the fold -------------------------------------------------------------------------------------

FOLDED = """async ([standing, earlier, later]) => {
  const {logOf, refolded, fold, emptyLog} = await import("/web/js/log.js");
  const part = logOf(standing, later);
  const whole = refolded(part, [], [...earlier, ...later]);
  const anew = fold(emptyLog(), [...earlier, ...later]);
  const same = part.items.filter(item => whole.items.includes(item)).map(({key}) => key);
  return {same, isWhole: JSON.stringify(whole.items) === JSON.stringify(anew.items),
    part: part.items.map(({key, what, again}) => [key, what ?? "", again ?? null])};
}"""


def event(seq: int, type_: str, **body: Any) -> dict[str, Any]:
    return {"seq": seq, "at": "2026-01-01T00:00:00Z", "type": type_, **body}


def heard(seq: int, text: str) -> dict[str, Any]:
    return event(seq, "message_received", participant="p", conversation="c", content={"text": text})


def test_a_log_that_is_read_backwards_is_the_same_in_the_end(bridge: Bridge, pages: Pages):
    """What did not change by it stays the same item; what did is another."""
    page = pages.open(bridge.link())
    started = event(2, "run_started", run="r", agent="echo", upto=1)
    earlier = [heard(1, "one"), started, heard(3, "three")]
    later = [
        heard(4, "four"),
        event(5, "message_edited", participant="p", target=3, content={"text": "3"}),
        event(6, "run_finished", run="r", outcome="failed", upto=0, reason="it broke"),
        heard(7, "seven"),
    ]
    found = page.evaluate(FOLDED, [[started], earlier, later])
    assert found["part"] == [["e:4", "", None], ["e:6", "failed", True], ["e:7", "", None]]
    assert found["same"] == ["e:4", "e:6", "e:7"]
    assert found["isWhole"]


FOUND = """async base => {
  const {OpenSession} = await import("/web/js/session.js");
  const page = (from, to) => Array.from({length: to - from + 1}, (_, n) => (
    {seq: from + n, at: "2026-01-01T00:00:00Z", type: "message_received", participant: "p",
     conversation: "http:web", content: {text: `${from + n}`}}));
  const asked = [];
  const api = {
    session: async () => ({participants: [], places: []}), say: async () => ({}),
    open: () => new Promise(() => {}),
    events: async (_, {before = 301, limit = 100} = {}) => {
      asked.push(before);
      const from = Math.max(1, before - Math.min(limit, 100));
      return {events: page(from, before - 1), standing: [], offset: "o", more: from > 1};
    },
  };
  const told = {changed() {}, heard() {}, connected() {}, over() {}};
  const [me, post] = [{participant: "p", name: "P"}, {pending: () => []}];
  const session = new OpenSession(api, "s", me, post, told);
  session.start();
  const entry = {id: "x", base, body: {type: "message", text: "42"}};
  const looks = [];
  for (let tries = 0; tries < 20; tries += 1) {
    await new Promise(resolve => setTimeout(resolve, 0));
    session.connection = "connected";
    const look = session.find(entry);
    const found = look === undefined ? "unknown" : look;
    if (looks.at(-1) !== found) looks.push(found);
  }
  session.close();
  return [looks, asked];
}"""


def test_whether_something_was_taken_is_not_said_before_it_was_looked_for_far_enough(
    bridge: Bridge, pages: Pages
):
    """Else it would be sent a second time."""
    page = pages.open(bridge.link())
    assert page.evaluate(FOUND, 10) == [["unknown", 42], [301, 201, 101]]
    assert page.evaluate(FOUND, 250) == [[None], [301]]
