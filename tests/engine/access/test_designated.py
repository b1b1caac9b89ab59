"""Whom the configuration means is found by role or id, never by a name."""

from datetime import UTC, datetime

import pytest

from bridge.domain.ids import ParticipantId
from bridge.engine.access.admission import BRIDGE, OUT, OWNERS
from bridge.engine.access.designated import Designated
from storage.memory import MemoryStore

NINE = datetime(2026, 1, 1, 9, tzinfo=UTC)
ADA, EVE = ParticipantId("p_ada"), ParticipantId("p_eve")


async def known() -> Designated:
    store = MemoryStore()
    await store.enrol(ADA, name="Ada", realm=BRIDGE.realm, user=BRIDGE.user, at=NINE)
    await store.enrol(EVE, name="Owner", realm="slack:T1", user="U1", at=NINE)
    return Designated(store)


async def test_the_owner_is_whoever_owns_the_bridge_whatever_others_are_called() -> None:
    assert await (await known()).meant("owner") == {ADA}


async def test_an_account_or_an_id_means_one_person() -> None:
    people = await known()
    assert await people.meant("slack:T1:U1") == {EVE}
    assert await people.meant("p_eve") == {EVE}


@pytest.mark.parametrize(
    "name", ["owner", "p_ada", "slack:T1:U1", "telegram:7", " owner ", "OWNER"]
)
async def test_whoever_is_called_like_a_role_or_an_id_of_others_is_not_meant(name: str) -> None:
    store = MemoryStore()
    await store.enrol(ADA, name="Ada", realm="slack:T1", user="U1", at=NINE)
    await store.enrol(ADA, name="Ada", realm=BRIDGE.realm, user=BRIDGE.user, at=NINE)
    await store.enrol(EVE, name=name, realm="irc", user=name, at=NINE)
    people = Designated(store)
    for meant in (name, name.strip(), name.lower(), name.upper()):
        assert EVE not in await people.meant(meant)


async def test_a_name_or_someone_unknown_means_nobody() -> None:
    people = await known()
    assert await people.meant("Owner") == frozenset()
    assert await people.meant("slack:T2:U1") == frozenset()


async def test_before_the_first_start_nobody_owns_anything() -> None:
    assert await Designated(MemoryStore()).owners() == frozenset()


async def test_whoever_used_the_owners_code_is_an_owner_and_whoever_was_put_out_is_meant_no_more():
    store = MemoryStore()
    await store.keep_fact(OWNERS, EVE, "")
    assert await Designated(store).meant("owner") == {EVE}
    await store.keep_fact(OUT, EVE, "")
    assert await Designated(store).meant("owner") == frozenset()
