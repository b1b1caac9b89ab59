"""How a reply to one person is shown although the platform stumbles: a few times, soon after.

A reply is in no log. So it is tried while the asker still waits for it; after that they ask again.
What the platform refuses is shown plain; what it refuses even so, a line tells of.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bridge import texts
from bridge.delivery import retry
from bridge.domain.errors import ChannelError, RateLimited, Rejected, TextRefused
from bridge.domain.parts import Reply
from bridge.ports.clock import Clock

PAUSES = (1.0, 3.0, 9.0)
"""Seconds before it is shown once more."""


LONGEST_PAUSE = 30.0
"""Seconds that a platform may ask to wait for and still be waited for."""


async def told(
    tell: Callable[[Reply], Awaitable[object]],
    reply: Reply,
    clock: Clock,
    *,
    marks: bool = True,
) -> None:
    """Show a reply; where an attempt may have been seen, the next one is marked if `marks`.

    What is refused for what it is comes plain, then as a line that says so. Raises the last
    `ChannelError`, or at once one that the platform gave as its answer about the place.
    """
    code = ""
    for less in (reply, replace(reply, plain=True)):
        try:
            return await _told(tell, less, clock, marks=marks)
        except TextRefused:
            raise
        except Rejected as error:
            code = error.code
    text = reply.language.says(texts.coded(texts.REPLY_REFUSED, code))
    line = Reply(text=text, plain=True, language=reply.language)
    return await _told(tell, line, clock, marks=marks)


def _pause(error: ChannelError, pause: float, clock: Clock) -> float:
    """Return how long to wait. Raises the error where the platform asks for more than is waited."""
    if not isinstance(error, RateLimited):
        return pause
    asked = (error.until - clock.now()).total_seconds()
    if asked > LONGEST_PAUSE:
        raise error
    return max(pause, asked)


async def _told(
    tell: Callable[[Reply], Awaitable[object]], reply: Reply, clock: Clock, *, marks: bool
) -> None:
    again = reply
    for pause in (*PAUSES, None):
        try:
            await tell(again)
        except ChannelError as error:
            if pause is None or (retry.is_reached(error) and not isinstance(error, RateLimited)):
                raise
            if marks and not error.certain:
                mark = reply.language.says(texts.REPEATED)
                again = replace(reply, text=f"{reply.text}\n\n{mark}")
            await clock.sleep(_pause(error, pause, clock))
        else:
            return
