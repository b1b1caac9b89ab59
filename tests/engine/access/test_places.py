"""Who speaks and where; how places come to follow sessions is seen in test_intake, test_door."""

import pytest

from bridge import texts
from bridge.domain.content import Content
from bridge.domain.ids import MessageId, ParticipantId
from bridge.domain.inbound import Inbound, Sender, Spoken
from bridge.domain.parts import Address
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from tests.engine.doorway import CHAT, Doorway


async def test_a_person_is_known_by_one_identity_for_good() -> None:
    door = await Doorway().open()
    places = door.dispatcher.places
    ada = Sender(realm="chat", user="ada", name="Ada")
    assert await places.known(ada) is None
    who = await places.identify(ada)
    assert await places.identify(ada) == await places.known(ada) == who


async def test_another_account_can_be_the_same_person() -> None:
    door = await Doorway().open()
    places = door.dispatcher.places
    ada = ParticipantId("p_ada")
    for realm in ("chat", "mail"):
        sender = Sender(realm=realm, user="ada", name="Ada")
        assert await places.identify(sender, as_who=ada) == ada


async def test_a_name_that_comes_late_is_learnt_and_one_that_is_known_is_kept() -> None:
    door = await Doorway().open()
    names, number = door.dispatcher.places._names, "+4915112345678"
    who = await door.dispatcher.places.identify(Sender(realm="w", user=number, name=number))
    assert await names.who(who) == "someone 5678"
    for told, called in ((number, "someone 5678"), ("Ada", "Ada"), ("Owner", "Ada")):
        await door.dispatcher.places.identify(Sender(realm="w", user=number, name=told))
        assert await names.who(who) == called


async def test_whoever_an_older_store_calls_by_their_number_gets_their_name() -> None:
    door = await Doorway().open()
    who, number = ParticipantId("p_ada"), "+4915112345678"
    at = door.clock.now()
    await door.store.enrol(who, name=number, realm="w", user=number, at=at)
    await door.dispatcher.places.identify(Sender(realm="w", user=number, name="Ada"))
    assert await door.dispatcher.places._names.who(who) == "Ada"


async def test_further_ids_of_a_person_are_theirs_whichever_comes_first() -> None:
    door = await Doorway().open()
    places = door.dispatcher.places
    hidden = Sender(realm="w", user="US.1", name="Ada")
    who = await places.identify(hidden)
    assert await places.identify(Sender(realm="w", user="+49", name="Ada", also=("US.1",))) == who
    assert await places.identify(Sender(realm="w", user="+49", name="Ada")) == who
    assert await places.identify(hidden) == who


async def test_an_id_that_is_somebody_elses_stays_theirs() -> None:
    door = await Doorway().open()
    places = door.dispatcher.places
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
        assert (await door.dispatcher.places.known(sender) is not None) is admitted


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
        found[place] = (await door.dispatcher.fold(session)).settings["session::agent"]
    assert found == {"dm": "deep", "lab": "wild"}


async def test_what_was_chosen_later_is_left_alone() -> None:
    account = Account(allow=frozenset({"*"}), sessions="per_place", agent="deep")
    door = await Doorway(chat=account).open()
    await door.say("hello")
    await door.say("/agent echo")
    await door.say("hello again", "bob")
    session = (await door.there()).session
    assert (await door.dispatcher.fold(session)).settings["session::agent"] == "echo"


async def test_the_shared_session_keeps_the_default() -> None:
    door = await Doorway(chat=Account(allow=frozenset({"*"}), agent="deep")).open()
    await door.say("hello")
    assert "session::agent" not in (await door.dispatcher.fold(SHARED)).settings


@pytest.mark.parametrize(
    "name",
    ["someone 5678", "Bridgehead", "agent", "0wner", "Echo", "Member", "jemand 5678", "所有者"],
)
async def test_whose_app_calls_them_like_one_of_us_is_called_by_their_id(name: str) -> None:
    """As with a name that they choose: nobody takes them for the bridge, an agent or a role."""
    door = await Doorway().open()
    for number in range(2):
        spoken = Spoken(message=MessageId(f"m{number}"), content=Content(text="hello"))
        sender = Sender(realm="chat", user="u1234", name=name)
        address = Address(channel=CHAT, place="new")
        await door.intake(
            Inbound(external_id=f"n{number}", address=address, sender=sender, what=spoken)
        )
    who = await door.store.identify(realm="chat", user="u1234")
    assert (await door.store.participants([who]))[who].name == texts.someone("u1234")
