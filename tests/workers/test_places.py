"""Who speaks and where; how places come to follow sessions is seen in test_intake, test_door."""

from bridge.admission import Account
from bridge.content import Content
from bridge.ids import MessageId, ParticipantId
from bridge.inbound import Inbound, Sender, Spoken
from bridge.parts import Address
from bridge.routing import SHARED
from tests.workers.doorway import CHAT, Doorway


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


async def test_further_ids_of_a_person_are_theirs_whichever_comes_first() -> None:
    door = await Doorway().open()
    places = door.desks.places
    hidden = Sender(realm="w", user="US.1", name="Ada")
    who = await places.identify(hidden)
    assert await places.identify(Sender(realm="w", user="+49", name="Ada", also=("US.1",))) == who
    assert await places.identify(Sender(realm="w", user="+49", name="Ada")) == who
    assert await places.identify(hidden) == who


async def test_an_id_that_is_somebody_elses_stays_theirs() -> None:
    door = await Doorway().open()
    places = door.desks.places
    bob = await places.identify(Sender(realm="w", user="US.2", name="Bob"))
    ada = await places.identify(Sender(realm="w", user="+49", name="Ada"))
    assert await places.identify(Sender(realm="w", user="+49", name="Ada", also=("US.2",))) == ada
    assert await places.identify(Sender(realm="w", user="US.2", name="Bob")) == bob != ada


async def test_who_is_on_the_list_by_any_of_their_ids_is_let_in() -> None:
    for listed, admitted in (("+49", True), ("US.1", True), ("+50", False)):
        door = await Doorway(chat=Account(allow=frozenset({listed}))).open()
        sender = Sender(realm="w", user="+49", name="Ada", also=("US.1",))
        said = Spoken(message=MessageId("m1"), content=Content(text="hello"))
        there = Address(channel=CHAT, place="dm")
        await door.intake(Inbound(external_id="m1", address=there, sender=sender, what=said))
        assert (await door.desks.places.known(sender) is not None) is admitted


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
