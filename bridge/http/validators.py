"""What a text from a client must be, whatever it says."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

_HALVES = re.compile("[\ud800-\udfff]")


def sound(text: str) -> str:
    """Return a text without NUL, which no platform shows and not every database keeps."""
    if _HALVES.search(text):
        raise ValueError("half of a character, which is not text")
    return text.replace("\0", "")


LONGEST_URL = 2_000

Words = Annotated[str, AfterValidator(sound)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
"""An id: visible ASCII."""

CallbackUrl = Annotated[str, Field(min_length=1, max_length=LONGEST_URL, pattern=r"^[!-~]+$")]
"""Where something is sent: an address of `https` whose host is looked at by `Receivers.check`."""
