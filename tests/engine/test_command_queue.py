"""One queue per session: what is asked at once is decided as one, and nobody sees a conflict."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import pytest

from bridge.domain.commands import Answer, Change, Command, EndRun, Join, Leave, Push
from bridge.domain.content import Content, Option
from bridge.domain.errors import Conflict, Refused, RunOver, StoreUnavailable
from bridge.domain.events import (
    Draft,
    Event,
    MessageReceived,
    ParticipantJoined,
    QuestionClosed,
    SettingChanged,
    Source,
)
from bridge.domain.ids import START
from bridge.domain.parts import Reply
from bridge.domain.run_output import Asking
from bridge.engine import command_queue as dispatcher
from bridge.engine.command_queue import CommandQueue
from bridge.ports.store import Appended, Origin, Producer
from bridge.session.fold import Session
from storage.memory import MemoryStore
from tests.engine.rig import MoodyStore, SetClock
from tests.playbook import ADA, BOB, DM, EVE, HERE, Q1, R1, R2, end, say, start
from tests.waiting import until

CROWD = 64


class Told:
    """Who was woken, and of what."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.heads: list[int] = []

    def __call__(self, session: Session, fresh: Sequence[Event]) -> None:
        self.calls.append([event.seq for event in fresh])
        self.heads.append(session.head)


async def opened(store: MemoryStore) -> tuple[CommandQueue, Told]:
    """Return the queue of a new session that Ada owns."""
    told, clock = Told(), SetClock()
    await store.create_session(HERE, at=clock.now())
    queue = CommandQueue(HERE, store, clock, told)
    await ask(queue, Join(participant=ADA, role="owner"))
    told.calls.clear()
    return queue, told


async def ask(queue: CommandQueue, command: Command, origin: Origin | None = None) -> Appended:
    return await queue.submit(lambda _: (command, None), origin, None)


def origin(number: int) -> Origin:
    return Origin(account="chat", external_id=f"m{number}")


async def straight(store: MemoryStore, queue: CommandQueue, body) -> None:
    """Append past the queue, as another process would."""
    await store.append(HERE, [Draft(body=body)], at=queue.clock.now())


async def log(store: MemoryStore) -> Sequence[Event]:
    return await store.read(HERE, after=START, limit=10_000)


def entitled(value: str) -> Change:
    return Change(scope="session", name="title", value=value, by=ADA)


async def with_question(queue: CommandQueue) -> None:
    """Let a run end on a question."""
    await ask(queue, say("hello"))
    await ask(queue, start(R1))
    options = (Option(id="tea", label="Tea"), Option(id="coffee", label="Coffee"))
    question = Asking(question=Q1, kind="choice", text="Tea or coffee?", options=options)
    await ask(queue, EndRun(run=R1, upto=2, questions=(question,)))


# -- many at once ---------------------------------------------------------------------------------


async def test_what_is_said_at_once_lands_densely_in_the_order_it_was_asked() -> None:
    """64 sayings at once are one set: no gap, no conflict, one call to the workers."""
    store = MemoryStore()
    queue, told = await opened(store)
    landed = await asyncio.gather(*(ask(queue, say(f"word {n}")) for n in range(CROWD)))
    assert [each.events[0].seq for each in landed] == list(range(2, CROWD + 2))
    words = [each.body.content.text for each in (await log(store))[1:]]
    assert words == [f"word {n}" for n in range(CROWD)]
    assert told.calls == [list(range(2, CROWD + 2))]


async def test_commands_that_hang_on_the_fold_do_not_fight_over_the_head() -> None:
    """Each is decided against the fold as the ones before it leave it."""
    queue, _ = await opened(MemoryStore())
    asked = [entitled(f"title {n}") for n in range(CROWD)]
    landed = await asyncio.gather(*(ask(queue, each) for each in asked))
    assert all(each.fresh for each in landed)
    assert (await queue.fold()).title == f"title {CROWD - 1}"


async def test_whoever_joins_may_speak_in_the_same_breath() -> None:
    queue, _ = await opened(MemoryStore())
    joined, said, left, late = await asyncio.gather(
        ask(queue, Join(participant=BOB, role="member")),
        ask(queue, say("hello", by=BOB)),
        ask(queue, Leave(participant=BOB, by=ADA)),
        ask(queue, say("still here?", by=BOB)),
        return_exceptions=True,
    )
    assert [each.events[0].seq for each in (joined, said, left)] == [2, 3, 4]
    assert isinstance(late, Refused)


async def test_more_than_a_set_is_served_in_sets() -> None:
    queue, told = await opened(MemoryStore())
    many = dispatcher.SET_SIZE + 10
    await asyncio.gather(*(ask(queue, say(f"word {n}")) for n in range(many)))
    assert [len(call) for call in told.calls] == [dispatcher.SET_SIZE, 10]
    assert queue.is_idle()


async def test_of_two_answers_at_once_the_first_stands() -> None:
    queue, _ = await opened(MemoryStore())
    await with_question(queue)
    await ask(queue, Join(participant=BOB, role="member"))
    first, second = await asyncio.gather(
        ask(queue, Answer(by=ADA, question=Q1, answer="tea")),
        ask(queue, Answer(by=BOB, question=Q1, answer="coffee")),
        return_exceptions=True,
    )
    assert first.events[0].body.answer == "tea"
    assert isinstance(second, Refused)


async def test_a_command_that_cannot_be_decided_fails_its_asker_alone() -> None:
    queue, _ = await opened(MemoryStore())

    def broken(_: Session):
        raise ZeroDivisionError

    said, failed, said_too = await asyncio.gather(
        ask(queue, say("one")),
        queue.submit(broken, None, None),
        ask(queue, say("two")),
        return_exceptions=True,
    )
    assert isinstance(failed, ZeroDivisionError)
    assert [said.events[0].seq, said_too.events[0].seq] == [2, 3]


async def test_what_was_asked_is_done_although_the_asker_went_away() -> None:
    """A connection that drops takes nothing back."""
    store = MemoryStore()
    queue, _ = await opened(store)
    asking = asyncio.create_task(ask(queue, say("hello")))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait({asking})
    await ask(queue, say("after"))
    words = [each.body.content.text for each in (await log(store))[1:]]
    assert words == ["hello", "after"]


# -- repeats and refusals -------------------------------------------------------------------------


async def test_a_repeat_in_the_same_set_is_one_event() -> None:
    """And what was decided after it in that set is decided again, at the true head."""
    store = MemoryStore()
    queue, told = await opened(store)
    first, repeat, title = await asyncio.gather(
        ask(queue, say("hello"), origin(1)),
        ask(queue, say("hello"), origin(1)),
        ask(queue, entitled("Ours")),
    )
    assert first.events == repeat.events
    assert (first.repeated, repeat.repeated) == (False, True)
    assert [type(each.body) for each in await log(store)] == [
        ParticipantJoined,
        MessageReceived,
        SettingChanged,
    ]
    assert title.events[0].seq == 3
    assert [seq for call in told.calls for seq in call] == [2, 3], "a repeat wakes nobody"


async def test_a_refusal_with_an_origin_is_kept_and_repeated() -> None:
    """It stays refused when it is delivered again, even if it would be allowed by then."""
    store = MemoryStore()
    queue, _ = await opened(store)
    first = await ask(queue, say("hello", by=EVE), origin(1))
    assert first.reply is not None
    assert first.reply.refused
    await ask(queue, Join(participant=EVE, role="member"))
    again = await ask(queue, say("hello", by=EVE), origin(1))
    assert again.reply == first.reply
    assert (again.events, again.repeated) == ((), True)
    assert len(await log(store)) == 2


async def test_a_refusal_without_an_origin_is_raised_and_leaves_nothing() -> None:
    store = MemoryStore()
    queue, told = await opened(store)
    with pytest.raises(Refused):
        await ask(queue, say("hello", by=EVE))
    assert len(await log(store)) == 1
    assert told.calls == []


async def test_a_refused_input_of_a_producer_says_so_and_uses_its_number_up() -> None:
    queue, _ = await opened(MemoryStore())

    def numbered(command: Command, seq: int):
        producer = Producer(id="tab", epoch=0, seq=seq)
        return queue.submit(lambda _: (command, None), None, producer)

    refused = await numbered(say("hello", by=EVE), 0)
    assert refused.reply is not None
    assert refused.reply.refused
    assert (await numbered(say("hello"), 1)).fresh


async def test_a_reply_alone_is_kept_for_its_repeat() -> None:
    store = MemoryStore()
    queue, _ = await opened(store)
    told = [Reply(text="one"), Reply(text="two")]

    async def help_me() -> Appended:
        return await queue.submit(lambda _: (None, told.pop(0)), origin(1), None)

    assert (await help_me()).reply == Reply(text="one")
    repeat = await help_me()
    assert (repeat.reply, repeat.repeated) == (Reply(text="one"), True)
    assert len(await log(store)) == 1


async def test_a_keyed_push_is_one_event_whoever_sends_it() -> None:
    queue, told = await opened(MemoryStore())
    push = Push(source=Source(kind="api"), content=Content(text="built"), key="build 7", by=ADA)
    first, second = await asyncio.gather(ask(queue, push), ask(queue, push))
    assert first.events == second.events
    assert second.fresh == ()
    assert told.calls == [[2]]


async def test_a_run_that_is_over_is_told_so() -> None:
    queue, _ = await opened(MemoryStore())
    await ask(queue, say("hello"))
    await ask(queue, start(R1))
    await ask(queue, end(R1, "done", upto=2))
    with pytest.raises(RunOver):
        await ask(queue, end(R1, "once more", upto=2))
    with pytest.raises(RunOver):
        await ask(queue, end(R2, "who am I?", upto=2))


# -- another writer -------------------------------------------------------------------------------


async def test_a_fold_that_another_writer_overtook_is_folded_anew() -> None:
    """A saying lands after what the other one wrote, and the fold has both."""
    store = MemoryStore()
    queue, told = await opened(store)
    await straight(store, queue, ParticipantJoined(participant=BOB, role="member"))
    landed = await ask(queue, say("hello"))
    assert landed.events[0].seq == 3
    fold = await queue.fold()
    assert (fold.head, set(fold.participants)) == (3, {ADA, BOB})
    assert told.heads[-1] == 3, "the workers are told of the fold as it is"


async def test_a_command_decided_on_a_stale_fold_is_decided_again() -> None:
    """The other writer answered the question first; so the answer here is refused."""
    store = MemoryStore()
    queue, _ = await opened(store)
    await with_question(queue)
    asked = (await queue.fold()).questions[Q1].asked
    closed = QuestionClosed(question=Q1, asked=asked, outcome="answered", answer="tea", by=BOB)
    await straight(store, queue, closed)
    with pytest.raises(Refused):
        await ask(queue, Answer(by=ADA, question=Q1, answer="coffee"))


async def test_a_run_opened_elsewhere_is_not_opened_twice() -> None:
    store = MemoryStore()
    queue, _ = await opened(store)
    await ask(queue, say("hello"))
    other = CommandQueue(HERE, store, queue.clock, Told())
    await ask(other, start(R1))
    assert (await ask(queue, start(R2))).fresh == ()
    open_run = (await queue.fold()).open_run
    assert open_run is not None
    assert open_run.run == R1


async def test_a_busy_neighbour_costs_tries_and_no_conflict() -> None:
    """Another writer gets in between the decision and the append, ten times in a row."""

    class Contended(MemoryStore):
        rivals = 0

        async def append(self, session, drafts, **how):
            if how.get("expect") is not None and self.rivals > 0:
                self.rivals -= 1
                await super().append(session, [Draft(body=rival)], at=how["at"])
            return await super().append(session, drafts, **how)

    rival = MessageReceived(participant=ADA, conversation=DM, content=Content(text="me first"))
    store = Contended()
    queue, _ = await opened(store)
    store.rivals = 10
    landed = await ask(queue, entitled("Ours"))
    assert landed.events[0].seq == 12
    store.rivals = 10_000
    with pytest.raises(Conflict):
        await ask(queue, entitled("Theirs"))


# -- the store has a bad day ----------------------------------------------------------------------


async def test_whoever_asks_hears_that_the_store_is_down_and_the_next_one_is_served() -> None:
    store = MoodyStore()
    queue, _ = await opened(store)
    store.is_down = True
    failed = await asyncio.gather(
        *(ask(queue, say(f"word {n}")) for n in range(3)), return_exceptions=True
    )
    assert [type(each) for each in failed] == [StoreUnavailable] * 3
    store.is_down = False
    assert (await ask(queue, say("word 4"))).events[0].seq == 2
    assert len(await log(store)) == 2, "what was not acknowledged is not there"


class TornStore(MoodyStore):
    """Says that an append failed, and keeps it `late`."""

    torn = False
    late: Callable[[], Awaitable[Appended]] | None = None

    async def append(self, *args: Any, **more: Any) -> Appended:
        if self.torn:
            self.late = partial(super().append, *args, **more)
            raise StoreUnavailable("it does not answer")
        return await super().append(*args, **more)


async def test_what_was_kept_although_the_store_failed_wakes_the_workers_with_its_repeat() -> None:
    """Nothing is fresh then, and still nobody has heard of it; its asker says it again."""
    store = TornStore()
    queue, told = await opened(store)
    store.torn = True
    with pytest.raises(StoreUnavailable):
        await ask(queue, say("hello"), origin(1))
    assert (await queue.fold()).head == 1
    assert store.late is not None
    await store.late()
    assert (await queue.fold()).head == 2, "the sweep sees it, too"
    store.torn = False
    assert (await ask(queue, say("hello"), origin(1))).repeated
    await until(queue.is_idle)
    assert (told.calls, told.heads[-1]) == ([[]], 2)
    assert len(await log(store)) == 2
    await ask(queue, say("hello"), origin(1))
    await until(queue.is_idle)
    assert len(told.calls) == 1, "once"


async def test_the_first_fold_can_fail_and_the_next_one_works() -> None:
    store = MoodyStore()
    queue, _ = await opened(store)
    fresh = CommandQueue(HERE, store, queue.clock, Told())
    store.unreadable = True
    with pytest.raises(StoreUnavailable):
        await ask(fresh, say("hello"))
    store.unreadable = False
    assert (await ask(fresh, say("hello"))).events[0].seq == 2


async def test_what_was_appended_is_a_success_although_nobody_could_be_told() -> None:
    """The log has it; that the fold cannot be read just now is no reason to say it again."""
    store = MoodyStore()
    queue, told = await opened(store)
    await straight(store, queue, ParticipantJoined(participant=BOB, role="member"))
    store.unreadable = True
    assert (await ask(queue, say("hello"))).fresh
    assert told.calls == []
    store.unreadable = False
    assert (await queue.fold()).head == 3


async def test_folds_that_load_side_by_side_never_step_back() -> None:
    """Workers look at a session while it is written to; all of them see it grow."""
    store = MoodyStore()
    queue, _ = await opened(store)
    fresh = CommandQueue(HERE, store, queue.clock, Told())
    looking = asyncio.create_task(fresh.fold())
    said = [asyncio.create_task(ask(fresh, say(f"word {n}"))) for n in range(3)]
    await asyncio.sleep(0)
    await asyncio.gather(looking, *said, fresh.fold())
    assert (await fresh.fold()).head == await store.head(HERE) == 4


# -- snapshots ------------------------------------------------------------------------------------


async def crowded(store: MemoryStore, count: int) -> CommandQueue:
    queue, _ = await opened(store)
    await asyncio.gather(*(ask(queue, say(f"word {n}")) for n in range(count)))
    return queue


async def test_a_snapshot_is_kept_every_thousand_events_and_read_from() -> None:
    store = MoodyStore()
    queue = await crowded(store, dispatcher.SNAPSHOT_EVERY + 50)
    kept = await store.snapshot(HERE)
    assert kept is not None
    assert kept[0] >= dispatcher.SNAPSHOT_EVERY
    store.reads.clear()
    again = CommandQueue(HERE, store, queue.clock, Told())
    assert await again.fold() == await queue.fold()
    assert store.reads == [kept[0]], "nothing before the snapshot is read"


async def test_no_snapshot_is_kept_of_a_short_session() -> None:
    store = MemoryStore()
    await crowded(store, 100)
    assert await store.snapshot(HERE) is None


async def test_a_snapshot_of_another_shape_is_ignored() -> None:
    """The log is the truth."""
    store = MoodyStore()
    queue = await crowded(store, 20)
    await store.keep_snapshot(HERE, 15, '{"from": "another version"}')
    store.reads.clear()
    again = CommandQueue(HERE, store, queue.clock, Told())
    assert await again.fold() == await queue.fold()
    assert store.reads == [START]
