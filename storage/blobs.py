"""The `Blobs` of a bridge: files in a folder, named by the SHA-256 of what they hold."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from bridge.errors import NotFound, TooLarge
from bridge.ids import MediaId
from bridge.plugins import BlobsPlugin, Section
from bridge.ports import Blob, Surroundings

CHUNK = 256 * 1024
"""Bytes."""

_NAME = re.compile(r"m_[0-9a-f]{64}")


class FolderBlobs:
    """Files under `folder`, each of at most `max_bytes`."""

    def __init__(self, folder: Path, *, max_bytes: int = 50_000_000) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    async def put(self, chunks: AsyncIterable[bytes]) -> Blob:
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True, mode=0o700)
        digest, size = hashlib.sha256(), 0
        with NamedTemporaryFile(dir=self._folder, delete=False) as file:
            try:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > self._max_bytes:
                        raise TooLarge
                    digest.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
                media = MediaId(f"m_{digest.hexdigest()}")
                await asyncio.to_thread(_settle, Path(file.name), self._path(media))
            finally:
                await asyncio.to_thread(Path(file.name).unlink, missing_ok=True)
        return Blob(media=media, size=size)

    async def open(self, media: MediaId) -> AsyncIterator[bytes]:
        try:
            file = await asyncio.to_thread(self._path(media).open, "rb")
        except FileNotFoundError as error:
            raise NotFound("this file is not kept any more") from error
        with file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk

    async def size(self, media: MediaId) -> int | None:
        try:
            return (await asyncio.to_thread(self._path(media).stat)).st_size
        except FileNotFoundError:
            return None

    async def forget(self, media: MediaId) -> None:
        await asyncio.to_thread(self._path(media).unlink, missing_ok=True)

    def _path(self, media: MediaId) -> Path:
        if not _NAME.fullmatch(media):
            raise NotFound("there is no such file")
        return self._folder / media


def _settle(written: Path, kept: Path) -> None:
    """Make it durable, then give it its name."""
    descriptor = os.open(written, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    written.replace(kept)


class FolderSection(Section):
    """`path`: the folder; one that is not absolute is in the bridge's own. Sizes in bytes."""

    path: Path = Path("media")
    max_bytes: int = 50_000_000


def _create(section: FolderSection, surroundings: Surroundings) -> FolderBlobs:
    folder = surroundings.data / section.path.expanduser()
    return FolderBlobs(folder, max_bytes=section.max_bytes)


plugin = BlobsPlugin(config=FolderSection, create=_create)
