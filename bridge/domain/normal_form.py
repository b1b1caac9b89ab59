"""Unicode's normal forms in linear time, sans I/O.

To sort a run of marks on one letter takes time that grows with its square: one message of 40,000
of them would hold whoever does it for a second. So a long run is parted by a joiner that shows
nothing, as Unicode itself has it (the Stream-Safe Text Format).

Source: https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format
"""

import re
import unicodedata
from functools import cache
from typing import Literal

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]

LONG = 500
"""Characters from which a text is looked through for such runs."""

LONGEST_RUN = 30
JOINER = "\N{COMBINING GRAPHEME JOINER}"
BEYOND = 0x20000
"""No mark that is sorted has a number as high as this."""


def normal(form: Form, text: str) -> str:
    """Return a text in a normal form; long runs of marks in it are parted."""
    if len(text) > LONG and not text.isascii():
        text = _long_runs().sub(rf"\g<0>{JOINER}", text)
    return unicodedata.normalize(form, text)


@cache
def _long_runs() -> re.Pattern[str]:
    marks = "".join(char for char in map(chr, range(BEYOND)) if unicodedata.combining(char))
    return re.compile(f"[{marks}]{{{LONGEST_RUN}}}(?=[{marks}])")
