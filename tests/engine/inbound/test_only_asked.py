"""What is only asked leaves nothing behind: the whole registry of slash commands, and more."""

import pytest

from bridge import admission_texts, session_texts, texts
from bridge.domain.commands import Join
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import Pressed
from bridge.domain.parts import Address
from bridge.session import slash
from bridge.session.admission import Account
from bridge.session.routing import SHARED, saying_button
from tests.engine.doorway import CHAT, Doorway, refused

PLACES = {"private": {"room": False}, "room": {"room": True}}
ARGUMENTS = {"unlink": "ABCDEF", "kick": "Ada", "role": "Ada owner", "history": "3"}

ASKING = [
    *(f"/{each.name}" for each in slash.COMMANDS if (each.bare or each.does) == "asks"),
    *(f"/{name} {argument}" for name, argument in ARGUMENTS.items()),
    *("/archive yes", "/unfollow Team", "/leave now", "/start", "/nothing", "/WhoAmI@bridge_bot"),
]


async def rows(door: Doorway) -> object:
    """Return everything that there is of people, sessions, places and what happened."""
    sessions = await door.store.sessions(limit=100)
    places = [await door.store.conversations(each.id) for each in sessions]
    logs = [await door.log(each.id) for each in sessions]
    return sessions, places, logs, await door.store.people()


@pytest.mark.parametrize("policy", ["shared", "per_person", "per_place"])
@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("text", ASKING)
async def test_what_is_only_asked_in_a_place_that_nobody_knows_leaves_nothing_behind(
    text: str, kind: str, policy
) -> None:
    """Neither of a newcomer, nor of someone who is in a session elsewhere."""
    door = await Doorway(chat=Account(allow=frozenset("*"), sessions=policy)).open()
    await door.say("hello", "ada", place="ada")
    before = await rows(door)
    for user in ("ada", "eve"):
        reply = await door.say(text, user, place="new", **PLACES[kind])
        assert reply is not None
        assert reply.text
    assert await rows(door) == before
    assert await door.store.identify(realm=CHAT, user="eve") is None
    assert await door.store.conversation_at(Address(channel=CHAT, place="new")) is None


@pytest.mark.parametrize("text", ASKING)
async def test_what_is_only_asked_in_a_room_lets_nobody_be_in_its_session(text: str) -> None:
    """Bob was overheard there, Eve is new: they become no members by it, and nobody else leaves."""
    door = await Doorway().open()
    await door.say("hello", "ada", place="team", room=True)
    await door.say("nice day", "bob", place="team", room=True, addressed=False)
    before = await rows(door)
    for user in ("bob", "eve"):
        assert await door.say(text, user, place="team", room=True) is not None
    assert await rows(door) == before


@pytest.mark.parametrize("user", ["bob", "eve"])
async def test_whoever_is_not_in_a_session_does_not_leave_it(user: str) -> None:
    door = await Doorway().open()
    await door.say("hello", "ada", place="team", room=True)
    await door.say("nice day", "bob", place="team", room=True, addressed=False)
    session = (await door.there("team")).session
    before = await door.log(session)
    for text in ("/leave", "/kick Ada", "/role Ada viewer", "/archive yes", "/who", "/usage"):
        reply = await door.say(text, user, place="team", room=True)
        assert reply == refused(texts.NOT_IN_SESSION), text
    assert await door.log(session) == before
    assert (await door.there("team")).session == session


async def test_a_button_that_only_asks_lets_nobody_be_in_a_session_either() -> None:
    door = await Doorway().open()
    await door.say("hello", "ada", place="team", room=True)
    before = await rows(door)
    pressed = Pressed(value=saying_button("/who") or "")
    assert await door.hear(pressed, "eve", place="team", room=True) is not None
    assert await rows(door) == before


async def test_a_newcomer_who_asks_learns_who_they_are_and_what_there_is() -> None:
    door = await Doorway().open()

    async def told(text: str, **more) -> str:
        reply = await door.say(text, "eve", place="new", **more)
        assert reply is not None
        return reply.text

    assert await told("/whoami") == admission_texts.newcomer_is("Eve", "eve", "Chat")
    assert "`eve`" not in await told("/whoami", room=True)
    assert "/stop" in await told("/help")
    assert await told("/status") == texts.NO_PLACE
    assert await told("/leave") == admission_texts.LEFT_ALREADY
    assert await told("/history", room=True) == session_texts.CHOOSE_IN_PRIVATE
    assert await told("/nothing") == texts.no_such_command("nothing")


async def test_someone_known_sees_their_sessions_from_a_new_chat_and_goes_to_one() -> None:
    door = await Doorway().open()
    await door.say("hello")
    await door.say("/new Taxes")
    reply = await door.say("/sessions", place="new")
    assert reply is not None
    assert "Taxes" in reply.text
    await door.say("/switch Taxes", place="new")
    session = (await door.there("new")).session
    assert session is not None
    assert (await door.dispatcher.fold(session)).title == "Taxes"


async def test_what_is_not_only_asked_begins() -> None:
    for text in ("hello", "/title Plans", "/stop", "/link", "/new Taxes"):
        door = await Doorway().open()
        await door.say(text, place="new")
        assert (await door.there("new")).session is not None, text


async def test_a_viewer_who_left_and_only_asks_stays_out() -> None:
    door = await Doorway().open()
    await door.say("hello", "ada", place="team", room=True)
    session = (await door.there("team")).session
    await door.say("hello", "bob", place="bob")
    bob = await door.store.identify(realm=CHAT, user="bob")
    await door.dispatcher.submit(session, Join(participant=bob, role="viewer"))
    await door.say("/leave", "bob", place="team", room=True)
    await door.say("/status", "bob", place="team", room=True)
    assert bob not in (await door.dispatcher.fold(session)).participants
    assert bob in (await door.dispatcher.fold(SHARED)).participants


async def test_a_stranger_is_told_no_more_by_asking_otherwise() -> None:
    door = await Doorway(chat=Account(allow=frozenset({"ada"}))).open()
    channel = ChannelName(CHAT)
    for text in ASKING:
        reply = await door.say(text, "eve", place="new", channel=channel)
        assert reply is None or reply.text == texts.UNKNOWN_SENDER or "not let in" in reply.text
