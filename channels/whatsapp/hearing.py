"""What was heard is handed in while someone listens: by webhooks and by looking, as one.

The rules:

- A place's messages are handed in one after the other, each once while it is remembered; a slow
  place holds up no other.
- What the store cannot keep is handed in again for `PATIENCE` seconds, the place's later messages
  behind it; then whoever brought it is told that it was not kept.
- Any other error ends the listening, and so does its end whatever is being handed in.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakValueDictionary

from bridge.errors import StoreUnavailable
from bridge.inbound import Inbound, Inbox, Reported
from bridge.parts import Reply
from bridge.ports import Clock
from channels.telling import beside
from channels.whatsapp.aliases import Aliases

AGAIN_SECONDS = 0.25
PATIENCE_SECONDS = 6.0
"""Less than Twilio waits for a webhook's answer."""

REMEMBERED = 10_000


class NotKept(Exception):
    """It could not be kept, or nobody listens any more: it has to be brought again."""


@dataclass(slots=True)
class Memory:
    """The last messages that were handed in, with what was answered. Outlives a listening.

    `turned_away`: those that a webhook brought in vain; it said more of them than is found by
    looking: the sender's name, and which button was pressed.
    """

    replies: OrderedDict[str, Reply | None] = field(default_factory=OrderedDict)
    turned_away: OrderedDict[str, Inbound] = field(default_factory=OrderedDict)

    def __contains__(self, external_id: str) -> bool:
        return external_id in self.replies

    def keep(self, external_id: str, reply: Reply | None) -> None:
        self.turned_away.pop(external_id, None)
        self.replies[external_id] = reply
        if len(self.replies) > REMEMBERED:
            self.replies.popitem(last=False)

    def turn_away(self, inbound: Inbound) -> None:
        self.turned_away[inbound.external_id] = inbound
        if len(self.turned_away) > REMEMBERED:
            self.turned_away.popitem(last=False)


class Hearing:
    """One listening. `ready` is set once what was said before has been looked for.

    `noticed` is told of everything, and of when it was said: of someone's words before they are
    handed in, for what waited for them is sent at once.
    """

    def __init__(
        self,
        inbox: Inbox,
        clock: Clock,
        group: asyncio.TaskGroup,
        *,
        memory: Memory,
        aliases: Aliases,
        noticed: Callable[[Inbound | Reported, datetime], Awaitable[None]],
    ) -> None:
        self.memory = memory
        self.aliases = aliases
        self.ready = asyncio.Event()
        self._is_over = False
        self._inbox = inbox
        self._noticed = noticed
        self._clock = clock
        self._group = group
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def close(self) -> None:
        """Take nothing more in; whoever waits for the start is let go."""
        self._is_over = True
        self.ready.set()

    async def brought(
        self, work: Callable[[], Awaitable[Reply | None]], *, within: float
    ) -> Reply | None:
        """Do something as part of the listening, for someone who waits only so long.

        Raises `NotKept`; after it, it may be kept all the same.
        """
        if self._is_over:
            raise NotKept
        task = self._group.create_task(_outcome(work))
        await asyncio.wait({task}, timeout=within)
        if not task.done() or task.cancelled() or task.exception() is not None:
            raise NotKept
        outcome = task.result()
        if isinstance(outcome, NotKept):
            raise outcome
        return outcome

    async def hand_in(self, inbound: Inbound, *, found: datetime | None = None) -> Reply | None:
        """Hand a message in, in its place's turn. Raises `NotKept`.

        Brought twice it has the same reply, as the first answer may have been lost; `found` by
        looking, said at that time, it is replied to once, by whoever found it.
        """
        inbound = await self.aliases.joined(inbound)
        turn = self._turns.setdefault(inbound.address.place, asyncio.Lock())
        async with turn:
            if inbound.external_id in self.memory:
                self.memory.turned_away.pop(inbound.external_id, None)
                return None if found else self.memory.replies[inbound.external_id]
            await self._noticed(inbound, found or self._clock.now())
            reply = await self._patiently(inbound)
            self.memory.keep(inbound.external_id, None if found else reply)
            return reply

    async def answer(self, work: Coroutine[object, object, None]) -> None:
        """Show a reply; after a moment, beside what is heard next."""
        await beside(work, self._group)

    async def tell(self, reported: Reported) -> None:
        """Hand in what became of a part. Raises `NotKept`."""
        reported = await self.aliases.reported(reported)
        await self._patiently(reported)
        await self._noticed(reported, self._clock.now())

    async def _patiently(self, heard: Inbound | Reported) -> Reply | None:
        waited = 0.0
        while True:
            try:
                return await self._inbox(heard)
            except StoreUnavailable as error:
                if waited >= PATIENCE_SECONDS:
                    raise NotKept from error
            await self._clock.sleep(AGAIN_SECONDS)
            waited += AGAIN_SECONDS


async def _outcome(work: Callable[[], Awaitable[Reply | None]]) -> Reply | NotKept | None:
    """Do it; `NotKept` is returned, because raised it would end the listening."""
    try:
        return await work()
    except NotKept as error:
        return error
