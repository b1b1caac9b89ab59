"""The page speaks the language of whoever looks at it, in all that it writes itself."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bridge import admission_texts, catalogs, texts
from bridge.domain.commands import ClosePush
from bridge.domain.content import Option
from bridge.domain.wording import LANGUAGES
from bridge.session.routing import SHARED
from tests import page_texts
from tests.catalogs import kept
from tests.web.rig import BOB, Bridge, Pages, of_each, say
from tests.web.test_access import ANNOUNCED, NARROW

pytestmark = pytest.mark.browser

LOCALES = {"de": "de-AT", "es": "es-MX", "fr": "fr-CA", "zh": "zh-CN"}
OTHERS = [code for code in LANGUAGES if code != "en"]
OFFLINE = "You are offline. What you write is kept here and sent once you are back."
READ = """() => [...document.querySelectorAll("body *")].flatMap(node => [
  ...[...node.childNodes].filter(each => each.nodeType === 3).map(each => each.nodeValue),
  ...["aria-label", "placeholder", "title", "alt"].map(name => node.getAttribute(name) ?? ""),
]).map(text => text.trim()).filter(Boolean)"""
"""Everything that the page says anywhere: what is hidden, too."""


def words(code: str) -> dict[str, Any]:
    parts = (page_texts.path(code, each).read_text(encoding="utf-8") for each in page_texts.PARTS)
    return {text: said for part in parts for text, said in json.loads(part).items()}


def left_in_english(page: Page, code: str) -> set[str]:
    """Return the page's own texts that it shows in English, but for what is the same."""
    known = words(code)
    english = {text for text, said in known.items() if said != text and "{" not in text}
    return english & set(page.evaluate(READ))


def at_rest(page: Page, code: str) -> None:
    expect(page.locator("#connection")).to_have_text(words(code)["Connected"])
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans" if code == "zh" else code)
    expect(page.locator("html")).to_have_attribute("dir", "ltr")


def manage(page: Page, code: str) -> None:
    """Open the dialog about the people of the session."""
    page.locator("#who").click()
    page.get_by_role("button", name=words(code)["Roles, invitations, notifications"]).click()
    expect(page.locator("#people-list li")).to_have_count(2)
    expect(page.locator("#people-notify")).to_be_visible()


@pytest.mark.parametrize("code", ["de", "zh"])
def test_a_whole_talk_is_in_the_language_of_the_browser(bridge: Bridge, pages: Pages, code: str):
    """A question, an approval, a stop, a lost connection and the people: nothing is in English."""
    said = words(code)
    page = pages.open(bridge.link(), locale=LOCALES[code])
    at_rest(page, code)
    expect(page.locator("#text")).to_have_attribute("placeholder", said["Write a message"])

    say(page, "ask")
    expect(page.locator("#state")).to_have_text(said["Waiting for an answer"])
    page.get_by_role("button", name="Coffee").click()
    answered = said["You answered “{answer}” · {place}"]
    closing = answered.replace("{answer}", "Coffee").replace("{place}", said["browser"])
    expect(page.locator(".question .closing")).to_have_text(closing)
    expect(page.locator("#state")).to_have_text(said["Idle"])

    say(page, "approve")
    expect(page.locator(".question .badge.wanted")).to_have_text(said["Approval needed"])
    page.get_by_role("button", name=said["Approve"]).click()
    expect(page.locator(".tool .tool-state")).to_have_text(said["done"])
    expect(page.locator("#state")).to_have_text(said["Idle"])

    bridge.pace.held = True
    say(page, "slow 1")
    expect(page.locator("#state")).to_have_text(said["Working"])
    page.get_by_role("button", name=said["Stop the answer"]).click()
    stopped = said["Stopped by {name}"].replace("{name}", "Ada")
    expect(page.locator(".line").last).to_contain_text(stopped)
    bridge.pace.held = False

    page.context.set_offline(True)
    expect(page.locator("#bar")).to_have_text(said[OFFLINE])
    page.context.set_offline(False)
    at_rest(page, code)

    manage(page, code)
    page.get_by_role("button", name=said["Make an invitation"]).click()
    expect(page.locator("#people-invited li")).to_contain_text(said["link"])
    assert left_in_english(page, code) == set()


@pytest.mark.parametrize("code", OTHERS)
def test_before_signing_in_it_is_that_of_the_browser(bridge: Bridge, pages: Pages, code: str):
    page = pages.open(f"{bridge.url}/", locale=LOCALES[code])
    expect(page.get_by_role("button", name=words(code)["Sign in"])).to_be_visible()
    expect(page.locator("#gate-why code")).to_have_text("bridge run")
    assert left_in_english(page, code) == set()


@pytest.mark.parametrize("code", OTHERS)
def test_nothing_is_cut_off_or_scrolls_sideways_at_360_px(bridge: Bridge, pages: Pages, code: str):
    page = pages.open(bridge.link(), locale=LOCALES[code], viewport=NARROW)
    at_rest_narrow(page, code)
    say(page, "approve")
    expect(page.locator(".question")).to_be_visible()
    assert too_wide(page) == []
    page.locator("#menu-open").click()
    page.locator("#me-open").click()
    page.locator("#new-open").click()
    assert too_wide(page) == []
    page.locator("#menu-close").click()
    manage(page, code)
    assert too_wide(page) == []


def at_rest_narrow(page: Page, code: str) -> None:
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans" if code == "zh" else code)
    expect(page.locator("#state")).to_have_text(words(code)["Idle"])


WIDE = """e => {
  const {left, right, width} = e.getBoundingClientRect();
  const cut = e.matches("button, dialog, nav, form") && e.scrollWidth > e.clientWidth + 1;
  if (!e.checkVisibility() || !width || left < 0 || (right <= innerWidth && !cut)) return null;
  return [e.id || e.className || e.textContent, right, e.scrollWidth, e.clientWidth];
}"""
BOXES = "button, label, select, h1, h2, h3, p, input, textarea, dialog, nav, header, form"


def too_wide(page: Page) -> list[Any]:
    """Return what is in sight and reaches beyond the screen, or is wider inside than outside."""
    return [each for each in of_each(page, BOXES, WIDE) if each]


def test_who_chooses_a_language_reads_it_at_once_and_next_time(bridge: Bridge, pages: Pages):
    """In the dialog for their name; what stands on the screen already changes, too."""
    page = pages.open(bridge.link(), locale="en-GB")
    say(page, "ask")
    expect(page.locator("#state")).to_have_text("Waiting for an answer")
    page.get_by_label("Message", exact=True).fill("half a thought")
    page.locator("#me-open").click()
    page.get_by_label("Language", exact=True).select_option("de")
    page.locator("#me-form").get_by_role("button", name="Save").click()
    at_rest(page, "de")
    expect(page.locator("#state")).to_have_text("Wartet auf eine Antwort")
    expect(page.locator(".question .badge")).to_have_text("Frage")
    expect(page.get_by_label("Nachricht", exact=True)).to_have_value("half a thought")
    expect(page.locator("#me-form")).to_be_hidden()
    assert left_in_english(page, "de") == set()
    page.reload()
    at_rest(page, "de")
    page.locator("#me-open").click()
    page.get_by_label("Sprache", exact=True).select_option("")
    page.locator("#me-form").get_by_role("button", name="Speichern").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#state")).to_have_text("Waiting for an answer")


def test_the_command_changes_the_page_at_once(bridge: Bridge, pages: Pages):
    """It is the person's choice, and that of the browser does not count any more."""
    page = pages.open(bridge.link(BOB), locale="fr-FR")
    at_rest(page, "fr")
    say(page, "/me language es")
    at_rest(page, "es")
    assert left_in_english(page, "es") == set()
    again = pages.open(bridge.link(BOB), locale="fr-FR")
    at_rest(again, "es")


def test_english_reads_no_catalog_and_a_language_that_is_none_is_english(
    bridge: Bridge, pages: Pages
):
    for locale in ("en-GB", "pt-BR"):
        page = pages.open(bridge.link(), locale=locale)
        expect(page.locator("#connection")).to_have_text("Connected")
        expect(page.locator("html")).to_have_attribute("lang", "en")
    assert [url for url in pages.requests if "/web/words/" in url] == []


def test_a_text_that_is_missing_is_said_in_english(bridge: Bridge, pages: Pages):
    """Text by text; and all of them where the catalog cannot be had."""
    page = pages.browser.new_context(locale="de-DE").new_page()
    few = {"Idle": "Ruhig", "{count} new message": {"one": "{count} neue"}}
    page.route("**/web/words/de.json", lambda route: route.fulfill(json=few))
    page.goto(bridge.link())
    expect(page.locator("#state")).to_have_text("Ruhig")
    expect(page.locator("#connection")).to_have_text("Connected")
    expect(page.locator("#text")).to_have_attribute("placeholder", "Write a message")

    lost = pages.browser.new_context(locale="de-DE").new_page()
    lost.route("**/web/words/de.json", lambda route: route.abort())
    lost.goto(bridge.link())
    expect(lost.locator("#connection")).to_have_text("Connected")
    expect(lost.locator("html")).to_have_attribute("lang", "en")


def test_what_the_bridge_says_in_the_log_is_in_the_language_of_whoever_looks(
    bridge: Bridge, pages: Pages
):
    """Notices, cards and their buttons; also of a language that is chosen while they are shown."""
    undo = Option(id="u:ABCDEF", label=admission_texts.UNDO)
    bridge.push(texts.schedules_ended(2, "Eve"), undo, own=True)
    page, other = pages.open(bridge.link()), pages.open(bridge.link(BOB), locale="de-DE")
    at_rest(other, "de")
    assert page.evaluate(ANNOUNCED) > 0
    assert other.evaluate(ANNOUNCED) > 0
    for each, code in ((page, "en"), (other, "de")):
        card = each.locator(".pushed")
        expect(card).to_contain_text(read(texts.schedules_ended(2, "Eve"), code))
        expect(card.get_by_role("button", name=read(admission_texts.UNDO, code))).to_be_visible()
    say(other, "fail")
    expect(page.locator(".notice")).to_be_visible()
    english = page.locator(".notice .words").inner_text()
    expect(other.locator(".notice .words")).to_be_visible()
    expect(other.locator(".notice .words")).not_to_have_text(english)
    heard = other.evaluate("window.announced.join()")
    assert english not in heard
    say(other, "/me language en")
    expect(other.locator(".notice .words")).to_have_text(english)
    expect(other.locator(".pushed")).to_contain_text(read(texts.schedules_ended(2, "Eve"), "en"))


def read(text: str, code: str) -> str:
    """Return a text of the bridge as it is read in a language."""
    return catalogs.language(code).says(text).replace("**", "")


def test_what_became_of_a_card_is_said_in_the_same_language(bridge: Bridge, pages: Pages):
    bridge.push(texts.schedules_ended(1, "Eve"), own=True)
    push = bridge.log()[-1].seq
    close = ClosePush(push=push, text=texts.NO_SUCH_SESSION)
    bridge.loop.run(bridge.core.sessions.submit(SHARED, close))
    page = pages.open(bridge.link(), locale="de-DE")
    for each in (texts.schedules_ended(1, "Eve"), texts.NO_SUCH_SESSION):
        expect(page.locator(".pushed")).to_contain_text(read(each, "de"))
        expect(page.locator(".pushed")).not_to_contain_text(read(each, "en"))


SAID = """async ([code, count]) => {
  const {_, _n, listed, speak} = await import("/web/js/language.js");
  await speak(code);
  return [_("Reply to {name}", {name: "{x} $& {name}"}),
    _n("{count} new message", "{count} new messages", count), listed(["Ada", "Bob", "Cy"])];
}"""


@pytest.mark.parametrize(
    ("code", "count", "said"),
    [
        ("en", 1, ["Reply to {x} $& {name}", "1 new message", "Ada, Bob and Cy"]),
        ("de", 0, ["{x} $& {name} antworten", "0 neue Nachrichten", "Ada, Bob und Cy"]),
        ("de", 1, ["{x} $& {name} antworten", "1 neue Nachricht", "Ada, Bob und Cy"]),
        ("fr", 0, ["Répondre à {x} $& {name}", "0 nouveau message", "Ada, Bob et Cy"]),
        ("zh", 2, ["回复 {x} $& {name}", "2 条新消息", "Ada、Bob和Cy"]),
    ],
)
def test_plurals_and_lists_are_those_of_the_language(
    bridge: Bridge, pages: Pages, code: str, count: int, said: list[str]
):
    """What is put in is never read as a pattern."""
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    assert page.evaluate(SAID, [code, count]) == said


@pytest.mark.parametrize("code", OTHERS)
def test_the_forms_of_the_page_are_those_of_gettext(code: str):
    catalog = kept(code)
    for text, forms in words(code).items():
        if isinstance(forms, dict):
            assert set(forms.values()) <= set(catalog.get(text).string)
