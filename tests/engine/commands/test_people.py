"""Putting people out of a session and of the bridge, and letting them in again."""

from datetime import timedelta

import pytest

from bridge import admission_texts, texts
from bridge.domain.commands import ChangeRole, Join, SetSchedule
from bridge.domain.errors import NotFound, Refused
from bridge.domain.events import Every, ParticipantLeft, Pushed
from bridge.domain.ids import ParticipantId, ScheduleId
from bridge.ports.engine import Membership
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from tests.engine.doorway import CHAT, MAIL, Doorway, refused
from tests.engine.rig import OWNER

NOBODY = Account(allow=frozenset())
BOTH = Account(allow=frozenset({"ada", "bob"}))


async def opened(**parts) -> Doorway:
    """Return a doorway in which Ada owns the shared session and Bob is in it."""
    door = await Doorway(**{"chat": BOTH, "mail": NOBODY, **parts}).open()
    for user in ("ada", "bob"):
        await door.say("hello", user, place=user)
    role = ChangeRole(by=None, participant=await who(door, "ada"), role="owner")
    await door.dispatcher.submit(SHARED, role)
    return door


async def who(door: Doorway, user: str, realm: str = CHAT) -> ParticipantId:
    found = await door.store.identify(realm=realm, user=user)
    assert found is not None
    return found


async def people(door: Doorway) -> set[ParticipantId]:
    return set((await door.dispatcher.fold(SHARED)).participants)


@pytest.mark.parametrize("named", ["Bob", "bob", "@BOB", "id"])
async def test_an_owner_removes_someone_by_name_or_id(named: str) -> None:
    door = await opened()
    bob = await who(door, "bob")
    reply = await door.say(f"/kick {bob if named == 'id' else named}", "ada", place="ada", key="k")
    assert reply is not None
    assert reply.text == admission_texts.kicked("Bob")
    assert bob not in await people(door)
    left = [each for each in await door.log() if isinstance(each, ParticipantLeft)]
    assert left == [ParticipantLeft(participant=bob, by=await who(door, "ada"))]
    assert (await door.there("bob")).session is None
    assert await door.say("and now?", "bob", place="bob") == refused(texts.PUT_OUT)
    assert await door.say(f"/kick {named}", "ada", place="ada", key="k") == reply


@pytest.mark.parametrize("how", ["kicked", "removed"])
async def test_what_someone_planned_does_not_run_once_they_are_removed(how: str) -> None:
    door = await opened()
    ada, bob = await who(door, "ada"), await who(door, "bob")
    hourly = Every(seconds=3600, start=door.clock.now() + timedelta(hours=1))
    for each in ("one", "two"):
        await door.dispatcher.submit(
            SHARED,
            SetSchedule(schedule=ScheduleId(each), rule=hourly, action="ask", text="tea", by=bob),
        )
    for _ in range(2):
        if how == "kicked":
            await door.say("/kick Bob", "ada", place="ada")
        else:
            await door.dispatcher.people.remove(bob, OWNER)
    assert await door.store.next_slot() is None
    (told,) = [each for each in await door.log() if isinstance(each, Pushed)]
    assert told.content.text.startswith("2 schedules of **Bob** no longer run.")
    assert set(told.to) == {ada, OWNER}
    await door.dispatcher.people.allow(bob, SHARED)
    assert await door.store.next_slot() is None, "it does not come back with him"


async def test_a_member_removes_nobody() -> None:
    door = await opened()
    assert await door.say("/kick Ada", "bob", place="bob") == refused(texts.OWNERS_ONLY)
    assert await who(door, "ada") in await people(door)


async def test_of_two_of_one_name_neither_is_removed() -> None:
    door = await opened()
    other = ParticipantId("p_other")
    await door.store.enrol(other, name="BOB", realm="x", user="1", at=door.clock.now())
    await door.dispatcher.submit(SHARED, Join(participant=other, role="member"))
    before = await people(door)
    reply = await door.say("/kick bob", "ada", place="ada")
    assert reply is not None
    assert f"/kick {other}" in reply.text
    assert f"/kick {await who(door, 'bob')}" in reply.text
    assert await people(door) == before


async def test_a_label_removes_whom_it_is_shown_at_and_a_shared_name_nobody() -> None:
    """An older store has someone who calls themselves "Bob (2)": they are a Bob like the others."""
    door = await opened()
    for number, name in enumerate(["Bob", "Bob (2)"]):
        other = ParticipantId(f"p_{number}")
        await door.store.enrol(other, name=name, realm="x", user=name, at=door.clock.now())
        await door.dispatcher.submit(SHARED, Join(participant=other, role="member"))
    before = await people(door)
    reply = await door.say("/kick bob", "ada", place="ada")
    assert reply is not None
    assert "/kick p_0" in reply.text
    assert "/kick p_1" in reply.text
    assert await people(door) == before
    await door.say("/kick bob (2)", "ada", place="ada")
    fold = await door.dispatcher.fold(SHARED)
    assert "p_0" not in fold.participants
    assert "p_1" in fold.participants


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("Ada", admission_texts.KICK_SELF),
        ("Owner", admission_texts.KICK_OWNER),
        (OWNER, admission_texts.KICK_OWNER),
        ("Nobody", admission_texts.kick_whom([])),
        ("", admission_texts.KICK_WHOM),
    ],
)
async def test_some_cannot_be_removed(named: str, why: str) -> None:
    door = await opened()
    assert await door.say(f"/kick {named}", "ada", place="ada") == refused(why)


async def test_what_a_code_gave_someone_is_gone_with_them() -> None:
    door = await opened()
    reply = await door.say("/link", "bob", place="bob")
    assert reply is not None
    code = reply.text.split("/link ")[1].split("`")[0]
    await door.say(code, "b@c", channel=MAIL, place="inbox")
    await door.say("/kick Bob", "ada", place="ada")
    assert (await door.there("inbox", MAIL)).session is None
    assert await door.store.facts("grants") == {}
    assert await door.say("hello", "b@c", channel=MAIL, place="inbox") == refused(texts.PUT_OUT)


@pytest.mark.parametrize("how", ["kicked", "removed"])
async def test_a_code_of_someone_who_was_removed_is_void_also_once_they_are_back(how: str) -> None:
    door = await opened()
    bob = await who(door, "bob")
    reply = await door.say("/link", "bob", place="bob")
    assert reply is not None
    code = reply.text.split("/link ")[1].split("`")[0]
    if how == "kicked":
        await door.say("/kick Bob", "ada", place="ada")
        await door.dispatcher.people.allow(bob, SHARED)
    else:
        await door.dispatcher.people.remove(bob, OWNER)
        await door.dispatcher.people.allow(bob, None)
    reply = await door.say(f"/link {code}", "b@c", channel=MAIL, place="inbox")
    assert reply == refused(texts.BAD_CODE)


async def test_without_an_app_there_is_no_owners_code_but_what_to_do() -> None:
    door = await Doorway(accounts={}).open()
    with pytest.raises(Refused, match="bridge add"):
        await door.dispatcher.people.owner_code(OWNER)
    assert await door.store.facts("codes") == {}


async def test_everyone_is_listed_with_how_they_are_let_in() -> None:
    door = await opened()
    rows = {each.name: each for each in await door.dispatcher.people.everyone()}
    assert rows["Owner"].owner
    bob = rows["Bob"]
    assert (bob.let_in, bob.out) == (['channels.chat.allow: "bob"'], False)
    assert bob.sessions == [Membership(session=SHARED, title="Main", role="member")]
    assert [(each.realm, each.user) for each in bob.identities] == [(CHAT, "bob")]


async def test_whoever_is_removed_is_out_everywhere_whatever_lists_say() -> None:
    door = await opened(chat=Account(allow=frozenset({"bob", "ada", "*"})))
    bob = await who(door, "bob")
    await door.say("hello", "bob", place="team", room=True)
    room = (await door.there("team")).session
    await door.store.issue_token("1" * 64, bob, label="phone", at=door.clock.now())
    lists = await door.dispatcher.people.remove(bob, OWNER)
    assert lists == ['channels.chat.allow: "bob"']
    for session in (SHARED, room):
        assert bob not in (await door.dispatcher.fold(session)).participants
    assert await door.store.bearer("1" * 64) is None
    for place in ("bob", "team", "new"):
        reply = await door.say("hello", "bob", place=place, room=place == "team")
        assert reply is None or reply.refused
    assert await door.dispatcher.people.remove(bob, OWNER) == lists, "a repeat is a success"


async def test_whoever_is_let_in_again_is_where_they_were() -> None:
    door = await opened()
    bob = await who(door, "bob")
    await door.dispatcher.people.remove(bob, OWNER)
    assert await door.dispatcher.people.allow(bob, None) == [SHARED]
    assert await door.say("I am back", "bob", place="bob") is None
    assert (await door.last()).content.text == "I am back"


async def test_someone_is_let_in_again_to_one_session() -> None:
    door = await opened()
    await door.say("/kick Bob", "ada", place="ada")
    bob = await who(door, "bob")
    assert await door.dispatcher.people.allow(bob, SHARED) == [SHARED]
    assert bob in await people(door)


async def test_the_owner_stays_and_nobody_is_nobody() -> None:
    door = await opened()
    with pytest.raises(Refused, match="cannot be removed"):
        await door.dispatcher.people.remove(OWNER, OWNER)
    for nobody in (door.dispatcher.people.remove(ParticipantId("p_x"), OWNER),):
        with pytest.raises(NotFound):
            await nobody
    with pytest.raises(NotFound):
        await door.dispatcher.people.allow(ParticipantId("p_x"), None)


async def test_a_new_owners_code_is_good_and_the_one_before_is_not() -> None:
    door = await opened()
    old, new = [await door.dispatcher.people.owner_code(OWNER) for _ in range(2)]
    assert await door.say(f"/link {old}", "bob", place="bob") == refused(texts.BAD_CODE)
    reply = await door.say(new, "bob", place="bob")
    assert reply is not None
    assert await door.dispatcher.admission.is_owner(await who(door, "bob"))


async def test_the_operator_undoes_what_a_code_gave_whoever_made_it() -> None:
    door = await opened()
    reply = await door.say("/link", "bob", place="bob")
    assert reply is not None
    await door.say(reply.text.split("/link ")[1][:11], "b@c", channel=MAIL, place="inbox")
    (grant,) = (await door.dispatcher.admission.book()).grants.values()
    assert await door.dispatcher.people.unlink(grant.id) == admission_texts.undone("B C", "Mail")
    assert await door.store.identify(realm=MAIL, user="b@c") is None
    assert await who(door, "bob") in await people(door), "Bob himself stays"
