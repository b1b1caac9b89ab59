"""Files: from the bridge's keeping to Discord, and from Discord in chunks."""

import io
from collections.abc import AsyncIterator, Sequence

import discord

from bridge.domain.content import Attachment
from bridge.domain.errors import FileRefused, Gone, NotFound, Rejected
from bridge.domain.inbound import RemoteFile
from bridge.ports.blobs import Blobs
from bridge.ports.clock import Clock
from channels.discord.client import Wire
from channels.discord.errors import translated
from channels.discord.parse import FileRef

EXPIRED = frozenset({401, 403, 404, 410})
"""What the file server says of an address whose signature has run out."""


async def loaded(blobs: Blobs, attachments: Sequence[Attachment]) -> list[discord.File]:
    """Return the files with their bytes. Raises `FileRefused` for what is no longer kept."""
    files = []
    for each in attachments:
        try:
            chunks = [chunk async for chunk in blobs.open(each.media)]
        except NotFound as error:
            raise FileRefused("the file is not kept any more", code="file") from error
        files.append(discord.File(io.BytesIO(b"".join(chunks)), filename=each.name or "file"))
    return files


async def download(wire: Wire, clock: Clock, file: RemoteFile) -> AsyncIterator[bytes]:
    """Yield a file; its address is asked for again when the one that came with it has expired."""
    ref = FileRef.of(file.ref)
    try:
        async for chunk in _fetched(wire, clock, ref.url):
            yield chunk
    except Rejected:
        url = await _fresh(wire, clock, ref)
    else:
        return
    async for chunk in _fetched(wire, clock, url):
        yield chunk


async def _fetched(wire: Wire, clock: Clock, url: str) -> AsyncIterator[bytes]:
    with translated(clock.now()):
        try:
            async for chunk in wire.download(url):
                yield chunk
        except discord.HTTPException as error:
            if error.status in EXPIRED:
                raise Rejected("the file is gone", code=str(error.status)) from error
            raise


async def _fresh(wire: Wire, clock: Clock, ref: FileRef) -> str:
    """Return the address the file has now."""
    try:
        with translated(clock.now()):
            message = await wire.get_message(int(ref.place), int(ref.message))
    except Gone as error:
        raise Rejected("the place is gone", code=error.code) from error
    for each in message["attachments"]:
        if str(each["id"]) == ref.file:
            return each["url"]
    raise Rejected("the file is gone", code="file")
