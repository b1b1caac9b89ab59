"""The dialog about a session's schedules: what is planned, by whom, and what one may change."""

import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Dialog, Locator, Page, Route, expect

from bridge.domain.commands import SetSchedule
from bridge.domain.events import Cron, ScheduleSet, Triggered
from bridge.domain.ids import ParticipantId, ScheduleId, SessionId
from bridge.session.routing import SHARED
from tests.web.rig import ADA, BOB, Bridge, Pages, until
from tests.web.test_access import FAINT, NAMELESS, NARROW
from tests.web.test_languages import LOCALES, OTHERS, left_in_english, too_wide, words
from tests.web.test_people import tab_to_beginning

pytestmark = pytest.mark.browser

BERLIN: Any = {"timezone_id": "Europe/Berlin"}


def opened(page: Page, name: str = "Schedules") -> Locator:
    """Return the dialog, opened by keyboard alone."""
    expect(page.locator("#people-open")).to_be_enabled()
    page.locator("#who").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=name)
    expect(dialog).to_be_visible()
    return dialog


def plan(
    bridge: Bridge, text: str, by: ParticipantId = ADA, session: SessionId = SHARED
) -> ScheduleId:
    """Let someone plan something for every day at nine in Berlin."""
    name = ScheduleId(f"sch_{len(bridge.log(session)):04}")
    daily = Cron(expression="0 9 * * *", zone="Europe/Berlin")
    command = SetSchedule(schedule=name, rule=daily, action="ask", text=text, by=by)
    bridge.loop.run(bridge.core.sessions.submit(session, command))
    return name


def planned(bridge: Bridge) -> list[ScheduleSet]:
    return list(bridge.loop.run(bridge.core.sessions.fold(SHARED)).schedules.values())


def test_what_is_planned_by_keyboard_says_what_was_understood(bridge: Bridge, pages: Pages):
    """And when it is next, on the wall clock of whoever looks."""
    page = pages.open(bridge.link(), locale="en-GB", **BERLIN)
    dialog = opened(page)
    expect(dialog.locator("#schedules-none")).to_be_visible()
    dialog.get_by_label("When", exact=True).focus()
    page.keyboard.type("every weekday 9:00 until 2030-12-24")
    page.keyboard.press("Tab")
    page.keyboard.type("review my backlog")
    dialog.get_by_role("button", name="Plan it").click()
    said = dialog.get_by_role("status")
    expect(said).to_contain_text("Planned on weekdays at 09:00 (Europe/Berlin). The next time is")
    expect(dialog.get_by_label("When", exact=True)).to_be_focused()
    expect(dialog.get_by_label("When", exact=True)).to_have_value("")
    (one,) = planned(bridge)
    line = dialog.get_by_role("listitem")
    expect(line).to_contain_text("Ask the agent: review my backlog")
    expect(line).to_contain_text("on weekdays at 09:00 (Europe/Berlin)")
    expect(line).to_contain_text(re.compile(r"next: .*\b09:00"))
    expect(line).to_contain_text("by Ada")
    expect(line).to_contain_text("24 December 2030 at 23:59")
    assert one.first is not None
    assert one.first.astimezone(ZoneInfo("Europe/Berlin")).hour == 9
    assert (one.by, one.action, one.text) == (ADA, "ask", "review my backlog")


def test_what_cannot_be_understood_is_said_beside_the_field(bridge: Bridge, pages: Pages):
    """What was written stays; planned once it is right."""
    page = pages.open(bridge.link())
    dialog = opened(page)
    when = dialog.get_by_label("When", exact=True)
    when.fill("now and then")
    dialog.get_by_label("What", exact=True).fill("water the plants")
    when.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("I do not understand when")
    expect(when).to_be_focused()
    expect(when).to_have_attribute("aria-invalid", "true")
    expect(when).to_have_value("now and then")
    when.fill("every day 9:00")
    dialog.get_by_label("Then").select_option("say")
    when.press("Enter")
    expect(dialog.get_by_role("listitem")).to_contain_text("Say: water the plants")
    expect(dialog.get_by_role("alert")).to_be_hidden()
    expect(when).not_to_have_attribute("aria-invalid", "true")


def test_it_is_paused_and_goes_on_and_the_keyboard_stays(bridge: Bridge, pages: Pages):
    """And the log says which of them it was."""
    plan(bridge, "look around")
    page = pages.open(bridge.link())
    dialog = opened(page)
    dialog.get_by_role("button", name="Pause: look around").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("listitem")).to_contain_text("paused")
    expect(dialog.get_by_role("status")).to_contain_text("Paused: look around")
    expect(dialog.get_by_role("button", name="Resume: look around")).to_be_focused()
    assert planned(bridge)[0].paused
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Pause: look around")).to_be_focused()
    expect(dialog.get_by_role("listitem")).to_contain_text("next:")
    assert not planned(bridge)[0].paused
    page.keyboard.press("Escape")
    expect(page.locator("#who")).to_be_focused()
    lines = page.locator(".line").filter(has_text="look around")
    said = "Ada scheduled: look around", "Paused the schedule: ", "Resumed the schedule: "
    for line, text in zip((lines.nth(number) for number in range(3)), said, strict=True):
        expect(line).to_contain_text(text)
    expect(lines).to_have_count(3)


def test_it_runs_now_and_is_removed_once_that_is_confirmed(bridge: Bridge, pages: Pages):
    plan(bridge, "look around")
    page = pages.open(bridge.link())
    asked: list[str] = []

    def answer(each: Dialog) -> None:
        """No, the first time."""
        asked.append(each.message)
        each.accept() if len(asked) > 1 else each.dismiss()

    page.on("dialog", answer)
    dialog = opened(page)
    dialog.get_by_role("button", name="Run now: look around").click()
    expect(dialog.get_by_role("status")).to_contain_text("It runs now")
    bodies = [each.body for each in bridge.log()]
    assert [each.prompt for each in bodies if isinstance(each, Triggered)] == ["look around"]
    remove = dialog.get_by_role("button", name="Remove: look around")
    remove.click()
    until(lambda: len(asked) == 1)
    assert len(planned(bridge)) == 1
    remove.click()
    expect(dialog.get_by_role("listitem")).to_have_count(0)
    expect(dialog.get_by_role("status")).to_contain_text("removed")
    assert (planned(bridge), asked) == ([], ["Remove this schedule? look around"] * 2)


def test_members_are_offered_what_is_their_own_and_viewers_nothing(bridge: Bridge, pages: Pages):
    plan(bridge, "of hers")
    plan(bridge, "of his", by=BOB)
    bridge.enrol("p_eve", "Eve", role="viewer")
    his = opened(pages.open(bridge.link(BOB)))
    expect(his.get_by_role("listitem")).to_have_count(2)
    expect(his.get_by_role("listitem").filter(has_text="of hers")).to_contain_text("by Ada")
    expect(his.get_by_role("button", name="of hers")).to_have_count(0)
    expect(his.get_by_role("button", name="of his")).to_have_count(4)
    expect(his.get_by_role("form")).to_be_visible()
    hers = opened(pages.open(bridge.link(ADA)))
    expect(hers.get_by_role("button", name="of his")).to_have_count(4)
    eves = opened(pages.open(bridge.link(ParticipantId("p_eve"))))
    expect(eves.get_by_role("listitem")).to_have_count(2)
    expect(eves.get_by_role("form")).to_have_count(0)
    assert [each.inner_text() for each in eves.get_by_role("button").all()] == [""]


def test_what_others_plan_meanwhile_appears(bridge: Bridge, pages: Pages):
    dialog = opened(pages.open(bridge.link()))
    plan(bridge, "of his", by=BOB)
    expect(dialog.get_by_role("listitem")).to_contain_text("by Bob")


def test_when_the_answer_is_lost_it_is_planned_once(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    dialog = opened(page)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST" or lost:
            return route.continue_()
        lost.append(route.fetch().status)
        return route.abort()

    page.route("**/schedules", lose)
    dialog.get_by_label("When", exact=True).fill("every day 9:00")
    dialog.get_by_label("What", exact=True).fill("water the plants")
    dialog.get_by_role("button", name="Plan it").click()
    expect(dialog.get_by_role("status")).to_have_class("people-said wrong")
    dialog.get_by_role("button", name="Plan it").click()
    expect(dialog.get_by_role("status")).to_contain_text("Planned every day")
    assert lost == [201]
    assert len(planned(bridge)) == 1


def test_the_schedules_of_one_session_are_never_shown_in_another(bridge: Bridge, pages: Pages):
    plan(bridge, "of main")
    bridge.loop.run(bridge.core.sessions.create(SessionId("s_b"), title="Other", owner=ADA))
    page = pages.open(bridge.link())
    page.get_by_role("link", name="Main").click()
    expect(opened(page).get_by_role("listitem")).to_have_count(1)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Other").click()
    expect(page.locator("#title")).to_have_text("Other")
    page.route("**/sessions/s_b/schedules", lambda route: route.abort())
    dialog = opened(page)
    expect(dialog.get_by_role("status")).to_have_class("people-said wrong")
    assert dialog.get_by_role("listitem").count() == 0


def test_words_of_people_are_words(bridge: Bridge, pages: Pages):
    """No markup, nothing that reorders what stands beside it."""
    plan(bridge, "<b>x</b> \u202eback\n**more**")
    line = opened(pages.open(bridge.link())).get_by_role("listitem")
    expect(line).to_contain_text("Ask the agent: <b>x</b> back **more**")
    assert line.locator("b, strong").count() == 0


@pytest.mark.parametrize("code", OTHERS)
def test_it_is_in_the_language_of_whoever_looks(bridge: Bridge, pages: Pages, code: str):
    """When it is due, too, and why it cannot be; nothing is cut off at 360 px."""
    said = words(code)
    plan(bridge, "x")
    page = pages.open(bridge.link(), locale=LOCALES[code], viewport=NARROW)
    expect(page.locator("#state")).to_have_text(said["Idle"])
    dialog = opened(page, said["Schedules"])
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    dialog.locator("#schedule-when").fill("now and then")
    dialog.locator("#schedule-what").fill("x")
    dialog.get_by_role("button", name=said["Plan it"]).click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog).not_to_contain_text("I do not understand")
    expect(dialog).not_to_contain_text("every day at")
    dialog.locator("[data-act=rest]").click()
    expect(dialog.get_by_role("status")).not_to_be_empty()
    assert left_in_english(page, code) == set()
    assert too_wide(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_for_everyone_also_at_360_px(bridge: Bridge, pages: Pages, scheme: str):
    """All of it has a name, stands out, is reached by keyboard, and nothing scrolls sideways."""
    plan(bridge, "a word " * 60)
    plan(bridge, "W" * 300)
    page = pages.open(bridge.link(), viewport=NARROW, color_scheme=scheme, reduced_motion="reduce")
    dialog = opened(page)
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    dialog.get_by_label("When", exact=True).fill("now and then")
    dialog.get_by_label("What", exact=True).fill("x")
    dialog.get_by_role("button", name="Plan it").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(FAINT) == []
    assert dialog.evaluate("e => e.scrollWidth <= e.clientWidth")
    for name in ("Remove: WWW", "schedule-what", "Plan it", "Close"):
        tab_to_beginning(page, name)


def test_a_schedule_is_changed_where_it_stands_and_stays_the_same_one(bridge: Bridge, pages: Pages):
    """What it does, when, until when and what becomes of late times; by keyboard alone."""
    name = plan(bridge, "look around")
    page = pages.open(bridge.link(), locale="en-GB", **BERLIN)
    dialog = opened(page)
    dialog.get_by_role("button", name="Change: look around").focus()
    page.keyboard.press("Enter")
    what, when = dialog.get_by_label("What", exact=True), dialog.get_by_label("When", exact=True)
    expect(what).to_be_focused()
    expect(what).to_have_value("look around")
    expect(dialog.locator("#schedule-kept")).to_contain_text("every day at 09:00 (Europe/Berlin)")
    what.fill("water the plants")
    dialog.get_by_label("Until, on").fill("2090-12-24T18:00")
    dialog.get_by_label("When the bridge was not").select_option("skip")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    line = dialog.get_by_role("listitem")
    expect(line).to_contain_text("Ask the agent: water the plants")
    expect(line).to_contain_text("late times are left out")
    expect(dialog.get_by_role("button", name="Change: water the plants")).to_be_focused()
    (one,) = planned(bridge)
    assert (one.schedule, one.late, one.again) == (name, "skip", 1)
    assert one.until is not None
    assert one.until.astimezone(ZoneInfo("Europe/Berlin")).hour == 18
    assert isinstance(one.rule, Cron), "that stays, since nothing was written"

    dialog.get_by_role("button", name="Change: water the plants").click()
    dialog.get_by_label("Until, on").fill("")
    when.fill("every 2 hours")
    when.press("Enter")
    expect(line).to_contain_text("every 2 hours")
    expect(line).not_to_contain_text("until")
    (one,) = planned(bridge)
    assert (one.schedule, one.until, one.text) == (name, None, "water the plants")


def test_a_change_that_cannot_be_is_said_and_can_be_left(bridge: Bridge, pages: Pages):
    """Then the form is for another schedule again."""
    plan(bridge, "look around")
    page = pages.open(bridge.link())
    dialog = opened(page)
    dialog.get_by_role("button", name="Change: look around").click()
    when = dialog.get_by_label("When", exact=True)
    when.fill("now and then")
    when.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("I do not understand when")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog.get_by_role("alert")).to_be_hidden()
    expect(dialog.get_by_role("button", name="Change: look around")).to_be_focused()
    expect(dialog.get_by_role("button", name="Plan it")).to_be_visible()
    expect(when).to_have_value("")
    assert [each.again for each in planned(bridge)] == [0]
