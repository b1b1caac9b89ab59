"""Talking to the agent, and with each other, in the browser."""

import re
from time import sleep

import pytest
from playwright.sync_api import Route, expect

from bridge.domain.content import Option
from bridge.domain.events import SettingChanged
from bridge.domain.ids import ParticipantId
from tests.web.rig import ADA, BOB, HIDE, OUTBOXES, Bridge, Pages, is_typing, say, until

pytestmark = pytest.mark.browser

ANSWER = "Ada (browser) said: good morning"


def test_the_first_message_is_answered(bridge: Bridge, pages: Pages):
    """Whoever opens the link writes, and is answered by the agent."""
    page = pages.open(bridge.link())
    say(page, "good morning")
    expect(page.locator(".said.mine")).to_have_text(re.compile("good morning"))
    expect(page.locator(".composed:not(.writing)")).to_contain_text(ANSWER)
    expect(page.locator("#state")).to_have_text("Idle")


def test_an_answer_is_streamed_into_its_place(bridge: Bridge, pages: Pages):
    """The text grows in the row that becomes the message: nothing jumps, nothing is twice."""
    page = pages.open(bridge.link())
    bridge.pace.held = True
    say(page, "slow 1")
    expect(page.locator(".writing .activity")).to_contain_text("taking my time")
    expect(page.locator("#state")).to_have_text("Working")
    bridge.pace.held = False
    expect(page.locator(".composed")).to_have_text(re.compile("That took 1 s."))
    expect(page.locator(".composed")).to_have_count(1)


def test_a_pending_message_becomes_the_real_one_in_place(bridge: Bridge, pages: Pages):
    """At no moment are the words in sight twice, or not at all, however late the answer comes."""
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    page.evaluate(COUNT_COPIES, "only once")

    def answer_late(route: Route) -> None:
        response = route.fetch()
        sleep(0 if is_typing(route) else 1)
        route.fulfill(response=response)

    page.route("**/inbox", answer_late)
    say(page, "only once")
    expect(page.locator(".composed:not(.writing)")).to_be_visible()
    until(lambda: page.evaluate(OUTBOXES) == [0])
    assert set(page.evaluate("window.copies")) == {1}
    page.unroute_all(behavior="ignoreErrors")


COUNT_COPIES = """text => {
  window.copies = [];
  const count = () => {
    const rows = [...document.querySelectorAll(".said.mine")];
    const copies = rows.filter(row => row.textContent.includes(text)).length;
    if (copies || window.copies.length) window.copies.push(copies);
  };
  new MutationObserver(count).observe(document.querySelector("#rows"), {childList: true});
}"""


def test_two_browsers_see_each_other_by_name(bridge: Bridge, pages: Pages):
    """What one says shows in the other with who said it, and one sees that the other writes."""
    ada, bob = pages.open(bridge.link(ADA)), pages.open(bridge.link(BOB))
    expect(bob.locator("#connection")).to_have_text("Connected")
    expect(ada.locator("#who")).to_contain_text("Here now: Ada and Bob")
    ada.get_by_label("Message", exact=True).press_sequentially("hello Bob")
    expect(bob.locator("#typing")).to_have_text("Ada is writing…")
    ada.keyboard.press("Enter")
    expect(bob.locator(".said:not(.mine) .name")).to_have_text("Ada")
    expect(bob.locator(".said:not(.mine) .place")).to_have_text("· browser")
    expect(bob.locator(".said:not(.mine) .bubble")).to_have_text("hello Bob")


def test_words_from_a_chat_app_show_with_their_place(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    bridge.say_in_chat("from the bus")
    expect(page.locator(".said .place")).to_have_text("· Telegram")
    expect(page.locator(".said .name")).to_have_text("Cy")
    expect(page.locator("#places")).to_contain_text("Telegram")


def test_a_choice_is_answered_with_a_button(bridge: Bridge, pages: Pages):
    """The card closes everywhere, and says who answered what."""
    ada, bob = pages.open(bridge.link(ADA)), pages.open(bridge.link(BOB))
    say(ada, "ask")
    expect(ada.locator("#state")).to_have_text("Waiting for an answer")
    bob.get_by_role("button", name="Coffee").click()
    expect(ada.locator(".question .closing")).to_have_text("Bob answered “Coffee” · browser")
    expect(ada.get_by_role("button", name="Coffee")).to_be_disabled()
    expect(bob.locator(".question .closing")).to_have_text("You answered “Coffee” · browser")
    expect(ada.locator(".composed").last).to_contain_text("Bob chose Coffee.")


def test_what_waits_for_an_answer_leads_to_its_question(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    state = page.get_by_role("button", name="Waiting for an answer")
    say(page, "ask")
    expect(page.locator(".question .card")).to_be_visible()
    for number in range(30):
        bridge.say_in_chat(f"silent {number}")
    expect(page.locator(".said").last).to_contain_text("silent 29")
    expect(page.locator(".question")).not_to_be_in_viewport()
    state.click()
    expect(page.locator(".question")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Tea")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("Idle")
    expect(page.locator("#state")).to_be_disabled()


@pytest.mark.parametrize("who", [ADA, BOB])
def test_an_owner_without_a_chat_app_is_told_how_to_set_one_up(
    bridge: Bridge, pages: Pages, who: ParticipantId
):
    page = pages.open(bridge.link(who))
    expect(page.get_by_text("Say something, or type /help")).to_be_visible()

    def without_places(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "places": []})

    page.route("**/v1/sessions/main", without_places)
    page.reload()
    expect(page.get_by_text("Say something, or type /help")).to_be_visible()
    expect(page.get_by_text("bridge onboard")).to_be_visible(visible=who == ADA)
    page.unroute_all(behavior="wait")


def test_an_empty_session_says_what_to_do(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    expect(page.get_by_text("Say something, or type /help")).to_be_visible()
    expect(page.get_by_text("bridge onboard")).to_be_hidden()  # chat apps follow it here
    say(page, "silent hello")
    expect(page.locator(".said.mine")).to_be_visible()
    expect(page.get_by_text("Say something, or type /help")).to_be_hidden()


def test_an_approval_shows_the_exact_call(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    say(page, "approve")
    expect(page.locator(".question .call")).to_contain_text('"sides": 6')
    with page.expect_request(lambda sent: '"answer"' in (sent.post_data or "")) as sent:
        page.get_by_role("button", name="Approve").click()
    assert sent.value.post_data_json["run"].startswith("r_"), "it answers this question alone"
    expect(page.locator(".tool .tool-state")).to_have_text("done")
    expect(page.locator(".composed").last).to_contain_text("The die says")


def test_a_tool_is_one_line_that_opens(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    say(page, "tool")
    expect(page.locator(".tool .tool-state")).to_have_text("done")
    expect(page.locator(".tool pre").last).to_be_hidden()
    page.locator(".tool summary").click()
    expect(page.locator(".tool pre").last).to_contain_text("UTC")


def test_a_run_is_stopped_with_the_button(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    say(page, "slow 20")
    page.get_by_role("button", name="Stop the answer").click()
    expect(page.locator(".line[data-what=cancelled]")).to_contain_text("Stopped by Ada")
    expect(page.get_by_role("button", name="Stop the answer")).to_be_hidden()
    expect(page.locator(".writing")).to_have_count(0)


def test_a_command_answers_its_asker_alone(bridge: Bridge, pages: Pages):
    """The reply of /help is a private note: others do not see it, and it can be put away."""
    ada, bob = pages.open(bridge.link(ADA)), pages.open(bridge.link(BOB))
    say(ada, "/help")
    expect(ada.locator(".note")).to_contain_text("Only you see this")
    expect(ada.locator(".note .md")).to_contain_text("/stop")
    ada.get_by_role("button", name="Dismiss").click()
    expect(ada.locator(".note")).to_have_count(0)
    assert bob.locator(".note").count() == 0
    assert bridge.said() == []


def test_what_a_command_offers_is_chosen_with_a_button(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    expect(page.locator("#title")).to_have_text("Main")
    say(page, "/mode")  # which is not the beginning of /model once it stands there whole
    note = page.locator(".note")
    expect(note.get_by_role("button", name="interrupt")).to_be_visible()
    note.get_by_role("button", name="queue").click()
    expect(note.last).to_contain_text("queue from now on")
    expect(page.locator(".line", has_text="mode")).to_contain_text("Ada set mode to “queue”")


def test_a_button_is_pressed_as_whoever_presses_it(bridge: Bridge, pages: Pages):
    """Bob sees the list, and is told that he may not choose."""
    page = pages.open(bridge.link(BOB))
    say(page, "/mode")
    page.locator(".note").get_by_role("button", name="queue").click()
    expect(page.locator(".note.refused")).to_contain_text("Only an owner")
    assert not [each for each in bridge.log() if isinstance(each.body, SettingChanged)][1:]


def test_a_question_that_is_withdrawn_later_is_named(bridge: Bridge, pages: Pages):
    """Its card is screens above by then."""
    page = pages.open(bridge.link())
    say(page, "approve")
    expect(page.locator(".question .card")).to_be_visible()
    say(page, "silent while it is open")
    expect(page.locator(".said.mine").last).to_contain_text("silent while it is open")
    bridge.say_in_chat("/stop")
    expect(page.locator(".line", has_text="No longer needed: ")).to_contain_text("die")
    expect(page.locator(".question .closing")).to_have_text("No longer needed.")


def test_a_refused_message_says_why(bridge: Bridge, pages: Pages):
    """It comes back with the reason, and nothing hangs."""
    page = pages.open(bridge.link())
    say(page, "/agent nobody")
    expect(page.locator(".note.refused")).to_contain_text("no agent")
    expect(page.locator(".pending")).to_have_count(0)
    assert bridge.said() == []


def test_a_reply_quotes_what_it_answers(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    say(page, "one")
    expect(page.locator(".composed:not(.writing)")).to_be_visible()
    page.locator(".composed").hover()
    page.get_by_role("button", name="Reply to echo").click()
    expect(page.locator("#quoting")).to_contain_text("Answering echo")
    say(page, "two")
    expect(page.locator(".said .quote")).to_contain_text("Ada (browser) said: one")


def test_a_button_that_undoes_names_what_it_undoes(bridge: Bridge, pages: Pages):
    """Its label alone would say nothing to anybody."""
    page = pages.open(bridge.link())
    bridge.push("Eve joined as you.", Option(id="u:ABCDEF", label="Undo"), own=True)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("This was undone already, or the number is wrong.")).to_be_visible()


def test_a_push_can_be_answered_with_its_buttons(bridge: Bridge, pages: Pages):
    """A pushed button says its label, as in any chat app."""
    page = pages.open(bridge.link())
    bridge.push("Lunch?", Option(id="1", label="Pizza"), Option(id="2", label="Soup"))
    page.get_by_role("button", name="Soup").click()
    until(lambda: bridge.said() == ["Soup"])


def test_no_button_that_others_push_commands_anything(bridge: Bridge, pages: Pages):
    """Whoever presses it would command it in their own name; it only says what it is called."""
    page = pages.open(bridge.link())
    bridge.push("Look", Option(id="u:ABCDEF", label="/title Mine"), Option(id="2", label="Soup"))
    page.get_by_role("button", name="/title Mine").click()
    until(lambda: bridge.said() == ["/title Mine"])
    expect(page.locator("#title")).not_to_contain_text("Mine")


def test_sessions_are_made_and_switched(bridge: Bridge, pages: Pages):
    """Each has its own log; the address names the open one, and going back goes back."""
    page = pages.open(bridge.link())
    say(page, "in the first")
    page.get_by_role("button", name="New session").click()
    page.get_by_label("Title of the new session").fill("Second")
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_have_text("Second")
    expect(page.locator(".said")).to_have_count(0)
    page.get_by_role("link", name="Main").click()
    expect(page.locator(".said")).to_contain_text("in the first")
    page.go_back()
    expect(page.locator("#title")).to_have_text("Second")


def test_unseen_messages_are_counted_in_the_title(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    page.evaluate(HIDE, "hidden")
    bridge.push("while you were away")
    until(lambda: page.title() == "(1) Main · Bridgehead")
    page.evaluate(HIDE, "")
    until(lambda: page.title() == "Main · Bridgehead")


def test_a_new_title_is_taken_on(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    bridge.rename("Holidays")
    expect(page.locator("#title")).to_have_text("Holidays")
    expect(page.get_by_role("link", name="Holidays")).to_be_visible()
