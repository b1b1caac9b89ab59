"""Codes that let a place in; the rest of what they do is in test_door.py."""

from datetime import timedelta

from bridge.ids import ParticipantId
from bridge.inbound import Sender
from bridge.routing import SHARED, typed_code
from bridge.workers.codes import LIFE, SCOPE, Codes
from storage.memory import MemoryStore
from tests.workers.rig import SetClock

ADA = ParticipantId("p_ada")
PHONE = Sender(realm="chat", user="1", name="Ada")
EVE = Sender(realm="chat", user="2", name="Eve")


async def test_a_code_is_read_by_anyone_until_someone_has_used_it() -> None:
    codes = Codes(MemoryStore(), SetClock())
    code = await codes.link(ADA, SHARED)
    invitation = await codes.read(code, EVE)
    assert invitation is not None
    assert (invitation.participant, invitation.session) == (ADA, SHARED)
    await codes.spend(code, invitation, PHONE)
    assert await codes.read(code, EVE) is None
    assert await codes.read(code, PHONE) is not None


async def test_codes_are_what_people_can_type() -> None:
    codes = Codes(MemoryStore(), SetClock())
    made = {await codes.link(ADA, SHARED) for _ in range(50)}
    assert len(made) == 50
    for code in made:
        typed = typed_code(code)
        assert typed is not None
        assert typed.code == code


async def test_codes_that_are_over_are_forgotten() -> None:
    store, clock = MemoryStore(), SetClock()
    codes = Codes(store, clock)
    await codes.link(ADA, SHARED)
    clock.forward((LIFE + timedelta(seconds=1)).total_seconds())
    await codes.link(ADA, SHARED)
    assert len(await store.facts(SCOPE)) == 1


async def test_that_an_owner_came_is_remembered() -> None:
    codes = Codes(MemoryStore(), SetClock())
    code = await codes.owner(ADA)
    assert not await codes.is_owned()
    invitation = await codes.read(code, PHONE)
    assert invitation is not None
    await codes.spend(code, invitation, PHONE)
    await codes.owner(ADA)
    assert await codes.is_owned()
