"""Files in the browser: chosen, dropped or pasted, sent once, shown where they can be."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.files import png, wav
from tests.web.rig import ADA, BOB, MOST, Bridge, Pages, of_each, say, until

pytestmark = pytest.mark.browser

NARROW = {"width": 360, "height": 700}
Upload = dict[str, Any]


def file(name: str, mime: str = "", body: bytes = b"some bytes") -> Upload:
    return {"name": name, "mimeType": mime, "buffer": body}


CAT = file("cat.png", "image/png", png())
REPORT = file("report.pdf", "application/pdf", b"%PDF-1.4")


def choose(page: Page, *files: Upload) -> None:
    expect(page.locator("#my-name")).not_to_be_empty()
    page.set_input_files("#files", files)  # type: ignore[arg-type]


def send(page: Page, text: str = "") -> None:
    say(page, text)


def size_of(page: Page, image: str) -> list[int]:
    return of_each(page, image, "e => e.naturalWidth")


def until_held(page: Page, held: list[Route]) -> None:
    """Wait until an upload is held up; that is told while the page is asked something."""
    until(lambda: bool(page.title() and held))


# -- sending and seeing ---------------------------------------------------------------------------


def test_a_picture_is_shown_to_everyone_where_it_was_sent(bridge: Bridge, pages: Pages):
    ada, bob = pages.open(bridge.link(ADA)), pages.open(bridge.link(BOB))
    choose(ada, CAT)
    expect(ada.locator(".chosen")).to_contain_text("cat.png")
    send(ada, "look at this")
    for page in (ada, bob):
        picture = page.locator(".said:not(.pending) .picture img")
        expect(picture).to_have_attribute("src", re.compile("^blob:"))
        expect(picture).to_have_attribute("alt", "cat.png")
        until(lambda page=page: size_of(page, ".said .picture img") == [40])
    expect(ada.locator(".chosen")).to_have_count(0)
    assert (bridge.said(), bridge.files()) == (["look at this"], [("cat.png",)])


def test_files_alone_are_a_message(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    choose(page, CAT, REPORT)
    send(page)
    expect(page.locator(".said:not(.pending) .files li")).to_have_count(2)
    assert (bridge.said(), bridge.files()) == ([""], [("cat.png", "report.pdf")])


def test_a_file_that_is_not_shown_is_saved_under_its_name(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    choose(page, REPORT)
    send(page)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save report.pdf, 8 B").click()
    assert saving.value.suggested_filename == "report.pdf"
    assert saving.value.path().read_bytes() == b"%PDF-1.4"


def test_sound_is_played_in_place(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    choose(page, file("memo.wav", "audio/wav", wav()))
    send(page)
    player = page.locator(".said:not(.pending) audio")
    expect(player).to_have_attribute("src", re.compile("^blob:"))
    expect(player).to_have_attribute("aria-label", "memo.wav")
    until(lambda: page.eval_on_selector(".said audio", "e => e.duration") == 0.5)


def test_what_the_agent_sends_is_shown_like_anything_else(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    choose(page, CAT)
    send(page, "send it back")
    expect(page.locator(".composed:not(.writing) .picture img")).to_be_visible()
    until(lambda: size_of(page, ".composed .picture img") == [40])


def test_a_file_is_fetched_once_however_often_its_row_is_drawn(bridge: Bridge, pages: Pages):
    """A new face redraws every row: what is shown, or played, stays the node it was."""
    page = pages.open(bridge.link())
    choose(page, CAT)
    send(page, "send it back")
    expect(page.locator(".composed:not(.writing) .picture img")).to_be_visible()
    until(lambda: size_of(page, ".picture img") == [40, 40])
    page.evaluate("document.querySelector('.said .picture').dataset.mark = 'same'")
    bridge.enrol("p_eve", "Eve")
    expect(page.locator("#who")).to_contain_text("3 people")
    expect(page.locator(".said .picture")).to_have_attribute("data-mark", "same")
    assert len([url for url in pages.requests if "/media/m_" in url]) == 1


# -- ways in --------------------------------------------------------------------------------------

DROP = """([target, event, name]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File(["dropped"], name, {type: "text/plain"}));
  const place = document.querySelector(target);
  const how = {dataTransfer: transfer, bubbles: true, cancelable: true};
  place.dispatchEvent(new DragEvent(event, how));
}"""
PASTE = """([name, text]) => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File(["pasted"], name, {type: "image/png"}));
  if (text) clipboardData.setData("text/plain", text);
  const event = new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true});
  document.querySelector("#text").dispatchEvent(event);
}"""


def test_files_are_dropped_anywhere_on_the_conversation(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    page.evaluate(DROP, ["#log", "dragenter", "a.txt"])
    expect(page.locator("#room")).to_have_class(re.compile("dropping"))
    page.evaluate(DROP, ["#log", "dragleave", "a.txt"])
    expect(page.locator("#room")).not_to_have_class(re.compile("dropping"))
    page.evaluate(DROP, ["#log", "drop", "a.txt"])
    send(page)
    until(lambda: bridge.files() == [("a.txt",)])


def test_a_picture_is_pasted_but_words_stay_words(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    page.evaluate(PASTE, ["table.png", "a table as text"])
    expect(page.locator(".chosen")).to_have_count(0)
    page.evaluate(PASTE, ["image.png", ""])
    expect(page.locator(".chosen")).to_contain_text("image.png")


def test_all_of_it_is_done_by_keyboard(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Add files").focus()
        page.keyboard.press("Enter")
    choosing.value.set_files([CAT, REPORT])  # type: ignore[arg-type]
    expect(page.locator(".chosen")).to_have_count(2)
    page.get_by_role("button", name="Remove cat.png").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    until(lambda: bridge.files() == [("report.pdf",)])


def test_a_button_keeps_the_focus_when_its_file_is_there(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    held: list[Route] = []
    page.route("**/v1/media?*", lambda route: held.append(route))  # noqa: PLW0108 -- it is marked
    choose(page, CAT)
    remove = page.get_by_role("button", name="Remove cat.png")
    remove.focus()
    until_held(page, held)
    held[0].continue_()
    expect(page.locator(".chosen[data-state=up]")).to_have_count(1)
    expect(remove).to_be_focused()


# -- what goes wrong ------------------------------------------------------------------------------


def test_a_message_waits_for_its_files_and_then_goes_out_by_itself(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    held: list[Route] = []
    page.route("**/v1/media?*", lambda route: held.append(route))  # noqa: PLW0108 -- it is marked
    choose(page, CAT)
    expect(page.get_by_label("Sending cat.png")).to_be_visible()
    send(page, "with a cat")
    page.keyboard.press("Enter")
    expect(page.locator("#composer")).to_have_attribute("aria-busy", "true")
    assert bridge.said() == []
    until_held(page, held)
    held[0].continue_()
    expect(page.locator(".said:not(.pending)")).to_have_count(1)
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    assert (bridge.said(), bridge.files()) == (["with a cat"], [("cat.png",)])


def test_what_did_not_arrive_is_tried_again_and_the_message_goes_out_once(
    bridge: Bridge, pages: Pages
):
    page = pages.open(bridge.link())
    page.route("**/v1/media?*", lambda route: route.abort())
    choose(page, CAT)
    expect(page.locator(".chosen")).to_contain_text("Not sent: the bridge cannot be reached")
    send(page, "with a cat")
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("Not sent yet")
    expect(page.get_by_label("Message", exact=True)).to_have_value("with a cat")
    assert bridge.said() == []
    page.unroute("**/v1/media?*")
    page.get_by_role("button", name="Try again to send cat.png").click()
    expect(page.locator(".chosen[data-state=up]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".said:not(.pending) .picture img")).to_be_visible()
    assert (bridge.said(), bridge.files()) == (["with a cat"], [("cat.png",)])


def test_an_answer_that_gets_lost_makes_no_second_message(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if "producer-id" not in route.request.headers or lost:
            return route.continue_()
        lost.append(route.request.url)
        route.fetch()
        return route.abort()

    page.route("**/inbox", lose_the_first)
    choose(page, CAT)
    expect(page.locator(".chosen[data-state=up]")).to_have_count(1)
    send(page, "once")
    expect(page.locator(".said.mine:not(.pending)")).to_have_count(1)
    until(lambda: page.locator(".pending").count() == 0 and len(lost) == 1)
    assert (bridge.said(), bridge.files()) == (["once"], [("cat.png",)])


def test_what_is_up_is_still_there_after_a_reload(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    choose(page, CAT)
    expect(page.locator(".chosen[data-state=up]")).to_have_count(1)
    page.reload()
    expect(page.locator(".chosen[data-state=up]")).to_contain_text("cat.png")
    send(page)
    until(lambda: bridge.files() == [("cat.png",)])
    expect(page.locator(".said:not(.pending)")).to_have_count(1)
    page.reload()
    expect(page.locator(".said")).to_have_count(1)
    expect(page.locator(".chosen")).to_have_count(0)


def test_files_too_large_empty_or_too_many_are_told_at_once(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    choose(page, file("big.bin", body=b"x" * (MOST + 1)), file("none.txt", body=b""))
    expect(page.locator(".chosen").first).to_contain_text("the limit is 2.0 MB")
    expect(page.locator(".chosen").last).to_contain_text("this file is empty")
    expect(page.get_by_role("button", name=re.compile("Try again"))).to_have_count(0)
    assert [url for url in pages.requests if "/v1/media" in url] == []
    choose(page, *(file(f"{n}.txt") for n in range(12)))
    expect(page.locator(".chosen")).to_have_count(10)
    expect(page.locator("#tray-why")).to_contain_text("at most 10 files")


def test_a_refusal_of_the_bridge_is_told_in_its_words(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    full = {"error": {"code": "no_room", "message": "There is no room left for files."}}
    page.route("**/v1/media?*", lambda route: route.fulfill(status=507, json=full))
    choose(page, CAT)
    expect(page.locator(".chosen")).to_contain_text("There is no room left for files.")
    expect(page.get_by_role("button", name=re.compile("Try again"))).to_have_count(0)


def test_a_command_takes_no_files_and_nothing_is_lost(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    choose(page, CAT)
    send(page, "/status ")
    expect(page.locator("#tray-why")).to_contain_text("A command cannot have files")
    expect(page.locator(".chosen")).to_have_count(1)
    expect(page.get_by_label("Message", exact=True)).to_have_value("/status ")


def test_each_session_has_files_of_its_own(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    choose(page, CAT)
    page.get_by_role("button", name="New session").click()
    page.get_by_label("Title of the new session").fill("Second")
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_have_text("Second")
    expect(page.locator(".chosen")).to_have_count(0)
    page.get_by_role("link", name="Main").click()
    expect(page.locator(".chosen")).to_have_count(1)


def test_a_file_that_is_not_kept_any_more_says_so(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    choose(page, CAT, REPORT)
    send(page)
    expect(page.locator(".said:not(.pending) .picture img")).to_be_visible()
    bridge.forget_files()
    later = pages.open(bridge.link(BOB))
    later.get_by_role("button", name=re.compile("Save cat.png")).click()
    expect(later.locator(".note")).to_contain_text("not kept here")


def test_nothing_in_a_file_runs(bridge: Bridge, pages: Pages):
    """A drawing with a script is to be saved, and so is a page that poses as a picture."""
    page = pages.open(bridge.link())
    script = b"<svg xmlns='http://www.w3.org/2000/svg' onload='window.pwned=1'></svg>"
    choose(
        page,
        file("evil.svg", "image/svg+xml", script),
        file("evil.html", "text/html", b"<script>opener.pwned=1</script>"),
        file("evil.png", "image/png", b"<script>window.pwned=1</script>"),
        file("\u202egnp.<b>x</b>.png", "text/html", b"<script>1</script>"),
    )
    send(page)
    expect(page.locator(".said:not(.pending) button.file")).to_have_count(4)
    assert page.locator("#rows :is(img, iframe, object, embed, svg[onload])").count() == 0
    assert page.evaluate("window.pwned") is None


# -- for everyone ---------------------------------------------------------------------------------

ANNOUNCED = "() => document.querySelector('#announcer').textContent"


def test_a_screen_reader_hears_what_became_of_a_file(bridge: Bridge, pages: Pages):
    ada, bob = pages.open(bridge.link(ADA)), pages.open(bridge.link(BOB))
    expect(bob.locator("#connection")).to_have_text("Connected")
    choose(ada, CAT)
    until(lambda: "cat.png is ready to be sent" in ada.evaluate(ANNOUNCED))
    send(ada, "look")
    until(lambda: "Ada, browser: look picture cat.png" in bob.evaluate(ANNOUNCED))


def test_files_fit_a_narrow_page(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link(), viewport=NARROW)
    names = ("x" * 90 + ".pdf", "a name of several words " * 3 + ".bin")
    wide = file("wide.png", "image/png", png(3000, 40))
    sound = file("memo.wav", "audio/wav", wav())
    choose(page, wide, sound, *(file(name) for name in names), file("big", body=b"x" * (MOST + 1)))
    expect(page.locator(".chosen[data-state=failed]")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.get_by_role("button", name="Remove big").click()
    send(page)
    expect(page.locator(".said:not(.pending) .files li")).to_have_count(4)
    until(lambda: size_of(page, ".picture img") == [3000])
    assert page.evaluate("document.querySelector('#log').scrollWidth") <= NARROW["width"]
    rights = of_each(page, ".files *, .composer > *", "e => e.getBoundingClientRect().right")
    assert max(rights) <= NARROW["width"]
