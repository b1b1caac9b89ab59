"""A call to a channel ends, and when it fails, it fails as the courier knows how to handle."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bridge.errors import OutcomeUnknown, Rejected, Unreachable
from bridge.ids import ChannelName
from bridge.parts import Address
from bridge.workers.calls import called
from channels.memory import EVERYTHING, MemoryChannel
from channels.memory_platform import MemoryPlatform

NAME = ChannelName("chat")
THERE = Address(channel=NAME, place="ada")
HASTY = replace(EVERYTHING, send_timeout=timedelta(milliseconds=20))


def channel() -> MemoryChannel:
    return MemoryChannel(NAME, MemoryPlatform(), HASTY)


async def test_what_succeeds_is_left_alone() -> None:
    async with called(channel(), THERE):
        await asyncio.sleep(0)


@pytest.mark.parametrize("error", [Unreachable("away"), Rejected("no"), OutcomeUnknown("hm")])
async def test_what_a_channel_says_went_wrong_is_passed_on(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        async with called(channel(), THERE):
            raise error
    assert raised.value is error


async def test_a_call_that_takes_too_long_has_an_unknown_outcome() -> None:
    with pytest.raises(OutcomeUnknown) as raised:
        async with called(channel(), THERE):
            await asyncio.Event().wait()
    assert raised.value.code == "timeout"


async def test_a_call_can_have_less_time_than_a_send() -> None:
    patient = MemoryChannel(NAME, MemoryPlatform(), EVERYTHING)
    with pytest.raises(OutcomeUnknown):
        async with called(patient, THERE, within=timedelta(milliseconds=20)):
            await asyncio.Event().wait()


@pytest.mark.parametrize("error", [KeyError("x"), OSError("y"), TimeoutError("theirs")])
async def test_any_other_error_is_the_channels_fault_and_unknown(error: Exception) -> None:
    """It is logged with its trace, and the lane treats it like a lost answer."""
    with capture_logs() as logs, pytest.raises(OutcomeUnknown) as raised:
        async with called(channel(), THERE):
            raise error
    assert raised.value.__cause__ is error
    if not isinstance(error, TimeoutError):
        assert raised.value.code == type(error).__name__
        assert [(log["event"], log["channel"]) for log in logs] == [("channel failed", NAME)]


async def test_a_cancellation_is_no_failure() -> None:
    async def calling() -> None:
        async with called(MemoryChannel(NAME, MemoryPlatform(), EVERYTHING), THERE):
            await asyncio.Event().wait()

    task = asyncio.create_task(calling())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
