"""Positions in a log, its pages, and sharing these among those who follow it."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bridge.delivery import call_display
from bridge.domain.epoch import FIRST, Epoch
from bridge.domain.errors import StoreUnavailable, UnknownSession
from bridge.domain.events import Event, PlannedCall, QuestionAsked, ToolCalled
from bridge.domain.ids import START, CallId, RunId, Seq, SessionId
from bridge.http import pages
from bridge.http.errors import Fault
from bridge.http.pages import (
    BYTES_AT_ONCE,
    CURSOR_EPOCH,
    RENDERED_AT_ONCE,
    SharedPages,
    cursor,
    offset,
    position,
    read_back,
    read_page,
    shown,
)
from storage.memory import MemoryStore
from tests.playbook import Q1
from tests.stores import AT, S1, S2, pushed
from tests.work import counted

HOUR = timedelta(hours=1)
NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


def test_an_offset_is_as_wide_for_the_first_event_as_for_the_last_so_that_they_sort() -> None:
    assert offset(0) == "0000000000000000_0000000000000000"
    assert offset(12) == "0000000000000012_0000000000000000"
    assert sorted([offset(10), offset(9)]) == [offset(9), offset(10)]


def test_a_token_is_read_back_as_the_position_it_stands_for() -> None:
    assert position(offset(7), head=7) == 7
    assert position("-1", head=7) == 0
    assert position("now", head=7) == 7


@pytest.mark.parametrize(
    "token",
    [
        "",
        "7",
        "-2",
        "NOW",
        " -1",
        f"{offset(7)} ",
        f"{offset(7)}\n",
        offset(7)[1:],
        "\u0660" * 15 + "\u0667_0000000000000000",
    ],
)
def test_what_no_server_gave_is_malformed(token: str) -> None:
    with pytest.raises(Fault) as fault:
        position(token, head=7)
    assert fault.value.status_code == 400


def test_an_offset_past_the_end_is_gone_because_the_log_was_put_back() -> None:
    with pytest.raises(Fault, match="reload from -1") as fault:
        position(offset(8), head=7)
    assert fault.value.status_code == 410


def test_a_cursor_counts_intervals_of_twenty_seconds() -> None:
    assert cursor(CURSOR_EPOCH + timedelta(seconds=59)) == "2"


def test_a_cursor_is_always_later_than_the_one_that_was_seen_by_an_hour_at_most() -> None:
    now = int(cursor(NOW))
    in_an_hour = int(cursor(NOW + HOUR))
    assert now < int(cursor(NOW, seen=str(now))) <= in_an_hour
    assert in_an_hour < int(cursor(NOW, seen=str(in_an_hour))) <= in_an_hour + (in_an_hour - now)


@pytest.mark.parametrize("seen", ["", "-5", "abc", "1" * 5000, "0"])
def test_a_cursor_that_makes_no_sense_is_ignored(seen: str) -> None:
    assert cursor(NOW, seen=seen) == cursor(NOW)


def test_an_offset_of_another_epoch_is_gone_however_far_the_log_has_come() -> None:
    """After a restore the same number is another event: the reader begins anew."""
    before, after = Epoch(id="1234567890123456"), Epoch(id="6543210987654321")
    given = offset(7, before)
    assert given == "0000000000000007_1234567890123456"
    assert position(given, head=9, epoch=before) == 7
    for epoch in (after, FIRST):
        with pytest.raises(Fault) as caught:
            position(given, head=9, epoch=epoch)
        assert (caught.value.status_code, caught.value.code) == (410, "gone")


class CountingStore(MemoryStore):
    """A memory store that counts how often its log is read, and fails when told to."""

    reads = 0
    broken = False

    async def read(self, session: SessionId, *, after: Seq, limit: int) -> Sequence[Event]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.broken:
            raise StoreUnavailable
        return await super().read(session, after=after, limit=limit)


@pytest.fixture
async def store() -> CountingStore:
    """A log of three events."""
    store = CountingStore()
    await store.create_session(S1, at=AT)
    await store.append(S1, [pushed("one"), pushed("two"), pushed("three")], at=AT)
    return store


async def test_a_page_knows_whether_there_is_more(store: CountingStore) -> None:
    two = await read_page(store, S1, after=0, events=2, size=10_000)
    assert (len(two.events), two.upto, two.at_tail) == (2, 2, False)
    rest = await read_page(store, S1, after=2, events=2, size=10_000)
    assert (len(rest.events), rest.upto, rest.at_tail) == (1, 3, True)
    empty = await read_page(store, S1, after=3, events=2, size=10_000)
    assert (empty.json, empty.upto, empty.at_tail) == (b"[]", 3, True)


@pytest.mark.parametrize(("size", "most"), [(10, RENDERED_AT_ONCE), (BYTES_AT_ONCE, 1)])
@pytest.mark.parametrize("way", [read_page, read_back])
async def test_others_go_on_while_a_long_page_is_rendered(way, size, most, monkeypatch) -> None:
    store, rendered, at_once = MemoryStore(), 0, []

    def counting(event: Event) -> dict[str, Any]:
        nonlocal rendered
        rendered += 1
        return shown(event)

    async def others() -> None:
        nonlocal rendered
        while True:
            at_once.append(rendered)
            rendered = 0
            await asyncio.sleep(0)

    await store.create_session(S1, at=AT)
    await store.append(S1, [pushed("x" * size) for _ in range(100)], at=AT)
    monkeypatch.setattr(pages, "shown", counting)
    going = asyncio.create_task(others())
    bound = {"after": 0} if way is read_page else {"before": 101}
    page = await way(store, S1, events=100, size=10_000_000, **bound)
    going.cancel()
    assert len(page.events) == 100
    assert max(*at_once, rendered) <= most


async def test_calls_that_are_long_to_write_out_hold_nobody_who_waits() -> None:
    """The loop leaves them to a thread: two of 49,900 characters took it a third of a second."""
    written = json.dumps({"words": "\u0e01\u0e48\u0e49\u0e47 " * 9_980}, ensure_ascii=False)
    call = PlannedCall(call=CallId("k_1"), name="run", arguments=written)
    asked = QuestionAsked(run=RunId("r_1"), question=Q1, kind="approval", text="?", call=call)
    called = ToolCalled(run=RunId("r_1"), call=CallId("k_1"), name="run", arguments=written)
    log = [
        Event(session=S1, seq=Seq(seq), at=AT, body=body) for seq, body in ((1, asked), (2, called))
    ]

    class Log(MemoryStore):
        async def read(self, session: SessionId, *, after: Seq, limit: int) -> list[Event]:
            return log[after : after + limit]

    for read in (
        partial(read_page, after=START, events=9, size=9_000_000),
        partial(read_back, before=Seq(3), events=9, size=9_000_000),
    ):
        call_display.text.cache_clear()
        with counted() as work:
            page = await read(Log(), S1)
        assert len(page.events) == 2
        assert work.calls < 5_000


async def test_a_page_of_an_unknown_session_is_an_error(store: CountingStore) -> None:
    with pytest.raises(UnknownSession):
        await read_page(store, S2, after=0, events=2, size=10_000)


async def test_many_followers_at_one_place_cost_one_read(store: CountingStore) -> None:
    shared = SharedPages(store, events=100, size=10_000)
    got = await asyncio.gather(*(shared.after(S1, 1) for _ in range(50)))
    assert {page.upto for page in got} == {3}
    assert store.reads == 1
    assert (await shared.after(S1, 2)).upto == 3
    assert store.reads == 2


async def test_an_empty_page_is_not_kept(store: CountingStore) -> None:
    shared = SharedPages(store, events=100, size=10_000)
    assert (await shared.after(S1, 3)).events == ()
    await store.append(S1, [pushed("four")], at=AT)
    assert (await shared.after(S1, 3)).upto == 4


async def test_a_page_is_read_anew_after_a_second(
    store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.http.pages.SHARED_SECONDS", 0.02)
    shared = SharedPages(store, events=100, size=10_000)
    await shared.after(S1, 0)
    await store.append(S1, [pushed("four")], at=AT)
    await asyncio.sleep(0.04)
    assert (await shared.after(S1, 0)).upto == 4


async def test_a_failed_read_is_everyones_and_is_not_kept(store: CountingStore) -> None:
    shared = SharedPages(store, events=100, size=10_000)
    store.broken = True
    both = await asyncio.gather(shared.after(S1, 0), shared.after(S1, 0), return_exceptions=True)
    assert [type(each) for each in both] == [StoreUnavailable, StoreUnavailable]
    store.broken = False
    assert (await shared.after(S1, 0)).upto == 3


async def test_a_follower_that_leaves_does_not_end_the_read_for_the_others(
    store: CountingStore,
) -> None:
    shared = SharedPages(store, events=100, size=10_000)
    first = asyncio.create_task(shared.after(S1, 0))
    second = asyncio.create_task(shared.after(S1, 0))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).upto == 3
