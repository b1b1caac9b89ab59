"""The numbers of idempotent producers, kept in the append's own transaction."""

import asyncio

import pytest

from bridge.domain.errors import Conflict, ProducerFenced, ProducerGap
from bridge.domain.parts import Reply
from bridge.ports.store import Appended, Origin, Producer, Store
from tests.stores import AT, S1, S2, log_of, said, seqs, texts


async def say(store: Store, text: str, epoch: int, seq: int, name: str = "tab") -> Appended:
    return await store.append(
        S1,
        [said(text)],
        at=AT,
        origin=Origin(account=f"http:{name}", external_id=f"{S1}/{epoch}/{seq}"),
        producer=Producer(id=name, epoch=epoch, seq=seq),
    )


async def test_numbers_are_taken_in_one_after_the_other(lived_in: Store):
    for seq in range(3):
        assert not (await say(lived_in, str(seq), 0, seq)).repeated
    assert texts(await log_of(lived_in)) == ["0", "1", "2"]


async def test_a_repeated_number_gets_the_answer_of_the_first_time(lived_in: Store):
    first = await say(lived_in, "a", 0, 0)
    await say(lived_in, "b", 0, 1)
    again = await say(lived_in, "a", 0, 0)
    assert again.repeated
    assert again.events == first.events
    assert texts(await log_of(lived_in)) == ["a", "b"]


async def test_a_repeated_number_without_an_origin_is_just_a_repeat(lived_in: Store):
    number = Producer(id="tab", epoch=0, seq=0)
    await lived_in.append(S1, [said("a")], at=AT, producer=number)
    again = await lived_in.append(S1, [said("a")], at=AT, producer=number)
    assert again == Appended(repeated=True)


async def test_the_first_number_ever_is_zero(lived_in: Store):
    with pytest.raises(ProducerGap) as caught:
        await say(lived_in, "a", 0, 1)
    assert (caught.value.expected, caught.value.received) == (0, 1)
    assert await log_of(lived_in) == []


async def test_a_number_that_leaves_one_out_is_a_gap(lived_in: Store):
    await say(lived_in, "a", 0, 0)
    with pytest.raises(ProducerGap) as caught:
        await say(lived_in, "c", 0, 2)
    assert (caught.value.expected, caught.value.received) == (1, 2)
    assert texts(await log_of(lived_in)) == ["a"]


async def test_a_newer_epoch_begins_at_zero_again(lived_in: Store):
    await say(lived_in, "a", 0, 0)
    with pytest.raises(ProducerGap) as caught:
        await say(lived_in, "b", 1, 1)
    assert (caught.value.expected, caught.value.received) == (0, 1)
    assert not (await say(lived_in, "b", 1, 0)).repeated


async def test_an_older_epoch_is_fenced(lived_in: Store):
    await say(lived_in, "a", 4, 0)
    with pytest.raises(ProducerFenced) as caught:
        await say(lived_in, "b", 3, 0)
    assert caught.value.epoch == 4
    assert texts(await log_of(lived_in)) == ["a"]


async def test_an_older_epoch_is_fenced_even_for_what_it_said_itself(lived_in: Store):
    await say(lived_in, "a", 0, 0)
    await say(lived_in, "b", 1, 0)
    with pytest.raises(ProducerFenced):
        await say(lived_in, "a", 0, 0)


async def test_a_refused_input_uses_its_number_up(lived_in: Store):
    reply = Reply(text="You may not.", refused=True)
    origin = Origin(account="http", external_id="0", reply=reply)
    number = Producer(id="tab", epoch=0, seq=0)
    await lived_in.append(S1, [], at=AT, origin=origin, producer=number)
    again = await lived_in.append(S1, [said("a")], at=AT, origin=origin, producer=number)
    assert (again.repeated, again.reply) == (True, reply)
    assert not (await say(lived_in, "b", 0, 1)).repeated
    assert texts(await log_of(lived_in)) == ["b"]


async def test_a_conflict_leaves_the_number_free(lived_in: Store):
    number = Producer(id="tab", epoch=0, seq=0)
    with pytest.raises(Conflict):
        await lived_in.append(S1, [said("a")], at=AT, expect=5, producer=number)
    assert not (await say(lived_in, "a", 0, 0)).repeated


async def test_a_known_origin_under_a_fresh_number_uses_that_number_up(lived_in: Store):
    origin = Origin(account="http", external_id="same")
    for seq in range(2):
        number = Producer(id="tab", epoch=0, seq=seq)
        appended = await lived_in.append(S1, [said("a")], at=AT, origin=origin, producer=number)
    assert appended.repeated
    assert seqs(appended.events) == [1]
    assert not (await say(lived_in, "b", 0, 2)).repeated


async def test_producers_count_for_themselves_in_each_session(lived_in: Store):
    await say(lived_in, "a", 0, 0, name="tab")
    assert not (await say(lived_in, "b", 0, 0, name="phone")).repeated
    elsewhere = await lived_in.append(
        S2, [said("c")], at=AT, producer=Producer(id="tab", epoch=0, seq=0)
    )
    assert not elsewhere.repeated


async def test_numbers_sent_together_are_taken_in_in_their_order(lived_in: Store):
    calls = [asyncio.create_task(say(lived_in, str(n), 0, n)) for n in range(20)]
    await asyncio.gather(*calls)
    assert texts(await log_of(lived_in)) == [str(n) for n in range(20)]


async def test_a_number_sent_many_times_at_once_is_taken_in_once(lived_in: Store):
    appended = await asyncio.gather(*[say(lived_in, "a", 0, 0) for _ in range(20)])
    assert sum(not each.repeated for each in appended) == 1
    assert texts(await log_of(lived_in)) == ["a"]
