"""What a reader takes for what, sans I/O: letters, dots and brackets that look alike.

It is used where one line or name must not pass for another. Whoever adds to it makes that stricter.
"""

# ruff: noqa: RUF001 - letters of other scripts are the point

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from bridge.domain.normal_form import normal

DOTS = frozenset(
    "·•‧∙⋅・･\u0387\u02d9\u1427\u16eb\u2218\u22c6\u25aa\u25ab\u25cb\u25cf\u25e6\u2b1d\u2e30\u2e31\u2e33"
    "\ua78f\u2981\u26ac\U00010101"
    "\u2024\u2043\u3002\uff61\ua4f8\u2023\u119e\u318d\u25c6\u25c9\u25d8\u29bf\u26aa\u26ab\u2b24"
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

_LETTERS = (
    # Cyrillic
    ("АВЕЗКМНОРСТУХЧЬІЈЅԀԌԚԜҺӀҮѴ", "ABE3KMHOPCTYX4bIJSdGQWhIYV"),
    ("аеорсухіјѕԁԛԝһкмтвнѵгүӏзбч", "aeopcyxijsdqwhkmtbhvryl364"),
    # Greek and Coptic
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϺͿ", "ABEZHIKMNOPTYXCMJ"),
    ("αεγικνορτυχϲϳσ", "aeyikvoptuxcjo"),
    ("ⲀⲂⲈⲌⲎⲒⲔⲘⲚⲞⲢⲤⲦⲨⲬⳐⳊⲺⳆ", "ABEZHIKMNOPCTYXL9-/"),
    ("ⲁⲃⲉⲍⲏⲓⲕⲙⲛⲟⲣⲥⲧⲩⲭⳑⳋⲻⳇ", "abezhikmnopctyxl9-/"),
    # Armenian
    ("ՍՏՕԼՈՀԶօոսհցզքւյղ", "USOLnhQonuhgqpljn"),
    # Cherokee, and its small letters
    ("ᎪᏴᏟᎠᎬᏀᎻᎫᏦᎷᏢᏒᏚᎢᏙᎳᎩᏃᏞᎥᏌᏎᎡᏔᎰᏂ", "ABCDEGHJKMPRSTVWYZLiU4RWhh"),
    ("ꭺᏼꮯꭰꭼꮐꮋꭻꮶꮇꮲꮢꮪꭲꮩꮃꭹꮓꮮꭵ", "ABCDEGHJKMPRSTVWYZLi"),
    # Lisu
    ("ꓮꓐꓚꓓꓰꓝꓖꓧꓙꓗꓟꓠꓑꓣꓢꓔꓦꓪꓫꓬꓜꓡꓲꓳꓴ", "ABCDEFGHJKMNPRSTVWXYZLIOU"),
    # Canadian syllabics, Deseret, Tifinagh and runes
    ("ᗅᗷᑕᗞᗪᖴᕼᒍᒪᗰᑎᑭᖇᔕᑌᐯᗯ᙭ᒿᑲᑯᑐᐸᐳ", "ABCDDFHJLMnPRSUVWX2bdD<>"),
    ("𐐄𐐬𐐽𐐗𐐛𐐠ⵔⵏⵊⵝⵑᛕᚷᛒ", "OocCLsO|IX!KXB"),
    # Latin letters that are others than they seem
    ("ɡƖɑⱭıȷɩʋƅƄƽƼꬵꭎꭒꭙꭋꞲꝸĸƨʒƷȝȜȢȣᴦᴨᴩ", "gIaAijivbb5sfuuxrJ&k2333388rnp"),
    # Hebrew, Arabic and NKo, and their digits
    ("\u05e1\u05d5\u05df\u05d6\u05d7\u05d8", "olllnu"),
    ("\u0627\u0647\u0629\u06d5\u07ca\u07c0\u07c1", "loooloi"),
    ("\u0660\u0661\u0665\u0667\u0669\u06f0\u06f1\u06f5\u06f7\u06f9", ".1oV9.1oV9"),
    # digits of India, Thailand, Laos and Burma, and letters that are as round
    ("\u0e50\u0ed0\u0966\u09e6\u0a66\u0ae6\u0b66\u0be6\u0c66\u0ce6\u0d66\u1040", "o" * 12),
    (
        "\u0967\u09ed\u09ea\u0a67\u0a6a\u0b68\u0969\u0b20\u0d20\u101d\u12d0\u1200",
        "99898 93OOoOU".replace(" ", ""),
    ),
    # strokes and rings of East Asia
    ("\u4e00\u30fc\u3161\u4e28\u3163\u3007\u3147\u30ce\u4e36", "---||OO/'"),
    ("\U0001e950\U00010404\U0001042c", "0Oo"),
)
_SIGNS = {
    "-": "\u2010\u2011\u2012\u2013\u2212\u02d7",
    "/": "\u2215\u2044\u2571\u29f8\u27cb",
    "\\": "\u2216\u29f5\u29f9\u27cd",
    "|": "\u05c0\u0964\u01c0\u2223\u2502\u2758\u23d0",
    "'": "\u05f3\u00b4\u02bc\u2018\u201b\u2032\u02b9\u02c8\u02bb\u02bd\ua78c\u055a",
    '"': "\u05f4\u201c\u201d\u201f\u2033\u02ba\u02ee",
    "`": "\u02cb\u2035",
    ".": "\u2024\ua4f8\ua78f",
    ",": "\u00b8\u201a\u02cc\ua4f9",
    ":": "\u05c3\u2236\ua789\u02d0\u02f8\ua4fd\u205a",
    ";": "\u204f",
    "!": "\u01c3",
    "*": "\u066d\u2217\u204e\u2731",
    "~": "\u223c\u02dc\u2053",
    "^": "\u02c4\u02c6\u2303",
    "<": "\u02c2\u2039\u276e",
    ">": "\u02c3\u203a\u276f",
    "_": "\u02cd\u2017",
    "(": "\u2768",
    ")": "\u2769",
    "{": "\u2774",
    "}": "\u2775",
}
_IN_SHAPES = (0x1F150, 0x1F170, 0x1F1E6)
"""Where the capitals begin in black circles, in black squares, and as on flags."""

_SMALL_CAPITAL = re.compile(
    "LATIN (?:CAPITAL )?LETTER SMALL CAPITAL ([A-Z])"
    "|LATIN (?:SMALL|CAPITAL) LETTER (?:SCRIPT|BLACKLETTER) ([A-Z])"
)
_LATIN_BLOCKS = (
    *range(0x250, 0x2B0),
    *range(0x1D00, 0x1D80),
    *range(0xA720, 0xA800),
    *range(0xAB30, 0xAB70),
)


def _table() -> dict[int, str]:
    found: dict[int, str] = {}
    for code in _LATIN_BLOCKS:
        if named := _SMALL_CAPITAL.fullmatch(unicodedata.name(chr(code), "")):
            found[code] = named[1] or named[2].lower()
    for letters, plain in _LETTERS:
        found |= dict(zip(map(ord, letters), plain, strict=True))
    for first in _IN_SHAPES:
        found |= {first + number: chr(ord("A") + number) for number in range(26)}
    for sign, others in _SIGNS.items():
        found |= dict.fromkeys(map(ord, others), sign)
    return found


_ALIKE = _table()
"""Characters by those of ASCII that they look like: the one table for codes, names and calls."""

_LETTER = re.compile(r"(?:.* )?(?:LATIN|REGIONAL INDICATOR|SCRIPT) .*\b([A-Z])(?: WITH .*)?")

COMPARED = 500
"""Characters of each end of a long text which are compared; no name or label is so long."""

_SIMILAR = str.maketrans("I1|0\u2019", "lllO'")
"""What differs, and is confused nevertheless."""

_SIMILAR_LETTERS = str.maketrans("I10", "llO")
_ENTITY = re.compile(r"&#?\w{1,31};|\]\([^()\s]{0,500}\)")
"""A character by its name or number, and where a link leads to, which is not seen."""


def skeleton(text: str) -> str:
    """Return a text such that two which look the same are the same.

    Of a long one its beginning and its end are compared; so some that differ between are the same.
    """
    if len(text) > 2 * COMPARED:
        text = f"{text[:COMPARED]}…{text[-COMPARED:]}"
    return looks(text).translate(_SIMILAR).casefold()


def looks(text: str) -> str:
    """Return a text with each letter and sign in it as the one of ASCII that it looks like."""
    if text.isascii():
        return text
    return normal("NFKC", normal("NFKD", text.translate(_ALIKE)).translate(_ALIKE))


@lru_cache(maxsize=4096)
def latin_base(char: str) -> str:
    """Return what of ASCII a character looks like, without the marks on it; "" for nothing."""
    plain = unicodedata.normalize("NFKD", char.translate(_ALIKE))[:1].translate(_ALIKE)
    return plain if plain.isascii() else ""


def twins() -> Mapping[str, str]:
    """Return each character that looks like one of ASCII, and that one; but for those of NFKC."""
    return {chr(code): plain for code, plain in _ALIKE.items()}


def capitals(text: str) -> str:
    """Return a text with the capital letters and digits of ASCII that others in it are read as."""
    return text.translate(_as_capitals())


@cache
def _as_capitals() -> Mapping[int, str]:
    """Return the characters that are read as one; those that NFKC makes one are none of them."""
    blocks = (*range(0xA0, 0x3000), *range(0xA4D0, 0xA800), *range(0xAB30, 0xABC0))
    found = {code: capital(chr(code)) for code in (*blocks, *range(0x1F100, 0x1F200))}
    return {code: char for code, char in found.items() if char}


def capital(char: str) -> str:
    """Return the capital letter or digit of ASCII that a character is read as; "" for none."""
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKD", char)[:1].translate(_ALIKE)
    if plain.isascii():
        return plain.upper() if plain.isalnum() else ""
    named = _LETTER.fullmatch(unicodedata.name(plain, ""))
    return named[1] if named else ""


def has_dot(text: str) -> bool:
    """Say whether anything in a text is, or is rendered as, something like a dot."""
    if text.isascii() and "&" not in text:
        return False
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
    """Return the small Latin letter that a character is read as; itself where it is none."""
    if char in BLANK:
        return " "
    if char in DOTS:
        return char
    plain = looks(char)
    return (plain if len(plain) == 1 else char).translate(_SIMILAR_LETTERS).lower()[:1]
