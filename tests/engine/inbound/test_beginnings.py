"""Where a command leads that is the first thing said in a place that follows nothing."""

import pytest

from bridge import session_texts
from bridge.domain.events import ConversationLinked
from bridge.domain.ids import MessageId, SessionId
from bridge.engine.commands import begun
from bridge.session.admission import Account
from tests.engine.doorway import CHAT, Doorway
from tests.engine.inbound.test_only_asked import rows

POLICIES = ["shared", "per_person", "per_place"]
KINDS = {"private": {}, "room": {"room": True, "title": "Team"}}

REFUSED = [
    *("/agent nobody", "/mode sideways", "/may agent everyone", "/may fly members"),
    *("/revoke rm", "/retry", "/me Bridge", "/me language klingon"),
    *("/notify sometimes", "/notify quiet 5-5", "/notify here quiet 22-7 Mars/Base"),
]


async def opened(policy: str = "shared") -> Doorway:
    return await Doorway(chat=Account(allow=frozenset("*"), sessions=policy)).open()


async def links(door: Doorway, session: SessionId) -> int:
    return sum(isinstance(each, ConversationLinked) for each in await door.log(session))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("user", ["ada", "eve"])
async def test_a_chat_that_begins_with_new_follows_no_other_session_first(policy, user) -> None:
    """Neither somebody known nor a newcomer is in the session of the account by it."""
    door = await opened(policy)
    await door.say("hello", "ada", place="ada")
    before = await door.log()
    sessions = len(await door.store.sessions())
    told = await door.say("/new Taxes", user, place="new")
    assert told is not None
    assert told.text == session_texts.begun("Taxes")
    assert await door.log() == before
    assert len(await door.store.sessions()) == sessions + 1
    fold = await door.dispatcher.fold((await door.there("new")).session)
    who = await door.store.identify(realm=CHAT, user=user)
    assert (fold.title, fold.participants) == ("Taxes", {who: "owner"})
    assert list(fold.conversations.values()) == [who]


@pytest.mark.parametrize("policy", POLICIES)
async def test_a_chat_that_begins_with_switch_follows_that_session_alone(policy) -> None:
    door = await opened(policy)
    await door.say("/new Taxes", "ada", place="ada")
    taxes = (await door.there("ada")).session
    before, sessions = await door.log(), len(await door.store.sessions())
    await door.say("about pigeons", "ada", place="ada")
    told = await door.say("/switch Taxes", "ada", place="new")
    assert told is not None
    assert told.text.startswith(session_texts.switched("Taxes", "")), told
    assert "pigeons" in told.text
    assert (await door.there("new")).session == taxes
    assert (await door.log(), len(await door.store.sessions())) == (before, sessions)


@pytest.mark.parametrize("text", [*REFUSED[:-1], "/me ada"])
async def test_nobody_is_in_a_room_s_session_by_what_is_refused(text) -> None:
    door = await opened()
    await door.say("hello", "ada", place="team", **KINDS["room"])
    before = await rows(door)
    told = await door.say(text, "eve", place="team", **KINDS["room"])
    assert told is not None
    assert told.refused
    assert await rows(door) == before


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("user", ["ada", "eve"])
@pytest.mark.parametrize("text", ["/switch Nothing", "/switch main", "/switch s_none"])
async def test_a_switch_to_nowhere_leaves_nothing_behind(text, user, policy) -> None:
    door = await opened(policy)
    await door.say("/new Taxes", "ada", place="ada")
    before = await rows(door)
    told = await door.say(text, user, place="new")
    assert told is not None
    assert told.refused
    assert await rows(door) == before


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("user", ["ada", "eve"])
@pytest.mark.parametrize("text", REFUSED)
async def test_what_is_refused_leaves_nothing_behind(text, user, kind, policy) -> None:
    door = await opened(policy)
    await door.say("hello", "ada", place="ada")
    before = await rows(door)
    told = await door.say(text, user, place="new", **kind)
    assert told is not None
    assert told.refused, told
    assert await rows(door) == before


@pytest.mark.parametrize("user", ["ada", "eve"])
@pytest.mark.parametrize("text", ["/follow", "/follow Nothing", "/follow main", "/follow main yes"])
async def test_a_room_that_is_to_follow_what_it_may_not_leaves_nothing_behind(text, user) -> None:
    door = await opened()
    await door.say("hello", "ada", place="ada")
    before = await rows(door)
    told = await door.say(text, user, place="team", room=True)
    assert told is not None
    assert told.refused, told
    assert await rows(door) == before


@pytest.mark.parametrize("limit", ["ALL_AN_HOUR", "MOST_AN_HOUR"])
async def test_a_new_session_that_is_one_too_many_leaves_nothing_behind(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = await opened()
    await door.say("/new", "ada", place="ada")
    monkeypatch.setattr(begun, limit, 1)
    before = await rows(door)
    who = "ada" if limit == "MOST_AN_HOUR" else "eve"
    told = await door.say("/new", who, place="new")
    assert told is not None
    assert told.refused
    assert await rows(door) == before


@pytest.mark.parametrize("text", ["/new Taxes", "/switch main"])
async def test_what_is_delivered_again_is_done_once_and_told_again(text: str) -> None:
    """Also once its place follows nothing any more, or something else."""
    door = await opened()
    await door.say("hello", "ada", place="ada")
    again = {"place": "new", "key": "same", "message": MessageId("m")}
    told = await door.say(text, "ada", **again)
    assert not told.refused
    session = (await door.there("new")).session
    before = await links(door, session)
    assert await door.say(text, "ada", **again) == told
    await door.dispatcher.places.unlink(session, (await door.there("new")).id)
    assert await door.say(text, "ada", **again) == told
    assert (await door.there("new")).session is None
    assert await links(door, session) == before


async def test_what_is_archived_is_no_place_to_go() -> None:
    door = await opened()
    await door.say("/new Taxes", "ada", place="ada")
    taxes = (await door.there("ada")).session
    await door.say("/archive yes", "ada", place="ada")
    told = await door.say(f"/switch {taxes}", "ada", place="new")
    assert told is not None
    assert told.refused
