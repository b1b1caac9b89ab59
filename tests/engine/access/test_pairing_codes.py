"""Codes that let a place in; the rest of what they do is in test_door.py."""

from datetime import timedelta

import pytest

from bridge.domain.ids import ParticipantId
from bridge.domain.inbound import Sender
from bridge.engine.access.pairing_codes import LIFE, MOST_LINKS, SCOPE, PairingCodes
from bridge.session.invitations import Inviting
from bridge.session.routing import SHARED, typed_code
from storage.memory import MemoryStore
from tests.engine.rig import SetClock

ADA = ParticipantId("p_ada")
PHONE = Sender(realm="chat", user="1", name="Ada")
EVE = Sender(realm="chat", user="2", name="Eve")


async def test_a_code_is_good_for_anyone_until_someone_has_taken_it() -> None:
    store = MemoryStore()
    codes = PairingCodes(store, SetClock())
    found = await codes.find(await codes.link(ADA, SHARED, via="chat"))
    assert found is not None
    invitation = found.invitation
    assert (invitation.participant, invitation.session) == (ADA, SHARED)
    assert invitation.via == "chat"
    assert codes.is_good(found, EVE)
    assert await store.change_facts([found.taken(PHONE, "G1")])
    taken = await codes.find_key(found.key)
    assert taken is not None
    assert not codes.is_good(taken, EVE)
    assert codes.is_good(taken, PHONE), "a platform delivers a message twice now and then"
    assert not await store.change_facts([found.taken(EVE, "G2")]), "it was as it was no more"


async def test_a_void_code_is_good_for_nobody_for_ever() -> None:
    codes = PairingCodes(MemoryStore(), SetClock())
    found = await codes.find(await codes.link(ADA, SHARED))
    assert found is not None
    assert await codes.void(found)
    void = await codes.find_key(found.key)
    assert void is not None
    assert not codes.is_good(void, PHONE)
    assert not await codes.void(void)


async def test_an_invitation_that_someone_takes_just_then_is_void_all_the_same() -> None:
    store = MemoryStore()
    codes = PairingCodes(store, SetClock())
    wanted = Inviting(role="member", uses=5, life=LIFE)
    found = await codes.find(await codes.invite(ADA, SHARED, wanted))
    assert found is not None
    assert await store.change_facts([found.taken(PHONE, "G1")])
    assert await codes.void(found)
    void = await codes.find_key(found.key)
    assert void is not None
    assert not codes.is_good(void, EVE)
    assert list(void.invitation.takers.values()) == ["G1"]


async def test_a_code_that_was_used_just_then_or_is_gone_is_not_void() -> None:
    store = MemoryStore()
    codes = PairingCodes(store, SetClock())
    found = await codes.find(await codes.link(ADA, SHARED))
    assert found is not None
    assert await store.change_facts([found.taken(PHONE, "G1")])
    assert not await codes.void(found)
    await store.drop_fact(SCOPE, found.key)
    assert not await codes.void(found)


@pytest.mark.parametrize("spelt", ["{0}-{1}", "{0}{1}", "{0} {1}", "{0}\u2013{1}", "{0}\u2014{1}"])
async def test_a_code_is_found_however_it_is_spelt(spelt: str) -> None:
    codes = PairingCodes(MemoryStore(), SetClock())
    one, two = (await codes.link(ADA, SHARED)).lower().split("-")
    assert await codes.find(spelt.format(one, two)) is not None


async def test_codes_are_what_people_can_type() -> None:
    codes = PairingCodes(MemoryStore(), SetClock())
    made = {await codes.link(ADA, SHARED) for _ in range(50)}
    assert len(made) == 50
    for code in made:
        typed = typed_code(code)
        assert typed is not None
        assert typed.code == code


async def test_codes_that_are_over_are_forgotten() -> None:
    store, clock = MemoryStore(), SetClock()
    codes = PairingCodes(store, clock)
    await codes.link(ADA, SHARED)
    clock.forward((LIFE + timedelta(seconds=1)).total_seconds())
    await codes.link(ADA, SHARED)
    assert len(await store.facts(SCOPE)) == 1


async def test_of_many_codes_of_one_person_the_newest_are_kept_and_those_that_were_used() -> None:
    store, clock = MemoryStore(), SetClock()
    codes = PairingCodes(store, clock)
    used = await codes.find(await codes.link(ADA, SHARED))
    bobs = await codes.link(ParticipantId("p_bob"), SHARED)
    assert used is not None
    assert await store.change_facts([used.taken(PHONE, "G1")])
    made = []
    for _ in range(MOST_LINKS + 3):
        made.append(await codes.link(ADA, SHARED))
        clock.forward(1)
    assert len(await store.facts(SCOPE)) == MOST_LINKS + 2
    assert [each for each in made if await codes.find(each) is None] == made[:3]
    assert await codes.find_key(used.key) is not None
    assert await codes.find(bobs) is not None


async def test_that_an_owner_came_is_remembered() -> None:
    store = MemoryStore()
    codes = PairingCodes(store, SetClock())
    code = await codes.owner(ADA)
    assert not await codes.is_owned()
    found = await codes.find(code)
    assert found is not None
    assert await store.change_facts([found.taken(PHONE, "G1")])
    await codes.owner(ADA)
    assert await codes.is_owned()
    assert await codes.owners() == ["chat:1"]
