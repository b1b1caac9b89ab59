"""The dialog about a session's people: who asks, who is here, who is invited, what rings for me."""

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from bridge.domain.commands import Join
from bridge.domain.ids import ChannelName, SessionId
from bridge.domain.inbound import Added, Inbound, Sender
from bridge.domain.parts import Address
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from tests.web.conftest import PATIENCE_MS
from tests.web.rig import ADA, BOB, CHAT, Bridge, Pages, say, until
from tests.web.test_access import FAINT, NAMELESS, NARROW, focused, tab_to

pytestmark = pytest.mark.browser


def opened(page: Page) -> Locator:
    """Return the dialog, opened by keyboard alone."""
    expect(page.locator("#who")).to_contain_text("people")
    page.locator("#who").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Roles, invitations, notifications").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="People of this session")
    expect(dialog.locator("#people-list li")).not_to_have_count(0)
    return dialog


def role_of(bridge: Bridge, who: str) -> str | None:
    people = bridge.loop.run(bridge.core.sessions.fold(SHARED)).participants
    return next((role for each, role in people.items() if each == who), None)


def asks_to_be_let_in(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a stranger ask, where they have to; Ada owns the bridge."""

    async def ask() -> None:
        sessions = bridge.core.sessions
        account = Account(allow=frozenset(), strangers="ask")
        monkeypatch.setattr(sessions.admission, "_accounts", {CHAT: account})
        await bridge.store.keep_fact("owners", ADA, "now")
        await sessions.admission.changed()
        heard = Inbound(
            external_id="x",
            address=Address(channel=ChannelName("chat"), place="eves"),
            sender=Sender(realm="chat", user="17", name="Eve <b>"),
            what=Added(),
        )
        await sessions.asking.ask(heard, "it is me")

    bridge.loop.run(ask())


def test_an_owner_changes_a_role_by_keyboard_and_removes_somebody(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    page.on("dialog", lambda dialog: dialog.accept())
    dialog = opened(page)
    role = dialog.get_by_label("Role of Bob")
    role.focus()
    page.keyboard.press("ArrowDown")
    until(lambda: role_of(bridge, BOB) == "viewer")
    expect(dialog.get_by_role("status")).to_contain_text("Bob")
    expect(dialog.get_by_label("Role of Bob")).to_be_focused()
    dialog.get_by_role("button", name="Remove Bob").click()
    expect(dialog.locator("#people-list li")).to_have_count(1)
    assert role_of(bridge, BOB) is None


def test_what_is_refused_says_why_and_shows_how_it_is(bridge: Bridge, pages: Pages):
    """The last owner stays one."""
    page = pages.open(bridge.link())
    dialog = opened(page)
    dialog.get_by_label("Role of Ada").select_option("viewer")
    expect(dialog.get_by_role("status")).to_contain_text("owner")
    expect(dialog.get_by_label("Role of Ada")).to_have_value("owner")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#who")).to_be_focused()


def test_a_member_sees_who_is_here_and_changes_what_is_their_own(bridge: Bridge, pages: Pages):
    bridge.say_in_chat("hello")
    page = pages.open(bridge.link(BOB))
    page.on("dialog", lambda dialog: dialog.accept())
    dialog = opened(page)
    expect(dialog.locator("li").filter(has_text="Cy")).to_contain_text("Telegram")
    expect(dialog.locator("li").filter(has_text="Bob")).to_contain_text("browser")
    expect(dialog.get_by_role("combobox", name="Role of")).to_have_count(0)
    expect(dialog.locator("#people-invite")).to_be_hidden()
    expect(dialog.get_by_role("button", name="Remove")).to_have_count(0)
    dialog.get_by_role("button", name="Leave this session").click()
    expect(dialog).to_be_hidden()
    until(lambda: role_of(bridge, BOB) is None)


def test_an_invitation_is_shown_once_and_lets_in_until_it_is_revoked(bridge: Bridge, pages: Pages):
    """As a link with its picture; listed by a number, never again with its code."""
    page = pages.open(bridge.link())
    dialog = opened(page)
    dialog.get_by_label("As", exact=True).select_option("viewer")
    dialog.get_by_label("People", exact=True).fill("2")
    dialog.get_by_role("button", name="Make an invitation").click()
    shown = dialog.get_by_label("To be copied")
    expect(shown).to_be_focused()
    link = shown.input_value()
    picture = dialog.get_by_role("img", name="QR code of the link")
    assert picture.evaluate("async e => { await e.decode(); return e.naturalWidth; }") > 50
    line = dialog.locator("#people-invited li")
    expect(line).to_contain_text("link, viewer")
    expect(line).to_contain_text("by Ada, 0 of 2 came")
    guest = pages.open(link)
    guest.get_by_label("Your name").fill("Eva")
    guest.keyboard.press("Enter")
    expect(dialog.locator("#people-list")).to_contain_text("Eva")
    expect(line).to_contain_text("1 of 2 came")
    page.keyboard.press("Escape")
    opened(page)
    assert link.partition("invite=")[2] not in page.content()
    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog.locator("#people-invitations")).to_be_hidden()
    late = pages.open(link)
    late.get_by_label("Your name").fill("Mo")
    late.keyboard.press("Enter")
    expect(late.get_by_role("alert")).to_contain_text("does not work any more")


@pytest.mark.parametrize(
    ("asked", "button"),
    [("invitations", "Make an invitation"), ("links", "Make a code for another app")],
)
def test_what_comes_late_is_not_shown_among_the_people_of_another_session(
    bridge: Bridge, pages: Pages, asked: str, button: str
):
    """An invitation into one session would be given to somebody as one into the other."""
    other, held = SessionId("s_other"), []
    bridge.loop.run(bridge.core.sessions.create(other, title="Other", owner=ADA))
    bridge.loop.run(bridge.core.sessions.submit(other, Join(participant=BOB, role="member")))
    page = pages.open(bridge.link())
    page.route(
        f"**/{asked}", lambda route: held.append(route) if posts(route) else route.continue_()
    )
    with page.expect_request(f"**/{asked}", timeout=PATIENCE_MS):
        opened(page).get_by_role("button", name=button).click()
    page.keyboard.press("Escape")
    page.goto(f"{bridge.url}/#session={other}")
    expect(page.locator("#title")).to_have_text("Other")
    dialog = opened(page)
    held[0].fulfill(response=held[0].fetch())
    dialog.get_by_label("Role of Bob").select_option("viewer")
    expect(dialog.get_by_role("status")).to_contain_text("viewer")
    expect(dialog.get_by_label("To be copied")).to_have_count(0)


def posts(route: Route) -> bool:
    return route.request.method == "POST"


def test_who_asks_to_be_let_in_is_answered_there(
    bridge: Bridge, pages: Pages, monkeypatch: pytest.MonkeyPatch
):
    page = pages.open(bridge.link())
    dialog = opened(page)
    expect(dialog.locator("#people-requests")).to_be_hidden()
    asks_to_be_let_in(bridge, monkeypatch)
    expect(dialog.locator("#people-asking")).to_contain_text("Eve b")
    expect(dialog.locator("#people-asking")).to_contain_text("it is me")
    dialog.get_by_role("button", name="Deny: Eve").click()
    expect(dialog.locator("#people-requests")).to_be_hidden()


def test_a_code_for_another_app_and_what_rings_are_ones_own(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link(BOB))
    dialog = opened(page)
    dialog.get_by_role("button", name="Make a code for another app").click()
    code = dialog.get_by_label("To be copied").input_value()
    found = bridge.loop.run(bridge.core.sessions.pairing.codes.find(code))
    assert found is not None
    assert found.invitation.participant == BOB
    dialog.get_by_label("Ring for").select_option("questions")
    dialog.get_by_role("checkbox", name="Quiet hours").check()
    dialog.get_by_label("From").fill("21:30")
    dialog.get_by_label("Time zone").fill("Europe/Paris")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("status")).to_contain_text("Saved")
    wish = bridge.loop.run(bridge.core.sessions.wishes.of(BOB, None))
    assert wish.mode == "questions"
    assert wish.quiet is not None
    assert (wish.quiet.begins.isoformat("minutes"), wish.quiet.zone) == ("21:30", "Europe/Paris")
    dialog.get_by_label("Time zone").fill("Middle/Earth")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("status")).to_contain_text("Middle/Earth")


def test_whoever_was_removed_meanwhile_is_told_so(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link(BOB))
    dialog = opened(page)
    bridge.asks("/kick Bob")
    expect(page.locator("#bar")).to_have_attribute("data-state", "lost")
    expect(dialog).to_be_hidden()


def test_the_people_of_one_session_are_never_shown_in_another(bridge: Bridge, pages: Pages):
    """Not while the others are asked for, not when they do not come, not by a late answer."""
    bridge.loop.run(bridge.core.sessions.create(SessionId("s_b"), title="Other", owner=ADA))
    page = pages.open(bridge.link())
    page.get_by_role("link", name="Main").click()
    dialog = opened(page)
    late: list[Route] = []

    def hold(route: Route) -> None:
        route.continue_() if route.request.method == "GET" else late.append(route)

    page.route("**/sessions/*/invitations", hold)
    with page.expect_request(lambda each: each.method == "POST" and "/invitations" in each.url):
        dialog.get_by_role("button", name="Make an invitation").click()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Other").click()
    expect(page.locator("#title")).to_have_text("Other")
    page.route("**/sessions/s_b/people", lambda route: route.abort())
    page.locator("#who").click()
    page.get_by_role("button", name="Roles, invitations, notifications").click()
    expect(dialog.get_by_role("status")).to_have_class("people-said wrong")
    failed = dialog.get_by_role("status").inner_text()
    with page.expect_response("**/sessions/*/invitations"):
        late[0].continue_()
    expect(dialog.get_by_role("status")).to_have_text(failed)
    assert dialog.get_by_role("listitem").count() == 0
    assert dialog.get_by_role("form").count() == 0
    assert [each.inner_text() for each in dialog.get_by_role("button").all()] == [""]


def test_when_the_session_is_lost_its_people_do_not_come_back(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link(BOB))
    opened(page)
    bridge.asks("/kick Bob")
    expect(page.locator("#bar")).to_have_attribute("data-state", "lost")
    page.locator("#who").click()
    button = page.get_by_role("button", name="Roles, invitations, notifications")
    expect(button).to_be_disabled()
    expect(page.locator("#people li")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_for_everyone_also_at_360_px(
    bridge: Bridge, pages: Pages, monkeypatch: pytest.MonkeyPatch, scheme: str
):
    """All of it has a name, stands out, is reached by keyboard, and nothing scrolls sideways."""
    bridge.enrol("p_long", "A" * 120)
    asks_to_be_let_in(bridge, monkeypatch)
    page = pages.open(bridge.link(), viewport=NARROW, color_scheme=scheme, reduced_motion="reduce")
    dialog = opened(page)
    expect(dialog.locator("#people-asking li")).to_have_count(1)
    dialog.get_by_role("button", name="Make an invitation").click()
    expect(dialog.locator("#people-invited li")).to_have_count(1)
    dialog.get_by_role("checkbox", name="Quiet hours").check()
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(FAINT) == []
    assert dialog.evaluate("e => e.scrollWidth <= e.clientWidth")
    rights = dialog.evaluate(
        "e => Math.max(...[...e.querySelectorAll('*')]"
        ".map(each => each.getBoundingClientRect().right))"
    )
    assert rights <= NARROW["width"]
    for name in ("Deny: Eve b", "Leave this session", "Revoke invitation", "Close"):
        tab_to_beginning(page, name)


def tab_to_beginning(page: Page, name: str) -> None:
    for _ in range(60):
        if focused(page).startswith(name):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{name} is not reached")


def test_the_room_behind_it_is_not_reached_meanwhile(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    dialog = opened(page)
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('dialog, body').tagName") in {
            "DIALOG",
            "BODY",  # the browser's own bars
        }
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    tab_to(page, "text")
    say(page, "hello")


def test_whoever_is_forgotten_is_gone_from_a_page_that_is_open(bridge: Bridge, pages: Pages):
    """Also what answered them; and what others said stays."""
    ada, bob = pages.open(bridge.link()), pages.open(bridge.link(BOB))
    say(bob, "my word is swordfish")
    expect(ada.locator("#log")).to_contain_text("said: my word is swordfish")
    say(ada, "and mine is mine")
    expect(ada.locator("#log")).to_contain_text("said: and mine is mine")
    until(lambda: bridge.loop.run(bridge.core.sessions.fold(SHARED)).open_run is None)
    bridge.loop.run(bridge.core.sessions.people.forget(BOB, ADA, bridge.blobs))
    expect(ada.locator("#log")).not_to_contain_text("swordfish")
    expect(ada.locator("#log")).to_contain_text("and mine is mine")
    expect(bob.locator("#gate-form")).to_be_visible()
    ada.reload()
    expect(ada.locator("#log")).to_contain_text("said: and mine is mine")
    expect(ada.locator("#log")).not_to_contain_text("swordfish")
