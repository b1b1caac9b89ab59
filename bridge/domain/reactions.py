"""Emoji on messages: those that people give, and the marks that the bridge itself shows.

A reaction is one emoji of Unicode, without the tone of skin that somebody chose for it.
"""

from typing import Literal

Mark = Literal["seen", "working", "done", "failed", "none"]
"""How far the bridge is with a message that asks it. `none`: it was told to stop."""

EMOJI_OF: dict[Mark, str] = {
    "seen": "👀",
    "working": "⏳",
    "done": "✅",
    "failed": "❌",
    "none": "",
}
MARKS = tuple(each for each in EMOJI_OF.values() if each)

UP, DOWN = "👍", "👎"

MOST_EMOJI = 16
"""Code points of one emoji: a family of four, or the flag of a region, has fewer."""

_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_VARIANT = "\ufe0f"
_JOINERS = frozenset({"\u200d", "\ufe0f", "\u20e3"})
_SYMBOLS = (
    (0xA9, 0xAE),
    (0x203C, 0x3299),
    (0x1F000, 0x1FBFF),
)
_LETTER = "\u2139"
"""The only emoji that Unicode counts among letters: that for information."""

_TAGS = (0xE0020, 0xE007F)
_KEYCAPS = frozenset("0123456789#*")


def emoji(text: str) -> str:
    """Return the emoji that a platform told of as it is kept; "" for what is none."""
    plain = "".join(each for each in text if each not in _TONES)
    if not plain or len(plain) > MOST_EMOJI or not all(map(_is_of_emoji, plain)):
        return ""
    if not any(_is_symbol(each) for each in plain) and "\u20e3" not in plain:
        return ""
    return plain.removesuffix(_VARIANT)


def _is_symbol(character: str) -> bool:
    is_letter = character.isalpha() and character != _LETTER
    return not is_letter and any(first <= ord(character) <= last for first, last in _SYMBOLS)


def _is_of_emoji(character: str) -> bool:
    is_tag = _TAGS[0] <= ord(character) <= _TAGS[1]
    return is_tag or _is_symbol(character) or character in _JOINERS or character in _KEYCAPS
