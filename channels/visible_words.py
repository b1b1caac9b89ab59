"""All words of a platform's payload, whatever field they stand in. Pure.

A code that others can read is void (`bridge.engine.commands.pairing_leaks`), and a platform shows
more than is told to anybody: the title of a file, what a room is about, a field of tomorrow. So
nothing is picked: all strings count but those that are certainly no words of anyone.
"""

import re
from collections.abc import Iterator
from typing import Any

NAMES = re.compile(
    r"(?:\w+_)?(?:ids?|ts|date|hash|token|nonce|secret|mode|type|timestamp|version)|style|team"
    r"|channel|user|users|parent_user_id|thumbnail|waveform|placeholder_hash",
    re.IGNORECASE,
)
"""Fields whose strings are the platform's own, and shown to nobody."""


def visible_words(payload: Any) -> str:
    """Return every string in JSON, each once, in its order, however deep it is."""
    return "\n".join(dict.fromkeys(_strings(payload)))


def _strings(payload: Any) -> Iterator[str]:
    left = [payload]
    while left:
        match left.pop():
            case str() as text if text:
                yield text
            case dict() as fields:
                shown = [
                    value
                    for name, value in fields.items()
                    if not (isinstance(value, str) and NAMES.fullmatch(str(name)))
                ]
                left.extend(reversed(shown))
            case list() | tuple() as items:
                left.extend(reversed(items))
            case _:
                pass
