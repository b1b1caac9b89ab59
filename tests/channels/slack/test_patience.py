"""What must be read is read again until it can be; what is refused is not."""

from datetime import timedelta

import pytest
import structlog

from bridge.errors import Gone, OutcomeUnknown, RateLimited, Unauthorized, Unreachable
from channels.slack.limits import PAUSES
from channels.slack.patience import patiently
from tests.stores import AT


class Clock:
    """Stands still, and writes down how long it was asked to wait."""

    def __init__(self):
        self.waited = []

    def now(self):
        return AT

    async def sleep(self, seconds):
        self.waited.append(seconds)


async def asked(*errors) -> tuple[str, list[float]]:
    clock, left = Clock(), list(errors)

    async def ask() -> str:
        if left:
            raise left.pop(0)
        return "an answer"

    return await patiently(ask, clock, structlog.get_logger()), clock.waited


async def test_an_answer_is_given_at_once():
    assert await asked() == ("an answer", [])


async def test_pauses_grow_and_then_stay():
    answer, waited = await asked(*[Unreachable(), OutcomeUnknown()] * 4)
    assert answer == "an answer"
    assert waited == [*PAUSES, PAUSES[-1], PAUSES[-1]]


async def test_slack_is_given_the_time_it_asks_for():
    assert (await asked(RateLimited(until=AT + timedelta(seconds=40))))[1] == [40.0]
    assert (await asked(RateLimited(until=AT - timedelta(seconds=40))))[1] == [PAUSES[0]]


@pytest.mark.parametrize("error", [Unauthorized(), Gone()])
async def test_a_refusal_is_not_asked_again(error):
    with pytest.raises(type(error)):
        await asked(error)
