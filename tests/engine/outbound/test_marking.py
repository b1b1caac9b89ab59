"""Marks on messages: right after whatever happens, and never in the way of what is said."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.errors import ChangeRefused, Gone, RateLimited, Rejected, Unreachable
from bridge.domain.events import MessageComposed, RunFinished
from bridge.engine.outbound.marking import LONG_AGO, MOST_TRIES, SCOPE
from bridge.ports.agent import Ended
from bridge.session.admission import EVERYONE, Account
from bridge.session.marks import ASKED_KEPT
from channels.memory import EVERYTHING
from storage.memory import MemoryStore
from tests.engine.rig import NINE, Acting, Bridge, Stalled, bridge
from tests.stepping import rest

MARKING = Account(allow=frozenset({EVERYONE}), reactions="on")
ROOMS = Account(allow=frozenset({EVERYONE}))


def marks(run: Bridge, place: str = "ada") -> list[tuple[str, ...]]:
    return [each.marks for each in run.platform.seen(place) if each.author]


async def test_a_message_is_marked_as_seen_while_it_is_worked_on_and_once_it_is_done():
    agent = Stalled()
    async with bridge(agent=agent, account=MARKING) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: marks(run) == [("⏳",)])
        agent.released.set()
        await run.until(lambda: marks(run) == [("✅",)])
        assert run.said("ada") == ["So it is."]


async def test_what_is_given_up_is_marked_as_failed():
    async def fails(turn):
        raise RuntimeError("no")
        yield Ended()

    async with bridge(agent=Acting(fails), account=MARKING) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: marks(run) == [("❌",)], each=30)


async def test_after_a_stop_there_is_no_mark():
    agent = Stalled()
    async with bridge(agent=agent, account=MARKING) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: marks(run) == [("⏳",)])
        run.platform.say("ada", "ada", "/stop")
        await run.until(lambda: marks(run)[0] == ())
        assert marks(run) == [(), ()]


@pytest.mark.parametrize(
    ("account", "room", "is_marked"),
    [
        (ROOMS, True, True),
        (ROOMS, False, False),
        (replace(ROOMS, reactions="off"), True, False),
        (MARKING, False, True),
    ],
)
async def test_where_nothing_else_is_chosen_rooms_are_marked_and_private_places_are_not(
    account, room, is_marked
):
    async with bridge(account=account) as run:
        run.platform.open("ada", room=room)
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until_logged(MessageComposed)
        await run.until_at_rest()
        if is_marked:
            await run.until(lambda: marks(run) == [("✅",)])
        assert run.platform.counts["react"] > 0 or not is_marked
        assert is_marked or marks(run) == [()]


async def test_a_place_that_cannot_take_reactions_is_not_asked():
    async with bridge(account=MARKING, capabilities=replace(EVERYTHING, reacts=False)) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until_shown("ada", "well?")
        await run.until_at_rest()
        assert run.platform.counts["react"] == 0


@pytest.mark.parametrize("error", [Rejected("no"), Gone("no")])
async def test_a_place_that_refuses_reactions_is_asked_once_and_answered_all_the_same(error):
    async with bridge(account=MARKING) as run:
        await run.place("ada")
        asked = []
        run.platform.refuse(error, on="react", times=None)
        faults = run.platform.fault
        run.platform.fault = lambda on, place=None: asked.append(on) or faults(on, place)
        for number in range(3):
            run.platform.say("ada", "ada", f"well {number}?")
            await run.until_logged(MessageComposed, number + 1)
            await run.until_at_rest()
        assert len([each for each in run.shown("ada") if "well" in each]) == 3
        assert asked.count("react") == 1


async def test_what_fails_is_tried_a_few_times_and_then_left():
    agent = Stalled()
    async with bridge(agent=agent, account=MARKING) as run:
        await run.place("ada")
        asked = []
        run.platform.refuse(Unreachable("away"), on="react", times=None)
        faults = run.platform.fault
        run.platform.fault = lambda on, place=None: asked.append(on) or faults(on, place)
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: asked.count("react") >= MOST_TRIES, each=5)
        for _ in range(20):
            run.clock.forward(10)
            await run.until(lambda: True)
        assert asked.count("react") <= 2 * MOST_TRIES  # seen, and working
        run.platform.recover()
        agent.released.set()
        await run.until(lambda: marks(run) == [("✅",)], each=5)


async def test_too_many_calls_are_waited_for_and_only_the_newest_mark_is_shown_then():
    agent = Stalled()
    async with bridge(agent=agent, account=MARKING) as run:
        await run.place("ada")
        until = NINE + timedelta(seconds=30)
        run.platform.refuse(RateLimited("slower", until=until), on="react")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: agent.began == 1)
        agent.released.set()
        await run.until_logged(RunFinished)
        await run.until(lambda: marks(run) == [("✅",)], each=5)


async def test_a_message_that_is_gone_is_left_and_the_next_one_is_marked():
    async with bridge(account=MARKING) as run:
        await run.place("ada")
        run.platform.refuse(ChangeRefused("vanished"), on="react", times=2)
        run.platform.say("ada", "ada", "one")
        await run.until_logged(MessageComposed)
        await run.until_at_rest()
        run.platform.say("ada", "ada", "two")
        await run.until(lambda: marks(run)[1:] == [("✅",)])


async def test_a_mark_is_put_right_by_the_next_process_and_then_nothing_is_left_to_remember():
    agent = Stalled()
    async with bridge(agent=agent, account=MARKING) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: marks(run) == [("⏳",)])
        assert await run.store.facts(SCOPE)
        agent.released.set()
        run.platform.refuse(Unreachable("away"), on="react", times=None)
        await run.until_logged(RunFinished)
        await run.core.stop(0)
        run.platform.recover()
        run.clock.forward(2 * LONG_AGO.total_seconds())
        await run.start()
        await run.until(lambda: marks(run) == [("✅",)])
        await run.until(lambda: _empty(run))
        count = run.platform.counts["react"]
        await run.restart()
        await run.until_at_rest()
        assert run.platform.counts["react"] == count


async def test_a_mark_of_work_that_ended_in_an_outage_is_taken_off_when_that_is_over():
    """However long it lasts: nobody is to believe for ever that work is going on."""
    agent = Stalled()
    async with bridge(agent=agent, account=MARKING) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: marks(run) == [("⏳",)])
        run.platform.refuse(Unreachable("away"), on="react", times=None)
        agent.released.set()
        await run.until_shown("ada", "So it is.")
        for _ in range(60):
            run.clock.forward(120)
            await rest()
        assert marks(run) == [("⏳",)]
        run.platform.recover()
        await run.until(lambda: marks(run) == [("✅",)], each=30)
        await run.until(lambda: _empty(run))


@pytest.mark.parametrize("times", [1, MOST_TRIES])
async def test_a_mark_that_was_put_on_although_its_call_failed_is_taken_off_with_the_next_change(
    times,
):
    """Nobody knows how much of it was made; beside the next one it would stand for ever."""
    agent = Stalled()
    async with bridge(agent=agent, account=MARKING) as run:
        await run.place("ada")
        run.platform.hang_up(on="react", times=times)
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: agent.began == 1)
        await run.until(lambda: marks(run) == [("⏳",)], each=5)
        run.platform.hang_up(on="react", times=times)
        agent.released.set()
        await run.until(lambda: marks(run) == [("✅",)], each=5)
        await run.until(lambda: _empty(run), each=5)


async def test_a_limit_of_an_hour_is_waited_for_by_a_mark_that_is_not_true_any_more():
    agent = Stalled()
    async with bridge(agent=agent, account=MARKING) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: marks(run) == [("⏳",)])
        until = run.clock.now() + timedelta(hours=1)
        run.platform.refuse(RateLimited("slower", until=until), on="react")
        agent.released.set()
        await run.until_logged(RunFinished)
        await run.until(lambda: marks(run) == [("✅",)], each=60)


async def test_of_many_who_wait_nobody_keeps_the_mark_of_one_who_waits():
    """Also where so many asked that only the last are remembered once they are done with."""
    agent = Stalled()
    async with bridge(agent=agent, account=MARKING) as run:
        await run.place("ada")
        for number in range(2 * ASKED_KEPT):
            run.platform.say("ada", "ada", f"well {number}?")
        await run.until(lambda: all(marks(run)))
        agent.released.set()
        await run.until(lambda: set(marks(run)) == {("✅",)})


async def test_a_mark_that_a_dead_process_left_is_taken_off_where_nothing_is_marked_any_more():
    """Whoever runs the bridge turned it off before the next start."""
    agent = Stalled()
    async with bridge(agent=agent, account=MARKING) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: marks(run) == [("⏳",)])
        await run.core.stop(0)
        run.account = replace(MARKING, reactions="off")
        await run.start()
        await run.until(lambda: marks(run) == [()])
        await run.until(lambda: _empty(run))
        count = run.platform.counts["react"]
        agent.released.set()
        await run.until_shown("ada", "So it is.")
        await run.until_at_rest()
        assert run.platform.counts["react"] == count


async def _empty(run):
    return not await run.store.facts(SCOPE)


async def test_what_was_asked_long_ago_is_left_alone():
    async with bridge(account=replace(MARKING, reactions="off")) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "one")
        await run.until_logged(MessageComposed)
        await run.core.stop(0)
        run.account = MARKING
        run.clock.forward(2 * LONG_AGO.total_seconds())
        await run.start()
        run.platform.say("ada", "ada", "two")
        await run.until(lambda: marks(run) == [(), ("✅",)])


async def test_a_command_is_not_marked():
    async with bridge(account=MARKING) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "/status")
        await run.until(lambda: run.platform.notes("ada"))
        await run.until_at_rest()
        assert marks(run) == [()]


class CountingStore(MemoryStore):
    """Counts how often the marks look at a place."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    async def conversation(self, conversation):
        task = asyncio.current_task()
        self.looks += task is not None and task.get_name().startswith("marking")
        return await super().conversation(conversation)


@pytest.mark.parametrize("account", [MARKING, ROOMS])
async def test_once_there_is_no_more_to_show_an_event_costs_no_look_at_a_place(account):
    store = CountingStore()
    async with bridge(account=account, store=store) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until_logged(RunFinished)
        await run.push("first")
        await run.until_at_rest()
        before = store.looks
        assert before
        for number in range(5):
            await run.push(f"more {number}")
        await run.until_at_rest()
        assert store.looks == before
