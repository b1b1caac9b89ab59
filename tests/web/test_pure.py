"""The page's pure modules, as the browser runs them: the fold, the frames, small texts."""

# ruff: noqa: RUF001 - letters of other scripts are the point

import random
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.channels.markdown.test_safe import CLAIMS
from tests.web.rig import Bridge, Pages

pytestmark = pytest.mark.browser

FOLD = """async batches => {
  const {emptyLog, fold, stateOf} = await import("/web/js/log.js");
  let log = emptyLog();
  for (const batch of batches) {
    try { log = fold(log, batch); } catch (error) { return error.constructor.name; }
  }
  const items = log.items.map(({key, text, name, result, gone}) =>
    [key, text ?? name, result ?? gone ?? ""]);
  return {seq: log.seq, state: stateOf(log), items};
}"""
PARSE = """async chunks => {
  const {SseParser} = await import("/web/js/sse.js");
  const parser = new SseParser();
  return chunks.flatMap(chunk => parser.push(chunk));
}"""
LABEL = "async raw => (await import('/web/js/text.js')).label(raw)"


@pytest.fixture
def page(bridge: Bridge, pages: Pages) -> Page:
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    return page


def event(seq: int, type_: str, **body: Any) -> dict[str, Any]:
    return {"seq": seq, "at": "2026-01-01T00:00:00Z", "type": type_, **body}


TALE = [
    event(1, "message_received", participant="p", conversation="c", content={"text": "hi"}),
    event(2, "run_started", run="r", agent="echo", upto=1),
    event(3, "tool_called", run="r", call="k", name="clock", arguments="{}"),
    event(4, "something_new", of="a later version"),
    event(5, "tool_returned", call="k", result="noon"),
    event(6, "message_composed", run="r", agent="echo", content={"text": "one"}, kind="interim"),
    event(7, "message_composed", run="r", agent="echo", content={"text": "two"}),
    event(8, "run_finished", run="r", outcome="completed", upto=1),
    event(9, "message_deleted", participant="p", target=1),
]
TOLD = {
    "seq": 9,
    "state": "idle",
    "items": [
        ["e:1", "", "deleted"],
        ["call:k", "clock", "noon"],
        ["run:r:0", "one", ""],
        ["run:r:1", "two", ""],
    ],
}


CARD = [
    event(
        1,
        "pushed",
        source={"kind": "background", "name": "bridge"},
        content={"text": "Eve asks"},
        buttons=[{"id": "r:ABCDEF:allow", "label": "Allow"}],
    ),
    event(2, "push_closed", push=1, text="_Ada let them in._"),
    event(3, "push_closed", push=99, text="of what is not here"),
]
BUTTONS = """async batch => {
  const {emptyLog, fold} = await import("/web/js/log.js");
  return fold(emptyLog(), batch).items.map(({text, buttons}) => [text, buttons.length]);
}"""


def test_a_card_that_was_answered_says_so_and_has_no_buttons(page: Page) -> None:
    assert page.evaluate(BUTTONS, CARD[:1]) == [["Eve asks", 1]]
    assert page.evaluate(BUTTONS, CARD) == [["Eve asks\n\n_Ada let them in._", 0]]


PLAN = {"schedule": "s", "action": "ask", "text": "look", "by": "p"}
DAILY = PLAN | {"rule": {"expression": "0 9 * * *"}, "first": "2026-01-02T09:00:00Z"}
OFTEN = PLAN | {"rule": {"seconds": 60, "start": "2026-01-01T00:00:00Z"}}
PLANNED = [
    event(1, "schedule_set", **DAILY),
    event(2, "schedule_set", **DAILY, paused=True, again=1),
    event(3, "schedule_set", **DAILY, again=2),
    event(4, "schedule_set", **{**DAILY, "first": "2026-01-03T09:00:00Z"}, again=3),
    event(5, "schedule_set", **DAILY | {"text": "look well", "by": "q"}, again=4),
    event(6, "schedule_set", **OFTEN, again=5),
    event(7, "schedule_set", **OFTEN | {"rule": {"seconds": 60, "start": "2026"}}, again=6),
    event(8, "schedule_removed", schedule="s", by="p"),
    event(9, "schedule_set", **DAILY),
]
WHATS = """async events => {
  const {emptyLog, fold} = await import("/web/js/log.js");
  return fold(emptyLog(), events).items.map(({seq, what, who}) => [seq, what, who]);
}"""


def test_a_schedule_that_is_set_again_says_what_people_did(page: Page):
    """Whose it is, is not who paused it; what the bridge plans anew is not worth a line."""
    assert page.evaluate(WHATS, PLANNED) == [
        [1, "scheduled", "p"],
        [2, "paused", "p"],
        [3, "resumed", "p"],
        [5, "changed", "q"],
        [6, "changed", "p"],
        [8, "unscheduled", "p"],
        [9, "scheduled", "p"],
    ]


def test_a_schedule_of_before_what_is_read_claims_nothing_that_is_not_known(page: Page):
    assert page.evaluate(WHATS, PLANNED[1:2]) == [[2, "paused", "p"]]
    assert page.evaluate(WHATS, PLANNED[3:5]) == [[5, "changed", "q"]]
    assert page.evaluate(WHATS, PLANNED[2:4]) == []


def test_what_comes_twice_changes_nothing(page: Page):
    """However the log is cut into batches, and however they overlap, the fold is the same."""
    overlapping = [TALE[:4], TALE[2:6], TALE[6:7] + TALE[6:7], TALE]
    assert page.evaluate(FOLD, [TALE]) == TOLD
    assert page.evaluate(FOLD, overlapping) == TOLD
    assert page.evaluate(FOLD, [[each] for each in TALE]) == TOLD


def test_a_missing_event_is_noticed(page: Page):
    """The fold refuses what does not follow, so that it is read again."""
    assert page.evaluate(FOLD, [TALE[:3], TALE[4:]]) == "Gap"


def test_a_log_of_which_the_beginning_is_hidden_begins_later(page: Page):
    assert page.evaluate(FOLD, [TALE[2:]]) != "Gap"


def test_a_message_has_the_key_of_its_preview(page: Page):
    """What is written next in a run is numbered, so that a preview turns into its message."""
    key = page.evaluate(
        """async batches => {
          const {emptyLog, fold, writingKey} = await import("/web/js/log.js");
          return batches.map(batch => writingKey(fold(emptyLog(), batch)));
        }""",
        [TALE[:2], TALE[:6], TALE[:8]],
    )
    assert key == ["run:r:0", "run:r:1", ""]


def test_frames_do_not_depend_on_how_the_bytes_come(page: Page):
    """Cut anywhere, with any line end, the same frames come out; comments are dropped."""
    text = ": keepalive\n\nevent: data\ndata:[1,\ndata: 2]\nid: 7\n\nevent: live\ndata:{}\n\n"
    frames = [
        {"event": "data", "id": "7", "data": "[1,\n2]"},
        {"event": "live", "id": "", "data": "{}"},
    ]
    dice = random.Random(7)
    for end in ("\n", "\r\n", "\r"):
        whole = text.replace("\n", end) + (":" if end == "\r" else "")
        for _ in range(20):
            cuts = sorted({0, len(whole), *dice.choices(range(len(whole)), k=8)})
            chunks = [whole[a:b] for a, b in pairwise(cuts)]
            assert page.evaluate(PARSE, chunks) == frames


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Ada", "Ada"),
        ("\u202eadA\u2066", "adA"),
        ("Ada\n\n  Lovelace\u200b", "Ada Lovelace"),
        ("\x00\x1b[31mAda", "[31mAda"),
        ("عائشة", "عائشة"),
    ],
)
def test_a_label_is_one_harmless_line(page: Page, raw: str, shown: str):
    assert page.evaluate(LABEL, raw) == shown


HIDDEN = "async ([text, url]) => (await import('/web/js/text.js')).hiddenHost(text, url)"
SEEN = "async raw => (await import('/web/js/text.js')).seen(raw)"


@pytest.mark.parametrize(
    ("text", "url", "host"),
    [
        ("paypal.com", "https://evil.invalid/", "evil.invalid"),
        ("https://paypal.com/login", "https://evil.invalid/", "evil.invalid"),
        ("go to www.paypal.com now", "https://evil.invalid:8443/", "evil.invalid:8443"),
        ("p\u0430ypal.com", "https://paypal.com/", "paypal.com"),
        ("here", "https://paypal.com@evil.invalid/", "evil.invalid"),
        ("\u0430pple.com", "https://\u0430pple.com/", "xn--pple-43d.com"),
        ("paypal.com", "https://www.paypal.com/x", ""),
        ("example.com", "https://docs.example.com/", ""),
        ("the docs", "https://example.com/", ""),
        ("see main.py and notes.md", "https://example.com/", ""),
        ("localhost", "http://localhost:8080/", ""),
        ("[::1]", "http://[0:0:0:0:0:0:0:1]/", ""),
        ("2130706433", "http://127.0.0.1/", ""),
        ("at 10:30:15, std::vector, order 20261130 and 3.12", "https://example.com/", ""),
        ("mail me", "mailto:a@b.invalid", ""),
        ("a@b.invalid", "mailto:A@b.invalid?subject=hello", ""),
        ("a@b.invalid", "mailto:evil@c.invalid", "evil@c.invalid"),
        ("a@b.invalid", "mailto:a@b.invalid?bcc=evil@c.invalid", "a@b.invalid?bcc=evil@c.invalid"),
        ("b.example", "mailto:evil@c.invalid", "evil@c.invalid"),
        ("a@b.invalid", "https://evil.invalid/", "evil.invalid"),
        ("www.paypal.com/login", "tel:+4900", "+4900"),
        ("+49 30 123456", "tel:+4930123456", ""),
        ("030 / 123456", "tel:+4930123456", ""),
        ("+49 30 123456", "tel:+900123456789", "+900123456789"),
        ("call us", "tel:+900123456789", ""),
    ],
)
def test_the_host_that_a_links_text_hides_is_shown(page: Page, text: str, url: str, host: str):
    assert page.evaluate(HIDDEN, [text, url]) == host


def test_whatever_reads_like_a_host_has_the_links_host_beside_it(page: Page):
    for text in CLAIMS:
        assert page.evaluate(HIDDEN, [text, "https://evil.com"]) == "evil.com", text
    for text in ("main.py:120", "docs/intro.page", "v1.2.3", "see the .NET docs", "e.g. at 10:30"):
        assert page.evaluate(HIDDEN, [text, "https://evil.com"]) == "", text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\u200bb\u2060c\u202ed\u2066e", "abcde"),
        ("hi\U000e0068\U000e0069", "hi"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", None),
        ("\U0001f468\u200d\U0001f469", None),
        ("\u05e9\u05dc\u05d5\u05dd", None),
    ],
)
def test_what_cannot_be_seen_is_not_in_a_text(page: Page, raw: str, shown: str | None):
    """Emoji, flags of regions and other scripts stay as they are."""
    assert page.evaluate(SEEN, raw) == (raw if shown is None else shown)


def test_a_text_that_takes_too_long_to_read_is_shown_as_written(page: Page):
    script = "async raw => (await import('/web/js/markdown.js')).rendered(raw).textContent"
    hostile = "![" * 3_000 + "**a**"
    assert page.evaluate(script, hostile) == hostile


AS_WRITTEN = [
    "__init__.py", "2*3*4", "a*b*c", "x**2 + y**2", "C:\\tmp\\_x", "self.__dict__ is",
    "snake_case_name_x", "obj.__init__()", "__call__(x)", "(C:\\a\\_b, D:\\c\\_d)",
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        *((text, text) for text in AS_WRITTEN),
        ("**结论：**建议", "<strong>结论：</strong>建议"),
        ("__so it is__ *a*", "<strong>so it is</strong> <em>a</em>"),
        ("**2*3** b", "<strong>2*3</strong> b"),
        ("a \\( \\int x_{a} \\) b", "a <code>\\( \\int x_{a} \\)</code> b"),
        ("$$\\frac{a}{b} \\\\ 1$$", "<code>$$\\frac{a}{b} \\\\ 1$$</code>"),
        ("It costs $5 and $10.", "It costs $5 and $10."),
        ("\\[1\\]", "[1]"),
    ],
)
def test_names_and_formulas_are_as_they_were_written(page: Page, source, shown):
    script = """async raw => { const made = (await import('/web/js/markdown.js')).rendered(raw);
      const box = document.createElement('div'); box.append(made); return box.innerHTML.trim() }"""
    assert page.evaluate(script, source) == f"<p>{shown}</p>"


def test_a_line_break_in_html_is_one(page: Page):
    script = """async raw => { const made = (await import('/web/js/markdown.js')).rendered(raw);
      const box = document.createElement('div'); box.append(made); return box.innerHTML.trim() }"""
    assert page.evaluate(script, "a<br>b `c<br>d`") == "<p>a<br>\nb <code>c&lt;br&gt;d</code></p>"


def test_a_task_has_a_box_and_no_bare_brackets(page: Page):
    script = """async raw => { const made = (await import('/web/js/markdown.js')).rendered(raw);
      return [...made.querySelectorAll('li')].map(it => it.textContent.trim().split('\\n')[0]) }"""
    source = "- [x] a\n- [ ] **b**\n  1. [X] c\n- [x]d [x]\n\n- [ ] `e`"
    assert page.evaluate(script, source) == ["☑ a", "☐ b", "☑ c", "[x]d [x]", "☐ e"]
