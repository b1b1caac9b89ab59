"""What `/invite` asks for, sans I/O.

Who is invited in which role, how often, for how long, and whether to what was said before.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bridge.domain.events import Role

MOST_USES = 50
DAY = timedelta(days=1)
LONGEST = 30 * DAY
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": DAY}
MOST_DIGITS = 6
HISTORY = "history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inviting:
    """A new invitation: never one to be an owner. `earlier`: to what was said before as well.

    `browser`: into the browser, by a link.
    """

    role: Role = "member"
    uses: int = 1
    life: timedelta = DAY
    earlier: bool = False
    browser: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoking:
    number: str


def typed_invitation(argument: str) -> Inviting | Revoking | Literal["list"] | None:
    """Return what follows `/invite`, or None for no such.

    `[web] [viewer|member] [uses N] [for 1d] [with history]`, the pairs of words in any order.
    """
    words = argument.casefold().split()
    browser = words[:1] == ["web"]
    words = words[1:] if browser else words
    if browser and words[:1] in (["list"], ["revoke"], ["web"]):
        return None
    if words == ["list"]:
        return "list"
    if len(words) == 2 and words[0] == "revoke":  # noqa: PLR2004 - a word and a number
        return Revoking(number=words[1].upper())
    role: Role = "viewer" if words[:1] == ["viewer"] else "member"
    rest = words[1:] if words[:1] in (["viewer"], ["member"]) else words
    if len(rest) % 2:
        return None
    said = dict(zip(rest[::2], rest[1::2], strict=True))
    is_known = said.keys() <= {"uses", "for", "with"} and said.get("with", HISTORY) == HISTORY
    if len(said) * 2 != len(rest) or not is_known:
        return None
    uses, life = _count(said.get("uses", "1")), _life(said.get("for", "1d"))
    if not 1 <= uses <= MOST_USES or not timedelta() < life <= LONGEST:
        return None
    return Inviting(role=role, uses=uses, life=life, earlier="with" in said, browser=browser)


def _count(text: str) -> int:
    """Return a number, 0 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else 0


def _life(text: str) -> timedelta:
    """Return how long `30m`, `12h` or `7d` is; no time for anything else."""
    return _count(text[:-1]) * _UNITS.get(text[-1:], timedelta())
