"""Who speaks and where; how places come to follow sessions is seen in test_intake, test_door."""

from bridge.ids import ParticipantId
from bridge.inbound import Sender
from bridge.routing import SHARED
from bridge.workers.door import Account
from bridge.workers.places import Places
from tests.workers.doorway import Doorway


async def test_a_person_is_known_by_one_identity_for_good() -> None:
    door = await Doorway().open()
    places = Places(door.store, door.desks, door.clock)
    ada = Sender(realm="chat", user="ada", name="Ada")
    assert await places.known(ada) is None
    who = await places.identify(ada)
    assert await places.identify(ada) == await places.known(ada) == who


async def test_another_account_can_be_the_same_person() -> None:
    door = await Doorway().open()
    places = Places(door.store, door.desks, door.clock)
    ada = ParticipantId("p_ada")
    for realm in ("chat", "mail"):
        sender = Sender(realm=realm, user="ada", name="Ada")
        assert await places.identify(sender, as_who=ada) == ada


async def test_further_ids_of_a_person_are_theirs_whichever_comes_first() -> None:
    door = await Doorway().open()
    places = Places(door.store, door.desks, door.clock)
    hidden = Sender(realm="w", user="US.1", name="Ada")
    who = await places.identify(hidden)
    assert await places.identify(Sender(realm="w", user="+49", name="Ada", also=("US.1",))) == who
    assert await places.identify(Sender(realm="w", user="+49", name="Ada")) == who
    assert await places.identify(hidden) == who


async def test_an_id_that_is_somebody_elses_stays_theirs() -> None:
    door = await Doorway().open()
    places = Places(door.store, door.desks, door.clock)
    bob = await places.identify(Sender(realm="w", user="US.2", name="Bob"))
    ada = await places.identify(Sender(realm="w", user="+49", name="Ada"))
    assert await places.identify(Sender(realm="w", user="+49", name="Ada", also=("US.2",))) == ada
    assert await places.identify(Sender(realm="w", user="US.2", name="Bob")) == bob != ada


async def test_who_is_on_the_list_by_any_of_their_ids_is_let_in() -> None:
    for listed in ("+49", "US.1"):
        account = Account(allow=frozenset({listed}))
        assert account.admits(Sender(realm="w", user="+49", name="Ada", also=("US.1",)))
    assert not Account(allow=frozenset({"+50"})).admits(
        Sender(realm="w", user="+49", name="Ada", also=("US.1",))
    )


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
