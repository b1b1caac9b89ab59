"""What people wish to ring outlives the process, for all of their places or for one."""

from datetime import time

import pytest

from bridge.caches import stale
from bridge.delivery.notify import Quiet, Wish
from bridge.domain.ids import ConversationId, ParticipantId
from bridge.engine.wishes import SCOPE, Wished, Wishes
from storage.memory import MemoryStore

ADA, BOB = ParticipantId("p_ada"), ParticipantId("p_bob")
PHONE, DESK = ConversationId("c_phone"), ConversationId("c_desk")
NIGHT = Quiet(begins=time(22), ends=time(6, 30), zone="Europe/Berlin", questions=False)


async def test_who_wished_nothing_is_rung_as_everyone_is():
    assert await Wishes(MemoryStore()).of(ADA, PHONE) == Wish()


async def test_a_wish_is_for_all_places_of_one_person_and_outlives_the_process():
    store = MemoryStore()
    await Wishes(store).wish(ADA, Wished(mode="once", quiet=NIGHT))
    later = Wishes(store)
    assert await later.of(ADA, PHONE) == Wish(mode="once", quiet=NIGHT)
    assert await later.of(BOB, PHONE) == Wish()


async def test_a_place_may_differ_in_one_thing_and_be_like_the_others_again():
    wishes = Wishes(MemoryStore())
    await wishes.wish(ADA, Wished(mode="once", quiet=NIGHT))
    await wishes.wish(PHONE, Wished(mode="mute"))
    assert await wishes.of(ADA, PHONE) == Wish(mode="mute", quiet=NIGHT)
    assert await wishes.of(ADA, DESK) == Wish(mode="once", quiet=NIGHT)
    await wishes.wish(PHONE, Wished())
    assert await wishes.of(ADA, PHONE) == Wish(mode="once", quiet=NIGHT)


async def test_the_store_is_read_once_and_again_when_it_is_told_that_it_is_stale():
    store, reads = MemoryStore(), []
    read = store.facts

    async def counted(scope):
        reads.append(scope)
        return await read(scope)

    store.facts = counted
    wishes = Wishes(store)
    for _ in range(3):
        await wishes.of(ADA, PHONE)
    assert reads == [SCOPE]
    await store.keep_fact(SCOPE, ADA, '{"mode": "mute"}')
    stale("notify")
    assert (await wishes.of(ADA, PHONE)).mode == "mute"


@pytest.mark.parametrize(
    "text",
    [
        "", "not json", "[]", "7", '{"mode": "loud"}', '{"quiet": {}}', '{"quiet": 3}',
        '{"quiet": {"begins": "22:00", "ends": "07:00", "zone": "Nowhere/At", "questions": true}}',
        '{"quiet": {"begins": "25:00", "ends": "07:00", "zone": "UTC", "questions": true}}',
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_no_wish(text):
    store = MemoryStore()
    await store.keep_fact(SCOPE, ADA, text)
    assert await Wishes(store).of(ADA, PHONE) == Wish()
