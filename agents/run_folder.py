"""The files of one run: what its program was sent, and what it sends.

The rules:

- A run has a folder of its own, which is gone when the run is. What people sent is put into one
  part of it by the bridge; into the other, `out`, the program puts what it sends.
- What it sends it names by a path in `out`, or by the id of a known file. On the way to a file no
  link is followed; it must be a regular file, and have no other name anywhere (no hard link). So a
  program cannot have a file sent that it could not read itself, nor one that it was talked into.
- Where the program runs as another user, `out` is that user's, and nothing else is.
"""

import asyncio
import mimetypes
import os
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from agents.lines.said import FileInput
from bridge.content import UNKNOWN_TYPE, Attachment, kind_of, mime_of, name_of
from bridge.errors import AgentFailed, NoRoom, NotFound, TooLarge
from bridge.ids import MediaId
from bridge.ports import Blobs

CHUNK = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Another user of this machine, for whom a program runs."""

    user: int
    group: int
    home: str


class RunFolder:
    """A context; the folder is made below `parent`, or where temporary files are."""

    def __init__(self, parent: Path, *, blobs: Blobs, account: Account | None = None) -> None:
        self._parent, self._blobs, self._account = parent, blobs, account

    def __enter__(self) -> Self:
        if self._account is None:
            self._parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        parent = None if self._account else self._parent
        self._folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent)).resolve()
        self._received, self.out = self._folder / "received", self._folder / "out"
        self._received.mkdir(mode=0o700)
        self.out.mkdir(mode=0o700)
        if self._account is not None:
            self._folder.chmod(0o711)
            self._received.chmod(0o711)
            os.chown(self.out, self._account.user, self._account.group)
        # held open: whatever becomes of its name, files are looked for in this very folder
        self._held = os.open(self.out, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._held)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def fetch(self, attachment: Attachment) -> Path | None:
        """Return where the bytes of a file now are, None when they are not kept any more."""
        path = self._received / attachment.media / name_of(attachment.name)
        if path.exists():
            return path
        path.parent.mkdir(exist_ok=True, mode=0o700 if self._account is None else 0o755)
        try:
            with path.open("wb") as file:
                async for chunk in self._blobs.open(attachment.media):
                    await asyncio.to_thread(file.write, chunk)
        except NotFound:
            path.unlink()
            return None
        path.chmod(0o600 if self._account is None else 0o644)
        return path

    async def attach(self, given: FileInput) -> Attachment:
        """Return a file as it goes into a message. Raises `AgentFailed` when it cannot be sent."""
        if given.path is not None and given.media is None:
            return await self._from_path(given, Path(given.path))
        return await known(self._blobs, given)

    async def _from_path(self, given: FileInput, path: Path) -> Attachment:
        try:
            with await asyncio.to_thread(_opened, self._held, self._inside(path)) as file:
                blob = await self._blobs.put(_bits(file))
        except OSError as error:
            raise AgentFailed(f"the file {path.name} cannot be sent: {error.strerror}") from error
        except (TooLarge, NoRoom) as error:
            raise AgentFailed(f"the file {path.name} cannot be sent: {error}") from error
        if not blob.size:
            raise AgentFailed(f"the file {path.name} cannot be sent: it is empty")
        mime = given.mime or mimetypes.guess_type(path.name)[0] or UNKNOWN_TYPE
        return _attachment(given, given.name or path.name, mime, blob.media, blob.size)

    def _inside(self, path: Path) -> Sequence[str]:
        """Return the names that lead to a file from `out`. Raises `AgentFailed`."""
        with suppress(ValueError):
            inside = path.relative_to(self.out) if path.is_absolute() else path
            if ".." not in inside.parts:
                return inside.parts
        raise AgentFailed(
            f"the file {path.name} cannot be sent: only what is in the run's own folder can be, "
            "which the variable BRIDGE_FOLDER names"
        )


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


def _opened(folder: int, names: Sequence[str]) -> BinaryIO:
    """Open a regular file below a folder, without following a link, and without waiting."""
    if not names:
        raise OSError(0, "it is no regular file")
    *folders, name = names
    held = os.dup(folder)
    try:
        for each in folders:
            inner = os.open(each, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=held)
            os.close(held)
            held = inner
        opened = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=held)
    finally:
        os.close(held)
    about = os.fstat(opened)
    if stat.S_ISREG(about.st_mode) and about.st_nlink == 1:
        return os.fdopen(opened, "rb")
    os.close(opened)
    linked = stat.S_ISREG(about.st_mode)
    raise OSError(0, "it has another name (a hard link)" if linked else "it is no regular file")


async def _bits(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK):
        yield chunk
