"""`bridge sessions`: list, show, tail."""

import json
import signal
import subprocess
import sys

from bridge.cli import sessions
from bridge.cli.server import Where, find
from tests.waiting import PATIENCE, until


def test_the_list_has_the_last_touched_first(run, bridge, session):
    other = bridge.session("Touched later")
    for touched in (session, other):
        bridge.say(touched, "push", type="push")
    listed = run("sessions", "list")
    assert listed.code == 0
    assert 0 < listed.out.index(other) < listed.out.index(session)
    known = {each["id"]: each for each in json.loads(run("sessions", "list", "--json").out)}
    assert (known[other]["title"], known[other]["archived"]) == ("Touched later", False)


def test_one_is_shown_by_id_beginning_or_title(run, session):
    title = json.loads(run("sessions", "show", session, "--json").out)["title"]
    for name in (session, session[:-2], title, title.lower()):
        shown = run("sessions", "show", name)
        assert (shown.code, session in shown.out, "Owner (owner)" in shown.out) == (0, True, True)


def test_a_name_that_fits_none_lists_what_there_is(run, session):
    done = run("sessions", "show", "nowhere")
    assert done.code == 1
    assert done.err.startswith("bridge: no session is called 'nowhere'; there are: ")
    assert session in done.err


def test_the_tail_is_what_was_said_last(run, bridge, session):
    bridge.say(session, "silent one\x1b[2J")
    bridge.say(session, "silent two")
    out = run("sessions", "tail", session, "-n", "2").out
    assert [line[9:] for line in out.splitlines()] == [
        "Owner · browser: silent one",
        "Owner · browser: silent two",
    ]


def test_the_tail_as_json_is_the_log_itself(run, bridge, session):
    bridge.say(session, "hi")
    out = run("sessions", "tail", session, "-n", "1000", "--json").out
    told = [json.loads(line) for line in out.splitlines()]
    assert told == bridge.events(session)[: len(told)]
    assert "message_received" in {event["type"] for event in told}


def pushed(bridge, session, *numbers):
    for number in numbers:
        bridge.say(session, f"push {number}", type="push")


def test_what_came_before_the_tail_and_after_an_event_is_printed_by_its_number(
    run, bridge, session
):
    pushed(bridge, session, *range(6))
    seqs = {each["content"]["text"]: each["seq"] for each in bridge.events(session)[-6:]}

    def told(*options):
        out = run("sessions", "tail", session, *options).out
        return [line.rpartition(": ")[2] for line in out.splitlines()]

    assert told("--last", "2") == ["push 4", "push 5"]
    assert told("--last", "2", "--before", str(seqs["push 4"])) == ["push 2", "push 3"]
    assert told("--after", str(seqs["push 2"])) == ["push 3", "push 4", "push 5"]
    assert told("--after", "999999") == []
    whole = run("sessions", "tail", session, "--after", "0", "--json").out.splitlines()
    assert [json.loads(line) for line in whole] == bridge.events(session)
    assert run("sessions", "tail", session, "--before", "2", "--after", "1").code == 1


def test_an_answer_is_printed_by_its_label_wherever_the_tail_begins(run, bridge, session):
    run("chat", session, given="ask\n2\n")
    types = {each["type"]: each for each in bridge.events(session)}
    asked, closed = types["question_asked"], types["question_closed"]
    label = next(each["label"] for each in asked["options"] if each["id"] == closed["answer"])
    assert label != closed["answer"]
    for after in range(asked["seq"] - 1, closed["seq"]):
        lines = run("sessions", "tail", session, "--after", str(after)).out.splitlines()
        assert any(line.endswith(f"{label}_") for line in lines), (after, lines)
    before = str(closed["seq"] + 1)
    assert run("sessions", "tail", session, "-n", "1", "--before", before).out.endswith(
        f"{label}_\n"
    )


async def test_a_tail_of_more_lines_than_a_page_has_is_read_page_by_page(
    bridge, session, monkeypatch, capsys
):
    monkeypatch.setattr(sessions, "EVENTS_A_LINE", 1)
    pushed(bridge, session, *range(4))
    bridge.say(session, "silent one")
    await until(lambda: bridge.events(session)[-1]["type"] == "run_finished")
    server = find(Where(), bridge.environ)
    await sessions._tail(server, session, sessions.Tailing(lines=5))
    told = [line.rpartition(": ")[2] for line in capsys.readouterr().out.splitlines()]
    assert told == [*(f"push {number}" for number in range(4)), "silent one"]


def test_following_prints_what_comes_until_it_is_interrupted(bridge, session):
    command = [sys.executable, "-m", "bridge", "sessions", "tail", session, "-f"]
    following = subprocess.Popen(
        command, env=bridge.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert following.stdout
    following.stdout.readline()
    bridge.say(session, "silent news")
    while "silent news" not in (line := following.stdout.readline()):
        assert line, "it ended"
    following.send_signal(signal.SIGINT)
    _, errors = following.communicate(timeout=PATIENCE)
    assert (following.returncode, errors) == (130, "")
