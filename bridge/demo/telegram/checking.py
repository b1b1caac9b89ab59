"""Is a request, or an object, what the Bot API says it is? Asked of a table of fields.

Two tables are used: the one in `fields`, and the official description where there is one at hand.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from bridge.demo.telegram import fields

SPEC = "telegram_api.json"


class Uploaded(bytes):
    """The bytes of a file that came with a request."""

    name = ""
    mime = ""


PLAIN: dict[str, tuple[type, ...]] = {
    "Integer": (int,),
    "String": (str,),
    "Boolean": (bool,),
    "Float": (int, float),
    "InputFile": (Uploaded,),
}


@dataclass(frozen=True)
class Field:
    types: tuple[str, ...]
    required: bool


Types = tuple[str, ...]
Table = Mapping[str, Mapping[str, Field]]


NEWER: Mapping[str, tuple[str, ...]] = {
    "sendMessage": ("receiver_user_id",),
    "sendMessageDraft": ("can_stop", "keep_on_stop"),
    "Update": ("stopped_message_generation",),
    "MessageGenerationStopped": (),
}
"""What a description of Bot API 10.1 does not have yet; it came with 10.2 and 10.3."""


@dataclass
class Checker:
    """`unions`: types that are one of others. `checked` counts, `problems` says what was wrong."""

    methods: Table
    types: Table
    unions: Mapping[str, tuple[str, ...]]
    returns: Mapping[str, tuple[str, ...]]
    checked: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def request(self, method: str, values: Mapping[str, Any]) -> None:
        self.checked[method] += 1
        if method not in self.methods:
            self.problems.append(f"{method}: there is no such method")
            return
        self.problems += self._fields(self.methods[method], values, method)

    def answer(self, method: str, value: Any) -> None:
        self.checked[f"{method} →"] += 1
        types = self.returns.get(method, ("Boolean",))
        self.problems += self._one_of(types, value, f"{method} →")

    def _fields(
        self, expected: Mapping[str, Field], values: Mapping[str, Any], at: str
    ) -> Iterator[str]:
        for name in values.keys() - expected.keys():
            yield f"{at}.{name}: there is no such field"
        for name, known in expected.items():
            if name in values:
                yield from self._one_of(known.types, values[name], f"{at}.{name}")
            elif known.required:
                yield f"{at}.{name}: is missing"

    def _one_of(self, types: tuple[str, ...], value: Any, at: str) -> list[str]:
        """Return the problems of the type that fits best."""
        found = [list(self._problems(name, value, at)) for name in types]
        return min(found, key=len)

    def _problems(self, name: str, value: Any, at: str) -> Iterator[str]:
        if name in PLAIN:
            if not isinstance(value, PLAIN[name]) or (
                isinstance(value, bool) and name != "Boolean"
            ):
                yield f"{at}: {value!r} is no {name}"
        elif name.startswith("Array of "):
            if not isinstance(value, list):
                yield f"{at}: {value!r} is no array"
                return
            for number, each in enumerate(value):
                yield from self._one_of(_split(name[9:]), each, f"{at}[{number}]")
        elif name in self.unions:
            yield from self._one_of(self.unions[name], value, at)
        elif not isinstance(value, dict):
            yield f"{at}: {value!r} is no {name}"
        else:
            yield from self._fields(self.types[name], value, at)


def own() -> Checker:
    """Return a checker by the tables in `fields`."""
    unions = {
        name: tuple(text.split("|")) for name, text in fields.TYPES.items() if ":" not in text
    }
    return Checker(
        methods={name: _parsed(text) for name, text in fields.METHODS.items()},
        types={name: _parsed(text) for name, text in fields.TYPES.items() if name not in unions},
        unions={name: types for name, types in unions.items() if types != ("",)},
        returns={name: _types(text) for name, text in fields.RETURNS.items()},
    )


def official(folder: Path) -> Checker | None:
    """Return a checker by the official description, None where it is not in the folder."""
    path = folder / SPEC
    return Checker(*_official(path)) if path.is_file() else None


@cache
def _official(path: Path) -> tuple[Table, Table, Mapping[str, Types], Mapping[str, Types]]:
    spec = json.loads(path.read_text())
    methods, types = spec["methods"], spec["types"]
    return (
        {name: _described(each) | _newer(name, fields.METHODS) for name, each in methods.items()},
        {name: _described(each) | _newer(name, fields.TYPES) for name, each in types.items()}
        | {
            name: _parsed(fields.TYPES[name])
            for name in NEWER.keys() - methods.keys() - types.keys()
        },
        {name: tuple(each["subtypes"]) for name, each in types.items() if each.get("subtypes")},
        {name: tuple(each["returns"]) for name, each in methods.items()},
    )


def _newer(name: str, tables: Mapping[str, str]) -> dict[str, Field]:
    """Return the fields of ours that came after the description."""
    known = _parsed(tables[name]) if name in NEWER else {}
    return {each: known[each] for each in NEWER.get(name, ())}


def _parsed(text: str) -> dict[str, Field]:
    found = {}
    for word in text.split():
        name, _, types = word.partition(":")
        found[name] = Field(types=_types(types.rstrip("?")), required=not types.endswith("?"))
    return found


def _types(text: str) -> tuple[str, ...]:
    if text.startswith("["):
        return (
            f"Array of {text[1:-1]}"
            if text.count("[") == 1
            else f"Array of {_types(text[1:-1])[0]}",
        )
    return _split(text)


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


def _described(each: Mapping[str, Any]) -> dict[str, Field]:
    return {
        described["name"]: Field(types=tuple(described["types"]), required=described["required"])
        for described in each.get("fields", ())
    }
