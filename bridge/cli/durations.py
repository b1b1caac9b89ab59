"""How long something may take, as people write it: `45s`, `10m`, `2h`, `3d`."""

import re

from bridge.cli.exits import MisusedError

_PART = re.compile(r"(\d{1,6})\s*(s|m|h|d)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, None: 1}


def seconds(text: str) -> float:
    """Return the seconds of `45s`, `10m`, `1h30m`, `3d`; a bare number is seconds.

    Raises `MisusedError`.
    """
    found = list(_PART.finditer(text.strip().lower()))
    if not found or "".join(each.group() for each in found) != text.strip().lower():
        raise MisusedError(f"{text!r} is no time: write 45s, 10m, 2h or 3d")
    return float(sum(int(each[1]) * _SECONDS[each[2]] for each in found))
