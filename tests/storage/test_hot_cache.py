"""What the only writer keeps in mind is what the database holds, whatever happens in between."""

from dataclasses import replace
from pathlib import Path

from bridge.domain.events import ConversationUnlinked, Draft
from bridge.domain.ids import ConversationId, PartId
from bridge.domain.parts import Conversation, Receipt, Span
from storage.sql.caches import HotCache
from tests.stores import ADA, AT, C1, S1, S2, address, heard, later, linked, opened, said


async def followed(store) -> None:
    await store.create_session(S1, at=AT)
    await store.enrol(ADA, name="Ada", realm="telegram", user="7", at=AT)
    await store.register(C1, address(), room=False, title="", at=AT)
    await store.append(S1, [linked()], at=AT)


async def asked_anew(store) -> tuple[object, ...]:
    """Ask the same of the store and of its database; return the store's answers."""
    sources = range(1, await store.head(S1) + 1)

    async def answers() -> tuple[object, ...]:
        return (
            await store.conversation(C1),
            await store.conversation_at(address()),
            await store.identify(realm="telegram", user="7"),
            await store.receipts(S1, C1, sources=()),
            await store.receipts(S1, C1, sources=sources),
        )

    remembered = await answers()
    known, store._known = store._known, HotCache()
    assert remembered == await answers()
    store._known = known
    return remembered


def receipt(seq: int, state: str) -> Receipt:
    return Receipt(
        session=S1, conversation=C1, part=PartId(f"{seq}:0"), source=seq, upto=seq,
        span=Span(start=0, end=1), state=state, at=AT, tries=1,
    )  # fmt: skip


async def test_every_change_is_known_at_once(tmp_path: Path) -> None:
    """After each write the store says what its database says."""
    async with opened("sqlite", tmp_path) as store:
        await followed(store)
        await asked_anew(store)
        await store.append(S1, [said("one")], at=AT, origin=heard("m1"))
        await asked_anew(store)
        for state in ("attempted", "sent"):
            await store.attempt(receipt(2, state))
            await asked_anew(store)
        await store.advance(S1, C1, 2)
        lane, *_ = await asked_anew(store)
        assert isinstance(lane, Conversation)
        assert lane.cursor == 2
        await store.postpone(S1, C1, until=later(5), tries=2, error="busy", suspended=True)
        await asked_anew(store)
        await store.revive(C1)
        await asked_anew(store)
        await store.move(C1, place="2")
        moved = await store.conversation(C1)
        assert moved is not None
        assert moved.address == address("2")
        assert await store.conversation_at(address("1")) is None
        await store.append(S1, [Draft(body=ConversationUnlinked(conversation=C1))], at=AT)
        lane, *_ = await asked_anew(store)
        assert isinstance(lane, Conversation)
        assert lane.session is None


async def test_a_lane_that_changes_its_session_is_learnt_anew(tmp_path: Path) -> None:
    """Linking a place elsewhere leaves nothing of what was known."""
    async with opened("sqlite", tmp_path) as store:
        await followed(store)
        await store.create_session(S2, at=AT)
        await asked_anew(store)
        await store.append(S2, [linked()], at=AT)
        lane, *_ = await asked_anew(store)
        assert isinstance(lane, Conversation)
        assert (lane.session, lane.cursor) == (S2, 1)


def test_what_was_read_while_something_was_written_is_not_kept() -> None:
    """A slow read may be older than a quick write."""
    known = HotCache()
    lane = Conversation(id=C1, address=address(), session=S1)
    stamp = known.stamp(C1)
    known._keep(receipt(3, "sent"))
    known.learn_place(lane, stamp)
    known.learn_receipts(S1, C1, [], head=2, stamp=stamp)
    assert known.place(C1) is None
    assert known.receipts(S1, C1, [3]) is None
    known.learn_place(replace(lane, cursor=1), known.stamp(C1))
    assert known.place(C1) == replace(lane, cursor=1)


def test_receipts_from_before_it_looked_are_asked_of_the_database() -> None:
    """Of earlier sources it knows nothing; of later ones everything."""
    known = HotCache()
    known.learn_receipts(S1, C1, [], head=5, stamp=known.stamp(C1))
    known._keep(receipt(6, "sent"))
    assert known.receipts(S1, C1, [5]) is None
    assert known.receipts(S1, C1, [6, 7]) == [receipt(6, "sent")]
    assert known.receipts(S1, ConversationId("c_9"), [6]) is None
