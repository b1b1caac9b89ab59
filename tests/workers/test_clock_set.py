"""The clock is set back, or forward and back: nobody waits longer than was meant."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from bridge.errors import AgentUnavailable
from bridge.events import Preview, QuestionAsked, QuestionClosed, RunFinished, RunStarted
from bridge.ports import Ended, Said, Turn
from bridge.routing import SHARED
from tests.stepping import rest
from tests.workers.rig import Acting, bridge

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
