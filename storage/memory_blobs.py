"""The reference `Blobs`: everything in one process's memory, gone with it."""

from collections.abc import AsyncIterable, AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge import texts
from bridge.domain.errors import NoRoom, NotFound
from bridge.domain.ids import MediaId
from bridge.plugins import BlobsPlugin, Section
from bridge.ports.blobs import Blob
from bridge.ports.clock import Clock
from bridge.ports.surroundings import Surroundings
from storage.quota import Arrival, Quota

CHUNK = 256 * 1024
"""Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blob:
    body: bytes
    at: datetime


class MemoryBlobs:
    """Files of at most `max_bytes`, of at most `quota_bytes` together, each kept for `keep`."""

    def __init__(
        self,
        *,
        clock: Clock,
        max_bytes: int = 50_000_000,
        quota_bytes: int = 500_000_000,
        keep: timedelta | None = None,
    ) -> None:
        self._clock, self.max_bytes, self._keep = clock, max_bytes, keep
        self._quota = Quota(quota_bytes)
        self._files: dict[MediaId, _Blob] = {}

    async def put(self, chunks: AsyncIterable[bytes]) -> Blob:
        with closing(Arrival(self._quota, self.max_bytes)) as arrival:
            body = bytearray()
            async for chunk in chunks:
                if arrival.take(chunk):
                    body += chunk
            self._settle(arrival, bytes(body))
            return Blob(media=arrival.media(), size=arrival.size)

    async def open(self, media: MediaId) -> AsyncIterator[bytes]:
        if media not in self._files:
            raise NotFound(texts.FILE_GONE)
        body = self._files[media].body
        for start in range(0, len(body), CHUNK):
            yield body[start : start + CHUNK]

    async def size(self, media: MediaId) -> int | None:
        kept = self._files.get(media)
        return None if kept is None else len(kept.body)

    async def forget(self, media: MediaId) -> None:
        if kept := self._files.pop(media, None):
            self._quota.keep(-len(kept.body))

    async def sweep(self) -> None:
        if self._keep is None:
            return
        oldest = self._clock.now() - self._keep
        for media in [media for media, kept in self._files.items() if kept.at < oldest]:
            await self.forget(media)

    def _settle(self, arrival: Arrival, body: bytes) -> None:
        media, now = arrival.media(), self._clock.now()
        if kept := self._files.get(media):
            self._files[media] = _Blob(body=kept.body, at=now)
        elif arrival.has_room:
            self._files[media] = _Blob(body=body, at=now)
            self._quota.keep(len(body))
        else:
            raise NoRoom


class MemorySection(Section):
    """Files in memory have nothing to set."""


def _create(section: MemorySection, surroundings: Surroundings) -> MemoryBlobs:
    del section
    return MemoryBlobs(clock=surroundings.clock)


plugin = BlobsPlugin(config=MemorySection, create=_create)
