"""Which places are woken by what was appended."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bridge.domain.content import Content
from bridge.domain.events import Preview, RunStarted, ToolReturned
from bridge.domain.ids import CallId, ConversationId, RunId, Seq
from bridge.domain.parts import Capabilities
from bridge.domain.run_output import Calling, Ended, Returned, Said
from bridge.engine.outbound.lane_waking import TOGETHER_SECONDS, LaneWaking
from bridge.ports.agent import Turn
from bridge.session.fold import Session
from bridge.session.routing import SHARED
from bridge.session.state import OpenRun
from tests.engine.rig import Bridge, bridge

CALLS = 5


class Working:
    """An agent that uses its tools once it may, and answers once it may."""

    def __init__(self) -> None:
        self.help = ""
        self.may_call = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        await self.may_call.wait()
        for number in range(CALLS):
            call = CallId(f"{turn.run}_{number}")
            yield Calling(call=call, name="look", arguments="{}")
            yield Returned(call=call, result="Nothing yet.")
        await self.may_answer.wait()
        yield Ended(content=Content(text="Here it is."))


def woken(b: Bridge) -> list[ConversationId]:
    """Return what is woken from now on, as it comes."""
    found: list[ConversationId] = []
    wake = b.core._lanes._wake

    def noted(conversation: ConversationId) -> None:
        found.append(conversation)
        wake(conversation)

    b.core._lanes._wake = noted
    return found


async def asked(b: Bridge) -> None:
    await b.gather("ada", "den")
    b.platform.say("ada", "ada", "Look it up")
    await b.until_logged(RunStarted)


async def is_up_to_date(b: Bridge) -> bool:
    head = await b.store.head(SHARED)
    return all([(await b.lane(place)).cursor == head for place in ("ada", "den")])


async def test_a_call_of_a_tool_wakes_no_place_and_what_ends_its_run_wakes_them_all() -> None:
    agent = Working()
    async with bridge(agent=agent, capabilities=Capabilities()) as b:
        await asked(b)
        found = woken(b)
        agent.may_call.set()
        await b.until_logged(ToolReturned, CALLS)
        assert found == []
        agent.may_answer.set()
        await b.until_at_rest()
        assert len(found) == 2
        assert b.said("ada")[-1] == b.said("den")[-1] == "Here it is."


@pytest.mark.parametrize("shows", [False, True])
async def test_that_a_run_began_wakes_only_places_that_follow_what_it_writes(
    *, shows: bool
) -> None:
    agent = Working()
    async with bridge(agent=agent, capabilities=Capabilities(typing=shows)) as b:
        await b.gather("ada", "den")
        await b.until_at_rest()
        wakings = woken(b)
        b.platform.say("ada", "ada", "Look it up")
        await b.until_logged(RunStarted)
        assert len(wakings) == (4 if shows else 2)  # the message wakes both
        agent.may_call.set()
        agent.may_answer.set()
        await b.until_shown("den", "Here it is.")
        await b.until(lambda: is_up_to_date(b))


async def test_places_take_note_of_calls_together_while_the_run_goes_on() -> None:
    """So that nobody is told for long that a place is behind which shows all there is."""
    agent = Working()
    async with bridge(agent=agent, capabilities=Capabilities()) as b:
        await asked(b)
        found = woken(b)
        agent.may_call.set()
        await b.until_logged(ToolReturned, CALLS)
        assert not await is_up_to_date(b)
        b.clock.forward(TOGETHER_SECONDS)
        await b.until(lambda: is_up_to_date(b))
        assert len(found) == 2
        agent.may_answer.set()
        await b.until_shown("den", "Here it is.")


async def test_a_stop_does_not_wait_for_what_is_woken_later() -> None:
    agent = Working()
    async with bridge(agent=agent) as b:
        await asked(b)
        agent.may_call.set()
        await b.until_logged(ToolReturned, CALLS)
        await b.core.stop(0)
        assert all(task.done() for task in b.core._lanes._waiting.values())
        await b.start()


async def test_what_a_store_kept_though_it_said_that_it_failed_wakes_every_place_at_once() -> None:
    """It may be an answer as well as a call of a tool."""
    found: list[ConversationId] = []
    run = OpenRun(run=RunId("r_1"), agent="echo", started=Seq(1), upto=Seq(0), node="n")
    places = {ConversationId("ada"): None, ConversationId("den"): None}
    async with bridge() as b:
        waking = LaneWaking(b.core.sessions, b.clock, found.append, lambda _: True)
        waking.appended(Session(id=SHARED, open_run=run, conversations=places), ())
        assert found == [*places]
        await waking.close(0)
