"""What a reader takes for what, sans I/O: letters, dots and brackets that look alike.

It is used where one line or name must not pass for another. Whoever adds to it makes that stricter.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

DOTS = frozenset(
    "·•‧∙⋅・･\u0387\u02d9\u1427\u16eb\u2218\u22c6\u25aa\u25ab\u25cb\u25cf\u25e6\u2b1d\u2e30\u2e31\u2e33"
    "\ua78f\u2981\u26ac\U00010101"
)
"""What can be taken for the dot between a name and a place."""

OPENING = frozenset(
    char
    for char in map(chr, (*range(0x2000, 0x3100), *range(0xFE00, 0xFF70)))
    if unicodedata.category(char) == "Ps"
    and re.search(r"SQUARE|TORTOISE|LENTICULAR|HALF BRACKET|QUILL", unicodedata.name(char))
) | frozenset("[\u23a1\u23a2\u23a3")
"""What can be taken for an opening bracket; the corner brackets of Japanese cannot."""

CLOSING = frozenset("]\uff3d\u23a4\u23a5\u23a6\u301b") | frozenset(
    chr(ord(char) + 1) for char in OPENING if unicodedata.category(chr(ord(char) + 1)) == "Pe"
)

BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters that show nothing."""

_FOREIGN = str.maketrans(
    "аеорсухіјѕԁԛԝһкмтвнАВЕКМНОРСТУХІЈЅԌαεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧɡıո",
    "aeopcyxijsdqwhkmtbhABEKMHOPCTYXIJSGaeiknoptuxABEZHIKMNOPTYXgin",
)
"""Letters of other alphabets by the Latin ones that they look like."""

_SIMILAR = str.maketrans("I1|0", "lllO")
_ENTITY = re.compile(r"&#?\w{1,31};|\]\([^()\s]{0,500}\)")
"""A character by its name or number, and where a link leads to, which is not seen."""


def skeleton(text: str) -> str:
    """Return a text such that two which look the same are the same."""
    plain = unicodedata.normalize("NFKC", text).translate(_FOREIGN).translate(_SIMILAR)
    return plain.casefold()


def has_dot(text: str) -> bool:
    """Say whether anything in a text is, or is rendered as, something like a dot."""
    return not DOTS.isdisjoint(text) or any(
        not DOTS.isdisjoint(html.unescape(each[0])) for each in _ENTITY.finditer(text)
    )


def seen(text: str) -> Iterator[tuple[int, str]]:
    """Yield what is seen of a text written in Markdown, and from where in it each comes."""
    start = 0
    for entity in _ENTITY.finditer(text):
        yield from _seen(text, start, entity.start())
        for char in html.unescape(entity[0]) if entity[0][0] == "&" else "":
            yield entity.start(), latin(char)
        start = entity.end()
    yield from _seen(text, start, len(text))


def _seen(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    for at in range(start, end):
        if unicodedata.category(text[at])[0] not in "CM":
            yield at, latin(text[at])


@lru_cache(maxsize=4096)
def latin(char: str) -> str:
    """Return the small Latin letter that a character looks like; itself where it does not."""
    if char in BLANK:
        return " "
    plain = unicodedata.normalize("NFKC", char)
    return (plain if len(plain) == 1 else char).translate(_FOREIGN).lower()[:1]
