"""`bridge sessions trace`: one message's way."""

import json

from tests.process import command


def said_number(bridge, session):
    (seq,) = [each["seq"] for each in bridge.events(session) if each["type"] == "message_received"]
    return seq


def test_a_messages_way_is_told_from_the_log_and_again_after_a_restart(own_bridge):
    session = own_bridge.session("Traced")
    own_bridge.say(session, "silent please")
    seq = said_number(own_bridge, session)
    asked = ("sessions", "trace", f"{session}#{seq}")
    told = command(*asked, environ=own_bridge.environ)
    assert told.code == 0, told.err
    assert told.out.startswith(f"{session}#{seq}: message_received, by ")
    assert "please" not in told.out
    own_bridge.kill()
    own_bridge.start()
    again = command("sessions", "trace", session, str(seq), environ=own_bridge.environ)
    assert again.out.splitlines()[:2] == told.out.splitlines()[:2]


def test_it_can_be_read_by_programs(run, bridge, session):
    bridge.say(session, "silent")
    seq = said_number(bridge, session)
    told = json.loads(run("sessions", "trace", f"{session}#{seq}", "--json").out)
    assert (told["trace"], told["seq"]) == (f"{session}#{seq}", seq)


def test_what_is_not_there_is_said(run, session):
    done = run("sessions", "trace", session, "999")
    assert (done.code, "no such event" in done.err) == (1, True)


def test_an_event_has_to_be_named(run, session):
    done = run("sessions", "trace", session)
    assert (done.code, "SESSION#NUMBER" in done.err) == (1, True)
