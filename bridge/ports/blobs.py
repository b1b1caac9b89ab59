"""What the core asks of the place where files are kept."""

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
)
from dataclasses import dataclass
from typing import Protocol

from bridge.domain.ids import (
    MediaId,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A file's bytes as kept. `size` is in bytes. `media` is made from the bytes themselves."""

    media: MediaId
    size: int


class Blobs(Protocol):
    """The bytes of every attachment, content-addressed, so that the same file is kept once.

    `max_bytes` is the most that one file may have. What is no media id at all is a file that is
    not kept. Any call may raise `StoreUnavailable`.
    """

    max_bytes: int

    async def put(self, chunks: AsyncIterable[bytes]) -> Blob:
        """Keep a file, durably; of one that is kept already, its time begins anew.

        Raises `TooLarge` or `NoRoom`. Nothing is kept when it, or `chunks`, raises or is cancelled.
        """

    def open(self, media: MediaId) -> AsyncIterator[bytes]:
        """Yield a file's bytes in chunks of at most 1 MiB. Raises `NotFound` at the first one."""

    async def size(self, media: MediaId) -> int | None:
        """Return how many bytes it has, None when it is not kept (any more)."""

    async def forget(self, media: MediaId) -> None:
        """Delete a file's bytes. A repeat is a success."""

    async def sweep(self) -> None:
        """Forget the files that were kept as long as they are to be; called now and then."""
