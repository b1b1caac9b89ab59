"""Which session is meant, and what is said in it."""

import pytest

from bridge.cli import follow
from bridge.cli.client_session import SHOWN_AT_START, choose, talk
from bridge.cli.exits import CommandError
from bridge.cli.server import Where, find
from tests.waiting import until


@pytest.fixture
def server(bridge):
    return find(Where(), bridge.environ)


def test_without_a_name_the_last_touched_session_is_meant(server, bridge, session):
    bridge.say(session, "push", type="push")
    assert choose(server, None) == session


def test_a_name_that_fits_several_asks_for_more(server, bridge):
    ids = [bridge.session("Twins") for _ in range(2)]
    with pytest.raises(CommandError, match="more than one session is called 'Twins'"):
        choose(server, "Twins")
    assert choose(server, ids[0]) == ids[0]


async def test_one_knows_from_the_start_who_and_what_there_is(server, session):
    with talk(server, session) as opened:
        assert await opened.catch_up()
        assert set(opened.view.people.values()) == {"Owner"}
        assert opened.view.places["http:web"] == "browser"
        assert ("stop", "stop the answer that is being written") in opened.commands


async def test_it_begins_with_the_last_lines_and_the_questions_that_are_still_open(
    server, bridge, session, monkeypatch
):
    """Also with one that was asked before anything that is read; it can be answered."""
    bridge.say(session, "ask")
    await until(lambda: bridge.events(session)[-1]["type"] == "run_finished")
    for number in range(SHOWN_AT_START + 5):
        bridge.say(session, f"push {number}", type="push")
    monkeypatch.setattr(follow.last, "__kwdefaults__", {"limit": 22, "before": None})
    with talk(server, session) as opened:
        lines = await opened.catch_up()
        assert lines[0].look == "question"
        assert lines[1].text.endswith(f"--before {lines[2].seq}")
        assert [line.text for line in lines[2:]] == [f"push {n}" for n in range(5, 25)]
        assert opened.view.chosen("1")
