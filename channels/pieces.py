"""Whose message most likely goes on in the next one, as the platform takes no more in one. Pure.

A pasted text comes in pieces of the platform's limit; pictures that were chosen together come as a
message each. They are handed in as they come, so that nothing waits to be kept, and marked: the
core asks the agent a moment later (`Spoken.more`).
"""

from collections.abc import Sequence

from bridge.domain.inbound import RemoteFile


def goes_on(length: int, files: Sequence[RemoteFile], *, limit: int) -> bool:
    """Say whether more is to come: `length` is of the text, in the unit of the `limit`.

    Where a client cuts a text it looks for a good place, so a piece is a little shorter.
    """
    if length:
        return limit * 7 // 8 <= length <= limit
    return bool(files) and all(each.kind in {"image", "video", "file"} for each in files)
