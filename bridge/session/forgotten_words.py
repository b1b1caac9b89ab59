"""What is looked for in what agents, tools and the bridge wrote, once somebody is forgotten.

The rules:

- A name is looked for as a whole word, as it is written. One that may be a common word (short, of
  letters only) is looked for only in the sessions that its person had a part in.
- A text of theirs of `LEAST_TEXT` characters or more is looked for letter by letter, in every
  session. What starts a text of theirs, however short, is a quotation of it.
- Looking takes about as long as reading: texts are found by how they begin.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from bridge.domain.ids import MediaId

LEAST_NAME, LEAST_TEXT = 3, 16
"""Characters of a name, and of a text of theirs, by which they are known in what others wrote."""

LEAST_ALONE = 10
"""Characters of a name of one word, all letters, that is no common word."""


class Sought:
    """`names` are what somebody is called, `texts` all that they said, `media` their files."""

    def __init__(
        self, names: Collection[str], texts: Iterable[str], media: Collection[MediaId] = ()
    ) -> None:
        said = sorted(each for each in names if len(each) >= LEAST_NAME)
        self._names = _pattern(said)
        self._uncommon = _pattern([each for each in said if not _is_common(each)])
        self._texts = sorted({" ".join(each.split()) for each in texts} - {""})
        self._begun: dict[str, list[str]] = {}
        for each in {text.strip() for text in self._texts if len(text) >= LEAST_TEXT}:
            self._begun.setdefault(each[:LEAST_TEXT], []).append(each)
        self.media = frozenset(media)

    def name(self, text: str, *, here: bool) -> bool:
        """Say whether a text names them. `here`: it is of a session that they had a part in."""
        sought = self._names if here else self._uncommon
        return sought is not None and sought.search(text) is not None

    def repeats(self, text: str) -> bool:
        """Say whether a long text of theirs stands anywhere in a text."""
        plain = " ".join(text.split())
        return any(
            plain.startswith(each, at)
            for at in range(len(plain) - LEAST_TEXT + 1)
            for each in self._begun.get(plain[at : at + LEAST_TEXT], ())
        )

    def begins(self, quoted: str) -> bool:
        """Say whether a text of theirs begins so; what is cut off ends in an ellipsis."""
        start = " ".join(quoted.removesuffix("…").removesuffix("...").split())
        at = bisect_left(self._texts, start)
        return bool(start) and at < len(self._texts) and self._texts[at].startswith(start)

    def within(self, body: object, *, here: bool) -> bool:
        """Say whether anything that a body says names the person, or repeats them."""
        return any(self.name(each, here=here) or self.repeats(each) for each in strings(body))


def strings(value: Any) -> Iterable[str]:
    """Return every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in (*value.keys(), *value.values()):
            yield from strings(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from strings(each)
    elif is_dataclass(value):
        for each in fields(value):
            yield from strings(getattr(value, each.name))


def _is_common(name: str) -> bool:
    return name.isalpha() and len(name) < LEAST_ALONE


def _pattern(names: Collection[str]) -> re.Pattern[str] | None:
    found = "|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in names)
    return re.compile(found) if found else None
