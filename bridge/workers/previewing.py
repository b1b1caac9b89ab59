"""The preview of an open run, kept fresh in one place: paced, the newest text only.

A preview is never in the way: at any failure it is left as it is. Its receipt stays `attempted`
while its message lives, under "preview:{run}"; after a crash the next run inherits the message.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

from bridge import delivery
from bridge.errors import ChannelError, RateLimited, Rejected
from bridge.events import Preview
from bridge.ids import ConversationId
from bridge.parts import Conversation, Part, Receipt, Span
from bridge.ports import Channel, Clock, Editing, Live, Store, Typing
from bridge.session import Session
from bridge.shown import live_preview, preview_id

TYPING_EVERY = 4.0


class Previewing:
    """Follows open runs for the courier."""

    def __init__(self, store: Store, live: Live, clock: Clock) -> None:
        self._store = store
        self._live = live
        self._clock = clock
        self._blocked: dict[ConversationId, datetime] = {}
        self._shown: dict[ConversationId, str] = {}
        self._closed = False

    def close(self) -> None:
        self._closed = True

    async def follow(
        self, lane: Conversation, channel: Channel, session: Session, bell: asyncio.Event
    ) -> bool:
        """Show the newest preview and wait for a newer one or the bell; False: no run to follow."""
        run = session.open_run
        limits = channel.capabilities(lane.address)
        if run is None or self._closed or not (limits.previews or limits.typing):
            self._blocked.pop(lane.id, None)
            self._shown.pop(lane.id, None)
            return False
        glimpse = self._live.glimpse(session.id)
        preview = next((each for each in glimpse.previews if each.run == run.run), None)
        if limits.previews and preview is not None and preview.text:
            await self._show(lane, channel, session, preview)
        elif limits.typing and isinstance(channel, Typing):
            await self._type(lane, channel)
        pause = limits.preview_interval.total_seconds() if limits.previews else TYPING_EVERY
        await self._pause(bell, pause)
        if limits.previews and not bell.is_set():
            await self._newer(session, glimpse.revision, bell)
        return True

    async def _newer(self, session: Session, after: int, bell: asyncio.Event) -> None:
        newer = asyncio.ensure_future(self._live.changed(session.id, after=after))
        ring = asyncio.ensure_future(bell.wait())
        try:
            await asyncio.wait(
                {newer, ring}, timeout=TYPING_EVERY, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            newer.cancel()
            ring.cancel()

    async def _pause(self, bell: asyncio.Event, seconds: float) -> None:
        sleep = asyncio.ensure_future(self._clock.sleep(seconds))
        ring = asyncio.ensure_future(bell.wait())
        try:
            await asyncio.wait({sleep, ring}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            ring.cancel()

    async def _type(self, lane: Conversation, channel: Typing) -> None:
        try:
            await channel.typing(lane.address)
        except ChannelError:
            self._blocked[lane.id] = self._clock.now()

    # -- the message

    async def _show(
        self, lane: Conversation, channel: Channel, session: Session, preview: Preview
    ) -> None:
        until = self._blocked.get(lane.id)
        if until is not None and until > self._clock.now():
            return
        text = preview.text[: channel.capabilities(lane.address).max_chars - delivery.MARGIN]
        if self._shown.get(lane.id) == text:
            return
        receipts = await self._store.receipts(session.id, lane.id, sources=())
        known = live_preview(receipts)
        try:
            await self._send(lane, channel, _part(session, preview, lane, text), known)
            self._shown[lane.id] = text
        except RateLimited as error:
            self._blocked[lane.id] = error.until
        except Rejected:
            if known is not None:
                await self._store.record(replace(known, state="deleted"))
        except (ChannelError, TimeoutError):
            self._blocked[lane.id] = self._clock.now() + delivery.SHORT_RUN

    async def _send(
        self, lane: Conversation, channel: Channel, part: Part, known: Receipt | None
    ) -> None:
        limit = channel.capabilities(lane.address).send_timeout.total_seconds()
        async with asyncio.timeout(limit):
            if known is not None:
                if known.message is not None and isinstance(channel, Editing):
                    await channel.edit(lane.address, known.message, part)
                return
            receipt = _receipt(part, self._clock.now())
            await self._store.attempt(receipt)
            try:
                sent = await channel.send(lane.address, part)
            except ChannelError as error:
                if error.certain:
                    await self._store.record(replace(receipt, state="failed"))
                raise
            await self._store.record(replace(receipt, message=sent.message))


def _part(session: Session, preview: Preview, lane: Conversation, text: str) -> Part:
    started = session.open_run.started if session.open_run else session.head
    return Part(
        id=preview_id(preview.run),
        session=session.id,
        conversation=lane.id,
        source=started,
        upto=started,
        span=Span(start=0, end=0),
        text=text,
        run=preview.run,
        priority="preview",
        silent=True,
    )


def _receipt(part: Part, now: datetime) -> Receipt:
    return Receipt(
        session=part.session,
        conversation=part.conversation,
        part=part.id,
        source=part.source,
        upto=part.upto,
        span=part.span,
        state="attempted",
        at=now,
        tries=1,
    )
