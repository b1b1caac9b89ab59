"""Server-sent events, byte by byte as the Durable Streams protocol wants them.

`data:` is followed by no space, every `data` event by one `control` event, and the `id:` line
stands after the data. A payload is JSON on one line: line ends inside of it are escaped, and so
are the three other characters that some clients take for one.
"""

import json
from typing import Any

MEDIA_TYPE = "text/event-stream"
KEEPALIVE = b": keepalive\n\n"

_LINE_ENDS = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029", "\x85": "\\u0085"})


def dump(value: Any) -> bytes:
    """Return compact JSON in UTF-8, on one line for every reader's idea of a line."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if not text.isascii():
        text = text.translate(_LINE_ENDS)
    return text.encode("utf-8", "replace")


def data(payload: bytes, *, at: str) -> bytes:
    return b"event: data\ndata:%b\nid: %b\n\n" % (payload, at.encode())


def control(*, at: str, cursor: str, up_to_date: bool) -> bytes:
    end = ',"upToDate":true}' if up_to_date else "}"
    fields = f'{{"streamNextOffset":"{at}","streamCursor":"{cursor}"{end}'
    return b"event: control\ndata:%b\n\n" % fields.encode()


def live(payload: bytes) -> bytes:
    return b"event: live\ndata:%b\n\n" % payload
