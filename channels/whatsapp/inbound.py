"""What was heard is put into the feed while someone listens: by webhooks and by looking, as one.

The rules:

- A place's messages go by the person's one place, whichever name of theirs they came under.
- Whoever brings a message waits for it only so long; then they are told that it is not stored. It
  stays in the feed, and whoever brings it next finds it there.
- A message is replied to once: by the webhook that waits for it, in its answer, which Twilio takes
  once however often it is given; or by whoever found it, when no webhook got the reply.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TypeVar

from bridge.domain.errors import StoreUnavailable
from bridge.domain.inbound import Inbound, Reported
from bridge.domain.parts import Reply
from bridge.ports.feed import Feed, Item, NotStored
from channels.whatsapp.aliases import Aliases, Changed

AGAIN_SECONDS = 0.25
PATIENCE_SECONDS = 6.0
"""How long a look waits for one message to be stored."""

REMEMBERED = 10_000

Named = TypeVar("Named")


@dataclass(slots=True)
class Replied:
    """Who replied to the last messages. Outlives a listening.

    `found`: those that were replied to by whoever found them; `brought`: those whose reply a
    webhook got. `turned_away`: those that a webhook brought in vain; it said more of them than is
    found by looking: the sender's name, and which button was pressed.
    """

    found: OrderedDict[str, None] = field(default_factory=OrderedDict)
    brought: OrderedDict[str, None] = field(default_factory=OrderedDict)
    turned_away: OrderedDict[str, Inbound] = field(default_factory=OrderedDict)
    reports: Iterator[int] = field(default_factory=count)

    def __contains__(self, message: str) -> bool:
        """Say whether nothing is left to do for a message."""
        return message in self.found or message in self.brought

    def turn_away(self, inbound: Inbound) -> None:
        self.turned_away[inbound.external_id] = inbound
        if len(self.turned_away) > REMEMBERED:
            self.turned_away.popitem(last=False)

    def settle(self, message: str, *, is_found: bool) -> bool:
        """Take note that a message is stored; say whether its reply is for this one to show."""
        self.turned_away.pop(message, None)
        if message in self.found or (is_found and message in self.brought):
            return False
        settled = self.found if is_found else self.brought
        settled[message] = None
        if len(settled) > REMEMBERED:
            settled.popitem(last=False)
        return True


class Listener:
    """One listening. `ready` is set once what was said before has been looked for.

    `noticed` is told of everything before it is handed in, and of when it was said: what waited for
    someone's words is sent at once, and nothing is sent where a report says that it is not taken.
    `about` adds what a message replies to.
    """

    def __init__(
        self,
        feed: Feed,
        *,
        memory: Replied,
        aliases: Aliases,
        noticed: Callable[[Inbound | Reported, datetime | None], Awaitable[None]],
        about: Callable[[Inbound], Awaitable[Inbound]],
    ) -> None:
        self.memory = memory
        self._aliases = aliases
        self.ready = asyncio.Event()
        self._feed = feed
        self._noticed = noticed
        self._about = about

    async def hand_in(
        self, inbound: Inbound, *, within: float, found: datetime | None = None
    ) -> Reply | None:
        """Hand a message in, in its place's turn; return the reply that is to be shown.

        `found` by looking, said at that time. Raises `NotStored`.
        """
        message = inbound.external_id
        joined = await self._named(self._aliases.joined(inbound), within)

        async def noticed() -> Inbound:
            await self._noticed(joined, found)
            return await self._about(joined)

        item = Item(key=message, place=joined.address.place, what=noticed)
        reply = await self._feed.stored(item, within=within)
        is_ours = self.memory.settle(message, is_found=found is not None)
        return reply if is_ours else None

    async def answer(self, work: Coroutine[object, object, None]) -> None:
        """Show a reply; after a moment, beside what is found next."""
        await self._feed.beside(work)

    async def follow(self, change: Changed, *, within: float) -> None:
        """Follow someone to their new number or id. Raises `NotStored`."""
        await self._named(self._aliases.changed(change), within)

    async def tell(self, reported: Reported, *, within: float, by_address: bool = False) -> None:
        """Hand in what became of a part, `by_address` or place. Raises `NotStored`."""
        joined = await self._named(self._aliases.reported(reported, by_address=by_address), within)

        async def noticed() -> Reported:
            await self._noticed(joined, None)
            return joined

        # Each report is one of its own: what it is worth, given again or late, the core knows.
        key = f"report {next(self.memory.reports)} of {joined.message}"
        item = Item(key=key, place=f"of {joined.message}", what=noticed)
        await self._feed.stored(item, within=within)

    async def _named(self, naming: Awaitable[Named], within: float) -> Named:
        try:
            async with asyncio.timeout(within):
                return await naming
        except (StoreUnavailable, TimeoutError) as error:
            raise NotStored from error
