"""What people and places may be called, sans I/O.

Names are chosen by whoever bears them, so they are data: they are cleaned once, when a person or a
place becomes known, and nothing that is left in them can begin a line, a label, a mention, a link
or markup. The rules:

- Compatibility forms become the usual ones (NFKC), runs of blanks and line breaks one space.
- Controls, invisible and directional characters, brackets, quotes and the marks of Markdown go. An
  underscore and an ampersand stay where they mark up nothing: `john_doe`, `AT&T`, `Ada & Bob`.
  Nothing at its beginning makes a list of the line.
- An address stays readable but is none any more: no `://`, no `@`, no dot between two letters.
- At most LONGEST characters, and at most MOST_MARKS combining marks on one of them.
- Cleaning twice changes nothing.
- Two people of one session never bear the same name, nor one that looks the same: the later one
  has a number behind it. So nobody's own name ends in such a number, nor is a role in brackets
  anywhere in it, in any language: `Bob (owner). Ask him`.
"""

import re
import unicodedata
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Generic, TypeVar

from bridge.domain.look_alikes import BLANK, DOTS, skeleton

LONGEST = 48
"""Characters of a name."""

LONGEST_TYPED = 60
"""Characters of what somebody typed that are repeated to them, or to a room."""

LONGEST_TITLE = 80
"""Characters of a session's title where it stands in a text of ours."""

MOST_MARKS = 2
"""Combining marks in a row: as many as any living script needs."""

DOT = "\N{ONE DOT LEADER}"
"""Reads as a dot, and makes no address."""

_DROPPED = frozenset('[]{}<>"`*|~\\#') | frozenset(
    map(chr, (0x34F, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""Marks of Markdown, and the combining marks that show nothing."""

_STOPS = frozenset(".\u3002")
"""Browsers read an ideographic full stop as a dot."""

_SPACED = DOTS - {DOT} - _STOPS | {"@"}
_DOTTED = re.compile(f"(?<=\\w)[{''.join(sorted(_STOPS))}](?=\\w)")
_BLANKS = re.compile(r"\s+")
_ENDS = f" _:-.,;/{DOT}"
_MARKING = re.compile(r"(?<![^\W_])(?<!_)_+|(?<!_)_+(?![^\W_]|_)|&(?=#?\w+;)")
"""Underscores that are not within a word, and the beginning of a character by its name."""

_ITEM = re.compile(r"[+=\s]+\s|(?P<number>\d{1,9})(?:(?P<dot>\.)|\))(?=\s)")
"""What would begin a list where a name begins a line."""

_BEHIND = re.compile(r"(?P<stem>.*)\((?P<mark>[^()]*)\)", re.DOTALL)
_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
_ARTICLE = re.compile(
    r"(?:the|an?|der|die|das|eine?|el|la|una?|le|une)\b\s*|l['\u2019]", re.IGNORECASE
)

ROLES = frozenset(
    {
        *("owner", "co-owner", "member", "viewer", "you"),
        *("eigentümer", "eigentümerin", "eigentümerrolle", "mitglied", "mitgliedsrolle"),
        *("liest mit", "leserolle", "du"),
        *("propietario", "propietaria", "miembro", "lector", "lectora", "tú"),
        *("propriétaire", "membre", "lecteur", "lectrice", "vous"),
        *("所有者", "成员", "观看者", "你"),
    }
)
"""What stands behind a name in a list of people, in every language, and what reads like it."""

Key = TypeVar("Key", bound=Hashable)


def clean_name(name: str) -> str:
    """Return a name that can be shown anywhere as it is; "" where nothing of it is left."""
    return _cleaned(name, LONGEST)


@lru_cache(maxsize=1024)
def own_name(name: str) -> str:
    """Return a person's name, cleaned, without what only we write behind one: `Ada (2)`."""
    stem = clean_name(name)
    while (shorter := clean_name(unmarked(stem))) != stem:
        stem = shorter
    return stem


def unmarked(name: str) -> str:
    """Return a cleaned name without a number in brackets at its end, or a role in them anywhere.

    With a role goes all that stands behind it: it can say whatever it likes of whoever has it.
    """
    brackets = "".join(map(_bracket, name))
    for found in _IN_BRACKETS.finditer(brackets):
        if _is_role(found[1]):
            before = name[: found.start()].rstrip("( ")
            return (before or name[found.end() :]).strip(_ENDS)
    behind = _BEHIND.fullmatch(brackets)
    if behind is None or not behind["mark"].strip().isdecimal():
        return name
    return name[: len(behind["stem"])].strip(_ENDS)


def _is_role(mark: str) -> bool:
    plain = mark.strip(f"{_ENDS}!?")
    return not _roles().isdisjoint(reads_as(plain) | reads_as(without_article(plain)))


def without_article(name: str) -> str:
    """Return a name without the article that it begins with, in any language."""
    found = _ARTICLE.match(name)
    return name[found.end() :] if found else name


@cache
def _roles() -> frozenset[str]:
    return frozenset(read for each in ROLES for read in reads_as(each))


def _bracket(char: str) -> str:
    return {"Ps": "(", "Pe": ")"}.get(unicodedata.category(char), char)


def clean_title(title: str) -> str:
    """Return a session's title that can be shown anywhere as it is, cleaned as names are."""
    return _cleaned(title, LONGEST_TITLE)


def clean_line(words: str, longest: int) -> str:
    """Return somebody's words as one line that can be shown anywhere as it is, cleaned as names."""
    return _cleaned(words, longest)


def typed(words: str) -> str:
    """Return what somebody typed as code in Markdown: one line, cut, no mention or link."""
    line = " ".join(words[: 8 * LONGEST_TYPED].split()).replace("`", "'")
    shown = "".join(char for char in line if char.isprintable())
    return f"`{shown if len(shown) <= LONGEST_TYPED else shown[: LONGEST_TYPED - 1] + '…'}`"


def _cleaned(name: str, longest: int) -> str:
    return _made_clean(name[: longest * 8], longest)


@lru_cache(maxsize=1024)
def _made_clean(name: str, longest: int) -> str:
    kept = unicodedata.normalize("NFC", "".join(_kept(name)))
    kept = _DOTTED.sub(DOT, kept.replace("://", " ")).replace("\u3002", " ")
    kept = _BLANKS.sub(" ", _MARKING.sub(" ", kept)).strip(_ENDS)[:longest]
    kept = _BLANKS.sub(" ", _MARKING.sub(" ", kept)).strip(_ENDS)
    while (item := _ITEM.match(kept)) is not None:
        begun = f"{item['number'] or ''}{DOT if item['dot'] else ''}"
        kept = f"{begun}{kept[item.end() :]}".strip(_ENDS)
    return kept


def _kept(name: str) -> list[str]:
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFKC", name):
        category = unicodedata.category(char)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > MOST_MARKS or char in _DROPPED:
            continue
        if char.isspace() or char in _SPACED or category in {"Cc", "Zl", "Zp"}:
            kept.append(" ")
        elif not category.startswith("C") and char not in BLANK:
            kept.append(char)
    return kept


@dataclass(slots=True)
class NamesApart(Generic[Key]):
    """Names that were told apart, each once: the first of those that read the same keeps it."""

    names: dict[Key, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _last: dict[str, int] = field(default_factory=dict)

    def add(self, key: Key, name: str) -> None:
        """Add a name, with a number behind it if one that is there reads the same."""
        alike = reads_as(name)
        number = max(self._last.get(each, 1) for each in alike)  # counted on: a crowd may be so
        candidate = name if number == 1 else f"{name} ({number})"
        while not self._taken.isdisjoint(reads_as(candidate)):
            number += 1
            candidate = f"{name} ({number})"
        self._last |= dict.fromkeys(alike, number)
        self._taken |= reads_as(candidate)
        self.names[key] = candidate


def told_apart(names: Mapping[Key, str]) -> dict[Key, str]:
    """Return the names, each once: of those that read the same, all but the first get a number."""
    apart: NamesApart[Key] = NamesApart()
    for key, name in names.items():
        apart.add(key, name)
    return apart.names


def reads_as(name: str) -> frozenset[str]:
    """Return what a name is read as: two that have one of these in common can be confused."""
    plain = name.casefold()
    return frozenset({plain, skeleton(name), skeleton(plain)})
