"""A section against its model: what is wrong becomes sentences about keys, never about values.

Values are not repeated in a problem: any of them may be a secret in the wrong place.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, SecretStr, ValidationError

from bridge.config.document import KeyPath, Problems
from bridge.plugins import Variable

M = TypeVar("M", bound=BaseModel)

WRITE_REFERENCE = "do not write a secret into this file: write ${NAME} or {file: path}"

PLAIN = {
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
"""What a value should be, in the words of people who write YAML."""


@dataclass(slots=True, kw_only=True)
class Validator:
    """Validates sections; `referred` are the values that came from outside the file.

    `secrets` collects the values of every secret, for the log to hide.
    """

    problems: Problems
    referred: Mapping[KeyPath, Sequence[str]]
    secrets: set[str] = field(default_factory=set)

    def model(
        self, model: type[M], raw: Any, path: KeyPath, *, also: Collection[str] = ()
    ) -> M | None:
        """Return the section, or None with its problems noted. `also`: other keys it may have."""
        if not isinstance(raw, Mapping):
            self.problems.add(path, "should be a mapping of settings")
            return None
        try:
            made = model.model_validate(raw)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_context=False):
                self._fault(model, path, fault, also)
            return None
        self._note_secrets(made, path)
        return made

    def _fault(
        self, model: type[BaseModel], path: KeyPath, fault: Any, also: Collection[str]
    ) -> None:
        at: KeyPath = fault["loc"]
        if self.problems.is_broken((*path, *at)):
            return
        match fault["type"]:
            case "extra_forbidden":
                said = unknown(str(at[-1]), [*_keys(model, at[:-1]), *also])
                self.problems.add((*path, *at), said)
            case "missing":
                self.problems.add((*path, *at), "is missing")
            case kind if kind in PLAIN:
                self.problems.add(self.problems.written((*path, *at)), f"should be {PLAIN[kind]}")
            case "string_pattern_mismatch" if "https?://" in fault["msg"]:
                said = "should be an address that begins with http:// or https://"
                self.problems.add(self.problems.written((*path, *at)), said)
            case _:
                said = fault["msg"].removeprefix("Value error, ")
                where = self.problems.written((*path, *at))
                self.problems.add(where, said.replace("Input should", "should"))

    def _note_secrets(self, made: BaseModel, path: KeyPath) -> None:
        for at, secret in _secrets(made, path):
            if at in self.referred:
                self.secrets |= {secret.get_secret_value(), *self.referred[at]}
            elif at in self.problems.lines and not isinstance(secret, Variable):
                self.problems.add(at, WRITE_REFERENCE)


def unknown(name: str, known: Collection[str]) -> str:
    """Return what to say of a name that is not one of `known`."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    guess = f"did you mean {near[0]!r}? " if near else ""
    return f"{name!r} is not known; {guess}known: {listed(known)}"


def listed(names: Collection[str]) -> str:
    return ", ".join(names) or "none"


def _secrets(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, SecretStr]]:
    match value:
        case SecretStr():
            yield path, value
        case BaseModel():
            for name in type(value).model_fields:
                yield from _secrets(getattr(value, name), (*path, name))
        case dict():
            for name, item in value.items():
                yield from _secrets(item, (*path, name))
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _secrets(item, (*path, index))
        case _:
            pass


def _keys(model: Any, at: KeyPath) -> list[str]:
    """Return the keys that are known where `at` leads, from the model's own annotations."""
    for step in at:
        fields = getattr(model, "model_fields", {})
        inner = fields[step].annotation if step in fields else model
        candidates = (inner, *_parts(inner))
        model = next((one for one in candidates if hasattr(one, "model_fields")), None)
    return list(getattr(model, "model_fields", {}))


def _parts(annotation: Any) -> Iterator[Any]:
    for part in get_args(annotation):
        yield part
        yield from _parts(part)
