"""What was typed before, kept between chats for the arrow keys: in the data folder, owner-only."""

import os
from contextlib import suppress
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

MOST_BYTES = 200_000
"""A longer file loses its older half at the next start."""


def history(data: Path) -> History:
    """Return the history of this machine's chats; one that cannot be kept lasts for this chat."""
    file = data / "terminal" / "history"
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        file.chmod(0o600)
        _shorten(file)
    except OSError:
        return InMemoryHistory()
    return _Kept(str(file))


class _Kept(FileHistory):
    """Goes on without the file when it can no longer be written: a full disk ends no chat."""

    def store_string(self, string: str) -> None:
        with suppress(OSError):
            super().store_string(string)


def _shorten(file: Path) -> None:
    kept = file.read_bytes()
    if len(kept) > MOST_BYTES:
        begins = kept.find(b"\n# ", len(kept) - MOST_BYTES // 2)  # each entry begins with its time
        file.write_bytes(kept[begins:] if begins >= 0 else b"")
