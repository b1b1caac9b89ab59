"""`bridge sessions`: list, show, tail."""

import json
import signal
import subprocess
import sys

from tests.waiting import PATIENCE


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
