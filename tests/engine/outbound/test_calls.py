"""A call to a channel ends, and when it fails, it fails as the courier knows how to handle."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bridge.domain.errors import OutcomeUnknown, Rejected, Unreachable
from bridge.domain.ids import ChannelName
from bridge.domain.parts import Address
from bridge.engine.outbound.calls import called
from channels.memory import EVERYTHING, MemoryChannel
from channels.memory_platform import MemoryPlatform
from tests.feeding import feeding

NAME = ChannelName("chat")
THERE = Address(channel=NAME, place="ada")
HASTY = replace(EVERYTHING, send_timeout=timedelta(milliseconds=20))


def channel() -> MemoryChannel:
    return MemoryChannel(NAME, MemoryPlatform(), feeding(), HASTY)


def failing(error: Exception) -> Callable[[], Awaitable[None]]:
    async def fail() -> None:
        raise error

    return fail


async def test_what_succeeds_is_left_alone() -> None:
    assert await called(channel(), THERE, lambda: asyncio.sleep(0, "sent")) == "sent"


@pytest.mark.parametrize("error", [Unreachable("away"), Rejected("no"), OutcomeUnknown("hm")])
async def test_what_a_channel_says_went_wrong_is_passed_on(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        await called(channel(), THERE, failing(error))
    assert raised.value is error


async def test_a_call_that_takes_too_long_has_an_unknown_outcome() -> None:
    with pytest.raises(OutcomeUnknown) as raised:
        await called(channel(), THERE, asyncio.Event().wait)
    assert raised.value.code == "timeout"


async def test_a_call_can_have_less_time_than_a_send() -> None:
    patient = MemoryChannel(NAME, MemoryPlatform(), feeding(), EVERYTHING)
    with pytest.raises(OutcomeUnknown):
        await called(patient, THERE, asyncio.Event().wait, within=timedelta(milliseconds=20))


@pytest.mark.parametrize("error", [KeyError("x"), OSError("y"), TimeoutError("theirs")])
async def test_any_other_error_is_the_channels_fault_and_unknown(error: Exception) -> None:
    """It is logged with its trace, and the lane treats it like a lost answer."""
    with capture_logs() as logs, pytest.raises(OutcomeUnknown) as raised:
        await called(channel(), THERE, failing(error))
    assert raised.value.__cause__ is error
    if not isinstance(error, TimeoutError):
        assert raised.value.code == type(error).__name__
        assert [(log["event"], log["channel"]) for log in logs] == [("channel failed", NAME)]


async def test_a_cancellation_is_no_failure() -> None:
    patient = MemoryChannel(NAME, MemoryPlatform(), feeding(), EVERYTHING)
    task = asyncio.create_task(called(patient, THERE, asyncio.Event().wait))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
