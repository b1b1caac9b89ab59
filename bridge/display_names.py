"""What people and places may be called, sans I/O.

Names are chosen by whoever bears them, so they are data: they are cleaned once, when a person or a
place becomes known, and nothing that is left in them can begin a line, a label, a mention, a link
or markup. The rules:

- Compatibility forms become the usual ones (NFKC), runs of blanks and line breaks one space.
- Controls, invisible and directional characters, brackets, quotes and the marks of Markdown go.
- An address stays readable but is none any more: no `://`, no `@`, no dot between two letters.
- At most LONGEST characters, and at most MOST_MARKS combining marks on one of them.
- Cleaning twice changes nothing.
- Two people of one session never bear the same name, nor one that looks the same: the later one
  has a number behind it.
"""

import re
import unicodedata
from collections.abc import Hashable, Mapping
from typing import TypeVar

from bridge.look_alikes import BLANK, DOTS, skeleton

LONGEST = 48
"""Characters of a name."""

MOST_MARKS = 2
"""Combining marks in a row: as many as any living script needs."""

DOT = "\N{ONE DOT LEADER}"
"""Reads as a dot, and makes no address."""

_DROPPED = frozenset('[]{}<>"`*|~\\#')
_SPACED = DOTS | {"@"}
_DOTTED = re.compile(r"(?<=\w)\.(?=\w)")
_BLANKS = re.compile(r"\s+")

Key = TypeVar("Key", bound=Hashable)


def clean_name(name: str) -> str:
    """Return a name that can be shown anywhere as it is; "" where nothing of it is left."""
    kept = "".join(_kept(name))
    kept = _DOTTED.sub(DOT, kept.replace("://", " "))
    return _BLANKS.sub(" ", kept)[:LONGEST].strip(" _:-.,;/")


def _kept(name: str) -> list[str]:
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFKC", name[: LONGEST * 8]):
        category = unicodedata.category(char)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > MOST_MARKS or char in _DROPPED:
            continue
        if char.isspace() or char in _SPACED or category in {"Cc", "Zl", "Zp"}:
            kept.append(" ")
        elif not category.startswith("C") and char not in BLANK:
            kept.append(char)
    return kept


def told_apart(names: Mapping[Key, str]) -> dict[Key, str]:
    """Return the names, each once: of those that read the same, all but the first get a number."""
    taken: set[str] = set()
    found: dict[Key, str] = {}
    for key, name in names.items():
        number, candidate = 1, name
        while not taken.isdisjoint(_read_as(candidate)):
            number += 1
            candidate = f"{name} ({number})"
        taken |= _read_as(candidate)
        found[key] = candidate
    return found


def _read_as(name: str) -> set[str]:
    return {name.casefold(), skeleton(name)}
