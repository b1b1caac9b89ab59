"""How many values a JSON text holds, found without reading it, sans I/O.

To read a mebibyte of `[[],[],…]`, or to say what is wrong with each of a hundred thousand fields,
holds whoever does it for half a second. So what comes from outside is counted first.
"""

import re

SMALL = 8_192
"""Bytes that are never too many values."""

STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
"""A string of JSON, for a pattern in which a dot is any character. One that never ends goes up to
the end, since no reader gets beyond it; else it would be looked for anew from each quote in it."""

_STRING = re.compile(STRING.encode(), re.DOTALL)
_SIGNS = (b",", b"[", b"{")


def has_more_than(most: int, raw: bytes) -> bool:
    """Say whether a JSON text holds more values than so many."""
    if len(raw) <= SMALL or _signs(raw) <= most:
        return False
    return _signs(_STRING.sub(b"", raw)) > most


def _signs(raw: bytes) -> int:
    return sum(map(raw.count, _SIGNS))
