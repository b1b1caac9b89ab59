"""People and rooms have the names that people gave them."""

import pytest

from channels.slack import names
from channels.slack.names import Names
from channels.slack.places import Spot
from channels.slack.web import Web
from tests.channels.slack.rig import QuickClock


@pytest.fixture
def known(fake):
    return Names(Web("slack", fake.bot_token, fake.api_url, QuickClock()))


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"profile": {"display_name": "ada", "real_name": "Ada L."}, "name": "al"}, "ada"),
        ({"profile": {"display_name": "", "real_name": "Ada L."}, "name": "al"}, "Ada L."),
        ({"name": "al"}, "al"),
        ({}, ""),
    ],
)
def test_a_person_is_called_what_they_chose_to_be(user, name):
    assert names._person(user) == name


async def test_a_name_is_asked_once(fake, ada, known):
    assert await known.people([ada.id, ada.id]) == {ada.id: "Ada"}
    assert await known.person(ada.id) == "Ada"
    assert len(fake.called("users.info")) == 1


async def test_who_is_not_known_is_called_otherwise_or_by_the_id(known):
    assert await known.person("U0GONE", otherwise="ada") == "ada"
    assert await known.person("U0GONE") == "U0GONE"


async def test_rooms_are_called_as_slack_shows_them(fake, ada, general, known):
    group = fake.room("mpdm-ada--bob-1", ada, kind="mpim")
    assert await known.title(Spot(room=general.id)) == "#general"
    assert (
        await known.title(Spot(room=general.id, thread="1700000000.000001")) == "#general (thread)"
    )
    assert await known.title(Spot(room=group.id)) == "group message"
    assert await known.title(Spot(room=fake.dm(ada).id)) == ""
    assert await known.title(Spot(room="C0GONE")) == "Slack"
    assert len(fake.called("conversations.info")) == 3


async def test_only_so_many_are_kept_in_mind(fake, ada, known, monkeypatch):
    monkeypatch.setattr(names, "MOST_NAMES", 1)
    bob = fake.person("Bob")
    for person in (ada, bob, ada):
        await known.person(person.id)
    assert len(known._known) == 1
