"""Places are numbers: `whatsapp:+4915123456789`, however they were written."""

import re

PREFIX = "whatsapp:"

_DECORATION = re.compile(r"[\s().\-/]")
_E164 = re.compile(r"\+[1-9]\d{6,14}")


def place_of(written: str) -> str | None:
    """Return the place of a number in the international form; None when it is not one."""
    number = _DECORATION.sub("", written.strip().removeprefix(PREFIX))
    if number.startswith("00"):
        number = "+" + number[2:]
    return PREFIX + number if _E164.fullmatch(number) else None


def number_of(place: str) -> str:
    """Return a place's number, with its plus."""
    return place.removeprefix(PREFIX)
