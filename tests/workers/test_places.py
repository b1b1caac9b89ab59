"""Who speaks and where; how places come to follow sessions is seen in test_intake, test_door."""

from bridge.admission import Account
from bridge.ids import ParticipantId
from bridge.inbound import Sender
from bridge.routing import SHARED
from tests.workers.doorway import Doorway


async def test_a_person_is_known_by_one_identity_for_good() -> None:
    door = await Doorway().open()
    places = door.desks.places
    ada = Sender(realm="chat", user="ada", name="Ada")
    assert await places.known(ada) is None
    who = await places.identify(ada)
    assert await places.identify(ada) == await places.known(ada) == who


async def test_another_account_can_be_the_same_person() -> None:
    door = await Doorway().open()
    places = door.desks.places
    ada = ParticipantId("p_ada")
    for realm in ("chat", "mail"):
        sender = Sender(realm=realm, user="ada", name="Ada")
        assert await places.identify(sender, as_who=ada) == ada


async def test_a_session_that_begins_somewhere_has_the_agent_of_that_place() -> None:
    account = Account(
        allow=frozenset({"*"}), sessions="per_place", agent="deep", agents={"lab": "wild"}
    )
    door = await Doorway(chat=account).open()
    for place in ("dm", "lab"):
        await door.say("hello", place=place)
        await door.say("again", "bob", place=place)
    found = {}
    for place in ("dm", "lab"):
        session = (await door.there(place)).session
        found[place] = (await door.desks.fold(session)).settings["session::agent"]
    assert found == {"dm": "deep", "lab": "wild"}


async def test_what_was_chosen_later_is_left_alone() -> None:
    account = Account(allow=frozenset({"*"}), sessions="per_place", agent="deep")
    door = await Doorway(chat=account).open()
    await door.say("hello")
    await door.say("/agent echo")
    await door.say("hello again", "bob")
    session = (await door.there()).session
    assert (await door.desks.fold(session)).settings["session::agent"] == "echo"


async def test_the_shared_session_keeps_the_default() -> None:
    door = await Doorway(chat=Account(allow=frozenset({"*"}), agent="deep")).open()
    await door.say("hello")
    assert "session::agent" not in (await door.desks.fold(SHARED)).settings
