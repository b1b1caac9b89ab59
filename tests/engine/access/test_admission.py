"""Who is let in, where, and for which session; and what everyone else is told."""

import pytest

from bridge import admission_texts, texts
from bridge.domain.commands import Join, Leave
from bridge.domain.content import Content
from bridge.domain.events import ConversationLinked, MessageReceived
from bridge.domain.ids import MessageId
from bridge.domain.inbound import Added, Deleted, Edited, Pressed, Spoken
from bridge.domain.parts import Address
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from tests.engine.doorway import CHAT, MAIL, Doorway, refused
from tests.engine.rig import OWNER

NOBODY = Account(allow=frozenset())
ONLY_ADA = Account(allow=frozenset({"ada"}))


async def link_code(door: Doorway, user: str = "ada", **more) -> str:
    """Ask for a code in a chat and return it."""
    reply = await door.say("/link", user, **more)
    assert reply is not None
    return reply.text.split("/link ")[1].split("`")[0]


# -- strangers ------------------------------------------------------------------------------------


async def test_a_stranger_is_told_once_an_hour() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    told = [await door.say("let me in", "eve") for _ in range(5)]
    assert told == [refused(texts.UNKNOWN_SENDER), None, None, None, None]
    assert await door.say("and me?", "mallory") == refused(texts.UNKNOWN_SENDER)
    door.clock.forward(3600)
    assert await door.say("and now?", "eve") == refused(texts.UNKNOWN_SENDER)


async def test_what_a_stranger_does_without_speaking_is_answered_with_nothing() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    edited = Edited(message=MessageId("m1"), content=Content(text="hm"))
    assert await door.hear(edited, "eve") is None
    assert await door.hear(Added(), "eve", place="group", room=True) is None
    assert await door.store.conversations(SHARED) == []


# -- being welcomed -------------------------------------------------------------------------------


async def test_a_place_that_is_new_is_welcomed_where_the_account_says_so() -> None:
    welcoming = Account(allow=frozenset({"ada"}), welcome=True)
    door = await Doorway(chat=welcoming, mail=ONLY_ADA).open()
    await door.say("hello", "ada")
    await door.say("hello", "ada", channel=MAIL, place="inbox")
    linked = [each for each in await door.log() if isinstance(each, ConversationLinked)]
    assert [each.welcome for each in linked] == [True, False]
    assert (await door.there()).cursor == 3  # right before its own event, the fourth
    assert (await door.there("inbox", MAIL)).cursor > 3


# -- rooms ----------------------------------------------------------------------------------------

IN_PASSING = [
    Spoken(message=MessageId("m1"), content=Content(text="nice day"), addressed=False),
    Edited(message=MessageId("m1"), content=Content(text="nicer day")),
    Deleted(message=MessageId("m1")),
    Pressed(value="a:q_1:0"),
    Pressed(value="s:Hello"),
    Added(),
]


@pytest.mark.parametrize("what", IN_PASSING)
@pytest.mark.parametrize("user", ["ada", "eve"])
async def test_what_happens_in_a_room_in_passing_places_nothing(what, user) -> None:
    """Whoever makes a group with the bot and Ada in it gets nothing of hers."""
    door = await Doorway(chat=ONLY_ADA).open()
    await door.say("hello", "ada")
    before = await door.log()
    await door.hear(what, user, place="group", room=True)
    assert await door.store.conversation_at(Address(channel=CHAT, place="group")) is None
    assert await door.log() == before
    assert [row.id for row in await door.store.sessions()] == [SHARED]


async def test_whoever_brings_the_bridge_into_a_room_is_told_how_to_begin() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    reply = await door.hear(Added(), "ada", place="group", room=True)
    assert reply is not None
    assert reply.text == admission_texts.ADDED


@pytest.mark.parametrize("policy", ["shared", "per_person", "per_place"])
async def test_a_room_has_a_session_of_its_own_called_as_it_is(policy) -> None:
    door = await Doorway(chat=Account(allow=frozenset({"ada"}), sessions=policy)).open()
    await door.say("hello", "ada")
    await door.say("hello all", "ada", place="team", room=True, title="Team")
    session = (await door.there("team")).session
    assert session not in {None, SHARED, (await door.there()).session}
    fold = await door.dispatcher.fold(session)
    assert (fold.title, list(fold.participants.values())) == ("Team", ["owner"])


# -- grants ---------------------------------------------------------------------------------------


async def linked(door: Doorway, **more) -> str:
    """Let `a@b` be Ada in mail, by a code of hers; return her session."""
    await redeem(door, await link_code(door, **more))
    session = (await door.there("inbox", MAIL)).session
    assert session is not None
    return session


async def redeem(door: Doorway, text: str, **more):
    return await door.say(text, "a@b", **{"channel": MAIL, "place": "inbox", **more})


async def test_a_grant_of_one_account_admits_to_no_other() -> None:
    """Two bots of one app: who was let in to the one is a stranger to the other."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await linked(door)
    assert await redeem(door, "hello", realm=MAIL) is None
    other = await door.say("hello", "a@b", channel=CHAT, place="x", realm=MAIL)
    assert other == refused(texts.UNKNOWN_SENDER)


async def test_a_grant_of_one_session_admits_to_no_other() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await linked(door)
    room = await redeem(door, "hello", place="their room", room=True)
    assert room == refused(texts.UNKNOWN_SENDER)


async def test_an_unplaced_private_place_goes_to_the_session_of_its_grant() -> None:
    own = Account(allow=frozenset({"ada"}), sessions="per_place")
    door = await Doorway(chat=own, mail=NOBODY).open()
    session = await linked(door)
    await redeem(door, "hello", place="another inbox")
    assert (await door.there("another inbox", MAIL)).session == session


async def test_whoever_is_taken_off_the_list_takes_what_they_gave_with_them() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await linked(door)
    off = await Doorway(chat=NOBODY, mail=NOBODY, store=door.store).open()
    assert await redeem(off, "hello") == refused(texts.UNKNOWN_SENDER)
    on = await Doorway(chat=ONLY_ADA, mail=NOBODY, store=door.store).open()
    assert await redeem(on, "hello") is None


async def test_what_the_bridges_owner_gave_holds_wherever_they_gave_it() -> None:
    door = await Doorway(chat=NOBODY, mail=NOBODY).open()
    code = await door.dispatcher.pairing.codes.link(OWNER, SHARED)
    await redeem(door, code)
    again = await Doorway(chat=NOBODY, mail=NOBODY, store=door.store).open()
    assert await redeem(again, "hello") is None
    assert (await again.last()).participant == OWNER


async def test_who_was_let_in_by_an_earlier_version_stays_where_they_are_and_comes_no_further():
    door = await Doorway(chat=Account(allow=frozenset({"*"}))).open()
    await door.say("hello", "old")
    who = (await door.last()).participant
    await door.store.keep_fact("admitted", f"{CHAT}:old", who)
    door = await Doorway(chat=NOBODY, mail=NOBODY, store=door.store).open()
    assert await door.say("hello", "old") is None
    elsewhere = await door.say("hello", "old", place="new", room=True)
    assert elsewhere == refused(texts.UNKNOWN_SENDER)


# -- out ------------------------------------------------------------------------------------------


async def test_whoever_was_put_out_does_not_come_back_by_speaking() -> None:
    door = await Doorway().open()
    await door.say("hello", "bob")
    bob = (await door.last()).participant
    await door.dispatcher.submit(SHARED, Leave(participant=bob, by=OWNER))
    assert await door.say("again", "bob") == refused(texts.PUT_OUT)
    assert await door.say("and again", "bob") is None
    assert bob not in (await door.dispatcher.fold(SHARED)).participants
    await door.dispatcher.submit(SHARED, Join(participant=bob, role="member", again=True))
    await door.say("I am back", "bob")
    assert (await door.last()).content.text == "I am back"


async def test_whoever_left_by_themselves_may_come_back() -> None:
    door = await Doorway().open()
    await door.say("hello", "bob")
    bob = (await door.last()).participant
    await door.dispatcher.submit(SHARED, Leave(participant=bob, by=bob))
    await door.say("I am back", "bob")
    assert bob in (await door.dispatcher.fold(SHARED)).participants


# -- private places -------------------------------------------------------------------------------


@pytest.mark.parametrize("sessions", ["per_person", "per_place", "shared"])
@pytest.mark.parametrize("text", ["hello", "/status", "/link", "/stop", "/kick Ada"])
async def test_a_private_place_is_one_persons(sessions, text: str) -> None:
    """Slack calls the chat of two people private: whoever speaks there second joins nobody."""
    both = Account(allow=frozenset({"ada", "bob"}), sessions=sessions)
    door = await Doorway(chat=both).open()
    await door.say("hello", "ada", place="theirs")
    session = (await door.there("theirs")).session
    assert session is not None
    before = await door.log(session)
    assert await door.say(text, "bob", place="theirs") == refused(texts.NOT_YOURS)
    edited = Edited(message=MessageId("m1"), content=Content(text="hm"))
    assert await door.hear(edited, "bob", place="theirs") is None
    pressed = await door.hear(Pressed(value="a:q_1:0"), "bob", place="theirs")
    assert pressed == refused(texts.NOT_YOURS)
    assert await door.log(session) == before
    assert await door.say("me again", "ada", place="theirs") is None


async def test_no_code_moves_the_place_of_somebody_else() -> None:
    both = Account(allow=frozenset({"ada"}), sessions="per_person")
    door = await Doorway(chat=both, mail=Account(allow=frozenset({"carl"}))).open()
    await door.say("hello", "ada", place="theirs")
    session = (await door.there("theirs")).session
    await door.say("hello", "carl", channel=MAIL, place="inbox")
    code = await link_code(door, "carl", channel=MAIL, place="inbox")
    assert await door.say(f"/link {code}", "bob", place="theirs") == refused(texts.NOT_YOURS)
    assert (await door.there("theirs")).session == session
    reply = await door.say(f"/link {code}", "bob", place="bobs own")
    assert reply is not None
    assert not reply.refused


async def test_what_became_a_room_has_nothing_of_the_private_place_it_was() -> None:
    """Also where each private place has a session of its own, whose id is made of its address."""
    each = Account(allow=frozenset({"ada", "bob"}), sessions="per_place")
    door = await Doorway(chat=each).open()
    await door.say("a secret", "ada", place="x")
    private = (await door.there("x")).session
    await door.say("hello", "bob", place="x", room=True)
    there = await door.there("x")
    assert there.session not in {None, private}
    await door.say("and again", "ada", place="x", room=True)
    assert (await door.there("x")).session == there.session


async def test_who_called_the_bridge_into_a_place_makes_nobody_else_speak_to_it() -> None:
    """Whoever goes on in a thread means the bridge by that only where they spoke to it before."""
    door = await Doorway(chat=ONLY_ADA).open()
    team = {"place": "team", "room": True}
    stranger = await door.say("hello", "eve", **team)
    assert stranger is not None
    assert stranger.refused
    for user in ("eve", "ada"):
        assert await door.say("between us", user, implied=True, **team) is None
    assert await door.store.conversation_at(Address(channel=CHAT, place="team")) is None
    await door.say("hello", "ada", **team)
    await door.say("and then?", "ada", implied=True, **team)
    session = (await door.there("team")).session
    heard = [each for each in await door.log(session) if isinstance(each, MessageReceived)]
    assert [(each.content.text, each.addressed) for each in heard] == [
        ("hello", True),
        ("and then?", True),
    ]
