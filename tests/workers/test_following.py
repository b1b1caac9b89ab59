"""Rooms that follow another session than their own, by an explicit act of whoever owns both."""

import pytest

from bridge import admission_texts
from bridge.admission import Account
from bridge.commands import ChangeRole, Join
from bridge.events import ConversationLinked, ConversationUnlinked, Pushed
from bridge.ids import SessionId
from bridge.routing import SHARED
from tests.workers.doorway import CHAT, Doorway, refused
from tests.workers.rig import OWNER

TEAM = {"place": "team", "room": True, "title": "Team"}


async def team(door: Doorway, text: str, user: str = "ada", **more):
    return await door.say(text, user, **TEAM, **more)


async def opened(*, owner: str = "ada", **parts) -> tuple[Doorway, SessionId]:
    """Return a doorway with a room that has a session of its own; `owner` owns the shared one."""
    door = await Doorway(**parts).open()
    await team(door, "hello")
    if owner:
        who = await door.store.identify(realm=CHAT, user=owner)
        if who is None:
            await door.say("hello", owner, place=owner)
            who = (await door.last()).participant
        await door.desks.submit(SHARED, Join(participant=who, role="owner"))
        await door.desks.submit(SHARED, ChangeRole(by=None, participant=who, role="owner"))
    own = (await door.there("team")).session
    assert own not in {None, SHARED}
    return door, SessionId(own)


def asked(readers: int | None) -> str:
    return admission_texts.follow_asked(
        room="Team",
        title="Main",
        people=2,
        places=0,
        readers=readers,
        command="/follow main yes",
    )


@pytest.mark.parametrize("named", ["", " Main", " main", " MAIN"])
@pytest.mark.parametrize("readers", [27, None])
async def test_a_room_follows_a_session_once_its_owner_has_read_who_will_read_what(
    named: str, readers: int | None
) -> None:
    door, own = await opened(readers={"team": readers} if readers else {})
    reply = await team(door, f"/follow{named}")
    assert reply is not None
    assert reply.text == asked(readers)
    assert (await door.there("team")).session == own, "nothing has happened yet"
    reply = await team(door, "/follow main yes")
    assert reply is not None
    assert reply.text == admission_texts.follows_now("Main")
    there = await door.there("team")
    assert there.session == SHARED
    assert isinstance((await door.log(own))[-2], ConversationUnlinked)
    said_there, said_here = (await door.log(SHARED))[-1], (await door.log(own))[-1]
    assert isinstance(said_there, Pushed)
    assert said_there.content.text == admission_texts.room_joined("Team", "Chat")
    assert said_here.content.text == admission_texts.room_went("Team", "Chat", "Main")


async def test_nothing_that_was_said_before_is_shown_in_a_room_that_follows() -> None:
    door, _ = await opened()
    await door.say("a secret", "ada", place="dm")
    before = await door.store.head(SHARED)
    await team(door, "/follow")
    await team(door, "/follow yes")
    assert (await door.there("team")).cursor > before


async def test_a_yes_that_nobody_was_asked_for_asks_first() -> None:
    door, own = await opened()
    reply = await team(door, "/follow main yes")
    assert reply is not None
    assert reply.text == asked(None)
    assert (await door.there("team")).session == own


async def test_a_yes_is_good_for_its_asker_its_room_and_ten_minutes() -> None:
    door, own = await opened()
    await door.say("hello", "bob", place="bob")
    bob = (await door.last()).participant
    await team(door, "hi", "bob")
    for session in (SHARED, own):
        await door.desks.submit(session, ChangeRole(by=None, participant=bob, role="owner"))
    await team(door, "/follow")
    reply = await team(door, "/follow main yes", "bob")
    assert reply is not None
    assert reply.text.startswith("If **Team** follows"), "Bob has not read it"
    door.clock.forward(601)
    reply = await team(door, "/follow main yes")
    assert reply is not None
    assert reply.text.startswith("If **Team** follows"), "Ada has read it long ago"
    assert (await door.there("team")).session == own


@pytest.mark.parametrize("clock", [-3600, -86400])
async def test_a_clock_that_is_set_back_keeps_no_question_open(clock: int) -> None:
    door, own = await opened()
    await team(door, "/follow")
    door.clock.forward(clock)
    await team(door, "/follow main yes")
    assert (await door.there("team")).session == own


async def test_whoever_does_not_own_what_is_to_be_followed_is_refused() -> None:
    door, own = await opened(owner="")
    assert await team(door, "/follow") == refused(admission_texts.FOLLOW_OWNERS)
    assert await team(door, "/follow main yes") == refused(admission_texts.FOLLOW_OWNERS)
    assert (await door.there("team")).session == own


async def test_whoever_may_not_arrange_what_the_room_follows_now_is_refused() -> None:
    """Someone who owns another session cannot take a room away from its owner."""
    door, own = await opened(owner="")
    await door.say("hello", "bob", place="bob")
    bob = (await door.last()).participant
    await door.desks.submit(SHARED, ChangeRole(by=None, participant=bob, role="owner"))
    assert await team(door, "/follow", "bob") == refused(admission_texts.FOLLOW_OWNERS)
    assert (await door.there("team")).session == own


async def test_the_bridges_owner_may_arrange_every_room() -> None:
    door, _ = await opened(owner="")
    await door.say("hello", "bob", place="bob")
    await door.store.keep_fact("owners", (await door.last()).participant, "")
    await door.desks.admission.changed()
    await team(door, "/follow", "bob")
    await team(door, "/follow yes", "bob")
    assert (await door.there("team")).session == SHARED


async def test_sessions_of_others_are_not_even_named() -> None:
    door, _ = await opened()
    await door.desks.create(SessionId("s_secret"), title="Plans", owner=OWNER)
    assert await team(door, "/follow Plans") == refused(admission_texts.which_session([]))


async def test_of_two_sessions_of_one_title_one_is_named_by_its_id() -> None:
    door, _ = await opened()
    ada = await door.store.identify(realm=CHAT, user="ada")
    assert ada is not None
    for name in ("s_1", "s_2"):
        await door.desks.create(SessionId(name), title="Plans", owner=ada)
    reply = await team(door, "/follow plans")
    assert reply is not None
    assert reply.text.count("/follow s_") == 2
    await team(door, "/follow s_1")
    await team(door, "/follow s_1 yes")
    assert (await door.there("team")).session == "s_1"


async def test_what_is_only_overheard_is_no_command() -> None:
    door, own = await opened()
    await team(door, "/follow", addressed=False)
    await team(door, "/follow yes", addressed=False)
    assert (await door.there("team")).session == own


async def test_in_private_there_is_nothing_to_follow() -> None:
    door, _ = await opened()
    assert await door.say("/follow", "ada") == refused(admission_texts.FOLLOW_ROOMS)
    assert await door.say("/unfollow", "ada") == refused(admission_texts.FOLLOW_ROOMS)


async def following() -> tuple[Doorway, SessionId]:
    door, own = await opened()
    await team(door, "/follow")
    await team(door, "/follow yes", key="the yes")
    return door, own


async def test_the_yes_that_is_delivered_again_is_one() -> None:
    door, _ = await following()
    before = await door.log()
    reply = await team(door, "/follow yes", key="the yes")
    assert reply is not None
    assert await door.log() == before


async def test_a_room_that_follows_already_says_so() -> None:
    door, _ = await following()
    reply = await team(door, "/follow")
    assert reply is not None
    assert reply.text == admission_texts.follows_already("Main")


async def test_an_owner_of_either_side_takes_the_room_back() -> None:
    for owner in ("ada", "bob"):
        door, own = await following()
        await door.say("hello", "bob", place="bob")
        bob = (await door.last()).participant
        await door.desks.submit(SHARED, ChangeRole(by=None, participant=bob, role="owner"))
        reply = await team(door, "/unfollow", owner)
        assert reply is not None
        assert reply.text == admission_texts.unfollowed("Main")
        assert (await door.there("team")).session == own
        assert (await door.log(SHARED))[-1].content.text == admission_texts.room_left(
            "Team", "Chat"
        )
        again = await team(door, "/unfollow", owner)
        assert again is not None
        assert again.text == admission_texts.OWN_SESSION


async def test_a_member_cannot_take_a_room_back() -> None:
    door, _ = await following()
    assert await team(door, "/unfollow", "carl") == refused(admission_texts.UNFOLLOW_OWNERS)
    assert (await door.there("team")).session == SHARED


async def test_a_room_that_always_followed_the_shared_session_gets_one_of_its_own() -> None:
    """As rooms of earlier versions did."""
    door = await Doorway(chat=Account(allow=frozenset({"*"}))).open()
    await door.say("hello", "ada", **TEAM)
    ada = await door.store.identify(realm=CHAT, user="ada")
    assert ada is not None
    there = await door.there("team")
    await door.desks.places.follow(there, SHARED, ada, welcome=False)
    await door.desks.submit(SHARED, ChangeRole(by=None, participant=ada, role="owner"))
    await team(door, "still heard")
    assert (await door.last()).content.text == "still heard"
    await team(door, "/unfollow")
    assert (await door.there("team")).session != SHARED


async def test_whoever_is_overheard_in_a_room_that_follows_is_in_no_session() -> None:
    door, _ = await following()
    await team(door, "nice day", "carl", addressed=False)
    heard = await door.last()
    assert heard.content.text == "nice day"
    assert heard.participant not in (await door.desks.fold(SHARED)).participants
    linked = [each for each in await door.log() if isinstance(each, ConversationLinked)]
    assert len(linked) == 1


async def test_a_room_whose_address_changed_keeps_its_own_session() -> None:
    """As a group on Telegram that becomes a supergroup."""
    door, own = await opened()
    await door.store.move((await door.there("team")).id, place="team2")
    moved = {**TEAM, "place": "team2"}
    reply = await door.say("/unfollow", "ada", **moved)
    assert reply is not None
    assert reply.text == admission_texts.OWN_SESSION
    for text in ("/follow", "/follow yes", "/unfollow"):
        await door.say(text, "ada", **moved)
    assert (await door.there("team2")).session == own
