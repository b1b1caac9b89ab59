"""What went wrong lately, for doctor: counted, never kept."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Sightings:
    """`forged`: calls whose signature does not fit. `stray`: calls about a number not ours.

    `codes`: Twilio's errors of what was sent. `blind`: why the last look for messages failed.
    """

    forged: int = 0
    stray: int = 0
    webhooks: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    blind: str = ""
