"""`bridge chat` at a terminal, as a person sees it."""

import re

import pytest

from tests.process import command
from tests.screen import ALT_ENTER, CTRL_C, CTRL_D, CTRL_J, PASTE, TIME, UP, Screen

FILE = re.compile(r"\[([0-9]+)\] my cat.png \(image, 5 bytes\)")


@pytest.fixture
def open_screen():
    opened = []

    def open_screen(bridge, *arguments, **options):
        environ = {**bridge.environ, **options.pop("environ", {})}
        screen = Screen(arguments, environ, bridge.data.parent, **options)
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
    assert "Owner · terminal\n  hello **there**\n" in chat.text, "what is typed is literal"
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


def test_what_is_typed_before_the_prompt_stands_is_said_line_by_line(open_screen, bridge, session):
    """A terminal turns Enter into a line feed until a program takes it over: it stays Enter."""
    screen = open_screen(bridge, "chat", session)
    screen.type("silent one\rsilent two\rsilent th")
    screen.until("Owner · terminal\n  silent one\n")
    screen.until("Owner · terminal\n  silent two\n")
    screen.until("> silent th")
    screen.type("ree")
    screen.until("> silent three")
    screen.type("\r")
    screen.until("Owner · terminal\n  silent three\n")
    assert said(bridge, session) == ["silent one", "silent two", "silent three"]


def test_whoever_leaves_before_the_prompt_stands_has_said_what_they_typed(
    open_screen, bridge, session
):
    first = open_screen(bridge, "chat", session)
    first.type(f"silent in passing\r{CTRL_D}")
    assert first.end() == 0
    second = open_screen(bridge, "chat", session)
    second.until("Owner · terminal\n  silent in passing\n")
    assert said(bridge, session) == ["silent in passing"]


def test_enter_stays_enter_while_something_is_printed(chat, bridge, session):
    """However fast someone types, between two prompts and above one."""
    words = [f"silent {number}" for number in range(30)]
    for each in words:
        chat.type(f"{each}\r")
        chat.watch(0.02)
    chat.until(lambda: "silent 29\n" in chat.text)
    assert said(bridge, session) == words


def test_a_failed_try_says_that_it_is_tried_again(chat):
    chat.say("flaky")
    chat.until("The answer failed: ")
    chat.until("It is tried again.")


def test_what_can_be_chosen_is_listed_and_completed(chat):
    """There are no buttons here; what they would say is completed from its beginning."""
    chat.say("/mode")
    chat.until("/mode NAME chooses another.")
    chat.type("/mode q")
    chat.until("/mode queue")
    chat.type("\t")
    chat.until("> /mode queue")
    chat.type("\r")
    chat.until("queue from now on")


def test_an_open_chat_begins_anew_after_a_restore(open_screen, own_bridge, tmp_path):
    """What was said after the copy is not there any more, and nothing of it stays half-known."""
    own_bridge.say("main", "silent before")
    kept = str(tmp_path / "kept.db")
    assert command("backup", kept, environ=own_bridge.environ).code == 0
    screen = open_screen(own_bridge, "chat")
    screen.until("Ctrl-D leaves")
    own_bridge.say("main", "silent after")
    screen.until("Owner · browser\n  silent after")
    own_bridge.stop()
    screen.until("The bridge cannot be reached.")
    assert command("restore", kept, environ=own_bridge.environ).code == 0
    own_bridge.start()
    screen.until("The bridge was restored from a backup.")
    screen.until(lambda: screen.text.count("silent before") == 2)
    screen.say("silent in the other life")
    screen.until("Owner · terminal\n  silent in the other life")
    own_bridge.say("main", "silent and heard here")
    screen.until("Owner · browser\n  silent and heard here")
    assert said(own_bridge, "main") == [
        "silent before",
        "silent in the other life",
        "silent and heard here",
    ]
    assert screen.text.count("silent after") == 1


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
    chat.say("slow 80")
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
    chat.say("slow 60")
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
    chat.until(lambda: len(FILE.findall(chat.text)) == 2)
    assert said(bridge, session) == ["send it back"]
    number = FILE.findall(chat.text)[1]
    chat.say(f"/save {number} {tmp_path / 'back.png'}")
    chat.until("saved as")
    assert (tmp_path / "back.png").read_bytes() == b"a cat"
    chat.say(f"/save {number} {tmp_path / 'back.png'}")
    chat.until("is there already")


def test_what_cannot_be_sent_or_saved_is_told_and_nothing_is_said(chat, bridge, session):
    chat.say("/file nowhere.png")
    chat.until("not sent: nowhere.png cannot be read")
    chat.say("/save 7")
    chat.until("not saved: no file has the number 7")
    chat.say("/save it")
    chat.until("write: /save and the number")
    assert said(bridge, session) == []


def test_what_is_refused_is_given_back_to_be_corrected_and_told_without_marks(chat):
    chat.say("/kick bob")
    chat.until("There is nobody with that name in this session. /who says who is here.")
    chat.until("> /kick bob")
    chat.type("\x15/frob it")
    chat.until("> /frob it")
    chat.type("\r")
    chat.until("There is no command /frob. /help lists them.")
    chat.until("> /frob it")
    chat.type("\x15")
    chat.say("/save it")
    chat.until("write: /save and the number")
    chat.until("> /save it")


def test_where_more_was_said_before_one_is_told_how_to_read_it(open_screen, bridge, session):
    for number in range(25):
        bridge.say(session, f"push {number}", type="push")
    before = bridge.events(session)[-20]["seq"]
    hint = f"Earlier: bridge sessions tail {session} --before {before}"
    chat = open_screen(bridge, "chat", session, size=(40, 200))
    chat.until("Ctrl-D leaves")
    chat.until(hint)
    tail = open_screen(bridge, "sessions", "tail", session, size=(40, 200))
    tail.until(hint)
    tail.until("push 24")


def test_whoever_has_said_nothing_yet_is_told_what_to_do(open_screen, bridge, session):
    first = open_screen(bridge, "chat", session)
    first.until("> Say something, or type /help")
    first.say("silent hello")
    first.until("Owner · terminal\n  silent hello\n")
    first.until(lambda: "Say something" not in first.visible)
    again = open_screen(bridge, "chat", session)
    again.until("Ctrl-D leaves")
    assert "Say something" not in again.text


def test_a_name_chosen_by_a_command_is_shown_at_once(open_screen, own_bridge):
    screen = open_screen(own_bridge, "chat")
    screen.until("Ctrl-D leaves")
    screen.say("/me Ada")
    screen.until("Ada from now on")
    screen.say("silent hello")
    screen.until("Ada · terminal\n  silent hello\n")


def test_its_own_commands_are_completed_and_explained_too(chat):
    chat.type("/fi")
    chat.until("send a file: /file PATH")
    chat.type("\x15/help")
    chat.until("> /help")
    chat.type("\r")
    chat.until("Also in this terminal:")


def test_it_fits_a_narrow_terminal(open_screen, bridge, session):
    screen = open_screen(bridge, "chat", session, size=(20, 34))
    screen.until("Ctrl-D leaves")
    screen.say("long")
    screen.until("writing…")
    screen.until(lambda: "writing…" not in screen.visible and "Ctrl-D" in screen.visible)


def test_through_a_crash_in_mid_answer_the_chat_goes_on(open_screen, own_bridge):
    screen = open_screen(own_bridge, "chat")
    screen.until("Ctrl-D leaves")
    screen.say("slow 8")
    screen.until("taking my time")
    own_bridge.kill()
    screen.until("The bridge cannot be reached.")
    screen.say("silent typed while it was away")
    screen.until("to be sent: silent typed while it was away")
    assert "taking my time" not in screen.visible
    own_bridge.start()
    screen.until("The answer was cut off; it is tried again.")
    screen.until("Owner · terminal\n  silent typed while it was away")
    screen.until("That took 8 s.")
    screen.watch(1)
    assert screen.text.count("That took 8 s.") == 1
    assert screen.text.count("Owner · terminal\n  silent typed while it was away") == 1
    assert "to be sent" not in screen.visible
    assert said(own_bridge, "main") == ["slow 8", "silent typed while it was away"]


def test_what_was_typed_offline_is_sent_by_the_next_chat_when_this_one_is_closed(
    open_screen, own_bridge
):
    first = open_screen(own_bridge, "chat")
    first.until("Ctrl-D leaves")
    own_bridge.kill()
    first.until("The bridge cannot be reached.")
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


def test_it_speaks_the_language_of_the_environment_or_of_its_person(open_screen, own_bridge):
    """What the person chose comes first; a choice made here is seen at once."""
    german = {"LC_ALL": "de_DE.UTF-8"}
    screen = open_screen(own_bridge, "chat", environ=german, size=(30, 100))
    screen.until("> Sag etwas, oder tippe /help")
    screen.until("Ctrl-D verlässt den Chat")
    screen.say("approve")
    screen.until("Genehmigen")
    screen.say("Ablehnen")
    screen.until("Terminal: Ablehnen")
    screen.say("/me language es")
    screen.until("Ctrl-D sale")
    again = open_screen(own_bridge, "chat", environ=german)
    again.until("Ctrl-D sale")
    tail = open_screen(own_bridge, "sessions", "tail", "Main", environ=german, size=(40, 100))
    tail.until("Rechazar")


def test_where_the_environment_names_no_language_it_is_english(open_screen, bridge, session):
    screen = open_screen(bridge, "chat", session, environ={"LC_ALL": "C.UTF-8", "LANG": "de_DE"})
    screen.until("Ctrl-D leaves")
