"""Someone who listens, for tests: what was heard, and what is to happen when it is handed in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from bridge.domain.inbound import Inbound, Relocated, Reported, Spoken
from bridge.domain.parts import Reply
from channels.whatsapp.channel import WhatsAppChannel
from tests.waiting import until


@dataclass
class Ear:
    """An inbox. `refusals` are raised first, one per call; `replies` by what was said.

    `held`: places whose messages wait until it is set.
    """

    refusals: list[Exception] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    heard: list[Inbound] = field(default_factory=list)
    reported: list[Reported] = field(default_factory=list)

    async def __call__(self, heard: Inbound | Reported | Relocated) -> Reply | None:
        if heard.address.place in self.held:
            await self.held[heard.address.place].wait()
        if self.refusals:
            raise self.refusals.pop(0)
        if isinstance(heard, Reported):
            self.reported.append(heard)
            return None
        self.heard.append(heard)
        text = heard.what.content.text if isinstance(heard.what, Spoken) else ""
        return Reply(text=self.replies[text]) if text in self.replies else None

    def texts(self) -> list[str]:
        return [each.what.content.text for each in self.heard if isinstance(each.what, Spoken)]

    def states(self) -> list[str]:
        return [each.state for each in self.reported]


@asynccontextmanager
async def listening(channel: WhatsAppChannel, ear: Ear) -> AsyncIterator[asyncio.Task[None]]:
    """Listen; what was said before has been looked for once when the context opens."""
    task = asyncio.create_task(channel.listen(ear))
    try:
        await until(lambda: task.done() or _is_ready(channel))
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _is_ready(channel: WhatsAppChannel) -> bool:
    hearing = channel._hook.hearing
    return hearing is not None and hearing.ready.is_set()
