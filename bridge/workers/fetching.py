"""Files that people send: fetched from their platform and kept before the message is appended.

What cannot be fetched is named in the message instead, so that its sender and the agent know.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from bridge import literal, texts
from bridge.content import Attachment, Content, file_name
from bridge.errors import ChannelError, NoRoom, Rejected, TooLarge
from bridge.ids import ChannelName
from bridge.inbound import RemoteFile
from bridge.ports import Blobs, Channel, Clock, Downloading

log = structlog.get_logger()

TRIES = 3
PAUSE_SECONDS = 1.0
PATIENCE = timedelta(seconds=60)
"""How long one file may take."""

MAX_FILES = 20


@dataclass(frozen=True, slots=True)
class Fetching:
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
            return texts.file_lost(file.name)
        for number in range(TRIES):
            try:
                async with asyncio.timeout(PATIENCE.total_seconds()):
                    return await self._kept(channel.download(file), file)
            except TooLarge:
                return texts.file_not_kept(file.name)
            except (NoRoom, Rejected) as error:
                log.warning("file not kept", channel=channel.name, error=type(error).__name__)
                return texts.file_lost(file.name)
            except (ChannelError, TimeoutError) as error:
                log.warning("file not fetched", channel=channel.name, error=type(error).__name__)
                await self.clock.sleep(PAUSE_SECONDS * number)
        return texts.file_lost(file.name)

    async def _kept(self, chunks: AsyncIterator[bytes], file: RemoteFile) -> Attachment:
        blob = await self.blobs.put(chunks)
        return Attachment(
            kind=file.kind,
            name=file_name(file.name, file.kind, file.mime),
            mime=file.mime,
            size=blob.size,
            media=blob.media,
        )
