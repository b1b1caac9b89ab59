"""Rooms that follow another session than their own, by an explicit act of whoever owns both."""

import pytest

from bridge import admission_texts, texts
from bridge.domain.commands import ChangeRole, Join, Say
from bridge.domain.content import Content
from bridge.domain.events import ConversationLinked, ConversationUnlinked, Pushed
from bridge.domain.ids import ConversationId, ParticipantId, SessionId
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from tests.engine.doorway import CHAT, Doorway, refused
from tests.engine.rig import OWNER

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
        await door.dispatcher.submit(SHARED, Join(participant=who, role="owner"))
        await door.dispatcher.submit(SHARED, ChangeRole(by=None, participant=who, role="owner"))
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
        await door.dispatcher.submit(session, ChangeRole(by=None, participant=bob, role="owner"))
    await team(door, "/follow")
    reply = await team(door, "/follow main yes", "bob")
    assert reply is not None
    assert reply.text.startswith("If **Team** follows"), "Bob has not read it"
    door.clock.forward(601)
    reply = await team(door, "/follow main yes")
    assert reply is not None
    assert reply.text.startswith("If **Team** follows"), "Ada has read it long ago"
    assert (await door.there("team")).session == own


@pytest.mark.parametrize(("told", "counted"), [(3, 900), (3, None), (None, 900)])
async def test_where_more_people_would_read_it_than_were_told_of_it_is_asked_again(
    told: int | None, counted: int | None
) -> None:
    """Each yes is to the number of readers that was told last; fewer are no matter."""
    door, own = await opened(readers={"team": told} if told else {})
    await team(door, "/follow")
    door.readers = {"team": counted} if counted else {}
    reply = await team(door, "/follow main yes")
    assert reply is not None
    assert reply.text == f"{admission_texts.MORE_READ}\n\n{asked(counted)}"
    assert (await door.there("team")).session == own
    if counted:
        door.readers = {"team": counted - 1}
    await team(door, "/follow main yes")
    assert (await door.there("team")).session == SHARED


async def test_where_more_people_are_in_the_session_than_were_told_of_it_is_asked_again() -> None:
    door, own = await opened()
    await team(door, "/follow")
    await door.dispatcher.submit(SHARED, Join(participant=ParticipantId("p_new"), role="member"))
    reply = await team(door, "/follow main yes")
    assert reply is not None
    assert reply.text.startswith(admission_texts.MORE_READ)
    assert (await door.there("team")).session == own
    await team(door, "/follow main yes")
    assert (await door.there("team")).session == SHARED


@pytest.mark.parametrize("left", ["kicked", "no owner"])
async def test_a_yes_of_someone_who_may_not_arrange_it_any_more_does_nothing(left: str) -> None:
    door, own = await opened()
    ada = await door.store.identify(realm=CHAT, user="ada")
    assert ada is not None
    await team(door, "/follow")
    if left == "kicked":
        await door.dispatcher.people.in_session.kick(await door.dispatcher.fold(SHARED), OWNER, ada)
    else:
        await door.dispatcher.submit(SHARED, ChangeRole(by=None, participant=ada, role="member"))
    assert await team(door, "/follow main yes") == refused(admission_texts.FOLLOW_OWNERS)
    assert (await door.there("team")).session == own


async def test_a_room_goes_back_to_its_own_session_when_whoever_let_it_follow_is_removed() -> None:
    """They may still be in that room, and would read on there."""
    door, own = await following()
    ada = await door.store.identify(realm=CHAT, user="ada")
    assert ada is not None
    await door.dispatcher.people.in_session.kick(await door.dispatcher.fold(SHARED), OWNER, ada)
    assert (await door.there("team")).session == own
    assert (await door.log())[-1].content.text == admission_texts.room_left("Team", "Chat")
    await team(door, "still here", "bob")
    assert (await door.log(own))[-1].content.text == "still here"


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
    await door.dispatcher.submit(SHARED, ChangeRole(by=None, participant=bob, role="owner"))
    assert await team(door, "/follow", "bob") == refused(admission_texts.FOLLOW_OWNERS)
    assert (await door.there("team")).session == own


async def test_the_bridges_owner_may_arrange_every_room() -> None:
    door, _ = await opened(owner="")
    await door.say("hello", "bob", place="bob")
    await door.store.keep_fact("owners", (await door.last()).participant, "")
    await door.dispatcher.admission.changed()
    await team(door, "/follow", "bob")
    await team(door, "/follow yes", "bob")
    assert (await door.there("team")).session == SHARED


async def test_sessions_of_others_are_not_even_named() -> None:
    door, _ = await opened()
    await door.dispatcher.create(SessionId("s_secret"), title="Plans", owner=OWNER)
    assert await team(door, "/follow Plans") == refused(admission_texts.which_session([]))


async def test_of_two_sessions_of_one_title_one_is_named_by_its_id() -> None:
    door, _ = await opened()
    ada = await door.store.identify(realm=CHAT, user="ada")
    assert ada is not None
    for name in ("s_1", "s_2"):
        await door.dispatcher.create(SessionId(name), title="Plans", owner=ada)
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
    await door.say("hello", "ada")
    assert await door.say("/follow", "ada") == refused(admission_texts.FOLLOW_ROOMS)
    assert await door.say("/unfollow", "ada") == refused(admission_texts.which_room([]))


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
        await door.dispatcher.submit(SHARED, ChangeRole(by=None, participant=bob, role="owner"))
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
    assert await team(door, "/unfollow", "carl") == refused(texts.NOT_IN_SESSION)
    await team(door, "hello", "carl")
    assert await team(door, "/unfollow", "carl") == refused(admission_texts.UNFOLLOW_OWNERS)
    assert (await door.there("team")).session == SHARED


async def test_a_room_that_always_followed_the_shared_session_gets_one_of_its_own() -> None:
    """As rooms of earlier versions did."""
    door = await Doorway(chat=Account(allow=frozenset({"*"}))).open()
    await door.say("hello", "ada", **TEAM)
    ada = await door.store.identify(realm=CHAT, user="ada")
    assert ada is not None
    there = await door.there("team")
    await door.dispatcher.places.follow(there, SHARED, ada, welcome=False)
    await door.dispatcher.submit(SHARED, ChangeRole(by=None, participant=ada, role="owner"))
    await team(door, "still heard")
    assert (await door.last()).content.text == "still heard"
    await team(door, "/unfollow")
    assert (await door.there("team")).session != SHARED


async def test_whoever_is_overheard_in_a_room_that_follows_is_in_no_session() -> None:
    door, _ = await following()
    await team(door, "nice day", "carl", addressed=False)
    heard = await door.last()
    assert heard.content.text == "nice day"
    assert heard.participant not in (await door.dispatcher.fold(SHARED)).participants
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


async def test_an_owner_takes_back_a_room_that_they_are_not_in() -> None:
    """Named by its title or id, from the session that it follows, also on the page."""
    door, own = await following()
    there = await door.there("team")
    await door.say("hello", "ada", place="ada")
    asked = await door.say("/unfollow", "ada", place="ada")
    assert asked == refused(admission_texts.which_room([(there.id, "Team", "Chat")]))
    assert (await door.there("team")).session == SHARED
    page = Say(
        by=OWNER, conversation=ConversationId("http:web"), content=Content(text="/unfollow TEAM")
    )
    reply = (await door.dispatcher.hear(SHARED, page)).reply
    assert reply is not None
    assert reply.text == admission_texts.unfollowed("Main")
    assert (await door.there("team")).session == own
    none = await door.say(f"/unfollow {there.id}", "ada", place="ada")
    assert none == refused(admission_texts.which_room([]))


async def test_a_member_takes_no_room_back_from_elsewhere_either() -> None:
    door, _ = await following()
    await door.say("hello", "carl", place="carl")
    reply = await door.say("/unfollow Team", "carl", place="carl")
    assert reply == refused(admission_texts.UNFOLLOW_OWNERS)
    assert (await door.there("team")).session == SHARED


async def test_whoever_is_put_out_takes_no_room_along() -> None:
    """An owner let a room of theirs follow; put out, they would read on in it."""
    door, own = await following()
    await door.say("hello", "bob", place="bob")
    bob = (await door.last()).participant
    await door.dispatcher.submit(SHARED, ChangeRole(by=None, participant=bob, role="owner"))
    await door.say("/kick Ada", "bob", place="bob")
    assert (await door.there("team")).session != SHARED
    await team(door, "anyone?", "carl")
    assert (await door.there("team")).session == own
    await team(door, "still here", "ada")
    assert (await door.log(own))[-1].content.text == "still here"


async def test_whoever_is_put_out_of_a_rooms_own_session_takes_it_from_nobody() -> None:
    door, own = await opened(owner="")
    await team(door, "hi", "bob")
    bob = (await door.log(own))[-1].participant
    await door.dispatcher.submit(own, ChangeRole(by=None, participant=bob, role="owner"))
    await team(door, "/kick Ada", "bob")
    assert (await door.there("team")).session == own
