"""What follows from a grant that lets in somebody else."""

import asyncio

import pytest

from bridge import admission_texts, texts
from bridge.domain.events import ConversationLinked
from bridge.engine.access.admission import GRANTS
from bridge.session.admission import Account
from bridge.session.routing import SHARED, request_button
from tests.engine.commands.test_access_requests import doorway, guests, number, press
from tests.engine.commands.test_invitations import invited, role
from tests.engine.doorway import Doorway

WELCOMING = Account(allow=frozenset(), strangers="ask", welcome=True)


async def test_their_place_follows_and_is_welcomed_as_the_account_says() -> None:
    door = await doorway(chat=WELCOMING)
    await door.say("/ask", "eve", place="eves")
    await press(door, request_button(await number(door), "allow"))
    linked = [each for each in await door.log() if isinstance(each, ConversationLinked)]
    assert [each.welcome for each in linked] == [True, True]


async def test_whoever_was_kicked_comes_back_when_an_owner_lets_them_in_again() -> None:
    door = await doorway()
    await door.say("/ask", "eve", place="eves")
    await press(door, request_button(await number(door), "allow"))
    await door.say("/kick Eve", "olga", place="home")
    assert (await door.say("hello", "eve", place="eves")).text == texts.PUT_OUT
    (eve,) = (await door.dispatcher.fold(SHARED)).put_out
    await door.dispatcher.people.allow(eve, SHARED)
    assert (await door.say("/ask", "eve", place="eves")) is not None
    await press(door, request_button(await number(door), "allow"))
    assert await door.say("hello", "eve", place="eves") is None


@pytest.mark.parametrize("first", ["the owner", "the invitation"])
async def test_whoever_is_let_in_twice_at_the_same_moment_is_in(first) -> None:
    door = await doorway()
    code = await invited(door)
    await door.say("/ask", "eve", place="eves")
    both = [
        press(door, request_button(await number(door), "allow")),
        door.say(code, "eve", place="eves"),
    ]
    told = await asyncio.gather(*(both if first == "the owner" else both[::-1]))
    assert any(not each.refused for each in told)
    assert await door.say("hello", "eve", place="eves") is None
    assert await role(door, "eve") == "member"
    assert await guests(door) == ["Eve"]
    assert (await door.dispatcher.fold(SHARED)).put_out == frozenset()


async def test_whoever_takes_two_invitations_at_once_is_one_person_and_in_both_sessions() -> None:
    door = await doorway(chat=Account(allow=frozenset({"otto"}), sessions="per_person"))
    await door.say("hello", "otto", place="ottos")
    codes = [await invited(door), await invited(door, by="otto", place="ottos")]
    told = await asyncio.gather(*(door.say(each, "zoe", place="zoes") for each in codes))
    assert not any(each.refused for each in told)
    zoe = await door.store.identify(realm="chat", user="zoe")
    for place in ("home", "ottos"):
        fold = await door.dispatcher.fold((await door.there(place)).session)
        assert fold.participants[zoe] == "member"
    grants = (await door.dispatcher.admission.book()).grants.values()
    assert [each.who for each in grants if each.guest] == [zoe, zoe]
    assert await door.say("hello", "zoe", place="zoes") is None


async def two_rooms(door: Doorway) -> list[str]:
    """Let Eve in to two rooms of the bridge's session; return the numbers of what did."""
    numbers = []
    for room in ("kitchen", "garden"):
        for said in ("hello", "/follow main", "/follow main yes"):
            await door.say(said, "olga", place=room, room=True, title=room)
        await door.say("/ask", "eve", place=room, room=True, title=room)
        numbers.append(await number(door))
        await press(door, request_button(numbers[-1], "allow"))
    return numbers


async def hears(door: Doorway, place: str) -> bool:
    before = len(await door.log())
    await door.say("hello from here", "eve", place=place, room=place != "eves")
    return len(await door.log()) > before


async def test_whoever_is_let_in_to_a_second_room_of_a_session_stays_in_the_first() -> None:
    door = await doorway()
    first, second = await two_rooms(door)
    assert [await hears(door, each) for each in ("kitchen", "garden", "eves")] == [1, 1, 0]
    await press(door, f"u:{first}")
    assert [await hears(door, each) for each in ("kitchen", "garden")] == [0, 1]
    await press(door, f"u:{second}")
    assert not await hears(door, "garden")
    assert await role(door, "eve") is None


async def test_a_room_of_an_earlier_version_is_understood_kept_and_undone() -> None:
    door = await doorway()
    first, second = await two_rooms(door)
    (grant,) = [
        g for g in (await door.dispatcher.admission.book()).grants.values() if g.id == first
    ]
    body = await door.store.fact(GRANTS, grant.key)
    await door.store.drop_fact(GRANTS, grant.key)
    await door.store.keep_fact(GRANTS, grant.keys[-1], body)
    await door.dispatcher.admission.changed()
    assert await hears(door, "kitchen")
    await door.say(await invited(door), "eve", place="eves")
    assert [await hears(door, each) for each in ("kitchen", "garden", "eves")] == [1, 1, 1]
    await press(door, f"u:{first}")
    left = [each.id for each in (await door.dispatcher.admission.book()).grants.values()]
    assert second in left
    assert first not in left
    assert await guests(door) == ["Eve", "Eve"]


async def test_whoever_comes_in_as_a_viewer_is_no_more_by_another_grant() -> None:
    door = await doorway()
    await door.say(await invited(door, "viewer"), "eve", place="eves")
    await door.say("/leave", "eve", place="eves")
    told = await door.say(await invited(door), "eve", place="eves")
    assert told.text == admission_texts.you_joined("Main", "viewer")
    grants = (await door.dispatcher.admission.book()).grants.values()
    assert {(each.guest, each.role) for each in grants if each.name == "Eve"} == {(True, "viewer")}
