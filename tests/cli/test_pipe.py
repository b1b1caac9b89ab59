"""`bridge chat` in a pipe: each line is said, each answer printed, and it ends with the input."""

import threading


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


def test_an_answer_that_fails_for_good_ends_the_waiting(run, session):
    done = run("chat", session, given="fail\n")
    assert done.code == 0
    assert "could not answer" in done.out


def test_an_answer_that_comes_only_at_the_third_try_is_waited_for(run, session):
    """Between two tries the session is idle for longer than a look."""
    done = run("chat", session, given="flaky\n")
    assert done.code == 0
    assert "After 2 failures, here I am." in done.out


def test_what_others_say_meanwhile_is_printed(run, bridge, session):
    timer = threading.Timer(1.0, bridge.say, (session, "from the browser"))
    timer.start()
    out = run("chat", session, given="slow 3\n").out
    timer.join()
    assert "Owner · browser: from the browser" in out
    assert "Owner · terminal" not in out, "what was said here is not repeated"
    assert "That took 3 s." in out


def test_files_are_sent_and_saved(run, bridge, session, tmp_path):
    (tmp_path / "cat.png").write_bytes(b"a cat")
    back = tmp_path / "back.png"
    lines = f"/file {tmp_path}/cat.png send it back\n/save 2 {back}\n"
    done = run("chat", session, given=lines)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "echo: Here you are, as I got it: cat.png",
        "[2] cat.png (image, 5 bytes)",
        str(back),
    ]
    assert back.read_bytes() == b"a cat"


def test_a_file_that_cannot_be_sent_ends_it(run, bridge, session):
    done = run("chat", session, given="/file nowhere.png\nand then?\n")
    assert (done.code, done.out) == (1, "")
    assert "nowhere.png cannot be read" in done.err
    assert said(bridge, session) == []


def test_no_escapes_come_through_a_pipe(run, session):
    assert "\x1b" not in run("chat", session, given="x\x1b[2Jy\n").out
