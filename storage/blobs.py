"""The `Blobs` of a bridge: files in a folder, named by the SHA-256 of what they hold.

The rules:

- A file comes in under a name of its own, is made durable, and only then gets its name: whatever
  happens before leaves nothing but that one, which the writer removes, or the next start.
- What is on its way in counts against the quota. Where it does not fit, its bytes are no longer
  written but still read: they may turn out to be those of a file that is kept already.
- A file's time is that of the last put of it; a sweep forgets what is older than it is kept.
"""

import asyncio
import errno
import os
import re
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Annotated, BinaryIO, ParamSpec, TypeVar

from pydantic import Field

from bridge import texts
from bridge.domain.errors import ConfigError, NoRoom, NotFound, StoreUnavailable
from bridge.domain.ids import MediaId
from bridge.plugins import BlobsPlugin, Section
from bridge.ports.blobs import Blob
from bridge.ports.clock import Clock
from bridge.ports.surroundings import Surroundings
from storage.quota import Arrival, Quota

CHUNK = 256 * 1024
"""Bytes."""

MAX_BYTES = 50_000_000
QUOTA_BYTES = 5_000_000_000
INCOMING = ".incoming-"

P = ParamSpec("P")
T = TypeVar("T")

_NAME = re.compile(r"m_[0-9a-f]{64}")


class FolderBlobs:
    """Files under `folder`, each of at most `max_bytes`, of at most `quota_bytes` together.

    `keep`: how long after the last put of it a file is kept; None: for good. Raises `ConfigError`
    when the folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock,
        max_bytes: int = MAX_BYTES,
        quota_bytes: int = QUOTA_BYTES,
        keep: timedelta | None = None,
    ) -> None:
        self._folder, self._clock = folder, clock
        self.max_bytes, self._keep = max_bytes, keep
        self._quota = Quota(quota_bytes)
        self._changing = Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._remove_leftovers()
            self._sweep()
        except OSError as error:
            raise ConfigError(
                f"media: {folder} cannot be used: {error.strerror}; set another media.path"
            ) from error

    async def put(self, chunks: AsyncIterable[bytes]) -> Blob:
        with self._incoming() as incoming:
            async for chunk in chunks:
                await _on_disk(incoming.take, chunk)
            media = incoming.arrival.media()
            await _on_disk(self._settle, incoming, self._folder / media)
        return Blob(media=media, size=incoming.arrival.size)

    async def open(self, media: MediaId) -> AsyncIterator[bytes]:
        with await _on_disk(self._opened, media) as file:
            while chunk := await _on_disk(file.read, CHUNK):
                yield chunk

    async def size(self, media: MediaId) -> int | None:
        return await _on_disk(self._size, media)

    async def forget(self, media: MediaId) -> None:
        await _on_disk(self._remove, media)

    async def sweep(self) -> None:
        await _on_disk(self._sweep)

    @contextmanager
    def _incoming(self) -> Iterator["_Incoming"]:
        with _told():
            incoming = _Incoming(self._folder, Arrival(self._quota, self.max_bytes))
        try:
            yield incoming
        finally:
            incoming.close()

    def _opened(self, media: MediaId) -> BinaryIO:
        try:
            return self._path(media).open("rb")
        except FileNotFoundError as error:
            raise NotFound(texts.FILE_GONE) from error

    def _size(self, media: MediaId) -> int | None:
        with suppress(FileNotFoundError, NotFound):
            return self._path(media).stat().st_size
        return None

    def _path(self, media: MediaId) -> Path:
        if not _NAME.fullmatch(media):
            raise NotFound(texts.FILE_GONE)
        return self._folder / media

    # -- changing the folder: in threads, one at a time -------------------------------------------

    def _settle(self, incoming: "_Incoming", path: Path) -> None:
        """Give a file that came in its name, durably; or renew the one that is kept already."""
        incoming.finish()
        now = self._clock.now().timestamp()
        with self._changing:
            if path.is_file():
                os.utime(path, (now, now))
            elif incoming.arrival.has_room:
                os.utime(incoming.path, (now, now))
                incoming.path.replace(path)
                _fsync(self._folder)
                self._quota.keep(incoming.arrival.size)
            else:
                raise NoRoom

    def _remove(self, media: MediaId) -> None:
        with self._changing, suppress(FileNotFoundError, NotFound):
            path = self._path(media)
            size = path.stat().st_size
            path.unlink()
            self._quota.keep(-size)

    def _sweep(self) -> None:
        """Forget what is too old, and count the rest anew."""
        oldest = None if self._keep is None else (self._clock.now() - self._keep).timestamp()
        kept = 0
        with self._changing:
            for entry in self._entries():
                found = entry.stat()
                if oldest is not None and found.st_mtime < oldest:
                    Path(entry).unlink(missing_ok=True)
                else:
                    kept += found.st_size
            self._quota.recount(kept)

    def _entries(self) -> Iterator["os.DirEntry[str]"]:
        with os.scandir(self._folder) as entries:
            yield from (entry for entry in entries if _NAME.fullmatch(entry.name))

    def _remove_leftovers(self) -> None:
        """Remove what writers that were killed left behind."""
        for path in self._folder.glob(f"{INCOMING}*"):
            path.unlink(missing_ok=True)


class _Incoming:
    """The bytes of one arrival. Closed, nothing is left of what has got no name by then."""

    def __init__(self, folder: Path, arrival: Arrival) -> None:
        self.arrival = arrival
        self.path = folder / f"{INCOMING}{secrets.token_hex(8)}"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")

    def take(self, chunk: bytes) -> None:
        if self.arrival.take(chunk):
            self._file.write(chunk)

    def finish(self) -> None:
        """Make durable what was written."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.arrival.close()


async def _on_disk(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    with _told():
        return await asyncio.to_thread(work, *args, **kwargs)


@contextmanager
def _told() -> Iterator[None]:
    """Say what the disk's own errors mean for whoever asked."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NoRoom(texts.DISK_FULL) from error
        raise StoreUnavailable(f"files cannot be kept just now: {error.strerror}") from error


def _fsync(folder: Path) -> None:
    """Make a folder's names durable, where the system can."""
    with suppress(PermissionError):  # Windows opens no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class FolderSection(Section):
    """`path`: the folder; one that is not absolute is in the bridge's own. Sizes in bytes."""

    path: Path = Path("media")
    max_bytes: Annotated[int, Field(ge=1)] = MAX_BYTES
    quota_bytes: Annotated[int, Field(ge=1)] = QUOTA_BYTES
    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


def _create(section: FolderSection, surroundings: Surroundings) -> FolderBlobs:
    return FolderBlobs(
        surroundings.data / section.path.expanduser(),
        clock=surroundings.clock,
        max_bytes=section.max_bytes,
        quota_bytes=section.quota_bytes,
        keep=None if section.keep_days is None else timedelta(days=section.keep_days),
    )


plugin = BlobsPlugin(config=FolderSection, create=_create)
