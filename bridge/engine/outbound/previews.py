"""The preview of an open run, kept fresh in one place: paced, the newest text only.

A preview is never in the way: at any failure it is left as it is. Where the platform shows it as a
draft there is no message and no receipt: it wears off by itself. Elsewhere its receipt stays
`attempted` while its message lives, under "preview:{run}"; after a crash the next run inherits the
message.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bridge.delivery.markdown_budget import LONG
from bridge.delivery.part_splitter import opening
from bridge.delivery.retry import preview_rests
from bridge.delivery.shown_receipts import live_preview, preview_id
from bridge.domain.errors import ChangeRefused, ChannelError
from bridge.domain.events import Preview
from bridge.domain.ids import ConversationId, RunId
from bridge.domain.parts import Capabilities, Conversation, Part, Receipt, Span
from bridge.domain.records import replace
from bridge.domain.waits import is_over
from bridge.engine.outbound.calls import called
from bridge.ports.channel import Channel, Editing, Typing
from bridge.ports.channel import Previewing as Drafting
from bridge.ports.clock import Clock
from bridge.ports.engine import Live
from bridge.ports.store import Store
from bridge.session.fold import Session
from bridge.unseen import note

TYPING_EVERY = timedelta(seconds=4)
DRAFT_AGAIN = timedelta(seconds=20)
"""How long a draft is left as it is: platforms let it wear off after 30 s."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Following:
    """What was last done for the open run in one place."""

    shown: tuple[RunId, str] | None = None
    shown_at: datetime = LONG_AGO
    typed_at: datetime = LONG_AGO
    blocked_until: datetime = LONG_AGO

    def may_show(self, now: datetime, interval: timedelta) -> bool:
        is_free = is_over(self.blocked_until, now=now, since=self.shown_at)
        return is_free and is_over(self.shown_at + interval, now=now, since=self.shown_at)

    def wears_off(self, now: datetime, limits: Capabilities) -> bool:
        again = is_over(self.shown_at + DRAFT_AGAIN, now=now, since=self.shown_at)
        return limits.drafts and again

    def may_type(self, now: datetime) -> bool:
        return is_over(self.typed_at + TYPING_EVERY, now=now, since=self.typed_at)


class Previews:
    """Follows open runs for the courier. `several`: a preview says which agent writes it."""

    def __init__(self, store: Store, live: Live, clock: Clock, *, several: bool = False) -> None:
        self._several = several
        self._store = store
        self._live = live
        self._clock = clock
        self.following: dict[ConversationId, _Following] = {}
        self._closed = False

    def close(self) -> None:
        self._closed = True

    async def follow(
        self, lane: Conversation, channel: Channel, session: Session, bell: asyncio.Event
    ) -> bool:
        """Show the newest preview and wait for a newer one or the bell; False: no run to follow."""
        run = session.open_run
        limits = channel.capabilities(lane.address)
        shows = limits.previews or limits.drafts
        if run is None or self._closed or not (shows or limits.typing):
            self.following.pop(lane.id, None)
            return False
        glimpse = self._live.glimpse(session.id)
        preview = next((each for each in glimpse.previews if each.run == run.run), None)
        following = self.following.setdefault(lane.id, _Following(shown_at=self._clock.now()))
        is_late = False
        if shows and preview is not None and preview.text:
            is_late = not await self._show(lane, channel, session, preview, following)
        elif limits.typing:
            await self._type(lane, channel, following)
        pause = limits.preview_interval if shows else TYPING_EVERY
        await self._pause(bell, pause.total_seconds())
        if shows and not is_late and not bell.is_set():
            await self._newer(session, glimpse.revision, bell)
        return True

    async def _newer(self, session: Session, after: int, bell: asyncio.Event) -> None:
        newer = asyncio.ensure_future(self._live.changed(session.id, after=after))
        ring = asyncio.ensure_future(bell.wait())
        try:
            await asyncio.wait(
                {newer, ring},
                timeout=TYPING_EVERY.total_seconds(),
                return_when=asyncio.FIRST_COMPLETED,
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

    async def _type(self, lane: Conversation, channel: Channel, following: _Following) -> None:
        if not following.may_type(self._clock.now()) or not isinstance(channel, Typing):
            return
        following.typed_at = self._clock.now()
        with suppress(ChannelError):
            await called(
                channel,
                lane.address,
                lambda: channel.typing(lane.address),
                within=TYPING_EVERY,
            )

    # -- the message

    async def _show(
        self,
        lane: Conversation,
        channel: Channel,
        session: Session,
        preview: Preview,
        following: _Following,
    ) -> bool:
        """Show the text, once; False when that is still to be done."""
        limits = channel.capabilities(lane.address)
        speaker = session.open_run.agent if self._several and session.open_run else ""
        if len(preview.text) > LONG:
            text = await asyncio.to_thread(opening, preview.text, limits, speaker)
        else:
            text = opening(preview.text, limits, speaker)
        if following.shown == (preview.run, text) and not following.wears_off(
            self._clock.now(), limits
        ):
            return True
        if not following.may_show(self._clock.now(), limits.preview_interval):
            return False
        following.shown, following.shown_at = (preview.run, text), self._clock.now()
        epoch = (await self._store.epoch()).id
        part = replace(_part(session, preview, lane, text), speaker=speaker, epoch=epoch)
        if limits.drafts:
            await self._draft(lane, channel, part, following)
            return True
        receipts = await self._store.receipts(session.id, lane.id, sources=())
        known = live_preview(receipts)
        try:
            await self._send(lane, channel, part, known)
        except ChannelError as error:
            if isinstance(error, ChangeRefused):
                if known is not None:  # someone deleted it: the next one is a new message
                    await self._store.record(replace(known, state="deleted"))
                    following.shown = None
                    return False
            else:
                self._rest(lane, following, error)
        return True

    def _rest(self, lane: Conversation, following: _Following, error: ChannelError) -> None:
        following.blocked_until = preview_rests(error, self._clock.now())
        where = lane.address
        note("preview_not_shown", account=where.channel, place=where.place, code=error.code)

    async def _draft(
        self, lane: Conversation, channel: Channel, part: Part, following: _Following
    ) -> None:
        if not isinstance(channel, Drafting):
            raise TypeError(f"{channel.name} says it shows drafts, but has no preview()")
        try:
            await called(channel, lane.address, lambda: channel.preview(lane.address, part))
        except ChannelError as error:
            self._rest(lane, following, error)

    async def _send(
        self, lane: Conversation, channel: Channel, part: Part, known: Receipt | None
    ) -> None:
        if known is not None:
            message = known.message
            if message is not None and isinstance(channel, Editing):
                await called(
                    channel, lane.address, lambda: channel.edit(lane.address, message, part)
                )
            return
        receipt = _receipt(part, self._clock.now())
        await self._store.attempt(receipt)
        try:
            sent = await called(channel, lane.address, lambda: channel.send(lane.address, part))
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
