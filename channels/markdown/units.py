"""How long a text is in UTF-16.

Some platforms count texts so, or where in a text its formatting begins.
"""


def utf16(text: str) -> int:
    """Return the length in UTF-16 code units: a character beyond U+FFFF takes two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
