"""The files of one run: what its program was sent, and what it sends.

What people sent is put into a folder of the run's own, which is gone when the run is. What the
program sends it names by a path, from its own folder (`base`), or by the id of a known file.
"""

import asyncio
import mimetypes
import os
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Self

from agents.lines.said import FileInput
from bridge.content import UNKNOWN_TYPE, Attachment, kind_of, mime_of, name_of
from bridge.errors import AgentFailed, NoRoom, NotFound, TooLarge
from bridge.ids import MediaId
from bridge.ports import Blobs

CHUNK = 262_144


class RunFolder:
    """A context; the folder itself is made, below `parent`, when the first file is fetched."""

    def __init__(self, parent: Path, *, base: Path, blobs: Blobs) -> None:
        self._parent, self._base, self._blobs = parent, base, blobs
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def fetch(self, attachment: Attachment) -> Path | None:
        """Return where the bytes of a file now are, None when they are not kept any more."""
        path = self._made() / attachment.media / name_of(attachment.name)
        if path.exists():
            return path
        path.parent.mkdir(exist_ok=True)
        try:
            with path.open("wb") as file:
                async for chunk in self._blobs.open(attachment.media):
                    await asyncio.to_thread(file.write, chunk)
        except NotFound:
            path.unlink()
            return None
        return path

    async def attach(self, given: FileInput) -> Attachment:
        """Return a file as it goes into a message. Raises `AgentFailed` when it cannot be sent."""
        if given.path is not None and given.media is None:
            return await self._from_path(given, self._base / given.path)
        return await known(self._blobs, given)

    async def _from_path(self, given: FileInput, path: Path) -> Attachment:
        try:
            with await asyncio.to_thread(_opened, path) as file:
                blob = await self._blobs.put(_bits(file))
        except OSError as error:
            raise AgentFailed(f"the file {path.name} cannot be sent: {error.strerror}") from error
        except (TooLarge, NoRoom) as error:
            raise AgentFailed(f"the file {path.name} cannot be sent: {error}") from error
        if not blob.size:
            raise AgentFailed(f"the file {path.name} cannot be sent: it is empty")
        mime = given.mime or mimetypes.guess_type(path.name)[0] or UNKNOWN_TYPE
        return _attachment(given, given.name or path.name, mime, blob.media, blob.size)

    def _made(self) -> Path:
        if self._folder is None:
            self._parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._parent))
        return self._folder


async def known(blobs: Blobs, given: FileInput) -> Attachment:
    """Return a file that is kept here already. Raises `AgentFailed` when there is none."""
    if given.media is None or given.path is not None:
        raise AgentFailed("a file is named by its `media` id here, and by nothing else")
    media = MediaId(given.media)
    size = await blobs.size(media)
    if not size:
        raise AgentFailed("the agent sends a file that is not kept here (any more)")
    return _attachment(given, given.name, given.mime or UNKNOWN_TYPE, media, size)


def _attachment(given: FileInput, name: str, mime: str, media: MediaId, size: int) -> Attachment:
    mime = mime_of(mime)
    return Attachment(
        kind=kind_of(mime, given.kind), name=name_of(name), mime=mime, size=size, media=media
    )


def _opened(path: Path) -> BinaryIO:
    """Open a regular file, and nothing that would make one wait."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "it is no regular file")
    return os.fdopen(descriptor, "rb")


async def _bits(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK):
        yield chunk
