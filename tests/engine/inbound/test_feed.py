"""The feed: order, repeats, a store that is away, catching up, marks, and death at every edge.

The platform here forgets nothing: what was not acknowledged is brought again, and all that was ever
said in a place can be read back. What the log has is what the inbox took first of each id.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from bridge.domain.content import Content
from bridge.domain.errors import (
    Gone,
    RateLimited,
    Rejected,
    StoreUnavailable,
    Unauthorized,
    Unreachable,
)
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbound, Relocated, Reported, Sender, Spoken, Unread
from bridge.domain.parts import Address, Reply
from bridge.engine.account_state import AccountState
from bridge.engine.inbound import feed as module
from bridge.engine.inbound.feed import AccountFeed
from bridge.ports.feed import Item, Mark, Marking, NotStored, Progress
from bridge.ports.store import Origin
from tests.stores import AT, S1, later, opened, said
from tests.waiting import soon, until

ACCOUNT = ChannelName("chat")
MARKING = Marking(prefixes=("read:",), overlap=2)


class QuickClock:
    """Pauses take no time, and let everything else happen."""

    def now(self):
        return AT

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@dataclass
class Facts:
    kept: dict[str, str] = field(default_factory=dict)
    is_full: bool = False

    async def get(self, key: str) -> str | None:
        return self.kept.get(key)

    async def put(self, key: str, value: str) -> None:
        if self.is_full:
            raise StoreUnavailable
        self.kept[key] = value

    async def remove(self, key: str) -> None:
        self.kept.pop(key, None)

    async def all(self) -> Mapping[str, str]:
        return dict(self.kept)


@dataclass
class Log:
    """An inbox. It takes each id once; `slow` places keep it waiting, `refusals` are raised."""

    texts: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    reply: Reply | None = None
    is_full: bool = False

    async def __call__(self, heard: Inbound | Reported | Relocated | Unread) -> Reply | None:
        if isinstance(heard, Unread):
            if self.is_full:
                raise StoreUnavailable
            self.unread.append(heard)
            return None
        assert isinstance(heard, Inbound)
        self.calls.append(heard.external_id)
        if heard.address.place in self.slow:
            await self.slow[heard.address.place].wait()
        await self._takes_time()
        if self.is_full:
            raise StoreUnavailable
        if self.refusals:
            raise self.refusals.pop(0)
        if heard.external_id not in self.texts:
            self.texts.append(heard.external_id)
        await self._takes_time()
        return self.reply

    async def _takes_time(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)

    def of(self, place: str) -> list[str]:
        return [each for each in self.texts if each.startswith(f"{place}/")]


def inbound(key: str) -> Inbound:
    place = key.partition("/")[0]
    return Inbound(
        external_id=key,
        address=Address(channel=ACCOUNT, place=place),
        sender=Sender(realm="chat", user="ada", name="Ada"),
        what=Spoken(message=MessageId(key), content=Content(text=key)),
    )


def item(place: str, number: int, *, mark: bool = True, **more) -> Item:
    key = f"{place}/{number}"
    known = {
        "what": inbound(key),
        "mark": Mark(name=f"read:{place}", position=number) if mark else None,
    }
    return Item(key=key, place=place, **(known | more))


def keys(place: str, numbers: Sequence[int] | range) -> list[str]:
    return [f"{place}/{number}" for number in numbers]


async def many(steps: int) -> None:
    """Let the loop do so many other things."""
    for _ in range(steps):
        await asyncio.sleep(0)


@dataclass
class Platform:
    """All that was said, by place. `page`: how many messages it tells at once, after `steps`."""

    said: dict[str, list[int]] = field(default_factory=dict)
    page: int = 100
    faults: list[Exception] = field(default_factory=list)
    asked: list[tuple[str, int]] = field(default_factory=list)
    closed: asyncio.Event | None = None
    steps: int = 1

    def history(self, feed: AccountFeed):
        async def pages(place: str) -> AsyncIterator[Sequence[Item]]:
            after = feed.marks.after(f"read:{place}") or 0
            while True:
                self.asked.append((place, after))
                await many(self.steps)
                if self.closed is not None:
                    await self.closed.wait()
                if self.faults:
                    raise self.faults.pop(0)
                later = sorted(each for each in self.said.get(place, ()) if each > after)
                found = later[: self.page]
                yield [item(place, number) for number in found]
                if len(found) < self.page:
                    return
                after = found[-1]

        return pages


def fresh(facts: Facts | None = None, **options) -> AccountFeed:
    return AccountFeed(ACCOUNT, facts or Facts(), QuickClock(), **{"marking": MARKING, **options})


@asynccontextmanager
async def running(feed: AccountFeed, log, platform: Platform | None = None):
    """Run a feed until the context ends."""
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    history = platform.history(feed) if platform is not None else None
    task = asyncio.create_task(feed.run(log, work, history=history))
    await soon(begun.wait())
    try:
        yield task
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


# -- order ----------------------------------------------------------------------------------------


async def test_what_is_put_is_handed_in_in_the_order_of_its_place():
    feed, log = fresh(), Log()
    async with running(feed, log):
        await asyncio.gather(*[feed.put(item("a", number)) for number in (1, 2, 3)])
    assert log.texts == keys("a", [1, 2, 3])


async def test_of_those_that_wait_the_least_order_goes_first():
    feed, log = fresh(), Log(slow={"a": asyncio.Event()})
    async with running(feed, log):
        feed.put(item("a", 0))
        await until(lambda: log.calls)
        waiting = [feed.put(item("a", number, order=number)) for number in (3, 1, 2)]
        log.slow["a"].set()
        await asyncio.gather(*waiting)
    assert log.texts == keys("a", range(4))


async def test_a_slow_place_holds_up_no_other():
    feed, log = fresh(), Log(slow={"a": asyncio.Event()})
    async with running(feed, log):
        slow = feed.put(item("a", 1))
        await feed.put(item("b", 1))
        assert not slow.done()


async def test_what_has_to_be_made_is_made_when_its_turn_has_come_and_once():
    """A name is looked up, an album waited for: not again because the store was away."""
    feed, log = fresh(), Log(refusals=[StoreUnavailable(), StoreUnavailable()])
    made: list[int] = []

    async def make() -> Inbound:
        made.append(len(log.texts))
        return inbound("a/2")

    async with running(feed, log):
        await asyncio.gather(feed.put(item("a", 1)), feed.put(item("a", 2, what=make)))
    assert log.texts == keys("a", [1, 2])
    assert made == [1]


async def test_what_is_no_concern_of_ours_only_moves_the_mark():
    facts, log = Facts(), Log()
    feed = fresh(facts)
    async with running(feed, log):
        assert await feed.put(item("a", 7, what=None)) is None
    assert log.calls == []
    assert facts.kept == {"read:a": "7"}


# -- repeats --------------------------------------------------------------------------------------


async def test_all_deliveries_of_one_thing_wait_for_the_same_and_have_its_reply():
    feed, log = fresh(), Log(slow={"a": asyncio.Event()}, reply=Reply(text="done"))
    shown: list[Reply | None] = []

    async def answer(reply: Reply | None) -> None:
        shown.append(reply)

    async with running(feed, log):
        first, second = (feed.put(item("a", 1, answer=answer)) for _ in range(2))
        log.slow["a"].set()
        assert await first == await second == Reply(text="done")
        assert await feed.put(item("a", 1, answer=answer)) == Reply(text="done")
    assert log.calls == ["a/1"]
    assert shown == [Reply(text="done")]


async def test_repeats_are_known_in_the_next_listening():
    feed, log = fresh(), Log()
    for _ in range(2):
        async with running(feed, log):
            await feed.put(item("a", 1, mark=False))
    assert log.calls == ["a/1"]


async def test_only_so_many_are_remembered_and_the_log_knows_the_rest():
    feed, log = fresh(remember=2), Log()
    async with running(feed, log):
        for number in (1, 2, 3, 3, 2, 1):
            await feed.put(item("a", number, mark=False))
    assert log.calls == keys("a", [1, 2, 3, 1])
    assert log.texts == keys("a", [1, 2, 3])


async def test_a_part_is_in_when_the_whole_is():
    feed, log = fresh(), Log(slow={"a": asyncio.Event()})
    async with running(feed, log):
        whole = feed.put(item("a", 1))
        part = feed.put(item("a", 2, part_of="a/1"))
        other = feed.put(item("a", 3))
        assert feed.put(item("a", 2, part_of="a/1")) is part
        assert not part.done()
        log.slow["a"].set()
        await asyncio.gather(whole, part, other)
        late = feed.put(item("a", 4, part_of="a/1"))
        await late
    assert log.texts == keys("a", [1, 3, 4])


# -- acknowledging --------------------------------------------------------------------------------


async def test_it_is_acknowledged_after_it_was_stored_and_answered():
    feed, log = fresh(), Log()
    order: list[str] = []

    async def answer(_: Reply | None) -> None:
        order.append(f"answered after {log.texts}")

    async with running(feed, log):
        done = feed.put(item("a", 1, answer=answer))
        done.add_done_callback(lambda _: order.append("acknowledged"))
        await done
        await asyncio.sleep(0)
    assert order == ["answered after ['a/1']", "acknowledged"]


async def test_an_answer_that_takes_long_holds_up_what_is_next_for_a_moment_only(monkeypatch):
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.01)
    feed, log = fresh(), Log()

    async def answer(_: Reply | None) -> None:
        await asyncio.Event().wait()

    async with running(feed, log):
        feed.put(item("a", 1, answer=answer))
        await soon(feed.put(item("a", 2)))


async def test_whoever_waits_only_so_long_is_told_and_it_is_stored_all_the_same():
    """A webhook that has to be answered: 503, and the repeat finds it stored."""
    feed, log = fresh(), Log(is_full=True)
    async with running(feed, log):
        with pytest.raises(NotStored):
            await feed.stored(item("a", 1), within=0.02)
        log.is_full = False
        await until(lambda: log.texts == ["a/1"])
        assert await feed.stored(item("a", 1), within=1) is None
    assert log.texts == ["a/1"]


async def test_while_nobody_listens_nothing_is_taken():
    feed = fresh()
    with pytest.raises(NotStored):
        await feed.put(item("a", 1))
    with pytest.raises(NotStored):
        await feed.stored(item("a", 1), within=1)
    assert not feed.start(lambda: asyncio.sleep(0))


async def test_whoever_waits_when_the_listening_ends_is_told():
    feed, log = fresh(), Log(slow={"a": asyncio.Event()})
    async with running(feed, log):
        waiting = feed.put(item("a", 1))
        await until(lambda: log.calls)
    with pytest.raises(NotStored):
        await waiting
    assert not log.texts


async def test_a_position_moves_to_the_first_that_waits_and_what_is_before_it_is_forgotten():
    """Telegram forgets what is before the update it is asked for; so it is not known here."""
    feed, log = fresh(), Log(slow={"b": asyncio.Event()})
    async with running(feed, log):
        assert feed.progress() == Progress(stored=None, waiting=None)
        done = [feed.put(item(place, 1, mark=False)) for place in ("a", "b", "c")]
        await asyncio.gather(done[0], done[2])
        assert feed.progress() == Progress(stored="a/1", waiting="b/1")
        assert feed.put(item("c", 1, mark=False)).done()
        log.slow["b"].set()
        await done[1]
        assert feed.progress() == Progress(stored="c/1", waiting=None)
        await feed.put(item("a", 1, mark=False))
    assert log.calls.count("a/1") == 2


async def test_another_error_ends_it_and_nothing_is_acknowledged():
    feed = fresh()
    log = Log(refusals=[ZeroDivisionError()])

    async def work() -> None:
        with suppress(NotStored):
            await feed.put(item("a", 1))
            raise AssertionError("acknowledged")
        await asyncio.Event().wait()

    with pytest.raises(ZeroDivisionError):
        await soon(feed.run(log, work))


async def test_it_ends_when_all_it_runs_for_has_ended_and_leaves_no_task():
    feed, before = fresh(), asyncio.all_tasks()

    async def work() -> None:
        await feed.put(item("a", 1))

    await soon(feed.run(Log(), work, work))
    assert asyncio.all_tasks() == before


async def test_work_beside_runs_as_long_as_the_feed():
    feed, log, ended = fresh(), Log(), asyncio.Event()

    async def beside() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with running(feed, log):
        assert feed.start(beside)
        await asyncio.sleep(0)
    assert ended.is_set()


# -- marks ----------------------------------------------------------------------------------------


async def test_a_mark_is_kept_and_read_again():
    facts, log = Facts(kept={"other": "not ours"}), Log()
    feed = fresh(facts)
    async with running(feed, log):
        for number in (5, 8, 7):
            await feed.put(item("a", number))
        await until(lambda: facts.kept.get("read:a") == "8 7")
    again = fresh(facts)
    async with running(again, log):
        assert again.marks.names() == ("read:a",)
        assert again.marks.stored("read:a") == (8, 7)
        assert again.marks.after("read:a") == 6
        await again.put(item("a", 7))
        await again.put(item("a", 6))
    assert log.calls == keys("a", [5, 8, 7, 6])


async def test_a_mark_never_passes_an_older_thing_that_waits():
    """Two places of one room have one mark, and do not wait for each other."""
    facts = Facts()
    feed, log = fresh(facts), Log(slow={"thread": asyncio.Event()})
    thread = Mark(name="read:room", position=2)
    async with running(feed, log):
        feed.put(item("room", 1))
        waits = feed.put(
            Item(key="thread/2", place="thread", what=inbound("thread/2"), mark=thread)
        )
        await feed.put(item("room", 30))
        await until(lambda: facts.kept == {"read:room": "1"})
        log.slow["thread"].set()
        await waits
        await until(lambda: facts.kept == {"read:room": "30"})


async def test_marks_that_cannot_be_kept_are_kept_later():
    facts, log = Facts(is_full=True), Log()
    feed = fresh(facts)
    async with running(feed, log):
        await feed.put(item("a", 1))
        await asyncio.sleep(0.01)
        assert facts.kept == {}
        facts.is_full = False
        await until(lambda: facts.kept == {"read:a": "1"})


async def test_a_mark_can_be_begun_once_and_forgotten():
    facts = Facts()
    feed = fresh(facts)
    async with running(feed, Log()):
        feed.marks.begin("read:a", 3)
        feed.marks.begin("read:a", 9)
        feed.marks.begin("read:b", 1)
        await until(lambda: facts.kept == {"read:a": "3", "read:b": "1"})
        feed.marks.forget("read:a")
        feed.marks.forget("read:a")
        assert feed.marks.after("read:a") is None
        await until(lambda: facts.kept == {"read:b": "1"})


# -- catching up ----------------------------------------------------------------------------------


async def test_a_thousand_missed_messages_come_before_the_live_ones_beside_them():
    platform, log = Platform({"a": list(range(1, 1001))}), Log()
    feed = fresh()
    async with running(feed, log, platform):
        feed.catch_up("a")
        live = []
        for number in range(1001, 1101):
            platform.said["a"].append(number)
            live.append(feed.put(item("a", number)))
            await asyncio.sleep(0)
        await soon(asyncio.gather(*live))
    assert log.texts == keys("a", range(1, 1101))
    assert len(log.calls) == 1100


async def test_other_places_are_heard_while_one_is_caught_up():
    platform, log = Platform({"a": [1]}, closed=asyncio.Event()), Log()
    feed = fresh()
    async with running(feed, log, platform):
        feed.up_to_date("b")
        held = feed.put(item("a", 2))
        await feed.put(item("b", 1))
        assert not held.done()
        platform.closed.set()
        await held
    assert log.of("a") == keys("a", [1, 2])


async def test_a_place_is_read_back_once_after_each_cut():
    platform, log = Platform({"a": [1]}), Log()
    feed = fresh()
    async with running(feed, log, platform):
        await feed.put(item("a", 2))
        await feed.put(item("a", 3))
        feed.catch_up("a")
        assert len(platform.asked) == 1
        feed.cut()
        platform.said["a"] += [2, 3, 4]
        await feed.put(item("a", 5))
    assert [place for place, _ in platform.asked] == ["a", "a"]
    assert log.texts == keys("a", range(1, 6))


async def test_a_cut_while_it_is_read_back_has_it_read_again():
    platform, log = Platform({"a": [1]}, closed=asyncio.Event()), Log()
    feed = fresh()
    async with running(feed, log, platform):
        held = feed.put(item("a", 3))
        await until(lambda: platform.asked)
        feed.cut()
        platform.closed.set()
        platform.said["a"].append(2)
        await held
    assert len(platform.asked) == 2
    assert log.texts == keys("a", [1, 2, 3])


async def test_the_places_of_one_scope_are_held_back_together():
    """A room and the threads in it."""
    platform, log = Platform({"room": [1]}, closed=asyncio.Event()), Log()
    feed = fresh()
    async with running(feed, log, platform):
        held = feed.put(item("thread", 5, scope="room", mark=False))
        await until(lambda: platform.asked)
        assert not held.done()
        platform.closed.set()
        await held
    assert log.texts == ["room/1", "thread/5"]


async def test_what_piles_up_is_not_held_but_read_back(monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 10)
    platform, log = Platform({"a": []}), Log(slow={"a": asyncio.Event()})
    feed = fresh()
    async with running(feed, log, platform):
        for number in range(1, 61):
            platform.said["a"].append(number)
            feed.put(item("a", number))
            await asyncio.sleep(0)
        assert len(feed._now.lanes["a"].live) <= 11
        log.slow["a"].set()
        await until(lambda: len(log.texts) == 60)
        await until(lambda: feed.marks.stored("read:a")[:1] == (60,))
    assert log.texts == keys("a", range(1, 61))


async def test_what_piles_up_while_the_last_page_is_handed_in_is_read_back_too(monkeypatch):
    """It came after the page was read, and is not held: so there has to be one more page."""
    monkeypatch.setattr(module, "MOST_WAITING", 5)
    platform, log = Platform({"a": [1, 2]}), Log(slow={"a": asyncio.Event()})
    feed = fresh()
    async with running(feed, log, platform):
        feed.catch_up("a")
        await until(lambda: log.calls)
        for number in range(3, 20):
            platform.said["a"].append(number)
            feed.put(item("a", number))
        log.slow["a"].set()
        await until(lambda: len(log.texts) == 19)
    assert log.texts == keys("a", range(1, 20))


@pytest.mark.parametrize(
    "fault", [Unreachable(), RateLimited(until=later(3)), RateLimited(until=later(-3))]
)
async def test_a_history_that_cannot_be_read_now_is_read_again_until_it_can(fault):
    platform, log = Platform({"a": [1, 2]}, page=1, faults=[fault] * 9), Log()
    feed = fresh()
    async with running(feed, log, platform):
        await feed.put(item("a", 3))
    assert log.texts == keys("a", [1, 2, 3])


@pytest.mark.parametrize("fault", [Gone(), Rejected()])
async def test_a_history_that_may_not_be_read_holds_nothing_up(fault):
    platform, log = Platform({"a": [1]}, faults=[fault]), Log()
    feed = fresh()
    async with running(feed, log, platform):
        await feed.put(item("a", 2))
    assert log.texts == keys("a", [2])


async def test_the_owner_is_told_once_why_a_history_may_not_be_read_and_not_of_a_closed_place():
    faults = [Gone(), *(Rejected("no scope", code="scope") for _ in range(3))]
    platform, log = Platform(faults=faults), Log()
    feed = fresh()
    for places in ("ab", "cd"):
        async with running(feed, log, platform):
            for place in places:
                await feed.put(item(place, 1))
            await until(lambda: log.unread)
    assert log.unread == [Unread(channel=ACCOUNT, code="scope", why="no scope")]


async def test_what_could_not_be_told_is_told_at_the_next_refusal():
    platform, log = Platform(faults=[Rejected("no", code="scope")]), Log(is_full=True)
    feed = fresh()
    async with running(feed, log, platform):
        feed.catch_up("a")
        await until(lambda: platform.asked and not platform.faults and not feed._refusals)
        log.is_full = False
        platform.faults = [Rejected("no", code="scope")]
        feed.cut()
        await feed.put(item("a", 1))
        await until(lambda: log.unread)


async def test_refused_credentials_end_it():
    platform, feed = Platform(faults=[Unauthorized()]), fresh()
    async with running(feed, Log(), platform) as task:
        feed.catch_up("a")
        with pytest.raises(Unauthorized):
            await soon(task)


async def test_a_place_that_is_slow_does_not_keep_others_from_being_read_back():
    places = [f"p{number}" for number in range(2 * module.AT_ONCE)]
    platform = Platform({place: [1] for place in places})
    log = Log(slow={place: asyncio.Event() for place in places[:-1]})
    feed = fresh()
    async with running(feed, log, platform):
        for place in places:
            feed.catch_up(place)
        await until(lambda: log.texts == [f"{places[-1]}/1"])


# -- giving way ----------------------------------------------------------------------------------


class Hourglass(QuickClock):
    """Time that is over when the test says so: `run_out` ends the pauses of a minute and more."""

    def __init__(self) -> None:
        self.run_out = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        if seconds >= 60:
            await self.run_out.wait()
        await asyncio.sleep(0)


def patient(clock: QuickClock, facts: Facts | None = None) -> AccountFeed:
    return AccountFeed(ACCOUNT, facts or Facts(), clock, marking=MARKING, patience=60)


async def test_what_is_live_waits_only_so_long_and_no_mark_moves_before_all_was_read_back():
    """A history may take minutes. Killed meanwhile, what was not found yet is still to be found."""
    platform, log = Platform({"a": [1, 2, 3]}, page=2, closed=asyncio.Event()), Log()
    clock, facts = Hourglass(), Facts({"read:a": "0"})
    feed = patient(clock, facts)
    async with running(feed, log, platform):
        held = feed.put(item("a", 4))
        await until(lambda: platform.asked)
        assert not held.done()
        clock.run_out.set()
        await held
        await feed.put(item("a", 5))
        await feed.marks.save()
        assert log.texts == keys("a", [4, 5])
        assert facts.kept == {"read:a": "0"}
        platform.closed.set()
        await until(lambda: feed.marks.stored("read:a") == (5, 4))
    assert log.texts == keys("a", [4, 5, 1, 2, 3])
    assert facts.kept == {"read:a": "5 4"}


async def test_what_was_found_goes_before_what_is_live_also_when_it_gave_way():
    platform, log = Platform({"a": [1, 2, 3]}), Log(slow={"a": asyncio.Event()})
    clock = Hourglass()
    feed = patient(clock)
    async with running(feed, log, platform):
        live = feed.put(item("a", 4))
        await until(lambda: log.calls)
        clock.run_out.set()
        log.slow["a"].set()
        await live
    assert log.texts == keys("a", range(1, 5))


async def test_it_is_patient_anew_after_each_cut():
    platform, log = Platform({"a": [1]}, closed=asyncio.Event()), Log()
    clock = Hourglass()
    feed = patient(clock)
    async with running(feed, log, platform):
        held = feed.put(item("a", 2))
        await until(lambda: platform.asked)
        clock.run_out.set()
        await held
        platform.closed.set()
        await until(lambda: log.texts == keys("a", [2, 1]))
        clock.run_out.clear()
        platform.closed.clear()
        platform.said["a"] += [2, 3]
        feed.cut()
        held = feed.put(item("a", 4))
        await until(lambda: len(platform.asked) == 2)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not held.done()
        platform.closed.set()
        await held
    assert log.texts == keys("a", [2, 1, 3, 4])


async def test_a_scope_whose_history_is_refused_holds_back_neither_places_nor_marks():
    platform, log, facts = Platform(faults=[Rejected()]), Log(), Facts({"read:a": "0"})
    feed = patient(Hourglass(), facts)
    async with running(feed, log, platform):
        await feed.put(item("a", 5))
    assert facts.kept == {"read:a": "5"}


async def test_where_nothing_was_missed_marks_move_at_once():
    feed = patient(Hourglass())
    async with running(feed, Log(), Platform()):
        feed.up_to_date("a")
        await feed.put(item("a", 5))
        assert feed.marks.stored("read:a") == (5,)


async def test_nothing_is_kept_of_what_was_stored_but_its_name():
    """Thousands are remembered for their repeats; their words need not be."""
    feed = fresh()
    async with running(feed, Log()):
        await feed.put(item("a", 1))
        known = feed._known.get("a/1")
        assert known is not None
        assert known.item.what is None
        assert known.what is None


# -- a store that is slow, away, or full ----------------------------------------------------------


async def test_while_the_store_is_away_the_first_stays_first():
    feed, log = fresh(), Log(refusals=[StoreUnavailable()] * 5)
    async with running(feed, log):
        await asyncio.gather(*[feed.put(item("a", number)) for number in range(3)])
    assert log.texts == keys("a", range(3))
    assert log.calls == ["a/0"] * 6 + ["a/1", "a/2"]


async def test_a_slow_store_keeps_the_order_of_each_of_many_places():
    feed, log = fresh(), Log()

    async def slow(heard):
        await asyncio.sleep(0.001)
        return await log(heard)

    async with running(feed, slow):
        done = [feed.put(item(f"p{number % 7}", number)) for number in range(140)]
        await soon(asyncio.gather(*done))
    for place in range(7):
        assert log.of(f"p{place}") == keys(f"p{place}", range(place, 140, 7))


@pytest.mark.parametrize("ear", [0, 1, 5, 40])
@pytest.mark.parametrize("telling", [0, 1, 5, 40])
async def test_a_slow_ear_beside_a_slow_platform_is_late_and_misses_nothing(ear, telling):
    """Whichever of the two is slower, a cut comes in between, and live messages come meanwhile."""
    feed, log = fresh(), Log()
    platform = Platform({"a": [1, 2, 3, 4]}, page=1, steps=telling)

    async def slow(heard):
        await many(ear)
        return await log(heard)

    async with running(feed, slow, platform):
        feed.catch_up("a")
        for number in range(5, 11):
            platform.said["a"].append(number)
            feed.put(item("a", number))
            await asyncio.sleep(0)
            if number == 7:
                feed.cut()
        await until(lambda: len(log.texts) == 10)
    assert log.of("a") == keys("a", range(1, 11))


async def test_a_full_disk_loses_nothing_and_acknowledges_nothing(tmp_path):
    """A real store on a full disk: the messages wait, and the mark stays, until there is room."""
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)

        async def inbox(heard):
            origin = Origin(account=ACCOUNT, external_id=heard.external_id)
            draft = said(f"{heard.external_id} {'x' * 20_000}")
            await store.append(S1, [draft], at=AT, origin=origin)

        def limit(pages: int):
            return lambda each: each.exec_driver_sql(f"PRAGMA max_page_count = {pages}").all()

        await store._database.write(limit(100))
        feed = AccountFeed(ACCOUNT, AccountState(store, ACCOUNT), QuickClock(), marking=MARKING)
        async with running(feed, inbox):
            done = [feed.put(item("a", number)) for number in range(50)]
            await until(lambda: (now := feed._now.lanes["a"].current) is not None and now.is_told)
            before = sum(each.done() for each in done)
            assert 0 < before < 50
            assert (await store.head(S1)) == before
            await store._database.write(limit(100_000))
            await soon(asyncio.gather(*done))
        events = await store.read(S1, after=0, limit=100)
        assert [each.body.content.text.split()[0] for each in events] == keys("a", range(50))
        assert (await AccountState(store, ACCOUNT).get("read:a")) == "49 48"


# -- death ----------------------------------------------------------------------------------------


@dataclass
class Life:
    """What outlives the process: the log, the marks, and what the platform has to bring again."""

    log: Log = field(default_factory=Log)
    facts: Facts = field(default_factory=Facts)
    unacknowledged: dict[str, Item] = field(default_factory=dict)

    def bring(self, feed: AccountFeed) -> None:
        for key, each in tuple(self.unacknowledged.items()):
            feed.put(each).add_done_callback(lambda done, key=key: self._done(key, done))

    def _done(self, key: str, done: "asyncio.Future[Reply | None]") -> None:
        if done.exception() is None:
            assert key in self.log.texts, "acknowledged before it was stored"
            self.unacknowledged.pop(key, None)


@pytest.mark.parametrize("death", range(0, 120, 2))
async def test_killed_anywhere_what_is_brought_again_is_in_the_log_once_and_in_order(death):
    """For a platform that acknowledges: at each step the process may die, then once more."""
    life = Life(unacknowledged={f"a/{n}": item("a", n, mark=False) for n in range(5)})
    for _ in range(2):
        feed = fresh(life.facts)
        task = asyncio.create_task(feed.run(life.log, asyncio.Event().wait))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        life.bring(feed)
        for _ in range(death):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    feed = fresh(life.facts)
    async with running(feed, life.log):
        life.bring(feed)
        await until(lambda: not life.unacknowledged)
    assert life.log.texts == keys("a", range(5))


@pytest.mark.parametrize("patience", [None, 1.0])
@pytest.mark.parametrize("death", range(0, 150, 2))
async def test_killed_anywhere_what_is_read_back_and_live_is_in_the_log_once_and_in_order(
    death, patience
):
    """For a platform that is read back: marks are kept now and then, live messages come beside.

    With patience, which is over at once here, what is live may come first; nothing is lost.
    """
    platform, life = Platform({"a": [1, 2, 3, 4, 5]}, page=2), Life()
    for _ in range(2):
        facts = Facts(dict(life.facts.kept))
        feed = fresh(facts, patience=patience)
        task = asyncio.create_task(
            feed.run(life.log, asyncio.Event().wait, history=platform.history(feed))
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        feed.catch_up("a")

        def live(step: int, feed: AccountFeed = feed) -> None:
            if step % 7 == 3:
                platform.said["a"].append(len(platform.said["a"]) + 1)
                feed.put(item("a", platform.said["a"][-1]))

        for step in range(death):
            live(step)
            await asyncio.sleep(0)
        life.facts.kept = dict(facts.kept)  # as it is on the disk when the process is killed
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        mark = life.facts.kept.get("read:a", "0").split()[0]
        assert set(keys("a", range(1, int(mark) + 1))) <= set(life.log.texts)
    feed = fresh(life.facts)
    async with running(feed, life.log, platform):
        feed.catch_up("a")
        await until(lambda: len(life.log.texts) == len(platform.said["a"]))
    order = sorted if patience else list
    assert order(life.log.texts) == order(keys("a", platform.said["a"]))
