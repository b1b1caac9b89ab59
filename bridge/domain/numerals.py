r"""Numbers that somebody else wrote: digits of ASCII alone, and no more than are meant. Pure.

`str.isdigit` takes `²`, of which `int` makes no number; `\d` takes the digits of every script; and
of thousands of digits `int` makes none either.
"""

MOST_DIGITS = 9


def number_of(text: str, *, digits: int = MOST_DIGITS) -> int | None:
    """Return the number that a text is, None where it is none of at most so many digits."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= digits
    return int(text) if is_number else None
