"""Reading what must be read for an account to hear anything: again and again, until it works."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from structlog.typing import FilteringBoundLogger

from bridge.errors import ChannelError, OutcomeUnknown, RateLimited, Unreachable
from bridge.ports import Clock
from channels.slack.limits import PAUSES

T = TypeVar("T")


async def patiently(ask: Callable[[], Awaitable[T]], clock: Clock, log: FilteringBoundLogger) -> T:
    """Return what `ask` returns, however often Slack cannot be reached or asks to wait.

    Only for what changes nothing. Raises every other `ChannelError`.
    """
    tries = 0
    while True:
        try:
            return await ask()
        except (RateLimited, Unreachable, OutcomeUnknown) as error:
            log.info("slack not available", code=error.code)
            await clock.sleep(_pause(error, tries, clock))
            tries += 1


def _pause(error: ChannelError, tries: int, clock: Clock) -> float:
    if isinstance(error, RateLimited):
        return max(PAUSES[0], (error.until - clock.now()).total_seconds())
    return PAUSES[min(tries, len(PAUSES) - 1)]
