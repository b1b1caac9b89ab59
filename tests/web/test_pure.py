"""The page's pure modules, as the browser runs them: the fold, the frames, small texts."""

import random
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

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


def test_what_comes_twice_changes_nothing(page: Page):
    """However the log is cut into batches, and however they overlap, the fold is the same."""
    overlapping = [TALE[:4], TALE[2:6], TALE[6:7] + TALE[6:7], TALE]
    assert page.evaluate(FOLD, [TALE]) == TOLD
    assert page.evaluate(FOLD, overlapping) == TOLD
    assert page.evaluate(FOLD, [[each] for each in TALE]) == TOLD


def test_a_missing_event_is_noticed(page: Page):
    """The fold refuses what does not follow, so that it is read again."""
    assert page.evaluate(FOLD, [TALE[:3], TALE[4:]]) == "Gap"


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
        ("mail me", "mailto:a@b.invalid", ""),
    ],
)
def test_the_host_that_a_links_text_hides_is_shown(page: Page, text: str, url: str, host: str):
    assert page.evaluate(HIDDEN, [text, url]) == host


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
