"""What a place says of the agent: right whatever happens, and never in the way of words."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.commands import Archive, Unlink
from bridge.domain.errors import Gone, RateLimited, Rejected, Unreachable
from bridge.domain.events import MessageComposed
from bridge.domain.ids import QuestionId
from bridge.domain.run_output import Asking, Ended
from bridge.engine.outbound.statuses import MOST_TRIES, SCOPE, SHOWN_WITHIN
from bridge.session.admission import EVERYONE, Account
from bridge.session.routing import SHARED
from channels.memory import EVERYTHING
from tests.engine.rig import OWNER, Acting, Stalled, bridge
from tests.stepping import rest

ABLE = replace(EVERYTHING, tells_status=True)
ANYONE = Account(allow=frozenset({EVERYONE}))


def told(run, place="ada"):
    return run.platform.statuses.get(place, [])


async def test_a_place_says_that_the_agent_works_until_its_answer_is_there():
    agent = Stalled()
    async with bridge(agent=agent, capabilities=ABLE) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run) == ["working"])
        agent.released.set()
        await run.until(lambda: told(run) == ["working", "idle"])
        assert run.said("ada") == ["So it is."]


async def test_that_the_agent_rests_is_said_after_its_answer_was_shown():
    agent = Stalled()
    async with bridge(agent=agent, capabilities=ABLE) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run) == ["working"])
        run.platform.refuse(Unreachable("away"), on="send", times=1)
        agent.released.set()
        await run.until_logged(MessageComposed)
        await rest()
        assert told(run) == ["working"]
        await run.until(lambda: told(run) == ["working", "idle"], each=5)
        assert run.said("ada") == ["So it is."]


async def test_what_is_shown_while_a_place_is_looked_at_is_not_waited_for(monkeypatch):
    agent = Stalled()
    async with bridge(agent=agent, capabilities=ABLE) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run) == ["working"])
        read = run.store.conversation

        async def slowly(conversation):
            found = await read(conversation)
            if asyncio.current_task().get_name().startswith("statuses"):
                for _ in range(200):
                    await asyncio.sleep(0)
            return found

        monkeypatch.setattr(run.store, "conversation", slowly)
        agent.released.set()
        await run.until(lambda: told(run) == ["working", "idle"])


async def test_a_place_whose_answer_cannot_be_shown_does_not_say_for_ever_that_it_comes():
    agent = Stalled()
    async with bridge(agent=agent, capabilities=ABLE) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run) == ["working"])
        run.platform.refuse(Unreachable("away"), on="send", times=None)
        agent.released.set()
        await run.until_logged(MessageComposed)
        await rest()
        run.clock.forward(SHOWN_WITHIN.total_seconds())
        await run.until(lambda: told(run) == ["working", "idle"])


async def test_while_a_question_is_open_the_place_says_that_it_waits():
    async def asks(turn):
        yield Ended(questions=(Asking(question=QuestionId("q_1"), kind="open", text="Which?"),))

    async with bridge(agent=Acting(asks), capabilities=ABLE) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run)[-1:] == ["waiting"])


async def test_after_a_stop_the_agent_rests():
    async with bridge(agent=Stalled(), capabilities=ABLE) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run) == ["working"])
        run.platform.say("ada", "ada", "/stop")
        await run.until(lambda: told(run) == ["working", "idle"])


async def test_a_place_from_which_nobody_asked_says_nothing():
    async with bridge(capabilities=ABLE) as run:
        await run.place("ada")
        await run.place("tom")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run)[-1:] == ["idle"])
        assert told(run, "tom") == []


@pytest.mark.parametrize("error", [Rejected("no"), Gone("no")])
async def test_a_place_that_takes_no_status_is_asked_once_and_answered_all_the_same(error):
    async with bridge(capabilities=ABLE) as run:
        await run.place("ada")
        asked = []
        run.platform.refuse(error, on="status", times=None)
        faults = run.platform.fault
        run.platform.fault = lambda on, place=None: asked.append(on) or faults(on, place)
        for number in range(2):
            run.platform.say("ada", "ada", f"well {number}?")
            await run.until_logged(MessageComposed, number + 1)
            await run.until_at_rest()
        assert asked.count("status") == 1
        assert await run.store.facts(SCOPE) == {}


async def test_what_fails_is_tried_a_few_times_and_that_it_rests_for_longer():
    agent = Stalled()
    async with bridge(agent=agent, capabilities=ABLE) as run:
        await run.place("ada")
        asked = []
        run.platform.refuse(Unreachable("away"), on="status", times=None)
        faults = run.platform.fault
        run.platform.fault = lambda on, place=None: asked.append(on) or faults(on, place)
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: asked.count("status") == MOST_TRIES, each=5)
        run.clock.forward(3600)
        await rest()
        assert asked.count("status") == MOST_TRIES
        agent.released.set()
        await run.until(lambda: asked.count("status") > MOST_TRIES * 3, each=300)
        run.platform.recover()
        await run.until(lambda: told(run) == ["idle"], each=300)


async def test_where_the_platform_asks_to_wait_it_is_told_then():
    agent = Stalled()
    async with bridge(agent=agent, capabilities=ABLE) as run:
        await run.place("ada")
        until = run.clock.now() + timedelta(seconds=40)
        run.platform.refuse(RateLimited("wait", until=until), on="status")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run) == ["working"], each=10)
        assert run.clock.now() >= until


async def test_what_wears_off_is_told_again_while_it_holds():
    agent = Stalled()
    async with bridge(agent=agent, capabilities=ABLE) as run:
        run.platform.status_stays = timedelta(seconds=60)
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run) == ["working"] * 3, each=30)
        agent.released.set()
        await run.until(lambda: told(run)[-1] == "idle", each=1)
        assert told(run).count("idle") == 1


async def test_a_process_that_died_leaves_no_place_that_says_it_works():
    async with bridge(agent=Stalled(), capabilities=ABLE) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run) == ["working"])
        kept = await run.store.facts(SCOPE)
        await run.core.stop(0)
        for place, status in kept.items():  # it was killed before it could say so
            await run.store.keep_fact(SCOPE, place, status)
        run.agent = None
        await run.start()
        await run.until(lambda: told(run)[-1] == "idle", each=5)
        await run.until_at_rest()
        assert await run.store.facts(SCOPE) == {}
        assert len(run.said("ada")) == 1


async def test_a_place_is_told_what_its_session_is_called():
    agent = Stalled()
    async with bridge(agent=agent, capabilities=ABLE) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "/title Tea")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run) != [])
        await run.until(lambda: run.platform.titles.get("ada") == "Tea")
        agent.released.set()


async def test_a_place_that_left_its_session_no_longer_says_that_it_works():
    async with bridge(agent=Stalled(), capabilities=ABLE) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run) == ["working"])
        lane = await run.lane("ada")
        await run.core.sessions.submit(SHARED, Unlink(conversation=lane.id, by=OWNER))
        await run.until(lambda: told(run) == ["working", "idle"])


async def test_a_place_whose_message_was_taken_back_says_in_the_end_that_the_agent_rests():
    agent = Stalled()
    async with bridge(agent=agent, capabilities=ABLE) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run) == ["working"])
        run.platform.unsay("ada", said_by_ada(run))
        agent.released.set()
        await run.until(lambda: told(run)[-1] == "idle")


async def test_a_place_of_a_session_that_is_archived_no_longer_says_that_it_waits():
    async def asks(turn):
        yield Ended(questions=(Asking(question=QuestionId("q_1"), kind="open", text="Which?"),))

    async with bridge(agent=Acting(asks), capabilities=ABLE) as run:
        await run.place("ada")
        run.platform.say("ada", "ada", "well?")
        await run.until(lambda: told(run)[-1:] == ["waiting"])
        await run.core.sessions.submit(SHARED, Archive(by=OWNER))
        await run.until(lambda: told(run)[-1] == "idle")


def said_by_ada(run):
    return next(key for key, each in run.platform.places["ada"].messages.items() if each.author)
