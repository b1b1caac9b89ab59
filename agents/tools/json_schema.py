"""Tools' schemas as every provider takes them, and arguments as those schemas want them. Pure.

OpenAI, Anthropic and others want an object at the top, with `properties`, and refuse `anyOf`,
`oneOf`, `allOf`, `enum` and `not` there. MCP servers may offer any JSON Schema. What is not taken
is merged: every alternative's properties are offered, those that all of them require are required.
The server itself still checks what it gets.

Many models write `"3"`, `"false"` or `"[1]"` where a number, a boolean or a list is wanted, and
cannot help it however often they are told. A text becomes what it says only where the schema takes
no text there, and takes that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.characters import whole
from agents.tools.tool import Arguments, Malformed, parse

# -- a schema that every provider takes -----------------------------------------------------------

NOT_AT_THE_TOP = ("anyOf", "oneOf", "allOf", "not", "enum", "const", "if", "then", "else")
DEEPEST = 40
"""How deep a schema may be; what is deeper is left out."""

DEEPEST_MERGED, MOST_MERGED = 8, 200
"""Alternatives and references that are followed in one schema, one within the other and in all:
those that refer to each other have no end."""

MOST_VALUES = 20_000
"""Of one schema; what comes after them is left out. No model reads as many."""

BARE = {"type": "object", "properties": {}}


def fit_schema(schema: Any) -> Mapping[str, Any]:
    """Return the schema of a tool's arguments as an object, whatever it was."""
    if not isinstance(schema, Mapping):
        return dict(BARE)
    clean = _Cleaning().clean(schema, DEEPEST)
    flat = _Merging(root=clean).merged(clean, DEEPEST_MERGED)
    for key in NOT_AT_THE_TOP:
        flat.pop(key, None)
    properties = flat.get("properties")
    flat["type"] = "object"
    flat["properties"] = properties if isinstance(properties, Mapping) else {}
    wanted = [each for each in _listed(flat.get("required")) if isinstance(each, str)]
    known = [each for each in wanted if each in flat["properties"]]
    flat.pop("required", None)
    return flat | ({"required": list(dict.fromkeys(known))} if known else {})


@dataclass(slots=True, kw_only=True)
class _Merging:
    """Takes in what the alternatives of a schema say; `left` is how many it still follows."""

    root: Mapping[str, Any]
    left: int = MOST_MERGED

    def merged(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        """Return a schema with what its alternatives say of an object taken in."""
        flat = dict(schema)
        self.left -= 1
        if not depth or self.left < 0:
            return flat
        for other in _referred(flat, self.root):
            flat = self.merged(other, depth - 1) | {k: v for k, v in flat.items() if k != "$ref"}
        for key, all_hold in (("allOf", True), ("anyOf", False), ("oneOf", False)):
            taken = list(self._branches(flat.get(key), depth - 1))
            flat = _with(flat, taken, all_hold=all_hold) if taken else flat
        return flat

    def _branches(self, branches: Any, depth: int) -> Iterator[dict[str, Any]]:
        for each in _listed(branches):
            if self.left < 0:
                return
            if isinstance(each, Mapping):
                yield self.merged(each, depth)


def _referred(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    target = schema.get("$ref")
    if not isinstance(target, str) or not target.startswith("#/"):
        return
    found: Any = root
    for step in target[2:].split("/"):
        found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, Mapping):
        yield found


def _with(
    flat: Mapping[str, Any], branches: list[dict[str, Any]], *, all_hold: bool
) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    wanted: list[set[str]] = []
    for branch in branches:
        theirs = branch.get("properties")
        if isinstance(theirs, Mapping):
            properties |= {k: v for k, v in theirs.items() if k not in properties}
        wanted.append({each for each in _listed(branch.get("required")) if isinstance(each, str)})
    ours = flat.get("properties")
    required = list(_listed(flat.get("required")))
    if wanted:
        required += sorted(set.union(*wanted) if all_hold else set.intersection(*wanted))
    both = properties | (dict(ours) if isinstance(ours, Mapping) else {})
    return dict(flat) | {"properties": both, "required": required}


@dataclass(slots=True)
class _Cleaning:
    """Makes a schema one of whole characters, neither deeper nor larger than it may be."""

    left: int = MOST_VALUES

    def clean(self, value: Any, depth: int) -> Any:
        self.left -= 1
        match value:
            case str():
                return whole(value)
            case Mapping():
                some = value.items() if depth else ()
                return {
                    whole(str(key)): self.clean(each, depth - 1)
                    for key, each in some
                    if self.left > 0
                }
            case list() | tuple():
                items = value if depth else ()
                return [self.clean(each, depth - 1) for each in items if self.left > 0]
            case float() if value != value or value in _ENDLESS:  # noqa: PLR0124
                return None
            case _:
                return value


_ENDLESS = frozenset({float("inf"), float("-inf")})


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


# -- arguments that fit a schema ------------------------------------------------------------------

DEEPEST_ARGUMENTS = 8
"""Levels of a schema that are looked into."""


def fitted(arguments: Arguments, schema: Mapping[str, Any]) -> Arguments:
    """Return the arguments with each text read where the schema wants something else there."""
    fit = _fitted(dict(arguments), schema, schema, DEEPEST_ARGUMENTS)
    return fit if isinstance(fit, dict) else arguments


def _fitted(value: Any, schema: Any, root: Mapping[str, Any], depth: int) -> Any:
    schemas = _choices(schema, root, depth)
    if depth <= 0 or not schemas:
        return value
    if isinstance(value, str):
        value = _read(value, {kind for each in schemas for kind in _kinds(each)})
    fit = [each for each in schemas if _name(value) in _kinds(each)]
    if len(fit) != 1:
        return value
    if isinstance(value, dict):
        known = fit[0].get("properties")
        known = known if isinstance(known, Mapping) else {}
        return {name: _fitted(of, known.get(name), root, depth - 1) for name, of in value.items()}
    if isinstance(value, list):
        return [_fitted(each, fit[0].get("items"), root, depth - 1) for each in value]
    return value


def _choices(schema: Any, root: Mapping[str, Any], depth: int) -> list[Mapping[str, Any]]:
    """Return the schemas of which a value may have any, references followed; none if unknown."""
    if not isinstance(schema, Mapping) or depth <= 0:
        return []
    if isinstance(schema.get("$ref"), str):
        return _choices(_definition(schema["$ref"], root), root, depth - 1)
    several = schema.get("anyOf") or schema.get("oneOf")
    if not isinstance(several, list):
        return [schema] if _kinds(schema) else []
    found = [_choices(each, root, depth - 1) for each in several]
    return [each for some in found for each in some] if all(found) else []


def _definition(reference: str, root: Mapping[str, Any]) -> Any:
    found: Any = root
    for name in reference.removeprefix("#/").split("/"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    named = {kind for kind in kinds if isinstance(kind, str)}
    return named | {"integer"} if "number" in named else named


def _read(text: str, kinds: set[str]) -> Any:
    """Return what a text says, if that is wanted and text is not; else the text."""
    if not kinds or "string" in kinds:
        return text
    written = text.strip()
    written = written.lower() if written.lower() in {"true", "false"} else written
    try:
        (value,) = parse(f'{{"value": {written}}}').values()
    except (Malformed, ValueError):
        return text
    if isinstance(value, float) and value.is_integer() and "number" not in kinds:
        value = int(value)
    return value if _name(value) in kinds else text


def _name(value: Any) -> str:
    """Return the name of a value's kind in JSON Schema."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "null"
