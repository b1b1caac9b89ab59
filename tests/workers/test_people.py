"""Whom the configuration means is found by role or id, never by a name."""

from datetime import UTC, datetime

from bridge.ids import ParticipantId
from bridge.workers.people import OWNER_REALM, OWNER_USER, People
from storage.memory import MemoryStore

NINE = datetime(2026, 1, 1, 9, tzinfo=UTC)
ADA, EVE = ParticipantId("p_ada"), ParticipantId("p_eve")


async def known() -> People:
    store = MemoryStore()
    await store.enrol(ADA, name="Ada", realm=OWNER_REALM, user=OWNER_USER, at=NINE)
    await store.enrol(EVE, name="Owner", realm="slack:T1", user="U1", at=NINE)
    return People(store)


async def test_the_owner_is_whoever_owns_the_bridge_whatever_others_are_called() -> None:
    assert await (await known()).meant("owner") == {ADA}


async def test_an_account_or_an_id_means_one_person() -> None:
    people = await known()
    assert await people.meant("slack:T1:U1") == {EVE}
    assert await people.meant("p_eve") == {EVE}


async def test_a_name_or_someone_unknown_means_nobody() -> None:
    people = await known()
    assert await people.meant("Owner") == frozenset()
    assert await people.meant("slack:T2:U1") == frozenset()


async def test_before_the_first_start_nobody_owns_anything() -> None:
    assert await People(MemoryStore()).owners() == frozenset()
