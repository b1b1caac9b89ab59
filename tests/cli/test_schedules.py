"""`bridge schedules`: what is planned in a session, and planning it."""

import json


def listed(run, session):
    return json.loads(run("schedules", "list", session, "--json").out)["schedules"]


def test_something_is_planned_listed_paused_run_and_removed(run, session):
    assert run("schedules", "list", session).out == "Nothing is planned.\n"
    added = ("schedules", "add", "every day 9:00", "look around", session, "--zone", "Asia/Tokyo")
    done = run(*added, "--key", "k")
    assert done.code == 0, done.err
    assert "every day at 09:00 (Asia/Tokyo); next 2" in done.out
    assert run(*added, "--key", "k").code == 0
    (each,) = listed(run, session)
    assert (each["action"], each["text"], each["late"]) == ("ask", "look around", "once")
    word = each["called"]
    assert word in run("schedules", "list", session).out
    assert run("schedules", "pause", word, session).out == "It is paused.\n"
    assert listed(run, session)[0]["paused"]
    assert "It goes on; next 2" in run("schedules", "resume", word, session).out
    assert "It runs now." in run("schedules", "run", word, session).out
    assert run("schedules", "remove", word, session).code == 0
    assert listed(run, session) == []


def test_what_is_not_understood_is_refused_with_what_is(run, session):
    done = run("schedules", "add", "now and then", "look", session)
    assert done.code != 0
    assert "every weekday" in done.err or "weekday 9:00" in done.err


def test_what_there_is_not_cannot_be_changed(run, session):
    for deed in ("pause", "resume", "run", "remove"):
        done = run("schedules", deed, "12AB", session)
        assert done.code != 0
        assert "no such schedule" in done.err
