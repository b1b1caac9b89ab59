"""Who is in a session: /who, /whoami, /role and /leave."""

import pytest

from bridge import admission_texts, texts
from bridge.domain.commands import ChangeRole, Join
from bridge.domain.events import ParticipantJoined, ParticipantLeft, RoleChanged
from bridge.domain.ids import ParticipantId
from bridge.domain.parts import Address
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from tests.engine.doorway import CHAT, MAIL, Doorway, refused
from tests.engine.rig import OWNER

BOTH = Account(allow=frozenset({"ada", "bob"}))


async def opened() -> Doorway:
    """Return a doorway in which Ada owns the shared session and Bob is in it."""
    door = await Doorway(chat=BOTH).open()
    for user in ("ada", "bob"):
        await door.say("hello", user, place=user)
    role = ChangeRole(by=None, participant=await who(door, "ada"), role="owner")
    await door.dispatcher.submit(SHARED, role)
    return door


async def who(door: Doorway, user: str, realm: str = CHAT) -> ParticipantId:
    found = await door.store.identify(realm=realm, user=user)
    assert found is not None
    return found


async def roles(door: Doorway) -> dict[str, str]:
    people = (await door.dispatcher.fold(SHARED)).participants
    names = await door.dispatcher.people.names.people(people)
    return {names[each]: role for each, role in people.items()}


async def told(door: Doorway, text: str, user: str, **more) -> str:
    reply = await door.say(text, user, place=more.pop("place", user), **more)
    assert reply is not None
    return reply.text


# -- who is who


async def test_who_is_here_is_told_with_role_and_app_and_the_rooms_that_read_along() -> None:
    door = await opened()
    await door.say("hello", "ada@b", channel=MAIL, place="inbox")
    assert (await told(door, "/who", "bob")).splitlines() == [
        "- **Owner** (owner): no chat app",
        "- **Ada** (owner): Chat",
        "- **Bob** (member): Chat",
        "- **Ada B** (member): Mail",
    ]


async def test_a_room_is_told_of_as_one() -> None:
    door = await opened()
    await door.say("hello", "ada", place="den", room=True, title="Den")
    await door.say("hello", "bob", place="den", room=True)
    reply = await door.say("/who", "bob", place="den", room=True)
    assert reply is not None
    assert reply.text.splitlines()[-1] == "- room **Den** (Chat)"


async def test_namesakes_are_told_apart() -> None:
    door = await opened()
    other = ParticipantId("p_other")
    await door.store.enrol(other, name="B\u043eb", realm="x", user="1", at=door.clock.now())
    await door.dispatcher.submit(SHARED, Join(participant=other, role="viewer"))
    assert "- **B\u043eb (2)** (viewer): no chat app" in await told(door, "/who", "ada")


async def crowd(door: Doorway, *called: str) -> list[ParticipantId]:
    """Let members join who are called so; return their ids."""
    people = [ParticipantId(f"p_{number}") for number in range(len(called))]
    for person, name in zip(people, called, strict=True):
        await door.store.enrol(person, name=name, realm="x", user=person, at=door.clock.now())
        await door.dispatcher.submit(SHARED, Join(participant=person, role="member"))
    return people


async def test_a_number_means_whom_it_is_shown_at_whatever_others_are_called() -> None:
    """The first of these calls himself as the second Ada is shown."""
    door = await opened()
    mallory, ada = await crowd(door, "Ada (2)", "ada")
    assert "- **Ada (2)** (member)" in await told(door, "/who", "ada")
    people = door.dispatcher.people
    fold = await door.dispatcher.fold(SHARED)
    shown = await people.names.in_session(fold)
    assert (shown[mallory], shown[ada]) == ("Ada (2)", "ada (3)")
    assert await people.members.named(fold, "ADA (3)") == [ada]
    assert await people.members.named(fold, ada) == [ada]


@pytest.mark.parametrize("named", ["Ada", "ADA", "@ada", "Ada (7)", "Ada \uff082\uff09"])
async def test_a_name_that_several_bear_means_none_of_them(named: str) -> None:
    door = await opened()
    await crowd(door, "\u0410da", "Ada (2)")
    fold = await door.dispatcher.fold(SHARED)
    assert len(await door.dispatcher.people.members.named(fold, named)) == 3
    reply = await told(door, f"/role {named} owner", "ada")
    assert reply.startswith("More than one person has that name.")


async def test_someone_learns_their_id_their_role_and_the_apps_that_they_are_known_in() -> None:
    door = await opened()
    bob = await who(door, "bob")
    assert await told(door, "/whoami", "bob") == (
        f"You are **Bob**, `{bob}`. You are a member of this session.\n- chat: `bob`"
    )


async def test_a_room_reads_no_accounts_of_someone_who_asks_there() -> None:
    door = await opened()
    await door.say("hello", "ada", place="den", room=True)
    reply = await door.say("/whoami", "bob", place="den", room=True)
    assert reply is not None
    assert "`bob`" not in reply.text
    assert admission_texts.APPS_IN_PRIVATE in reply.text


async def test_asking_who_one_is_joins_nothing() -> None:
    door = await Doorway(chat=BOTH).open()
    await door.say("hello", "ada", place="ada")
    before = await door.log()
    reply = await door.say("/whoami", "ada", place="elsewhere")
    assert reply is not None
    assert texts.NOT_IN_SESSION in reply.text
    assert await door.log() == before
    assert await door.store.conversation_at(Address(channel=CHAT, place="elsewhere")) is None


@pytest.mark.parametrize("place", [{"room": False}, {"room": True}], ids=str)
async def test_a_stranger_learns_the_id_that_their_app_has_for_them(place: dict) -> None:
    """So that they can tell it to whoever runs the bridge. They leave nothing behind by it."""
    door = await opened()
    before = await door.log()
    reply = await door.say("/whoami", "eve", place="hall", **place)
    assert reply is not None
    assert reply.text == "You are **Eve** here, `eve` in Chat. You are not let in."
    assert await door.store.identify(realm=CHAT, user="eve") is None
    assert await door.log() == before


async def test_a_stranger_who_goes_on_asking_is_told_no_more() -> None:
    door = await opened()
    replies = [await door.say("/whoami", "eve", place="eve") for _ in range(8)]
    assert len([each for each in replies if each and "`eve`" in each.text]) == 5
    assert replies[-2:] == [None, None]


# -- roles


@pytest.mark.parametrize("role", ["viewer", "owner"])
async def test_an_owner_gives_a_role(role: str) -> None:
    door = await opened()
    text = await told(door, f"/role @bob {role}", "ada", key="r")
    assert text == admission_texts.role_given("Bob", role)
    changed = RoleChanged(participant=await who(door, "bob"), role=role, by=await who(door, "ada"))
    assert await door.last() == changed
    assert await told(door, f"/role @bob {role}", "ada", key="r") == text
    assert [each for each in await door.log() if each == changed] == [changed]


@pytest.mark.parametrize("user", ["bob", "eve"])
async def test_nobody_else_gives_one(user: str) -> None:
    door = await opened()
    before = await roles(door)
    await door.say("/role Bob owner", user, place=user)
    await door.say(f"/role {OWNER} viewer", user, place=user)
    assert await roles(door) == before


async def test_a_viewer_gets_nothing_by_leaving_and_coming_back() -> None:
    door = await opened()
    await door.say("/role Bob viewer", "ada", place="ada")
    assert await told(door, "/leave", "bob") == admission_texts.LEFT
    reply = await door.say("let me in again", "bob", place="bob")
    assert reply == refused(texts.READ_ONLY)
    assert (await roles(door))["Bob"] == "viewer"


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("", admission_texts.ROLE_HOW),
        ("Bob", admission_texts.ROLE_HOW),
        ("Bob king", admission_texts.ROLE_HOW),
        ("Nobody viewer", admission_texts.role_whom([], "viewer")),
        ("Owner member", admission_texts.ROLE_OWNER),
    ],
)
async def test_some_roles_cannot_be_given(asked: str, why: str) -> None:
    door = await opened()
    before = await roles(door)
    assert await door.say(f"/role {asked}", "ada", place="ada") == refused(why)
    assert await roles(door) == before


async def test_of_two_of_one_name_neither_gets_another_role() -> None:
    door = await opened()
    other = ParticipantId("p_other")
    await door.store.enrol(other, name="BOB", realm="x", user="1", at=door.clock.now())
    await door.dispatcher.submit(SHARED, Join(participant=other, role="viewer"))
    text = await told(door, "/role bob owner", "ada")
    assert f"- BOB (2): `/role {other} owner`" in text
    assert f"- Bob, Chat: `/role {await who(door, 'bob')} owner`" in text
    assert set((await roles(door)).values()) == {"owner", "member", "viewer"}


async def test_whoever_has_namesakes_is_named_as_they_are_listed() -> None:
    """Else nobody could tell who of them it was that was made an owner, or removed."""
    door = await opened()
    other = ParticipantId("p_other")
    await door.store.enrol(other, name="BOB", realm="x", user="1", at=door.clock.now())
    await door.dispatcher.submit(SHARED, Join(participant=other, role="viewer"))
    given = await told(door, "/role BOB (2) member", "ada")
    assert given == admission_texts.role_given("BOB (2)", "member")
    asked = await told(door, "/kick Bob", "ada")
    assert f"- BOB (2): `/kick {other}`" in asked
    assert f"- Bob, Chat: `/kick {await who(door, 'bob')}`" in asked
    assert await told(door, f"/kick {other}", "ada") == admission_texts.kicked("BOB (2)")


async def test_a_session_keeps_an_owner() -> None:
    door = await Doorway(chat=Account(allow=frozenset({"ada"}), sessions="per_person")).open()
    await door.say("hello", "ada", place="ada")
    for text in ("/leave", "/role Ada member"):
        assert await door.say(text, "ada", place="ada") == refused(admission_texts.LAST_OWNER)


# -- leaving


async def test_whoever_leaves_is_shown_nothing_more_and_comes_back_by_writing() -> None:
    door = await opened()
    bob = await who(door, "bob")
    assert await told(door, "/leave", "bob", key="l") == admission_texts.LEFT
    left = ParticipantLeft(participant=bob, by=bob)
    assert left in await door.log()
    assert (await door.there("bob")).session is None
    assert await told(door, "/leave", "bob", key="l") == admission_texts.LEFT_ALREADY
    assert [each for each in await door.log() if each == left] == [left]
    await door.say("me again", "bob", place="bob")
    joined = ParticipantJoined(participant=bob, role="member", earlier=False)
    assert [each for each in await door.log() if each == joined] == [joined, joined]


async def test_codes_and_rooms_of_someone_who_left_do_not_stay_behind() -> None:
    door = await opened()
    await door.say("/role Bob owner", "ada", place="ada")
    await door.say("hello", "bob", place="den", room=True, title="Den")
    await door.say(f"/follow {SHARED}", "bob", place="den", room=True)
    await door.say(f"/follow {SHARED} yes", "bob", place="den", room=True)
    assert (await door.there("den")).session == SHARED
    code = (await told(door, "/link", "bob")).split("/link ")[1].split("`")[0]
    await told(door, "/leave", "bob")
    assert (await door.there("den")).session != SHARED
    assert await door.say(f"/link {code}", "b@c", channel=MAIL, place="inbox") == refused(
        texts.BAD_CODE
    )
