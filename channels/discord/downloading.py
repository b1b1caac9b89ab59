"""Fetching a file that someone sent."""

from collections.abc import AsyncIterator

import discord

from bridge.errors import Gone, Rejected
from bridge.inbound import RemoteFile
from bridge.ports import Clock
from channels.discord.errors import translated
from channels.discord.parse import FileRef
from channels.discord.wire import Wire

EXPIRED = frozenset({401, 403, 404, 410})
"""What the file server says of an address whose signature has run out."""


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
