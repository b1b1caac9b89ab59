"""Python functions as tools: by entry point of the group `bridgehead.tools`, or `module:function`.

A plain function runs in a thread. It cannot be stopped there: after `/stop` its result is
refused. A coroutine function is cancelled.
"""

import asyncio
import inspect
import json
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from agents.tools.schema import arguments_of, describe, is_read_only, schema_of
from agents.tools.tool import Done, Tool, ToolCall, ToolError, fit_name
from bridge.domain.errors import ConfigError

GROUP = "bridgehead.tools"


def load(named: Iterable[str]) -> tuple[Tool, ...]:
    """Return the tools that a config names. Raises `ConfigError` with what is wrong with one."""
    return tuple(_load(each) for each in named)


def _load(named: str) -> Tool:
    module, colon, attribute = named.partition(":")
    found = _imported(module, attribute) if colon else _installed(named)
    if not callable(found):
        raise ConfigError(f"the tool {named!r} is not a function")
    return tool_of(found, name="" if colon else named)


def _imported(module: str, attribute: str) -> Any:
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"the tool {module}:{attribute} cannot be imported: {error}") from error


def _installed(name: str) -> Any:
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name not in points:
        known = ", ".join(sorted(points)) or "none"
        raise ConfigError(
            f"there is no tool {name!r}; installed are: {known}. "
            "A function of your own is written module:function"
        )
    try:
        return points[name].load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"the tool {name!r} does not import: {error}") from error


def tool_of(function: Callable[..., Any], *, name: str = "") -> Tool:
    """Make a tool of a function. Raises `ConfigError` when its signature cannot be described."""
    arguments = arguments_of(function)

    async def run(call: ToolCall) -> Done:
        taken = _taken(arguments, call)
        return Done(text=_text(await _called(function, taken)))

    return Tool(
        name=fit_name(name or function.__name__),
        description=describe(function)[0],
        schema=schema_of(arguments),
        run=run,
        read_only=is_read_only(function),
    )


def _taken(arguments: type[BaseModel], call: ToolCall) -> dict[str, Any]:
    try:
        model = arguments.model_validate(call.arguments)
    except ValidationError as error:
        problems = (
            f"{'.'.join(str(part) for part in each['loc']) or 'the arguments'}: {each['msg']}"
            for each in error.errors()
        )
        raise ToolError("The arguments do not fit: " + "; ".join(problems)) from error
    return {name: getattr(model, name) for name in type(model).model_fields}


async def _called(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call a function; whatever it raises is its answer to the model."""
    try:
        if inspect.iscoroutinefunction(function):
            return await function(**arguments)
        result = await asyncio.to_thread(function, **arguments)
        return await result if inspect.isawaitable(result) else result
    except ToolError:
        raise
    except Exception as error:
        raise ToolError(f"{type(error).__name__}: {error}") from error


def _text(result: Any) -> str:
    match result:
        case None:
            return "Done."
        case str():
            return result
        case _:
            return json.dumps(to_jsonable_python(result, fallback=str), ensure_ascii=False)
