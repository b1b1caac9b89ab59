"""How many places people bring along whom nobody named."""

from itertools import count

import pytest

from bridge import texts
from bridge.domain.inbound import Pressed
from bridge.engine.inbound import new_places
from bridge.session.admission import Account
from bridge.session.routing import SHARED, saying_button
from tests.engine.doorway import CHAT, Doorway, refused
from tests.engine.inbound.test_joining import say
from tests.engine.inbound.test_only_asked import rows

KINDS = {
    "rooms": ("shared", {"room": True, "title": "Room"}),
    "threads": ("per_place", {}),
    "chats that share a session": ("shared", {}),
}


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in {"MOST_AN_HOUR": 3, "ALL_AN_HOUR": 5, "MOST": 6, "ALL": 9}.items():
        monkeypatch.setattr(new_places, name, most)


async def opened(policy="shared", *listed: str, **more) -> Doorway:
    allow = frozenset({"*", *listed})
    return await Doorway(chat=Account(allow=allow, sessions=policy), **more).open()


async def counts(door: Doorway) -> dict[str, str]:
    """Return what is counted, whenever that is."""
    kept = await door.store.facts(new_places.COUNTED)
    return {key.partition("/")[0]: count for key, count in kept.items()}


async def until_refused(door: Doorway, numbers, user="eve", **kind) -> int:
    """Let somebody write in one new place after another; return how many followed something."""
    for placed in range(100):
        before = await rows(door)
        await door.say("hello", user, place=f"p{next(numbers)}", **kind)
        if await rows(door) == before:
            return placed
    raise AssertionError("without end")


@pytest.mark.parametrize(("policy", "kind"), KINDS.values(), ids=KINDS)
async def test_a_stranger_brings_so_many_places_along_within_an_hour_and_in_all(
    policy, kind
) -> None:
    """Through restarts too; what is beyond that leaves nothing behind, and they are told why."""
    door, numbers = await opened(policy), count()
    for number in range(3):
        assert await door.say("hello", "eve", place=f"first {number}", **kind) is None
    before = await rows(door)
    told = await door.say("hello", "eve", place="one more", **kind)
    assert told == refused(texts.TOO_MANY_PLACES)
    assert await door.say("hello", "eve", place="and another", **kind) is None
    assert await rows(door) == before
    door = await opened(policy, store=door.store, clock=door.clock)
    assert await until_refused(door, numbers, **kind) == 0
    door.clock.forward(3601)
    assert await until_refused(door, numbers, **kind) == 3
    door.clock.forward(3601)
    assert await door.say("hello", "eve", place="x", **kind) == refused(texts.TOO_MANY_PLACES_EVER)


async def test_what_follows_a_session_goes_on_however_many_there_are() -> None:
    door, numbers = await opened("per_place"), count()
    await until_refused(door, numbers)
    session = (await door.there("p0")).session
    before = len(await door.log(session))
    assert await door.say("still here?", "eve", place="p0") is None
    assert len(await door.log(session)) > before
    await door.say("/leave", "eve", place="p0")
    await door.say("back again", "eve", place="p0")
    assert (await door.there("p0")).session == session


async def test_whoever_is_known_is_not_held_up_by_strangers_nor_by_how_many() -> None:
    """Named by the list, or by a code of somebody who is; nor do they count against others."""
    door = await opened("per_place", "ada")
    for number in range(12):
        assert await door.say("hello", "ada", place=f"ada {number}") is None
    assert await until_refused(door, count(), user="eve") == 3
    assert await until_refused(door, count(100), user="bob") == 2
    assert await door.say("hello", "ada", place="and one more") is None
    assert (await door.there("and one more")).session is not None


async def test_all_strangers_together_bring_so_many_along_on_an_account() -> None:
    door, numbers = await opened("per_place"), count()
    placed = [await until_refused(door, numbers, user=f"u{each}") for each in range(4)]
    assert placed == [3, 2, 0, 0]
    door.clock.forward(3601)
    told = await door.say("hello", "new", place="x")
    assert told is None
    placed = [await until_refused(door, numbers, user=f"v{each}") for each in range(4)]
    assert sum(placed) == 3
    told = await door.say("hello", "last", place="y")
    assert told == refused(texts.TOO_MANY_PLACES_IN_ALL)
    door.clock.forward(30 * 24 * 3600)
    assert await door.say("hello", "later", place="z") is None
    assert (await door.there("z")).session is not None


async def test_nobody_names_themselves_with_a_code_of_their_own() -> None:
    """Eve lets her second account in as herself, and owns a session: she is a stranger still."""
    door, numbers = await opened("per_place"), count()
    await door.say("hello", "eve", place="p")
    who = await door.store.identify(realm=CHAT, user="eve")
    session = (await door.there("p")).session
    code = await door.dispatcher.pairing.codes.link(who, session, via=CHAT)
    await door.say(code, "eve@mail", place="inbox", channel="mail")
    assert await door.store.identify(realm="mail", user="eve@mail") == who
    assert await until_refused(door, numbers, user="eve") == 2


async def test_an_id_that_nobody_vouches_for_is_nobodys_name() -> None:
    door = await opened("per_place", "ada")
    await until_refused(door, count(), user="ada", proven=False)


async def test_a_place_that_is_heard_of_again_is_counted_once() -> None:
    door = await opened("per_place")
    for _ in range(9):
        await door.say("hello", "eve", place="p", key="same")
    assert await counts(door) == {"chat": "1", "chat chat:eve": "1"}


async def test_buttons_and_what_is_overheard_count_for_nothing() -> None:
    door = await opened("per_place")
    for number in range(9):
        press = Pressed(value=saying_button("/status"))
        await door.hear(press, "eve", place=f"x{number}", room=True)
        await door.say("nice day", "eve", place=f"x{number}", room=True, addressed=False)
    assert not await door.store.facts(new_places.COUNTED)
    assert [each.id for each in await door.store.sessions()] == [SHARED]


async def test_two_who_are_one_brought_along_what_both_did() -> None:
    """Also what the one did who stays nobody: it is the person that is counted."""
    door = await opened("per_place")
    for user in ("+49", "+49", "US.1", "US.1"):
        await say(door, user, place=f"{user} {door.heard}")
    await say(door, "+49", "US.1", place="+49 0")
    door.clock.forward(3601)
    for number in range(2):
        await say(door, "+49", "US.1", place=f"both {number}")
        assert (await door.there(f"both {number}")).session is not None
    told = await say(door, "+49", "US.1", place="one more")
    assert told == refused(texts.TOO_MANY_PLACES_EVER)


async def test_a_death_while_two_are_joined_counts_nothing_twice() -> None:
    door = await opened("per_place")
    for user in ("eve", "eve", "eva", "eva"):
        await door.say("hello", user, place=f"of {user} {door.heard}")
    eve, eva = [await door.store.identify(realm=CHAT, user=each) for each in ("eve", "eva")]
    places = new_places.NewPlaces(door.store, door.dispatcher.admission, door.clock)
    for _ in range(2):
        await places.give(eva, into=eve)
    assert await counts(door) == {
        "chat": "4",
        "chat chat:eve": "1",
        "chat chat:eva": "1",
        f"chat {eve}": "2",
    }


async def test_what_is_counted_while_two_are_joined_is_theirs_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door = await opened("per_place")
    for user in ("eve", "eva", "eva"):
        await door.say("hello", user, place=f"of {user} {door.heard}")
    eve, eva = [await door.store.identify(realm=CHAT, user=each) for each in ("eve", "eva")]
    change = door.store.change_facts

    async def later(changes) -> bool:
        monkeypatch.setattr(door.store, "change_facts", change)
        await door.store.keep_fact(new_places.COUNTED, f"chat {eve}", "2")
        return await change(changes)

    monkeypatch.setattr(door.store, "change_facts", later)
    places = new_places.NewPlaces(door.store, door.dispatcher.admission, door.clock)
    await places.give(eva, into=eve)
    counted = await counts(door)
    assert counted[f"chat {eve}"] == "3"
    assert f"chat {eva}" not in counted
