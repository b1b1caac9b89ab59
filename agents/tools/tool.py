"""What a tool is: a name, a description, a JSON Schema, and a way to run it."""

import hashlib
import json
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.domain.ids import CallId
from bridge.domain.run_output import Asking
from bridge.ports.agent import Delegating, Noting, Pushing, Scheduling

LONGEST_NAME = 64
"""Characters; what OpenAI and Anthropic take. They take letters, digits, `_` and `-`."""

Arguments = Mapping[str, Any]
"""A JSON object, as the model gave it. Each tool reads it by its own schema."""


class ToolError(Exception):
    """A tool could not do what was asked; the text is for the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call of a tool, parsed."""

    call: CallId
    name: str
    arguments: Arguments


def image_kind(body: bytes) -> str:
    """Return the type of a picture, by its bytes, where models take it; empty for anything else."""
    if body.startswith(b"\x89PNG"):
        return "image/png"
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if body.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if body[:4] == b"RIFF" and body[8:12] == b"WEBP" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that a tool brought. `mime` is what its bytes say."""

    mime: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a call brought. `said` is said in its run before the result is taken down.

    With `question` the run ends on it, and its answer is the result. `pictures` are shown to a
    model that takes them, in the run that made the call.
    """

    text: str = ""
    failed: bool = False
    pictures: tuple[Picture, ...] = ()
    said: tuple[Pushing | Noting | Scheduling | Delegating, ...] = ()
    question: Asking | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """`schema` is the JSON Schema of an object. `read_only`: it changes nothing anywhere.

    `run` is cancelled when the run is stopped; it raises `ToolError`, whose text is the result.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    run: Callable[[ToolCall], Awaitable[Done]]
    read_only: bool = False


class Malformed(Exception):
    """The model's arguments are no JSON object."""


def parse(arguments: str) -> Arguments:
    """Return what the model wrote as a JSON object; nothing at all is an empty one.

    `NaN` and `Infinity`, which Python would take, are no JSON: nothing that is kept or sent on may
    hold them.
    """
    try:
        parsed = json.loads(
            arguments.strip() or "{}", parse_constant=_no_number, parse_float=_finite
        )
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if not isinstance(parsed, dict):
        raise Malformed("a JSON object was expected")
    return parsed


def _no_number(written: str) -> float:
    raise ValueError(f"{written} is no number in JSON")


def fit_name(name: str) -> str:
    """Return a name that every provider takes, the same one every time."""
    fit = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    if not fit[:1].isalpha() and fit[:1] != "_":
        fit = f"_{fit}"  # Gemini wants a letter first
    if len(fit) <= LONGEST_NAME:
        return fit
    digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:8]
    return f"{fit[: LONGEST_NAME - 9]}_{digest}"


def _finite(written: str) -> float:
    value = float(written)
    if not math.isfinite(value):
        raise ValueError(f"{written} is too large a number")
    return value
