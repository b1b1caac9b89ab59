"""`/export`: what somebody may read of a session as a file, in their private chat.

The rules:

- It is shown in a private place of whoever asked, the one where they asked if that is one; never in
  a room. It is in no log: nobody else who reads along in that place's session sees it.
- They get what they may read (`bridge.exports`), no more.
- Its bytes are kept as long as a platform may need to fetch them, and forgotten then, unless
  somebody has sent the same file into a session meanwhile.
- Delivered again it may be sent again: it is a reply.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bridge import session_texts
from bridge.domain.content import Attachment
from bridge.domain.errors import BridgeError, ChannelError, NoRoom, RateLimited, TooLarge
from bridge.domain.ids import START, ChannelName, ConversationId, MediaId, ParticipantId, PartId
from bridge.domain.parts import Conversation, Part, Reply, Span
from bridge.domain.records import replace
from bridge.domain.session_file import Named
from bridge.domain.waits import is_over
from bridge.engine.names import CLIENTS
from bridge.exports import lines, markdown
from bridge.ports.blobs import Blobs
from bridge.ports.channel import Channel
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Store
from bridge.session import visible
from bridge.session.fold import Session

log = structlog.get_logger()

SENT = "sent alone"
"""The scope of the files that were sent to one person alone, with when."""

KEPT = timedelta(minutes=15)
"""How long a platform may take to fetch one."""

LONGEST_WAIT = 30.0
"""Seconds that are waited where a place takes no message just now."""

LOOKED_AT = 200
"""Sessions, the last touched, in which a private place of somebody's is looked for."""

LATE = 500
"""Last events of a session in which it is looked for a file that may have been sent into it."""

JSON = "json"
TYPES = {"": ("md", "text/markdown"), JSON: ("jsonl", "application/x-ndjson")}


class Sending(Protocol):
    """Shows a file in a private place, and keeps nothing of it for longer than that takes."""

    @property
    def blobs(self) -> Blobs: ...

    async def send(
        self, place: Conversation, part: Part, name: str, mime: str, chunks: AsyncGenerator[bytes]
    ) -> None:
        """Raise `TooLarge` where the place takes no such file, any other `BridgeError` else."""


@dataclass(slots=True)
class SentFiles:
    """The `Sending` of these channels."""

    store: Store
    blobs: Blobs
    channels: Mapping[ChannelName, Channel]
    clock: Clock

    async def send(
        self, place: Conversation, part: Part, name: str, mime: str, chunks: AsyncGenerator[bytes]
    ) -> None:
        channel = self.channels[place.address.channel]
        limits = channel.capabilities(place.address)
        blob = await self.blobs.put(chunks)
        await self.store.keep_fact(SENT, blob.media, self.clock.now().isoformat())
        if not limits.max_files or blob.size > limits.max_file_bytes:
            raise TooLarge
        file = Attachment(kind="file", name=name, mime=mime, size=blob.size, media=blob.media)
        whole = replace(part, attachments=(file,))
        try:
            await channel.send(place.address, whole)
        except RateLimited as error:
            wait = (error.until - self.clock.now()).total_seconds()
            if wait > LONGEST_WAIT:
                raise
            await self.clock.sleep(max(wait, 0.0))
            await channel.send(place.address, whole)

    async def take_back(self) -> None:
        """Forget the files that were sent so long ago that nobody fetches them any more."""
        for media, body in (await self.store.facts(SENT)).items():
            at = datetime.fromisoformat(body)
            if is_over(at + KEPT, now=self.clock.now(), since=at):
                if not await self._is_shown(MediaId(media), at):
                    await self.blobs.forget(MediaId(media))
                await self.store.drop_fact(SENT, media)

    async def _is_shown(self, media: MediaId, since: datetime) -> bool:
        for row in await self.store.sessions(limit=LOOKED_AT):
            if row.touched_at < since:
                return False
            named, after = Named(), max(START, row.head - LATE)
            for event in await self.store.read(row.id, after=after, limit=LATE):
                named.note(event.body)
            if media in named.files:
                return True
        return False


@dataclass(slots=True)
class Exporting:
    """`sending` is None where no channel is connected."""

    store: Store
    sessions: Sessions
    clock: Clock
    sending: Sending | None

    async def export(
        self, fold: Session, by: ParticipantId, here: ConversationId, form: str
    ) -> Reply:
        """Send somebody what they may read of a session; return what they are told."""
        if form not in TYPES:
            return Reply(text=session_texts.EXPORT_HOW, refused=True)
        if here in CLIENTS or self.sending is None:
            return Reply(text=session_texts.EXPORT_THERE)
        place = await self._private(fold, by, here)
        if place is None:
            return Reply(text=session_texts.EXPORT_IN_PRIVATE, refused=True)
        try:
            await self._send(self.sending, fold, by, place, form)
        except (TooLarge, NoRoom):
            return Reply(text=session_texts.EXPORT_TOO_LARGE, refused=True)
        except ChannelError as error:
            log.info("file not sent", session=fold.id, error=type(error).__name__)
            return Reply(text=session_texts.EXPORT_FAILED, refused=True)
        is_here = place.id == here
        return Reply(text=session_texts.EXPORTED_HERE if is_here else session_texts.EXPORTED)

    async def _send(
        self, sending: Sending, fold: Session, by: ParticipantId, place: Conversation, form: str
    ) -> None:
        at, hidden = self.clock.now(), visible.hidden_upto(fold, by)
        if form == JSON:
            blobs = sending.blobs
            written = lines(self.store, blobs, fold.id, at=at, hidden=hidden, addresses=False)
        else:
            written = markdown(self.store, fold.id, at=at, hidden=hidden)
        ending, mime = TYPES[form]
        name = re.sub(r"[^\w-]+", "-", fold.title or fold.id).strip("-") or fold.id
        part = Part(
            id=PartId(f"export:{fold.head}"),
            session=fold.id,
            conversation=place.id,
            source=fold.head,
            upto=fold.head,
            span=Span(start=0, end=0),
            text="",
            priority="question",
        )
        await sending.send(place, part, f"{name}.{ending}", mime, written)

    async def _private(
        self, fold: Session, by: ParticipantId, here: ConversationId
    ) -> Conversation | None:
        """Return the place where somebody asked, or another private one of theirs."""
        asked = await self.store.conversation(here)
        if asked is not None and not asked.room:
            return asked
        channel = asked.address.channel if asked is not None else None
        found: list[Conversation] = []
        for row in [None, *await self.store.sessions(limit=LOOKED_AT)]:
            session = fold
            with suppress(BridgeError):
                session = fold if row is None else await self.sessions.fold(row.id)
            mine = [each for each, who in session.conversations.items() if who == by]
            places = [await self.store.conversation(each) for each in mine]
            found += [each for each in places if each is not None and not each.room]
            if any(each.address.channel == channel for each in found):
                break
        alike = [each for each in found if each.address.channel == channel]
        return next(iter([*alike, *found]), None)
