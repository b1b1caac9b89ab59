"""Places are people's addresses: a number, `whatsapp:+4915123456789`, or an id that Meta made.

The id is scoped to one business and hides the number of whoever has a username: it is the country,
a full stop, and up to 128 letters and digits, `whatsapp:US.13491208655302741918`.
Source: Meta's documentation, Business-scoped user IDs.
"""

import re

PREFIX = "whatsapp:"

_DECORATION = re.compile(r"[\s().\-/]")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SCOPED = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")


def place_of(written: str) -> str | None:
    """Return the place of a number in the international form, or of an id; None for neither."""
    address = written.strip().removeprefix(PREFIX)
    if _SCOPED.fullmatch(address):
        return PREFIX + address
    number = _DECORATION.sub("", address)
    if number.startswith("00"):
        number = "+" + number[2:]
    return PREFIX + number if _E164.fullmatch(number) else None


def is_whatsapps(written: str) -> bool:
    """Say whether an address is one of WhatsApp's: a bare number is that of a telephone."""
    return written.strip().startswith(PREFIX)


def has_number(place: str) -> bool:
    return place.startswith(f"{PREFIX}+")


def user_of(place: str) -> str:
    """Return the number, with its plus, or the id of a place."""
    return place.removeprefix(PREFIX)
