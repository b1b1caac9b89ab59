"""A tool's schema in a shape that every provider takes. Pure.

OpenAI, Anthropic and others want an object at the top, with `properties`, and refuse `anyOf`,
`oneOf`, `allOf`, `enum` and `not` there. MCP servers may offer any JSON Schema. What is not taken
is merged: every alternative's properties are offered, those that all of them require are required.
The server itself still checks what it gets.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agents.characters import whole

NOT_AT_THE_TOP = ("anyOf", "oneOf", "allOf", "not", "enum", "const", "if", "then", "else")
DEEPEST = 40
"""How deep a schema may be; what is deeper is left out."""

BARE = {"type": "object", "properties": {}}


def fit_schema(schema: Any) -> Mapping[str, Any]:
    """Return the schema of a tool's arguments as an object, whatever it was."""
    if not isinstance(schema, Mapping):
        return dict(BARE)
    clean = _clean(schema, DEEPEST)
    flat = _merged(clean, clean, 8)
    for key in NOT_AT_THE_TOP:
        flat.pop(key, None)
    properties = flat.get("properties")
    flat["type"] = "object"
    flat["properties"] = properties if isinstance(properties, Mapping) else {}
    wanted = [each for each in _listed(flat.get("required")) if isinstance(each, str)]
    known = [each for each in wanted if each in flat["properties"]]
    flat.pop("required", None)
    return flat | ({"required": list(dict.fromkeys(known))} if known else {})


def _merged(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """Return a schema with what its alternatives say of an object taken in."""
    flat = dict(schema)
    if not depth:
        return flat
    for other in _referred(flat, root):
        flat = _merged(other, root, depth - 1) | {k: v for k, v in flat.items() if k != "$ref"}
    for key, all_hold in (("allOf", True), ("anyOf", False), ("oneOf", False)):
        branches = _listed(flat.get(key))
        taken = [_merged(each, root, depth - 1) for each in branches if isinstance(each, Mapping)]
        flat = _with(flat, taken, all_hold=all_hold) if taken else flat
    return flat


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


def _clean(value: Any, depth: int) -> Any:
    """Return a schema of whole characters, not deeper than it may be."""
    match value:
        case str():
            return whole(value)
        case Mapping() if depth:
            return {whole(str(key)): _clean(each, depth - 1) for key, each in value.items()}
        case Mapping():
            return {}
        case list() | tuple() if depth:
            return [_clean(each, depth - 1) for each in value]
        case list() | tuple():
            return []
        case float() if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124
            return None
        case _:
            return value


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
