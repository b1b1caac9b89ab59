"""The clock is set back, or forward and back: nobody waits longer than was meant."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from bridge.domain.commands import SetSchedule
from bridge.domain.content import Content
from bridge.domain.epoch import AHEAD, Epoch
from bridge.domain.errors import AgentUnavailable
from bridge.domain.events import (
    Cron,
    Every,
    Preview,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Rule,
    RunFinished,
    RunStarted,
)
from bridge.domain.ids import MessageId, ScheduleId
from bridge.domain.inbound import Inbound, Sender, Spoken
from bridge.domain.parts import Address
from bridge.ports.agent import Ended, Said, Turn
from bridge.session.routing import SHARED
from channels.memory import REALM
from tests.engine.rig import CHAT, NINE, OWNER, Acting, bridge
from tests.stepping import rest

BACK = [timedelta(seconds=150), timedelta(days=1)]


async def away(turn: Turn) -> AsyncGenerator[Preview | Said]:
    raise AgentUnavailable("nobody is home")
    yield Ended()


@pytest.mark.parametrize("back", BACK)
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_run_that_failed_is_tried_again_in_time(back, restarted) -> None:
    async with bridge(agent=Acting(away)) as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until_logged(RunFinished)
        await b.until_at_rest()
        if restarted:
            await b.core.stop(0)
        b.clock.set_back(back)
        if restarted:
            await b.start()
        began = b.clock.elapsed
        await b.until_logged(RunStarted, 2, each=0.2)
        assert b.clock.elapsed - began <= timedelta(seconds=2)


@pytest.mark.parametrize("back", BACK)
async def test_a_question_expires_in_time(back) -> None:
    async with bridge() as b:
        b.platform.say("ada", "Ada", "ask 60")
        await b.until_logged(QuestionAsked)
        await rest()
        fold = await b.core.sessions.fold(SHARED)
        (question,) = fold.questions.values()
        assert question.expires_at is not None
        left = question.expires_at - b.clock.now()
        b.clock.forward(1)
        await rest()
        b.clock.set_back(back)
        began = b.clock.elapsed
        await b.until_logged(QuestionClosed, each=1)
        assert b.clock.elapsed - began <= left + timedelta(seconds=25)


@pytest.mark.parametrize("back", BACK)
@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(
    "rule", [Every(seconds=60, start=NINE + timedelta(seconds=60)), Cron(expression="* * * * *")]
)
async def test_what_repeats_goes_on_by_the_clock_and_no_slot_comes_twice(
    back, restarted, rule: Rule
) -> None:
    """A slot is its time: those that fired are passed, also once the clock is there again."""
    async with bridge() as b:
        minutely = SetSchedule(
            schedule=ScheduleId("minutely"), rule=rule, action="say", text="still here", by=OWNER
        )
        await b.core.sessions.submit(SHARED, minutely)
        b.clock.forward(61)
        await b.until_logged(Pushed)
        b.clock.forward(60)
        await b.until_logged(Pushed, 2)
        if restarted:
            await b.core.stop(0)
        b.clock.set_back(back)
        if restarted:
            await b.start()
        began, passed = b.clock.elapsed, 2 if back < timedelta(hours=1) else 0
        await b.until_logged(Pushed, 5, each=1)
        took = b.clock.elapsed - began
        assert timedelta(seconds=110) < took <= timedelta(seconds=230 + 60 * passed)
        slots = [each.source.slot for each in await b.bodies(Pushed)]
        assert len(set(slots)) == len(slots)
        b.clock.forward(back.total_seconds())
        await b.until_logged(Pushed, 6, each=1)
        await b.until_logged(Pushed, 7, each=1)
        slots = [each.source.slot for each in await b.bodies(Pushed)]
        assert len(set(slots)) == len(slots), "nor when the clock is set forward again"


@pytest.mark.parametrize("back", BACK)
async def test_a_clock_that_was_ahead_at_a_restore_silences_nobody(back) -> None:
    """What is said now would be older than the restore, for as long as the clock was off."""
    async with bridge() as b:
        b.store._epoch = Epoch(id="1" * 16, began=NINE, heard=NINE)
        b.clock.set_back(max(back, 2 * AHEAD))
        b.platform.say("ada", "Ada", "hello")
        await b.until_shown("ada", "said: hello", each=0.1)
        said = Inbound(
            external_id="x",
            address=Address(channel=CHAT, place="ada"),
            sender=Sender(realm=REALM, user="Ada", name="Ada"),
            what=Spoken(message=MessageId("later"), content=Content(text="and now")),
            at=b.clock.now(),
        )
        await b.core._intake(said)
        await b.until_shown("ada", "said: and now", each=0.1)
