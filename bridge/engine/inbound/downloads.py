"""Files that people send: fetched from their platform and kept before the message is appended.

What cannot be fetched is named in the message instead, so that its sender and the agent know.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from bridge import texts
from bridge.domain import literal
from bridge.domain.content import Attachment, Content, file_name
from bridge.domain.errors import ChannelError, NoRoom, Rejected, TooLarge
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import RemoteFile
from bridge.ports.blobs import Blobs
from bridge.ports.channel import Channel, Downloading
from bridge.ports.clock import Clock
from bridge.unseen import note

log = structlog.get_logger()

TRIES = 3
PAUSE_SECONDS = 1.0
PATIENCE = timedelta(seconds=60)
"""How long one file may take."""

MAX_FILES = 20


@dataclass(frozen=True, slots=True)
class Downloads:
    channels: Mapping[ChannelName, Channel]
    blobs: Blobs
    clock: Clock

    async def content(
        self, channel: ChannelName, content: Content, files: Sequence[RemoteFile]
    ) -> Content:
        """Return what was said with its files kept. Raises `StoreUnavailable`."""
        kept, notes = list(content.attachments), []
        if len(files) > MAX_FILES:
            notes.append(texts.files_left_out(len(files) - MAX_FILES))
            note("too_many_files", account=channel, files=len(files) - MAX_FILES)
        for file in files[:MAX_FILES]:
            found = await self._fetched(self.channels[channel], file)
            if isinstance(found, Attachment):
                kept.append(found)
            else:
                notes.append(found)
        told = [Content(text=note) for note in notes]
        return literal.joined([replace(content, attachments=tuple(kept)), *told])

    async def _fetched(self, channel: Channel, file: RemoteFile) -> Attachment | str:
        """Return the file as kept, or in words why it is not there."""
        if not isinstance(channel, Downloading):
            return _lost(channel, file, "NoDownloads")
        failure = ""
        for number in range(1, TRIES + 1):
            try:
                async with asyncio.timeout(PATIENCE.total_seconds()):
                    return await self._kept(channel.download(file), file)
            except TooLarge as error:
                note("file_not_kept", account=channel.name, error=type(error).__name__)
                return texts.file_not_kept(file.name)
            except (NoRoom, Rejected) as error:
                return _lost(channel, file, type(error).__name__)
            except (ChannelError, TimeoutError) as error:
                failure = type(error).__name__
                log.info("file not fetched", channel=channel.name, error=failure)
                if number < TRIES:
                    await self.clock.sleep(PAUSE_SECONDS * number)
        return _lost(channel, file, failure)

    async def _kept(self, chunks: AsyncIterator[bytes], file: RemoteFile) -> Attachment:
        blob = await self.blobs.put(chunks)
        return Attachment(
            kind=file.kind,
            name=file_name(file.name, file.kind, file.mime),
            mime=file.mime,
            size=blob.size,
            media=blob.media,
        )


def _lost(channel: Channel, file: RemoteFile, error: str) -> str:
    note("file_not_kept", account=channel.name, error=error)
    return texts.file_lost(file.name)
