"""For everyone: by keyboard alone, with a screen reader, on a small screen, in the dark."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bridge.domain.content import Option
from tests.web.files import wav
from tests.web.rig import Bridge, Pages, of_each, say, until

pytestmark = pytest.mark.browser

NARROW = {"width": 360, "height": 700}
WIDE_WORDS = (
    "x" * 300,
    "| " + " | ".join(["a long heading"] * 8) + " |\n|" + "---|" * 8 + "\n|" + " cell |" * 8,
    "```\n" + "long code " * 40 + "\n```",
    "https://example.invalid/" + "path/" * 60,
    "- a\n  - b\n    - c\n      - d\n        - " + "deep " * 30,
)
ANNOUNCED = """() => {
  window.announced = [];
  const live = "[aria-live=polite], [aria-live=assertive], [role=status], [role=alert]";
  const regions = document.querySelectorAll(live);
  for (const region of regions)
    new MutationObserver(() => window.announced.push(region.textContent))
      .observe(region, {childList: true, characterData: true, subtree: true});
  return regions.length;
}"""


def focused(page: Page) -> str:
    script = "(e => e.getAttribute('aria-label') || e.id || e.textContent)(document.activeElement)"
    return str(page.evaluate(script)).strip()


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    for _ in range(60):
        if focused(page) == name:
            return
        page.keyboard.press(key)
    pytest.fail(f"{name} is not reached with {key}")


# -- narrow ---------------------------------------------------------------------------------------


def test_nothing_scrolls_sideways_at_360_px(bridge: Bridge, pages: Pages):
    """Long words, tables and code stay within the page, or scroll within themselves."""
    page = pages.open(bridge.link(), viewport=NARROW)
    bridge.enrol("p_long", "A" * 120)
    for text in WIDE_WORDS:
        bridge.push(text)
    bridge.push("Choose", *(Option(id=str(n), label="an option " * n) for n in range(1, 7)))
    say(page, "approve")
    expect(page.locator(".question")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert page.evaluate("document.querySelector('#log').scrollWidth") <= NARROW["width"]
    rights = of_each(
        page, "#rows > *, .head > *, .composer > *", "e => e.getBoundingClientRect().right"
    )
    assert max(rights) <= NARROW["width"]


def test_the_sessions_are_in_a_drawer_when_it_is_narrow(bridge: Bridge, pages: Pages):
    """It opens with a button, closes with Escape, and gives the focus back."""
    page = pages.open(bridge.link(), viewport=NARROW)
    menu = page.get_by_role("button", name="Open the list of sessions")
    expect(page.get_by_role("link", name="Main")).to_be_hidden()
    menu.click()
    expect(page.get_by_role("link", name="Main")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Main")).to_be_hidden()
    expect(menu).to_be_focused()


# -- by keyboard ----------------------------------------------------------------------------------


def test_a_question_is_answered_by_keyboard(bridge: Bridge, pages: Pages):
    """One starts in the message box, and comes back to it after an answer."""
    page = pages.open(bridge.link())
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.type("ask")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Coffee")).to_be_visible()
    tab_to(page, "Coffee", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".question .closing")).to_have_text("You answered “Coffee” · browser")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()


def test_commands_are_chosen_by_keyboard(bridge: Bridge, pages: Pages):
    """The slash opens a list; arrows, Enter and Escape do what they do everywhere."""
    page = pages.open(bridge.link())
    expect(page.locator("#who")).to_contain_text("2 people")
    page.keyboard.type("/")
    expect(page.get_by_role("option")).not_to_have_count(0)
    expect(page.get_by_role("option", selected=True)).to_contain_text("/help")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).not_to_contain_text("/help")
    page.keyboard.press("Escape")
    expect(page.locator("#commands")).to_be_hidden()
    page.keyboard.type("he")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Message", exact=True)).to_have_value("/help ")
    page.keyboard.press("Enter")
    expect(page.locator(".note")).to_be_visible()


def test_shift_enter_makes_a_line(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    until(lambda: bridge.said() == ["one\ntwo"])


def test_everything_is_reached_by_tab(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    expect(page.locator("#who")).to_contain_text("2 people")
    for name in ("Conversation", "Switch between light and dark"):
        tab_to(page, name)
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


# -- with a screen reader -------------------------------------------------------------------------


def test_only_whole_messages_are_announced(bridge: Bridge, pages: Pages):
    """A live region hears each answer once, when it is final, and never a half of it."""
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    assert page.evaluate(ANNOUNCED) > 0
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "off")
    say(page, "tell me something that has quite a few words in it, please")
    expect(page.locator(".composed:not(.writing)")).to_be_visible()
    until(lambda: bool(page.evaluate("window.announced")))
    whole = "echo: Ada (browser) said: tell me something that has quite a few words in it, please"
    assert page.evaluate("window.announced") == [whole]


def test_old_messages_are_not_announced_on_opening(bridge: Bridge, pages: Pages):
    bridge.push("said before")
    page = pages.open(bridge.link())
    expect(page.locator(".pushed")).to_be_visible()
    assert page.locator("#announcer").inner_text() == ""


FILES: Any = [
    {"name": "report.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"},
    {"name": "memo.wav", "mimeType": "audio/wav", "buffer": wav()},
]
EMPTY: Any = {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""}
NAMELESS = """() => [...document.querySelectorAll(
    "button, a, input, select, textarea, audio, progress, summary, [tabindex='0']")]
  .filter(e => e.checkVisibility())
  .filter(e => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length
    || e.matches("pre, .table")))
  .map(e => e.outerHTML)"""


def test_everything_that_can_be_used_has_a_name(bridge: Bridge, pages: Pages):
    """And there is one main part, one heading of the first level, and a language."""
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).not_to_be_empty()
    page.set_input_files("#files", FILES)
    expect(page.locator(".chosen[data-state=up]")).to_have_count(2)
    say(page, "send them back")
    expect(page.locator(".composed audio")).to_be_visible()
    page.set_input_files("#files", [*FILES, EMPTY])
    expect(page.locator(".chosen[data-state=up]")).to_have_count(2)
    assert page.evaluate(NAMELESS) == []
    for _ in range(3):
        page.locator(".chosen .icon-button").first.click()
    for words in ("markdown", "approve"):
        say(page, words)
        expect(page.locator(SIGHTS[words])).to_be_visible()
        expect(page.locator(".writing")).to_have_count(0)
    assert page.evaluate(NAMELESS) == []
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("navigation").count() == 1
    assert page.get_by_role("heading", level=1).count() >= 1
    assert page.locator("header h1").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.evaluate("document.querySelectorAll('[id]').length") == page.evaluate(
        "new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size"
    )


# -- in both themes -------------------------------------------------------------------------------

FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const mix = (top, under, part) => top * part + under * (1 - part);
  const over = (top, under) => [0, 1, 2].map(i => mix(top[i], under[i], top[3])).concat(1);
  const chain = e => e ? [...chain(e.parentElement), e] : [];
  const behind = e => chain(e).map(each => rgba(getComputedStyle(each).backgroundColor))
    .reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const seen = e => chain(e).reduce((o, each) => o * getComputedStyle(each).opacity, 1);
  const faint = [];
  const walker = document.createTreeWalker(document.querySelector("#app"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !e.checkVisibility() || seen(e) === 0) continue;
    if (e.closest(".unseen, .skip, :disabled")) continue;
    const [r, g, b, a] = rgba(getComputedStyle(e).color);
    const back = behind(e);
    const [x, y] = [light(over([r, g, b, a * seen(e)], back)), light(back)].sort((p, q) => q - p);
    const ratio = (x + 0.05) / (y + 0.05);
    const what = `${e.className || e.tagName} ${e.textContent.slice(0, 30)}`;
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${what}`);
  }
  return faint;
}"""


SIGHTS = {
    "hello": ".composed",
    "markdown": ".md table",
    "tool": ".tool",
    "/help": ".note",
    "fail": ".notice",
    "approve": ".question",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(bridge: Bridge, pages: Pages, scheme: str):
    """Every text in sight has at least the contrast of 4.5 that WCAG AA asks for."""
    page = pages.open(bridge.link(), color_scheme=scheme, reduced_motion="reduce")
    for words, seen in SIGHTS.items():
        say(page, words)
        expect(page.locator(seen).last).to_be_visible()
        expect(page.locator(".writing")).to_have_count(0)
    page.set_input_files("#files", FILES)
    say(page, "")
    expect(page.locator(".said:not(.pending) .files li")).to_have_count(2)
    page.set_input_files("#files", [*FILES, EMPTY])
    expect(page.locator(".chosen[data-state=failed]")).to_have_count(1)
    bridge.push("pushed")
    expect(page.locator(".pushed")).to_be_visible()
    assert page.evaluate(FAINT) == []


def test_motion_is_left_out_where_it_is_not_wanted(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link(), reduced_motion="reduce")
    bridge.pace.held = True
    say(page, "slow 1")
    expect(page.locator(".dots i").first).to_be_visible()
    names = of_each(page, "*", "e => getComputedStyle(e).animationName")
    assert set(names) == {"none"}
