"""One call to a channel: it has its time, and whatever happens it fails as a `ChannelError`."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import structlog

from bridge.domain.errors import ChannelError, OutcomeUnknown
from bridge.domain.parts import Address
from bridge.ports.channel import Channel

log = structlog.get_logger()

Result = TypeVar("Result")


async def called(
    channel: Channel,
    to: Address,
    call: Callable[[], Awaitable[Result]],
    *,
    within: timedelta | None = None,
) -> Result:
    """Make a call; it has the place's `send_timeout`, or its own.

    Raises what the channel does; `OutcomeUnknown` when the time is over, and for any other error:
    a fault of one channel is no reason to stop the lane.
    """
    limit = within or channel.capabilities(to).send_timeout
    try:
        async with asyncio.timeout(limit.total_seconds()):
            return await call()
    except ChannelError:
        raise
    except TimeoutError as error:
        raise OutcomeUnknown("the platform did not answer in time", code="timeout") from error
    except Exception as error:
        log.exception("channel failed", channel=channel.name)
        raise OutcomeUnknown("the channel failed", code=type(error).__name__) from error
