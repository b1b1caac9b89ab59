"""The text of a file that was fetched, whatever says how it is written. Pure.

The rules, first to last: a byte order mark, what the server says, what an HTML page says in its
first kilobyte, the zeros of UTF-16, UTF-8, and else what browsers take (windows-1252).
"""

import re
import zlib

WITHIN = 1024
"""Bytes within which a page says how it is written."""

MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
GZIP = b"\x1f\x8b\x08"
LAST = "windows-1252"

_META = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE
)
_SAID = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


def said(parameters: str) -> str:
    """Return the charset in the parameters of a content type, however it is spelled."""
    found = _SAID.search(parameters)
    return found[1] if found else ""


def unpacked(body: bytes, most: int) -> bytes:
    """Return a body that was packed though nobody asked for it; no more than `most` bytes of it."""
    if not body.startswith(GZIP):
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, most)
    except zlib.error:
        return body


def decoded(body: bytes, charset: str = "") -> str:
    """Return the text of a body. `charset` is what the server says."""
    for mark, name in MARKS:
        if body.startswith(mark):
            return body.decode(name, errors="replace")
    in_page = _META.search(body[:WITHIN])
    for name in (charset, in_page[1].decode() if in_page else "", _by_its_zeros(body)):
        if name and (text := _read(body, name)) is not None:
            return text
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        is_cut = error.start >= len(body) - 3
        return body.decode(errors="replace") if is_cut else body.decode(LAST, errors="replace")


def _read(body: bytes, name: str) -> str | None:
    name = LAST if name.lower() in {"iso-8859-1", "latin-1", "latin1", "us-ascii"} else name
    try:
        return body.decode(name, errors="replace")
    except (LookupError, ValueError):
        return None


def _by_its_zeros(body: bytes) -> str:
    """Return which UTF-16 it is where every other byte of its beginning is zero."""
    begun = body[:WITHIN]
    odd, even = begun[1::2].count(0), begun[::2].count(0)
    if odd > len(begun) * 0.35:
        return "utf-16-le"
    return "utf-16-be" if even > len(begun) * 0.35 else ""
