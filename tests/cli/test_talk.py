"""Which session is meant, and what is said in it."""

import pytest

from bridge.cli.exits import CommandError
from bridge.cli.server import Where, find
from bridge.cli.talk import choose, talk


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
        assert ("stop", "stop the answer being worked on") in opened.commands
