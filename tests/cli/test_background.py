"""`bridge background`: what works in the background of a session, and stopping it."""

import asyncio
import json

from tests.waiting import until


def listed(run, session):
    return json.loads(run("background", "list", session, "--json").out)["background"]


def test_what_works_is_listed_and_stopped(run, bridge, session):
    assert run("background", "list", session).out == "Nothing works in the background.\n"
    bridge.say(session, "background approve")
    asyncio.run(until(lambda: [each["state"] for each in listed(run, session)] == ["waits"]))
    (each,) = listed(run, session)
    shown = run("background", "list", session).out
    assert each["called"] in shown
    assert "approve" in shown
    assert "It is stopped." in run("background", "stop", each["called"], session).out
    assert [each["state"] for each in listed(run, session)] == ["stopped"]
    done = run("background", "stop", "nothing", session)
    assert done.code != 0
    assert "no such work" in done.err
