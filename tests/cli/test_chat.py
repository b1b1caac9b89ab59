"""`bridge chat` in a pipe: each line is said, each answer printed, and it ends with the input."""

import threading
import time

import pytest

from bridge.cli.chat import Pipe
from bridge.cli.client_session import Talk
from bridge.cli.view import View
from bridge.domain.ids import ParticipantId


def said(bridge, session):
    found = (e for e in bridge.events(session) if e["type"] == "message_received")
    return [e["content"]["text"] for e in found]


def test_every_line_is_answered_before_the_next_is_said(run, bridge, session):
    done = run("chat", session, given="hello\n\nand **again**\n")
    assert (done.code, done.err) == (0, "")
    assert said(bridge, session) == ["hello", "and **again**"]
    assert done.out.splitlines() == [
        "echo: Owner (terminal) said: hello",
        "echo: Owner (terminal) said: and **again**",
    ]


def test_the_end_of_the_input_ends_it_at_once(run, session):
    assert run("chat", session, given="") == run("chat", session, given="\n")


def test_a_run_that_says_nothing_is_waited_for_all_the_same(run, bridge, session):
    done = run("chat", session, given="silent\nhello\n")
    assert done.out == "echo: Owner (terminal) said: hello\n"


def test_what_a_command_answers_is_printed(run, session):
    assert "is idle" in run("chat", session, given="/status\n").out


def test_a_question_is_printed_and_the_next_line_answers_it(run, bridge, session):
    out = run("chat", session, given="ask\n2\n").out
    assert "1. Tea\n2. Coffee" in out
    assert "echo: Owner chose Coffee." in out
    assert said(bridge, session) == ["ask"]


def test_a_line_that_gets_no_answer_ends_the_waiting_and_the_command_as_failed(run, session):
    """What is asked after it is said all the same."""
    done = run("chat", session, given="fail\nhello\n")
    assert done.code == 1
    assert "could not answer" in done.out
    assert "said: hello" in done.out
    assert done.err == "bridge: 1 of the lines got no answer; see above\n"


def test_an_earlier_line_that_got_no_answer_is_no_failure_of_this_one(run, session):
    run("chat", session, given="fail\n")
    assert run("chat", session, given="hello\n").code == 0
    assert run("chat", session, given="/status\n").code == 0


@pytest.mark.parametrize(("reached", "unanswered"), [(6, 0), (7, 1), (9, 1)])
async def test_a_run_that_failed_before_the_line_was_confirmed_counts_if_it_had_read_it(
    reached, unanswered
):
    """Its end may be heard of before what became of the line itself."""
    view = View(me=ParticipantId("Ada"), unanswered=True, position=reached)
    pipe = Pipe(Talk(None, "s", view, None), input, print)

    async def answered_now():
        view.position = max(view.position, 7)
        pipe._changed.set()
        return False

    pipe._is_calm = answered_now
    await pipe._dealt_with(7)
    assert pipe._unanswered == unanswered


def test_a_command_that_does_not_exist_is_refused(run, session):
    done = run("chat", session, given="/frob\nhello\n")
    assert (done.code, done.out) == (1, "")
    assert "There is no command /frob" in done.err


def test_an_answer_that_comes_only_at_the_third_try_is_waited_for(run, session):
    """Between two tries the session is idle for longer than a look."""
    done = run("chat", session, given="flaky\n")
    assert done.code == 0
    assert "After 2 failures, here I am." in done.out


def test_what_others_say_meanwhile_is_printed(run, bridge, session):
    def answer_back() -> None:
        while "slow 5" not in said(bridge, session):
            time.sleep(0.1)
        bridge.say(session, "from the browser")

    other = threading.Thread(target=answer_back, daemon=True)
    other.start()
    out = run("chat", session, given="slow 5\n").out
    other.join()
    assert "Owner · browser: from the browser" in out
    assert "Owner · terminal" not in out, "what was said here is not repeated"
    assert "That took 5 s." in out


def test_files_are_sent_and_saved(run, bridge, session, tmp_path):
    (tmp_path / "cat.png").write_bytes(b"a cat")
    back = tmp_path / "back.png"
    done = run("chat", session, given=f"/file {tmp_path}/cat.png send it back\n")
    assert (done.code, done.err) == (0, "")
    sent, answer = (each for each in bridge.events(session) if "content" in each)
    assert done.out.splitlines() == [
        "echo: Here you are, as I got it: cat.png",
        f"[{answer['seq']}] cat.png (image, 5 bytes)",
    ]
    assert run("chat", session, given=f"/save {answer['seq']} {back}\n").out == f"{back}\n"
    assert back.read_bytes() == b"a cat"
    done = run("chat", session, given=f"/save {sent['seq'] - 1}\n")
    assert (done.code, done.err) == (1, f"bridge: no file has the number {sent['seq'] - 1}\n")


def test_a_file_that_cannot_be_sent_ends_it(run, bridge, session):
    done = run("chat", session, given="/file nowhere.png\nand then?\n")
    assert (done.code, done.out) == (1, "")
    assert "nowhere.png cannot be read" in done.err
    assert said(bridge, session) == []


def test_no_escapes_come_through_a_pipe(run, session):
    assert "\x1b" not in run("chat", session, given="x\x1b[2Jy\n").out
