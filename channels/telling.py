"""How a reply to one person is shown although the platform stumbles: a few times, soon after.

A reply is in no log. So it is tried while the asker still waits for it; after that they ask again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bridge import retry, texts
from bridge.errors import ChannelError
from bridge.parts import Reply
from bridge.ports import Clock

PAUSES = (1.0, 3.0, 9.0)
"""Seconds before it is shown once more."""


async def told(
    tell: Callable[[Reply], Awaitable[object]],
    reply: Reply,
    clock: Clock,
    *,
    marks: bool = True,
) -> None:
    """Show a reply; where an attempt may have been seen, the next one is marked if `marks`.

    Raises the last `ChannelError`, or at once one that the platform gave as its answer.
    """
    again = reply
    for pause in (*PAUSES, None):
        try:
            await tell(again)
        except ChannelError as error:
            if pause is None or retry.is_reached(error):
                raise
            if marks and not error.certain:
                again = replace(reply, text=f"{reply.text}\n\n{texts.REPEATED}")
            await clock.sleep(pause)
        else:
            return
