"""What a tool is: a name, a description, a JSON Schema, and a way to run it."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.commands import Asking
from bridge.ids import CallId
from bridge.ports import Noting, Pushing

LONGEST_NAME = 64
"""Characters; what OpenAI and Anthropic take. They take letters, digits, `_` and `-`."""

Arguments = Mapping[str, Any]
"""A JSON object, as the model gave it. Each tool reads it by its own schema."""


class ToolError(Exception):
    """A tool could not do what was asked; the text is for the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a tool, parsed."""

    call: CallId
    name: str
    arguments: Arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a call brought. `said` is said in its run before the result is taken down.

    With `question` the run ends on it, and its answer is the result.
    """

    text: str = ""
    failed: bool = False
    said: tuple[Pushing | Noting, ...] = ()
    question: Asking | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """`schema` is the JSON Schema of an object. `read_only`: it changes nothing anywhere.

    `run` is cancelled when the run is stopped; it raises `ToolError`, whose text is the result.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    run: Callable[[Call], Awaitable[Done]]
    read_only: bool = False


class Malformed(Exception):
    """The model's arguments are no JSON object."""


def parse(arguments: str) -> Arguments:
    """Return what the model wrote as a JSON object; nothing at all is an empty one."""
    try:
        parsed = json.loads(arguments or "{}")
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if not isinstance(parsed, dict):
        raise Malformed("a JSON object was expected")
    return parsed


def fit_name(name: str) -> str:
    """Return a name that every provider takes."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:LONGEST_NAME]
