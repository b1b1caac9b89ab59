"""Files: from the bridge's keeping to Telegram, and from Telegram in chunks."""

from collections.abc import AsyncIterator, Sequence

import httpx

from bridge.domain.content import Attachment
from bridge.domain.errors import FileRefused, NotFound, Rejected, Unreachable
from bridge.domain.inbound import RemoteFile
from bridge.ports.blobs import Blobs
from channels.telegram.client import Client
from channels.telegram.limits import CHUNK, MAX_DOWNLOAD
from channels.telegram.outbound import Loaded
from channels.telegram.render import uploads

NOT_FOUND = 404


async def loaded(blobs: Blobs, attachments: Sequence[Attachment]) -> list[Loaded]:
    """Return the files with their bytes. Raises `FileRefused` for what is no longer kept."""
    return [
        Loaded(upload=upload, body=await _body(blobs, upload.attachment))
        for upload in uploads(attachments)
    ]


async def _body(blobs: Blobs, attachment: Attachment) -> bytes:
    try:
        return b"".join([chunk async for chunk in blobs.open(attachment.media)])
    except NotFound as error:
        raise FileRefused("the file is no longer kept", code="file_gone") from error


async def downloaded(client: Client, file: RemoteFile) -> AsyncIterator[bytes]:
    """Yield what Telegram holds of a file.

    Raises `Rejected` for what is too large for a bot or gone, `Unreachable` otherwise.
    """
    if file.size is not None and file.size > MAX_DOWNLOAD:
        raise Rejected("Telegram gives bots no file of more than 20 MB", code="too_big")
    url = await _address(client, file)
    try:
        async with client.http() as http, http.stream("GET", url) as answer:
            if answer.status_code == NOT_FOUND:
                raise Rejected("Telegram has this file no more", code="file_gone")
            if not answer.is_success:
                raise Unreachable("the file could not be had", code=str(answer.status_code))
            async for chunk in answer.aiter_bytes(CHUNK):
                yield chunk
    except httpx.HTTPError as error:
        raise Unreachable("the file could not be had", code=type(error).__name__) from error


async def _address(client: Client, file: RemoteFile) -> str:
    async with client.open() as bot:
        found = await bot.get_file(file.ref)
    url = found.file_path or ""
    if not url.startswith("http"):
        # A self-hosted server in local mode names a path on its own disk.
        raise Rejected("the Bot API server keeps its files to itself", code="local_mode")
    return url
