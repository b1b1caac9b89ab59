"""People and rooms have the names that people gave them."""

from datetime import timedelta

import pytest

from channels.slack import names
from channels.slack.client import Web
from channels.slack.conversation_ids import Spot
from channels.slack.names import UserNames
from tests.channels.slack.rig import QuickClock


@pytest.fixture
def known(fake):
    clock = QuickClock()
    return UserNames(Web("slack", fake.bot_token, fake.api_url, clock), clock)


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


async def test_the_language_of_a_person_is_told_with_their_name(fake, ada, known):
    fake.workspace.people[ada.id].locale = "de-DE"
    assert known.language(ada.id) == ""
    await known.person(ada.id)
    assert known.language(ada.id) == "de-DE"
    assert known.language("U0GONE") == ""


async def test_a_name_that_was_changed_is_known_after_a_while_and_stays_while_slack_is_silent(
    fake, ada, known
):
    assert await known.person(ada.id) == "Ada"
    ada.person.name = "Ada L."
    assert await known.person(ada.id) == "Ada"
    known._clock.ahead = timedelta(minutes=11)
    assert await known.person(ada.id) == "Ada L."


async def test_while_slack_tells_no_names_nobody_waits_for_one_with_every_message(fake, ada, known):
    assert await known.person(ada.id) == "Ada"
    known._clock.ahead = timedelta(minutes=11)
    fake.fault("users.info", error="fatal_error", times=2)
    assert await known.people([ada.id, "U0NEW"]) == {ada.id: "Ada", "U0NEW": "U0NEW"}
    asked = len(fake.called("users.info"))
    assert await known.people([ada.id, "U0NEW"]) == {ada.id: "Ada", "U0NEW": "U0NEW"}
    assert len(fake.called("users.info")) == asked
    known._clock.ahead = timedelta(minutes=13)
    await known.people([ada.id, "U0NEW"])
    assert len(fake.called("users.info")) == asked + 1, "who is not known is asked for again soon"


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
