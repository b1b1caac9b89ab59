"""What is kept of subscriptions, when several things are done with one at once."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from bridge.delivery.subscription import KEPT, Cursor, Subscription, scope_of
from bridge.domain.errors import NotFound
from bridge.domain.ids import ParticipantId, Seq, SessionId
from bridge.domain.records import replace
from bridge.engine.outbound.subscription_book import SubscriptionBook, SubscriptionDesk
from storage.memory import MemoryStore
from tests.stores import StillClock

ADA, MAIN = ParticipantId("p_ada"), SessionId("s_main")


class Slow(MemoryStore):
    """What is read comes late where `late` is not set, and is what was there when it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.late = asyncio.Event()
        self.late.set()
        self.read = asyncio.Event()

    async def facts(self, scope: str) -> Mapping[str, str]:
        found = await super().facts(scope)
        self.read.set()
        await self.late.wait()
        return found


@pytest.fixture
def store() -> Slow:
    return Slow()


@pytest.fixture
def book(store: Slow) -> SubscriptionBook:
    return SubscriptionBook(store)


def desk(book: SubscriptionBook, store: Slow) -> SubscriptionDesk:
    sessions: Any = None
    return SubscriptionDesk(book, store, sessions, StillClock(), wake=lambda *_: None)


def made(number: str) -> Subscription:
    at = "2026-12-01T00:00:00+00:00"
    return Subscription(id=number, by=ADA, url="https://a.example/x", secret="whsec_a", made=at)


async def test_one_that_is_made_while_all_are_read_is_known(
    book: SubscriptionBook, store: Slow
) -> None:
    store.late.clear()
    reading = asyncio.ensure_future(book.known())
    await store.read.wait()
    await book.keep(made("sub_1"))
    store.late.set()
    assert list(await reading) == ["sub_1"]
    assert list(await book.known()) == ["sub_1"]


async def test_one_that_is_removed_while_its_end_is_noted_stays_removed(
    book: SubscriptionBook, store: Slow
) -> None:
    """Also where somebody else removed it from the store: it was forgotten with its person."""
    await book.keep(made("sub_1"))
    await book.known()
    await store.drop_fact(KEPT, "sub_1")
    assert await book.change("sub_1", lambda each: replace(each, state="ended")) is None
    assert await store.facts(KEPT) == {}
    assert await book.known() == {}


async def test_nothing_is_kept_of_how_far_one_was_that_is_removed(
    book: SubscriptionBook, store: Slow
) -> None:
    await book.keep(made("sub_1"))
    await book.move(made("sub_1"), MAIN, Cursor.dropped_upto(Seq(3)))
    store.late.clear()
    dropping = asyncio.ensure_future(book.drop(made("sub_1")))
    await asyncio.sleep(0)
    moving = asyncio.ensure_future(book.move(made("sub_1"), MAIN, Cursor.dropped_upto(Seq(4))))
    store.late.set()
    await asyncio.gather(dropping, moving)
    assert await store.facts(scope_of("sub_1")) == {}


async def test_a_new_secret_is_not_lost_to_whoever_parks_it_meanwhile(
    book: SubscriptionBook, store: Slow
) -> None:
    await book.keep(made("sub_1"))
    old = await book.one("sub_1")
    assert old is not None
    new = await desk(book, store).rotate(old)
    await book.change("sub_1", lambda each: replace(each, state="parked"))
    known = await book.one("sub_1")
    assert known is not None
    assert (known.secret, known.before, known.state) == (new.secret, old.secret, "parked")
    await desk(book, store).retry(old)
    known = await book.one("sub_1")
    assert known is not None
    assert (known.secret, known.state) == (new.secret, "on")


async def test_one_that_was_removed_gets_no_other_secret(
    book: SubscriptionBook, store: Slow
) -> None:
    with pytest.raises(NotFound):
        await desk(book, store).rotate(made("sub_1"))
    assert await store.facts(KEPT) == {}


async def test_the_same_question_in_two_sessions_is_told_twice(
    book: SubscriptionBook, store: Slow
) -> None:
    asked: dict[str, Any] = {"by": ADA, "url": "https://a.example/x", "asked": Seq(3)}
    one = await desk(book, store).call_back(session=MAIN, question="ask_1", **asked)
    other = await desk(book, store).call_back(session=SessionId("s_b"), question="ask_1", **asked)
    again = await desk(book, store).call_back(session=MAIN, question="ask_1", **asked)
    assert one.id != other.id
    assert again == one
