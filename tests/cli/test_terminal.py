"""`bridge chat` at a terminal, as a person sees it."""

import re

import pytest

from tests.screen import ALT_ENTER, CTRL_C, CTRL_D, CTRL_J, PASTE, TIME, UP, Screen


@pytest.fixture
def open_screen():
    opened = []

    def open_screen(bridge, *arguments, **options):
        screen = Screen(arguments, bridge.environ, bridge.data.parent, **options)
        opened.append(screen)
        return screen

    yield open_screen
    for screen in opened:
        screen.close()


@pytest.fixture
def chat(open_screen, bridge, session):
    screen = open_screen(bridge, "chat", session)
    screen.until("Ctrl-D leaves")
    return screen


def said(bridge, session):
    found = (e for e in bridge.events(session) if e["type"] == "message_received")
    return [e["content"]["text"] for e in found]


def test_what_is_said_here_and_the_answer_are_shown(chat, bridge, session):
    chat.say("hello **there**")
    chat.until("said: hello there")
    assert "Owner · terminal\n  hello there\n" in chat.text
    assert said(bridge, session) == ["hello **there**"]
    assert chat.text.count("Owner · terminal\n") == 1


def test_what_is_said_in_the_browser_is_shown_with_who_said_it(chat, bridge, session):
    bridge.say(session, "silent greetings")
    chat.until("Owner · browser\n  silent greetings")


def test_an_answer_shows_while_it_is_written_and_stands_once_in_the_end(chat):
    chat.say("long")
    chat.until("writing…")

    def answers():
        return len(re.findall(r"^echo$", chat.text, re.MULTILINE))

    chat.until(lambda: answers() > 0)
    chat.watch(1)
    assert answers() == 1
    assert "writing…" not in chat.visible


@pytest.mark.parametrize("new_line", [ALT_ENTER, CTRL_J])
def test_a_new_line_can_be_typed_and_stays_one(chat, bridge, session, new_line):
    chat.type("silent 12 High Street")
    chat.until("> silent 12 High Street")
    chat.type(new_line)
    chat.type("Springfield")
    chat.until("Springfield")
    assert said(bridge, session) == []
    chat.type("\r")
    chat.until("Owner · terminal\n  silent 12 High Street\n  Springfield\n")
    assert said(bridge, session) == ["silent 12 High Street\nSpringfield"]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_what_is_pasted_is_one_message_whatever_its_lines_end_with(chat, bridge, session, end):
    chat.type(PASTE.format(f"silent 12 High Street{end}Springfield{end}"))
    chat.until("Springfield")
    chat.watch(0.3)
    assert said(bridge, session) == []
    chat.type("\r")
    chat.until("Owner · terminal\n  silent 12 High Street\n  Springfield\n")
    assert [each.rstrip() for each in said(bridge, session)] == [
        "silent 12 High Street\nSpringfield"
    ]


def test_when_it_was_said_stands_dim_beside_who_said_it(chat):
    chat.say("silent hello")
    chat.until("Owner · terminal\n  silent hello\n")
    assert TIME.search(chat.visible)


def test_markdown_is_rendered_while_it_is_written(chat):
    chat.say("markdown")
    chat.until("writing…")
    chat.until(lambda: "Headings" in chat.visible or "bold" in chat.visible)
    assert "**" not in chat.visible


def test_what_was_typed_is_kept_for_the_next_chat(open_screen, bridge, session):
    first = open_screen(bridge, "chat", session)
    first.until("Ctrl-D leaves")
    first.say("silent and unforgettable")
    first.until("Owner · terminal\n  silent and unforgettable")
    first.type(CTRL_D)
    assert first.end() == 0
    second = open_screen(bridge, "chat", bridge.session("Another"))
    second.until("Ctrl-D leaves")
    second.type(UP)
    second.until("> silent and unforgettable")
    kept = bridge.data / "terminal" / "history"
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("word", ["/quit", "/exit"])
def test_a_word_leaves_too_and_is_said_to_nobody(chat, bridge, session, word):
    chat.say(word)
    assert chat.end() == 0
    assert said(bridge, session) == []


def test_how_to_leave_and_how_to_begin_a_line_is_in_the_help(chat):
    chat.say("/help")
    chat.until("/quit leave, as /exit and Ctrl-D do")
    chat.until("Ctrl-J begins a new line")


def test_ctrl_c_stops_the_answer_being_worked_on_and_the_chat_goes_on(chat):
    chat.say("slow 30")
    chat.until("Ctrl-C stops the answer")
    chat.type(CTRL_C)
    chat.until("Owner stopped the answer.")
    chat.say("silent still here")
    chat.until("Owner · terminal\n  silent still here")


def test_ctrl_c_without_an_answer_clears_what_was_typed(chat, bridge, session):
    chat.type("never mind")
    chat.until("> never mind")
    chat.type(CTRL_C)
    chat.until(lambda: "> never mind" not in chat.visible)
    assert said(bridge, session) == []


def test_leaving_cancels_nothing(chat, bridge, session):
    chat.say("slow 2")
    chat.until("Ctrl-C stops the answer")
    chat.type(CTRL_D)
    assert chat.end() == 0
    follow_up = [event["type"] for event in bridge.events(session)]
    assert follow_up[-1] == "run_started"


def test_a_question_is_answered_by_its_number(chat, bridge, session):
    chat.say("ask")
    chat.until("Reply with a number from 1 to 2.")
    chat.until("Ctrl-D leaves")
    chat.say("2")
    chat.until("Owner · terminal: Coffee")
    chat.until("Owner chose Coffee.")
    assert said(bridge, session) == ["ask"]


def test_a_question_is_answered_by_its_label_too(chat):
    chat.say("ask")
    chat.until("Reply with a number from 1 to 2.")
    chat.say("tea")
    chat.until("Owner chose Tea.")


def test_a_tool_shows_as_a_line_of_its_own(chat):
    chat.say("tool")
    chat.until("⚙ clock")
    chat.until("The clock says")


def test_slash_commands_are_completed_and_answered_to_the_asker(chat):
    chat.type("/sta")
    chat.until("/status")
    chat.type("tus\r")
    chat.until("is idle.")


def test_what_was_said_before_is_shown_at_the_start(open_screen, bridge, session):
    for number in range(25):
        bridge.say(session, f"silent {number:02}")
    screen = open_screen(bridge, "chat", session)
    screen.until("silent 24")
    screen.until("Ctrl-D leaves")
    assert "silent 05" in screen.text
    assert "silent 04" not in screen.text


def test_nothing_that_is_said_can_take_over_the_terminal(chat, bridge, session):
    bridge.say(session, "silent \x1b]0;owned\x07\x1b[2J\x9b2J \u202etxt.exe \x07done")
    chat.until("done")
    assert b"owned" not in chat.raw
    assert "\u202e".encode() not in chat.raw
    assert "silent  txt.exe done" in chat.text


def test_a_file_is_sent_shown_and_saved(open_screen, bridge, session, tmp_path):
    chat = open_screen(bridge, "chat", session, size=(40, 200))
    chat.until("Ctrl-D leaves")
    (tmp_path / "my cat.png").write_bytes(b"a cat")
    chat.say(f'/file "{tmp_path / "my cat.png"}" send it back')
    chat.until("[1] my cat.png (image, 5 bytes)")
    chat.until("[2] my cat.png (image, 5 bytes)")
    assert said(bridge, session) == ["send it back"]
    chat.say(f"/save 2 {tmp_path / 'back.png'}")
    chat.until("saved as")
    assert (tmp_path / "back.png").read_bytes() == b"a cat"
    chat.say(f"/save 2 {tmp_path / 'back.png'}")
    chat.until("is there already")


def test_what_cannot_be_sent_or_saved_is_told_and_nothing_is_said(chat, bridge, session):
    chat.say("/file nowhere.png")
    chat.until("not sent: nowhere.png cannot be read")
    chat.say("/save 7")
    chat.until("not saved: there is no file 7: none was sent")
    chat.say("/save it")
    chat.until("write: /save and the number")
    assert said(bridge, session) == []


def test_its_own_commands_are_completed_and_explained_too(chat):
    chat.type("/fi")
    chat.until("send a file: /file PATH")
    chat.type("\x15/help")
    chat.until("> /help")
    chat.type("\r")
    chat.until("In this terminal, too:")


def test_it_fits_a_narrow_terminal(open_screen, bridge, session):
    screen = open_screen(bridge, "chat", session, size=(20, 34))
    screen.until("Ctrl-D leaves")
    screen.say("long")
    screen.until("writing…")
    screen.until(lambda: "writing…" not in screen.visible and "Ctrl-D" in screen.visible)


def test_through_a_crash_in_mid_answer_the_chat_goes_on(open_screen, own_bridge):
    screen = open_screen(own_bridge, "chat")
    screen.until("Ctrl-D leaves")
    screen.say("slow 3")
    screen.until("taking my time")
    own_bridge.kill()
    screen.until("The bridge is not connected.")
    screen.say("silent typed while it was away")
    screen.until("to be sent: silent typed while it was away")
    assert "taking my time" not in screen.visible
    own_bridge.start()
    screen.until("The answer was cut off; it is tried again.")
    screen.until("Owner · terminal\n  silent typed while it was away")
    screen.until("That took 3 s.")
    screen.watch(1)
    assert screen.text.count("That took 3 s.") == 1
    assert screen.text.count("Owner · terminal\n  silent typed while it was away") == 1
    assert "to be sent" not in screen.visible
    assert said(own_bridge, "main") == ["slow 3", "silent typed while it was away"]


def test_what_was_typed_offline_is_sent_by_the_next_chat_when_this_one_is_closed(
    open_screen, own_bridge
):
    first = open_screen(own_bridge, "chat")
    first.until("Ctrl-D leaves")
    own_bridge.kill()
    first.until("The bridge is not connected.")
    first.say("silent left behind")
    first.until("1 waiting to be sent")
    first.type(CTRL_D)
    assert first.end() == 0
    own_bridge.start()
    second = open_screen(own_bridge, "chat")
    second.until("Owner · terminal\n  silent left behind")
    assert said(own_bridge, "main") == ["silent left behind"]


def test_without_a_bridge_it_says_in_one_line_what_to_run(open_screen, bridge):
    screen = Screen(
        ["chat"],
        {**bridge.environ, "BRIDGE_DATA": str(bridge.data / "none")},
        bridge.data.parent,
        size=(10, 200),
    )
    screen.until("start it with: bridge run")
    assert screen.end() == 3
