"""What templates do with values of a payload: filters that end soon, whatever they are given. Pure.

One render may take so many steps and work on so many characters (`rendering`). Each filter counts
what it does before it does it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from jinja2 import ChainableUndefined

from bridge.domain.literal import escaped
from bridge.hooks.hook import TemplateFault

LONGEST_VALUE = 4_000
"""Characters of one value of the payload in what a template makes."""

MOST_STEPS = 2_000
"""Items that all loops and lists of one render go through."""

MOST_WORK = 2_000_000
"""Characters that all filters of one render work on."""

LARGEST = 2**53


class Ready(str):
    """Words as they are to stand in the text: made by a filter, from values it made harmless."""

    __slots__ = ()


# -- what one render may take ---------------------------------------------------------------------


@dataclass(slots=True)
class _Budget:
    steps: int = MOST_STEPS
    work: int = MOST_WORK


_BUDGET: ContextVar[_Budget] = ContextVar("budget")


@contextmanager
def rendering() -> Iterator[None]:
    """Let filters take what one render may, while the context is open."""
    token = _BUDGET.set(_Budget())
    try:
        yield
    finally:
        _BUDGET.reset(token)


def _spend(*, steps: int = 0, work: int = 0) -> None:
    budget = _BUDGET.get()
    budget.steps -= steps
    budget.work -= work
    if budget.steps < 0:
        raise TemplateFault(f"the template goes through more than {MOST_STEPS} items")
    if budget.work < 0:
        raise TemplateFault("the template does too much with long texts")


# -- filters --------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    """Return a value as it is written; what is not there is empty."""
    match value:
        case str():
            found = value
        case None | ChainableUndefined():
            found = ""
        case bool():
            found = "true" if value else "false"
        case dict() | list() | tuple():
            found = json.dumps(value, ensure_ascii=False, default=str)
        case _:
            found = str(value)
    _spend(work=len(found) + 1)
    return found


def _each(value: Any) -> Sequence[Any]:
    """Return what a loop or a filter of lists goes through: of what is no list, nothing."""
    found = list(value) if isinstance(value, Mapping | list | tuple) else []
    _spend(steps=len(found) + 1)
    return found


def _sought(value: Any) -> Any:
    """Return what something is looked for in, once that is counted."""
    if isinstance(value, str | Mapping | list | tuple):
        _spend(work=len(value) * (1 if isinstance(value, str) else 10))
        return value
    return []


def _items(value: Any) -> Sequence[Any]:
    return _each(list(value.items()) if isinstance(value, Mapping) else [])


def _join(value: Any, separator: Any = "", attribute: Any = None) -> str:
    items = [_text(item if attribute is None else _get(item, attribute)) for item in _each(value)]
    between = _text(separator)
    _spend(work=len(between) * len(items))
    return between.join(items)


def _replace(value: Any, old: Any, new: Any) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    _spend(work=text.count(old) * len(new))
    return text.replace(old, new)


def _get(value: Any, key: Any, default: Any = "") -> Any:
    """Return what stands under a key, or under keys with dots between."""
    for step in _text(key).split("."):
        value = value.get(step, default) if isinstance(value, Mapping) else default
    return value


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | Mapping | list | tuple) else 0


def _truncate(value: Any, length: int = 255) -> str:
    text, length = _text(value), max(int(length), 1)
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _default(value: Any, instead: Any = "") -> Any:
    return instead if value in (None, "") or isinstance(value, ChainableUndefined) else value


def _number(value: Any) -> int | float:
    """Return a number, or 0 for what is none."""
    _spend(work=10 * len(value) if isinstance(value, str) else 1)
    try:
        found = float(value) if isinstance(value, str | int | float) else 0.0
    except (ValueError, OverflowError):
        return 0
    is_whole = found == found and abs(found) < LARGEST and found == int(found)  # noqa: PLR0124 - NaN
    return int(found) if is_whole else found


def _split(value: Any, separator: Any = None) -> Sequence[str]:
    return _each(_text(value).split(_text(separator) if separator else None))


def _sort(value: Any, attribute: Any = None, reverse: Any = False) -> Sequence[Any]:  # noqa: FBT002
    def key(item: Any) -> tuple[bool, Any]:
        found = item if attribute is None else _get(item, attribute)
        is_number = isinstance(found, int | float)
        return (not is_number, found if is_number else _text(found))

    return sorted(_each(value), key=key, reverse=bool(reverse))


def _unique(value: Any) -> Sequence[Any]:
    return list({_text(item): item for item in _each(value)}.values())


def _attributes(value: Any, attribute: Any = "") -> Sequence[Any]:
    return [_get(item, attribute) for item in _each(value)]


def _lines(value: Any) -> Sequence[str]:
    return _each(_text(value).splitlines())


def _first(value: Any) -> Any:
    return next(iter(value), "") if isinstance(value, str | list | tuple) else ""


def _last(value: Any) -> Any:
    return value[-1] if isinstance(value, str | list | tuple) and value else ""


def _one_text(change: Callable[[str], Any]) -> Callable[..., Any]:
    return lambda value: change(_text(value))


def _two_texts(change: Callable[[str, str], Any]) -> Callable[..., Any]:
    return lambda value, other="": change(_text(value), _text(other))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "_each": _each,
    "_sought": _sought,
    "attributes": _attributes,
    "capitalize": _one_text(str.capitalize),
    "d": _default,
    "default": _default,
    "endswith": _two_texts(str.endswith),
    "first": _first,
    "get": _get,
    "items": _items,
    "join": _join,
    "keys": _each,
    "last": _last,
    "length": _length,
    "count": _length,
    "lines": _lines,
    "lower": _one_text(str.lower),
    "number": _number,
    "removeprefix": _two_texts(str.removeprefix),
    "removesuffix": _two_texts(str.removesuffix),
    "replace": _replace,
    "sort": _sort,
    "split": _split,
    "startswith": _two_texts(str.startswith),
    "string": _text,
    "strip": _one_text(str.strip),
    "title": _one_text(str.title),
    "trim": _one_text(str.strip),
    "truncate": _truncate,
    "unique": _unique,
    "upper": _one_text(str.upper),
}
METHODS = FILTERS.keys() - {"_each", "_sought", "default", "d", "first", "last", "number"}
"""Filters that may also be written as calls: `title.startswith("x")`."""

TESTS_TOLD = frozenset(
    {"defined", "undefined", "none", "string", "number", "mapping", "sequence", "boolean", "true"}
    | {"false", "eq", "ne", "lt", "le", "gt", "ge", "==", "!=", "<", "<=", ">", ">=", "odd"}
    | {"even", "equalto"}
)

# -- how values stand in the words ----------------------------------------------------------------

_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff]"
)
"""What hides or reorders text, and halves of characters."""

_ADDRESS = re.compile(r"https?://[^\s()<>\[\]\\`*]{1,1000}")


def clean(value: Any) -> str:
    """Return a value as text in which nothing is hidden, no longer than one may be."""
    text = _text(value)
    short = text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
    return _UNSEEN.sub("", short)


@dataclass(frozen=True, slots=True)
class Style:
    """How values stand in what people read as Markdown, or in what a model is asked."""

    literal: Callable[[str], str]

    def value(self, value: Any) -> str:
        """Return a value on one line, meant to the letter."""
        return value if isinstance(value, Ready) else self.literal(" ".join(clean(value).split()))

    def quoted(self, value: Any) -> Ready:
        """Return a value of many lines, each of them quoted."""
        lines = clean(value).strip().splitlines()
        return Ready("\n".join(f"> {self.literal(each)}".rstrip() for each in lines))

    def json(self, value: Any) -> Ready:
        """Return any value as JSON, each of its lines quoted."""
        _text(value)
        return self.quoted(json.dumps(value, ensure_ascii=False, indent=2, default=_text))

    def link(self, value: Any, address: Any = "") -> Ready:
        """Return a value as the text of a link; without it where the address is none."""
        where, text = clean(address), self.value(value)
        return Ready(f"[{text}]({where})" if text and _ADDRESS.fullmatch(where) else text)

    def filters(self) -> Mapping[str, Callable[..., Any]]:
        return {"quoted": self.quoted, "json": self.json, "link": self.link}


STYLED = frozenset({"quoted", "json", "link"})
"""Filters whose words depend on who reads them: `Style.filters`."""

MARKDOWN = Style(escaped)
PLAIN = Style(str)
