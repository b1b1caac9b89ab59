"""What is still to be answered, what places are owed, and the hooks: listed, and acted on."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from bridge.domain.commands import Ask
from bridge.domain.content import Option
from bridge.domain.errors import Unreachable
from bridge.domain.events import Pushed, QuestionClosed
from bridge.domain.ids import ParticipantId, QuestionId, SessionId
from bridge.hooks.library import READY_MADE
from bridge.session.routing import SHARED
from tests.web.rig import ADA, BOB, Bridge, Pages, say, token_of, until
from tests.web.test_access import FAINT, NAMELESS, NARROW
from tests.web.test_axe import DRAWER, WIDE, violations
from tests.web.test_languages import LOCALES, OTHERS, left_in_english, too_wide, words

pytestmark = pytest.mark.browser

OTHER = SessionId("s_other")
QUESTIONS, DELIVERIES, HOOKS = "Open questions", "Deliveries", "Hooks"
HOSTILE = "<b>x</b> \u202eback **more** [here](https://example.invalid)"


def opened(page: Page, name: str) -> Locator:
    """Return the dialog, opened by keyboard alone."""
    expect(page.locator("#questions-open")).to_be_enabled()
    menu = page.locator("body:not(.menu) #menu-open")
    if menu.is_visible():
        menu.press("Enter")
    page.get_by_role("button", name=name, exact=True).press("Enter")
    dialog = page.get_by_role("dialog", name=name)
    expect(dialog).to_be_visible()
    return dialog


def ask(
    bridge: Bridge,
    text: str,
    *labels: str,
    session: SessionId = SHARED,
    by: ParticipantId = ADA,
    to: tuple[ParticipantId, ...] = (),
) -> QuestionId:
    """Let a program ask something."""
    name = QuestionId(f"ask_{len(bridge.log(session)):04}")
    options = tuple(Option(id=f"option-{at}", label=each) for at, each in enumerate(labels))
    command = Ask(by=by, question=name, text=text, options=options, to=to, expires_at=None)
    bridge.loop.run(bridge.core.sessions.submit(session, command))
    return name


def other(bridge: Bridge, owner: ParticipantId = ADA) -> SessionId:
    bridge.loop.run(bridge.core.sessions.create(OTHER, title="Other", owner=owner))
    return OTHER


def answers(bridge: Bridge, session: SessionId = SHARED) -> list[tuple[str, str]]:
    bodies = [each.body for each in bridge.log(session)]
    return [(each.question, each.answer) for each in bodies if isinstance(each, QuestionClosed)]


def api(bridge: Bridge, method: str, path: str, **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {token_of(ADA)}"}
    answer = httpx.request(method, bridge.url + path, headers=headers, json=body or None)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def agreeing(page: Page) -> list[str]:
    """Agree to whatever is asked; return what was."""
    asked: list[str] = []

    def agree(each: Dialog) -> None:
        asked.append(each.message)
        each.accept()

    page.on("dialog", agree)
    return asked


# -- open questions -------------------------------------------------------------------------------


def test_what_is_asked_in_any_session_is_answered_from_the_list(bridge: Bridge, pages: Pages):
    """Of an agent, with the exact call, and of programs, in words or by a button."""
    page = pages.open(bridge.link())
    say(page, "approve")
    expect(page.locator("#state")).to_have_text("Waiting for an answer")
    deploy = ask(bridge, "Deploy?", "yes", "no", session=other(bridge))
    colour = ask(bridge, "Which colour?")
    dialog = opened(page, QUESTIONS)
    lines = dialog.locator("#questions-list > li")
    expect(lines).to_have_count(3)
    theirs = lines.filter(has_text="Deploy?")
    expect(theirs).to_contain_text("Other")
    expect(theirs).to_contain_text("a program of Ada")
    expect(lines.filter(has_text="Approval needed").locator(".call")).to_be_visible()
    theirs.get_by_role("button", name="no", exact=True).press("Enter")
    expect(theirs).to_have_count(0)
    expect(dialog.get_by_role("status")).to_have_text("Answered.")
    assert answers(bridge, OTHER) == [(deploy, "option-1")]
    mine = lines.filter(has_text="Which colour?")
    mine.get_by_label("Your answer").fill("blue")
    ask(bridge, "And which size?")
    expect(lines.filter(has_text="size")).to_have_count(1)
    expect(mine.get_by_label("Your answer")).to_have_value("blue")
    mine.get_by_label("Your answer").press("Enter")
    expect(mine).to_have_count(0)
    assert answers(bridge) == [(colour, "blue")]
    lines.filter(has_text="Approval needed").get_by_role("button", name="Deny").click()
    expect(lines).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=QUESTIONS)).to_be_focused()


def test_one_goes_to_where_it_was_asked(bridge: Bridge, pages: Pages):
    """In another session, far above what is read, and the keyboard with it."""
    ask(bridge, "Deploy?", "yes", "no", session=other(bridge))
    for number in range(300):
        bridge.push(f"line {number}")
    page = pages.open(bridge.link())
    page.get_by_role("link", name="Other").click()
    expect(page.locator("#title")).to_have_text("Other")
    page.get_by_role("link", name="Main").click()
    dialog = opened(page, QUESTIONS)
    dialog.get_by_role("button", name="Show in session: Deploy?").click()
    expect(page.locator("#title")).to_have_text("Other")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="yes", exact=True)).to_be_focused()


def test_only_ones_own_sessions_and_what_one_may_answer(bridge: Bridge, pages: Pages):
    ask(bridge, "Before Eve came?")
    bridge.enrol("p_eve", "Eve", role="viewer")
    ask(bridge, "Secret?", session=other(bridge))
    ask(bridge, "Ada alone?", "yes", "no", to=(ADA,))
    ask(bridge, "Anyone?", "yes", "no")
    his = opened(pages.open(bridge.link(BOB)), QUESTIONS)
    lines = his.locator("#questions-list > li")
    expect(lines).to_have_count(3)
    expect(lines.filter(has_text="Anyone?").get_by_role("button", name="yes")).to_be_enabled()
    expect(lines.filter(has_text="Ada alone?").get_by_role("button", name="yes")).to_be_disabled()
    expect(lines.filter(has_text="Ada alone?")).to_contain_text("asked of others")
    eves = opened(pages.open(bridge.link(ParticipantId("p_eve"))), QUESTIONS)
    expect(eves.locator("#questions-list > li")).to_have_count(2)
    expect(eves.locator("button:enabled.choice")).to_have_count(0)


def test_nothing_asked_is_said(bridge: Bridge, pages: Pages):
    dialog = opened(pages.open(bridge.link()), QUESTIONS)
    expect(dialog).to_contain_text("Nothing is asked just now.")


# -- deliveries -----------------------------------------------------------------------------------


def in_loop(bridge: Bridge, deed: Callable[[], Any]) -> None:
    async def do() -> None:
        deed()

    bridge.loop.run(do())


def down(bridge: Bridge) -> None:
    """Let a place be owed something that its app does not take."""
    bridge.say_in_chat("hello")
    until(lambda: bridge.said() == ["hello"])
    until(lambda: not api(bridge, "GET", "/v1/deliveries")["places"])
    in_loop(bridge, lambda: bridge.chat.refuse(Unreachable("down"), times=1000))
    bridge.push("news")
    until(lambda: bool(api(bridge, "GET", "/v1/deliveries")["places"]))


def test_what_a_place_is_owed_says_why_and_is_tried_again(bridge: Bridge, pages: Pages):
    """By keyboard; once it is shown, the place is gone from the list."""
    down(bridge)
    bridge.rename(HOSTILE)
    page = pages.open(bridge.link())
    dialog = opened(page, DELIVERIES)
    line = dialog.get_by_role("listitem")
    expect(line).to_contain_text("Telegram")
    hostile = "<b>x</b> back **more** [here](https://example.invalid)"
    expect(line).to_contain_text(f"{hostile} · not shown yet · the app could not be reached")
    expect(line).to_contain_text("tried again: ")
    expect(line).to_contain_text("Unreachable (")
    assert line.locator("b, strong, a").count() == 0
    in_loop(bridge, bridge.chat.recover)
    dialog.get_by_role("button", name="Retry: Telegram").focus()
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("Nothing is owed, and nothing failed of late.")
    assert "news" in bridge.chat.shown("dm")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=DELIVERIES)).to_be_focused()


def test_what_is_dropped_is_no_more_than_was_shown(bridge: Bridge, pages: Pages):
    """Once it is agreed to; the session keeps it."""
    down(bridge)
    page = pages.open(bridge.link())
    asked = agreeing(page)
    dialog = opened(page, DELIVERIES)
    sent: list[str] = []
    page.on("request", lambda each: sent.append(each.url) if "/drop" in each.url else None)
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    dialog.get_by_role("button", name="Drop: Telegram").click()
    expect(dialog.get_by_role("status")).to_contain_text("Dropped 1 event.")
    expect(dialog.get_by_role("listitem")).to_have_count(0)
    assert sent[0].endswith(f"upto={bridge.log()[-1].seq}")
    assert asked[0].startswith("Drop what Telegram has not been shown?")


# -- hooks ----------------------------------------------------------------------------------------


def made(bridge: Bridge, name: str = "orders", **more: Any) -> str:
    """Make a hook that programs call with a secret; return that."""
    wanted = {"name": name, "session": SHARED, "verify": "bearer", "as": "message", **more}
    secret: str = api(bridge, "POST", "/v1/hooks", **wanted)["secret"]
    return secret


def call(bridge: Bridge, secret: str, payload: Any, name: str = "orders") -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.post(f"{bridge.url}/hooks/{name}", headers=headers, json=payload).status_code


def pushed(bridge: Bridge) -> list[str]:
    bodies = [each.body for each in bridge.log()]
    return [each.content.text for each in bodies if isinstance(each, Pushed)]


def test_a_hook_is_made_and_its_secret_shown_once(bridge: Bridge, pages: Pages):
    """By keyboard alone; with it the service calls at once."""
    page = pages.open(bridge.link())
    dialog = opened(page, HOOKS)
    expect(dialog).to_contain_text("There is no hook yet.")
    form = dialog.get_by_role("form", name="Make a hook")
    form.get_by_label("Name").fill("orders")
    form.get_by_label("Verified by").select_option("bearer")
    form.get_by_label("Then").select_option("message")
    assert form.get_by_label("Template").locator("option").all_inner_texts() == [
        "the usual one",
        *READY_MADE,
    ]
    form.get_by_label("Template").select_option("json")
    expect(form.get_by_label("Into the session")).to_have_value(SHARED)
    form.get_by_label("Name").press("Enter")
    shown = form.get_by_label("To be copied")
    expect(shown).to_have_count(2)
    expect(shown.first).to_be_focused()
    expect(shown.first).to_have_value("/hooks/orders")
    secret = shown.last.input_value()
    assert call(bridge, secret, {"total": 3}) == 202
    line = dialog.locator("#hooks-list > li")
    expect(line).to_contain_text("verified by bearer · tells people · Main · template json")
    expect(line).to_contain_text(re.compile(r"last call .*: accepted: main#\d+"))
    page.keyboard.press("Escape")
    dialog = opened(page, HOOKS)
    expect(line).to_have_count(1)
    expect(form.get_by_label("To be copied")).to_have_count(0)
    assert secret not in page.content()
    form.get_by_label("Name").fill("orders")
    form.get_by_label("Name").press("Enter")
    expect(dialog.get_by_role("status")).to_contain_text("there is a hook of this name already")


def test_a_call_says_why_it_was_refused_and_is_played_again(bridge: Bridge, pages: Pages):
    secret = made(bridge, template="json")
    assert call(bridge, "guessed", {}) == 401
    assert call(bridge, secret, {"words": HOSTILE}) == 202
    dialog = opened(pages.open(bridge.link()), HOOKS)
    dialog.get_by_role("button", name="Calls: orders").press("Enter")
    calls = dialog.locator("#hooks-calls-list > li")
    expect(calls).to_have_count(2)
    expect(calls.last).to_contain_text("401")
    expect(calls.last).to_contain_text("refused: ")
    expect(calls.last.get_by_role("button")).to_have_count(0)
    expect(calls.first).to_contain_text("202")
    before = len(pushed(bridge))
    calls.first.get_by_role("button", name="Replay").press("Enter")
    expect(dialog.get_by_role("status")).to_have_text("Replayed: accepted")
    expect(calls).to_have_count(3)
    assert len(pushed(bridge)) == before + 1
    dialog.get_by_role("button", name="Calls: orders").press("Enter")
    expect(calls.first).to_be_hidden()


def test_a_hook_is_paused_goes_on_and_is_removed(bridge: Bridge, pages: Pages):
    secret = made(bridge)
    page = pages.open(bridge.link())
    asked = agreeing(page)
    dialog = opened(page, HOOKS)
    dialog.get_by_role("button", name="Pause: orders").press("Enter")
    resume = dialog.get_by_role("button", name="Resume: orders")
    expect(resume).to_be_visible()
    expect(dialog.get_by_role("status")).to_contain_text("takes no calls")
    assert call(bridge, secret, {}) == 404
    resume.press("Enter")
    expect(dialog.get_by_role("button", name="Pause: orders")).to_be_visible()
    assert call(bridge, secret, {}) == 202
    dialog.get_by_role("button", name="Remove: orders").press("Enter")
    expect(dialog).to_contain_text("There is no hook yet.")
    assert call(bridge, secret, {}) == 404
    assert asked == ["Remove the hook orders, and what is kept of its calls?"]


# -- who sees what, and how -----------------------------------------------------------------------


def test_only_whoever_runs_the_bridge_is_offered_hooks_and_deliveries(bridge: Bridge, pages: Pages):
    """Others, and guests, are offered questions alone; the bridge refuses them the rest."""
    for link in (bridge.link(BOB), bridge.invite()):
        page = pages.open(link)
        if page.get_by_label("Your name").is_visible() or "token" not in link:
            page.get_by_label("Your name").fill("Gil")
            page.keyboard.press("Enter")
        expect(page.locator("#questions-open")).to_be_visible()
        expect(page.locator("#hooks-open")).to_be_hidden()
        expect(page.locator("#deliveries-open")).to_be_hidden()
        for path in ("/v1/hooks", "/v1/deliveries"):
            token = page.evaluate("localStorage['bridgehead.token']")
            headers = {"Authorization": f"Bearer {token}"}
            assert httpx.get(bridge.url + path, headers=headers).status_code == 403


def test_a_first_visit_reads_nothing_of_the_dialogs(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link(), locale="de-DE")
    expect(page.locator("#questions-open")).to_be_enabled()
    later = ("dialogs", ".more.json")
    own = [url for url in pages.requests if "/web/" in url and not url.endswith("view/dialogs.js")]
    assert not [url for url in own if any(each in url for each in later)]
    opened(page, words("de")[QUESTIONS])
    assert any(url.endswith("/de.more.json") for url in pages.requests)


def test_what_cannot_be_read_is_said_and_read_the_next_time(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    page.route("**/dialogs.html", lambda route: route.abort())
    page.locator("#questions-open").click()
    expect(page.locator(".note")).to_contain_text("The bridge cannot be reached just now.")
    page.unroute("**/dialogs.html")
    page.locator("#questions-open").click()
    expect(page.get_by_role("dialog", name=QUESTIONS)).to_be_visible()


def filled(bridge: Bridge) -> None:
    """Let there be something in each list, in long words and hostile ones."""
    down(bridge)
    ask(bridge, f"{HOSTILE} {'W' * 200}", "an option " * 6, "no")
    ask(bridge, "In words?")
    call(bridge, made(bridge, "a" * 40), {}, "a" * 40)
    call(bridge, "guessed", {}, "a" * 40)


@pytest.mark.parametrize("code", OTHERS)
def test_all_is_in_the_language_of_whoever_looks(bridge: Bridge, pages: Pages, code: str):
    """And nothing is cut off at 360 px."""
    filled(bridge)
    page = pages.open(bridge.link(), locale=LOCALES[code], viewport=NARROW)
    expect(page.locator("#state")).to_have_text(words(code)["Waiting for an answer"])
    for name, lines in ((QUESTIONS, 2), (DELIVERIES, 1), (HOOKS, 1)):
        dialog = opened(page, words(code)[name])
        expect(dialog.locator("ul.schedule-list > li").first).to_be_visible()
        assert dialog.locator("ul.schedule-list > li").count() == lines
        if name == HOOKS:
            dialog.locator("[data-act=calls]").click()
            expect(dialog.locator("#hooks-calls-list > li")).to_have_count(2)
        assert left_in_english(page, code) == set()
        assert too_wide(page) == []
        page.keyboard.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(bridge: Bridge, pages: Pages, scheme: str, size: dict[str, int]):
    filled(bridge)
    how: Any = {"color_scheme": scheme, "viewport": size, "reduced_motion": "reduce"}
    page = pages.open(bridge.link(), **how)
    for name in (QUESTIONS, DELIVERIES, HOOKS):
        dialog = opened(page, name)
        expect(dialog.locator("ul.schedule-list > li").first).to_be_visible()
        if name == HOOKS:
            dialog.locator("[data-act=calls]").click()
            expect(dialog.locator("#hooks-calls-list > li")).to_have_count(2)
        assert violations(page, *DRAWER) == []
        assert page.evaluate(NAMELESS) == []
        assert page.evaluate(FAINT) == []
        assert dialog.evaluate("e => e.scrollWidth <= e.clientWidth")
        page.keyboard.press("Escape")
