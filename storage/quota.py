"""How much room there is for files: what is kept, and what is on its way in, against one limit.

What does not fit is still read to its end: it may turn out to be a file that is kept already.
"""

import hashlib
from threading import Lock

from bridge import texts
from bridge.domain.errors import TooLarge
from bridge.domain.ids import MediaId


class Quota:
    """Counts bytes; used from several threads at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = 0
        self._coming = 0
        self._lock = Lock()

    def reserve(self, size: int) -> bool:
        """Set room aside for bytes that come in; False when there is not so much left."""
        with self._lock:
            fits = self._kept + self._coming + size <= self._most
            self._coming += size if fits else 0
            return fits

    def release(self, size: int) -> None:
        """Give back what was set aside, kept by now or not."""
        with self._lock:
            self._coming -= size

    def keep(self, size: int) -> None:
        """Count bytes as kept; a negative size, as forgotten."""
        with self._lock:
            self._kept += size

    def recount(self, kept: int) -> None:
        with self._lock:
            self._kept = kept


class Arrival:
    """One file on its way in: measured, hashed, and room set aside for it until it is closed."""

    def __init__(self, quota: Quota, max_bytes: int) -> None:
        self.size = 0
        self.has_room = True
        self._quota, self._max_bytes = quota, max_bytes
        self._reserved = 0
        self._digest = hashlib.sha256()

    def take(self, chunk: bytes) -> bool:
        """Return whether there is room to keep what has come so far. Raises `TooLarge`."""
        self.size += len(chunk)
        if self.size > self._max_bytes:
            raise TooLarge(texts.file_too_large(texts.size(self._max_bytes)))
        self._digest.update(chunk)
        self.has_room = self.has_room and self._quota.reserve(len(chunk))
        self._reserved += len(chunk) if self.has_room else 0
        return self.has_room

    def media(self) -> MediaId:
        return MediaId(f"m_{self._digest.hexdigest()}")

    def close(self) -> None:
        self._quota.release(self._reserved)
