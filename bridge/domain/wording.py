"""What the bridge itself says, in English, and with it how to say it in another language. Pure.

The rules:

- A text is made in English, by `_`, `_n`, `composed` or `together`. It is a plain `str` for whoever
  knows nothing of languages; beside that it carries its `Wording`. So a text that nobody wrapped
  still works: it stays English.
- Whatever shows a text to somebody asks that person's `Language` to say it, at that moment.
- A pattern names what stands in it: `{name}`. What is put in is never read as a pattern, so names
  and words of people may hold braces. Nothing but a name stands between braces: no attribute, no
  format.
- What is kept of a text (`Content.wording`) is its English pattern and what stands in it, so one
  notice of the log is German in one place and English in another.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self, Union

Value = Union[str, int, "Wording"]
"""What stands in a pattern. Text of people is a `str`, and never said in another language."""

_NAMED = re.compile(r"\{([a-z_]+)\}")
_SEMICOLON = re.compile("[;\N{FULLWIDTH SEMICOLON}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A pattern in English and what stands in it; with `many`, it is `count` of something.

    With `parts` it is these, one after the other, with the pattern between them. `first`: only up
    to its first semicolon.
    """

    pattern: str
    many: str = ""
    count: int = 0
    values: tuple[tuple[str, Value], ...] = ()
    parts: tuple[Value, ...] = ()
    first: bool = False


class Words(str):
    """A text in English that can be said in other languages."""

    __slots__ = ("wording",)

    wording: Wording

    def __new__(cls, text: str, wording: Wording) -> Self:
        words = super().__new__(cls, text)
        words.wording = wording
        return words

    def __str__(self) -> str:
        return self  # so that `str(error)` loses nothing

    def __reduce__(self) -> tuple[type["Words"], tuple[str, Wording]]:
        return Words, (str.__str__(self), self.wording)


def wording_of(text: str) -> Wording | None:
    return text.wording if isinstance(text, Words) else None


# -- languages ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A language by its code; how it says a pattern, and how one of which there are some."""

    code: str
    one: Callable[[str], str]
    some: Callable[[str, str, int], str]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Language) and other.code == self.code

    def __hash__(self) -> int:
        return hash(self.code)

    def __repr__(self) -> str:
        return f"Language({self.code!r})"

    def says(self, text: str) -> str:
        """Return a text as this language says it; as it is, where nothing tells how."""
        if not isinstance(text, Words):
            return text
        return str.__str__(text) if self is ENGLISH else self.written(text.wording)

    def says_kept(self, text: str, wording: Wording | None) -> str:
        """Return a text of the log, which nobody but the bridge keeps with a wording."""
        return text if wording is None else self.written(wording)

    def written(self, wording: Wording) -> str:
        if wording.parts:
            return wording.pattern.join(self._value(each) for each in wording.parts)
        values = {
            name: value if type(value) is str else self._value(value)
            for name, value in wording.values
        }
        if wording.many:
            values["count"] = f"{wording.count:,}"
            pattern = self.some(wording.pattern, wording.many, wording.count)
        else:
            pattern = self.one(wording.pattern)
        if wording.first:
            pattern = _SEMICOLON.split(pattern)[0].rstrip()
        if "{" not in pattern:
            return pattern
        return _NAMED.sub(lambda name: values.get(name[1], name[0]), pattern)

    def _value(self, value: Value) -> str:
        match value:
            case Wording():
                return self.written(value)
            case int():
                return f"{value:,}"
            case _:
                return value


def _as_it_is(pattern: str) -> str:
    return pattern


def _one_or_many(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


ENGLISH = Language("en", _as_it_is, _one_or_many)

LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "zh": "简体中文",
}
"""The languages there are, by their codes, as those who speak them call them."""


@dataclass(frozen=True, slots=True)
class SpokenLanguages:
    """In which languages somebody is told things: each from when on, the oldest first.

    So what was said once stays in its language, whenever it is shown or changed.
    """

    changes: tuple[tuple[datetime, Language], ...] = ()

    def at(self, when: datetime) -> Language:
        if not self.changes:
            return ENGLISH
        number = bisect_right(self.changes, when, key=lambda each: each[0])
        return self.changes[max(0, number - 1)][1]


# -- making texts ---------------------------------------------------------------------------------


def _(pattern: str, /, **values: str | int) -> str:
    """Return a text that translators find by its pattern."""
    return composed(pattern, **values)


def _n(one: str, many: str, count: int, /, **values: str | int) -> str:
    """Return a text about `count` of something, which stands in it as `{count}`."""
    return _made(Wording(pattern=one, many=many, count=count, values=_kept(values)))


def composed(pattern: str, /, **values: str | int) -> str:
    """Return texts put together by signs alone, which say nothing in any language."""
    return _made(Wording(pattern=pattern, values=_kept(values)))


def first_clause(text: str) -> str:
    """Return a text up to its first semicolon, in any language."""
    wording = wording_of(text)
    if wording is None:
        return text.partition(";")[0]
    return _made(replace(wording, first=True))


def together(between: str, parts: Sequence[str]) -> str:
    """Return texts one after the other."""
    if not parts:
        return ""
    return _made(Wording(pattern=between, parts=tuple(map(_value_of, parts))))


def _made(wording: Wording) -> Words:
    return Words(ENGLISH.written(wording), wording)


def _kept(values: dict[str, str | int]) -> tuple[tuple[str, Value], ...]:
    return tuple(
        [
            (name, value.wording if isinstance(value, Words) else value)
            for name, value in values.items()
        ]
    )


def _value_of(value: str | int) -> Value:
    if isinstance(value, Words):
        return value.wording
    return value
