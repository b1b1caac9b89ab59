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
import errno
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

from agents.lines.output_schema import FileInput
from bridge.domain.content import UNKNOWN_TYPE, Attachment, kind_of, mime_of, name_of
from bridge.domain.errors import (
    AgentError,
    AgentFailed,
    AgentUnavailable,
    NoRoom,
    NotFound,
    TooLarge,
)
from bridge.domain.ids import MediaId
from bridge.ports.blobs import Blobs

CHUNK = 262_144

FOR_NOW = frozenset(
    {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT}
)
"""What says that the machine is at its limits; anything else is wrong with what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineUser:
    """Another user of this machine, for whom a program runs."""

    user: int
    group: int
    home: str


class RunFolder:
    """A context; the folder is made below `parent`, or where temporary files are."""

    def __init__(self, parent: Path, *, blobs: Blobs, account: MachineUser | None = None) -> None:
        self._parent, self._blobs, self._account = parent, blobs, account

    def __enter__(self) -> Self:
        """Make it. Raises `AgentFailed`, or `AgentUnavailable` at the machine's limits."""
        try:
            self._make()
        except OSError as error:
            raise unable("the agent's folder cannot be made", error) from error
        try:
            # held open: whatever becomes of its name, files are looked for in this very folder
            self._held = os.open(self.out, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise unable("the agent's folder cannot be opened", error) from error
        return self

    def _make(self) -> None:
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

    def __exit__(self, *_: object) -> None:
        os.close(self._held)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def fetch(self, attachment: Attachment) -> Path | None:
        """Return where the bytes of a file now are, None when they are not kept any more.

        Raises `AgentUnavailable` where there is no room for them.
        """
        path = self._received / attachment.media / name_of(attachment.name)
        if path.exists():
            return path
        part = path.with_name(f"{attachment.media}.part")  # no file has half its bytes
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700 if self._account is None else 0o755)
            with part.open("wb") as file:
                async for chunk in self._blobs.open(attachment.media):
                    await asyncio.to_thread(file.write, chunk)
            part.chmod(0o600 if self._account is None else 0o644)
            part.replace(path)
        except NotFound:
            return None
        except OSError as error:
            raise unable(f"the agent cannot be given the file {path.name}", error) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
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
            raise unable(f"the file {path.name} cannot be sent", error) from error
        except ValueError as error:
            why = f"the file {path.name!a} cannot be sent: that is no name of a file"
            raise AgentFailed(why) from error
        except (TooLarge, NoRoom) as error:
            raise AgentFailed(f"the file {path.name} cannot be sent: {error}") from error
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


def unable(what: str, error: OSError) -> AgentError:
    """Return what to say of an error of the system: tried again where it may pass."""
    kind = AgentUnavailable if error.errno in FOR_NOW else AgentFailed
    return kind(f"{what}: {error.strerror}")


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
    chunk = await asyncio.to_thread(file.read, CHUNK)
    if not chunk:  # before anything of it is kept
        raise OSError(0, "it is empty")
    while chunk:
        yield chunk
        chunk = await asyncio.to_thread(file.read, CHUNK)
