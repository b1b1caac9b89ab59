"""A Python function becomes a tool: its signature is the schema, its docstring the description.

The first part of the docstring describes the tool; Google's `Args:` and Sphinx's `:param x:`
describe its parameters.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from agents.tools.tool import ToolCall, ToolError
from bridge.domain.errors import ConfigError

F = TypeVar("F", bound=Callable[..., Any])

READ_ONLY = "bridgehead_read_only"

_SECTION = re.compile(r"(Args|Arguments|Parameters|Returns|Return|Raises|Yields|Example|Examples):")
_PARAMETER = re.compile(r"(\w+)\s*(?:\([^)]*\))?\s*:\s*(.+)")
_SPHINX = re.compile(r":param\s+(?:[\w\[\], |.]+\s)?(\w+):\s*(.+)")


def read_only(function: F) -> F:
    """Mark a function that changes nothing anywhere: the default policy lets it run unasked."""
    setattr(function, READ_ONLY, True)
    return function


def is_read_only(function: Callable[..., Any]) -> bool:
    return bool(getattr(function, READ_ONLY, False))


def describe(function: Callable[..., Any]) -> tuple[str, Mapping[str, str]]:
    """Return the description in a function's docstring, and that of each parameter."""
    lines = inspect.getdoc(function) or ""
    said: list[str] = []
    parameters: dict[str, str] = {}
    section = ""
    for line in lines.splitlines():
        stripped = line.strip()
        if sphinx := _SPHINX.match(stripped):
            parameters[sphinx[1]], section = sphinx[2], "Sphinx"
        elif stripped.startswith(":"):
            section = "Sphinx"
        elif not line.startswith(" ") and (header := _SECTION.fullmatch(stripped)):
            section = header[1]
        elif not section:
            said.append(line)
        elif section in {"Args", "Arguments", "Parameters"}:
            _take(parameters, line)
    return "\n".join(said).strip(), parameters


def _take(parameters: dict[str, str], line: str) -> None:
    """Read one line of a section of parameters: a new one, or more about the last."""
    if found := _PARAMETER.match(line.strip()):
        parameters[found[1]] = found[2]
    elif parameters and line.strip():
        last = next(reversed(parameters))
        parameters[last] = f"{parameters[last]} {line.strip()}"


def arguments_of(function: Callable[..., Any]) -> type[BaseModel]:
    """Return the model of a function's arguments. Raises `ConfigError` when it has none that fit.

    Every parameter needs a type that JSON can carry; `*args` and `**kwargs` cannot be described.
    """
    described = describe(function)[1]
    try:
        fields = dict(_fields(function, described))
        return create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)
    except (TypeError, NameError, ValueError) as error:
        raise ConfigError(f"{function.__qualname__} cannot be a tool: {error}") from error


def _fields(
    function: Callable[..., Any], described: Mapping[str, str]
) -> Iterator[tuple[str, Any]]:
    hints = get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            raise TypeError(f"it takes {parameter}; give each argument a name")
        if name not in hints:
            raise TypeError(f"its parameter {name} has no type")
        default = ... if parameter.default is parameter.empty else parameter.default
        annotated = hints[name]
        if name in described:
            annotated = Annotated[annotated, Field(description=described[name])]
        yield name, (annotated, default)


@cache
def schema_of(arguments: type[BaseModel]) -> Mapping[str, Any]:
    """Return the JSON Schema of a function's arguments, without the titles that say nothing."""
    schema = arguments.model_json_schema()
    schema.pop("description", None)
    bare: Mapping[str, Any] = _without_titles(schema)
    return bare


def _without_titles(value: Any, *, named: bool = False) -> Any:
    """Drop titles; where the keys are `named` by the function, "title" is a name like any other."""
    match value:
        case dict():
            kept = {key: each for key, each in value.items() if named or key != "title"}
            return {
                key: _without_titles(each, named=not named and key in {"properties", "$defs"})
                for key, each in kept.items()
            }
        case list():
            return [_without_titles(each) for each in value]
        case _:
            return value


A = TypeVar("A", bound=BaseModel)


def read(arguments: type[A], call: ToolCall) -> A:
    """Return the arguments of a call. Raises `ToolError` for those that do not fit."""
    try:
        return arguments.model_validate(call.arguments)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the arguments"
        raise ToolError(f"The arguments do not fit: {where}: {first['msg']}") from error
