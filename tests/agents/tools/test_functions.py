"""Python functions are tools, whatever kind they are and however they end."""

import asyncio
import threading

import pytest
from pydantic import BaseModel

from agents.tools.functions import load, tool_of
from agents.tools.schema import read_only
from agents.tools.tool import ToolCall, ToolError
from bridge.domain.errors import ConfigError
from bridge.domain.ids import CallId

HERE = "tests.agents.tools.test_functions"


class Size(BaseModel):
    width: int


def double(number: int) -> int:
    """Double a number."""
    return number * 2


async def greet(name: str = "you") -> str:
    """Greet."""
    return f"Hello, {name}!"


async def run(function, **arguments):
    tool = tool_of(function)
    call = ToolCall(call=CallId("k"), name=tool.name, arguments=arguments)
    return (await tool.run(call)).text


async def test_a_plain_function_and_a_coroutine_function_are_called_alike():
    assert await run(double, number=4) == "8"
    assert await run(greet, name="Ada") == "Hello, Ada!"
    assert await run(greet) == "Hello, you!"


async def test_a_plain_function_does_not_hold_up_the_loop():
    def where() -> str:
        return threading.current_thread().name

    assert await run(where) != threading.current_thread().name


async def test_what_is_no_text_comes_back_as_json():
    def measure(size: Size) -> dict[str, object]:
        return {"twice": Size(width=size.width * 2), "of": "größe"}

    assert await run(measure, size={"width": 2}) == '{"twice": {"width": 4}, "of": "größe"}'


async def test_nothing_is_done():
    def quiet() -> None: ...

    assert await run(quiet) == "Done."


async def test_arguments_that_do_not_fit_are_told_one_by_one():
    with pytest.raises(ToolError, match=r"number: Input should be a valid integer.*more: Extra"):
        await run(double, number="four", more=1)


async def test_what_a_function_raises_is_told_to_the_model():
    def fail() -> None:
        raise ValueError("no such file")

    with pytest.raises(ToolError, match="ValueError: no such file"):
        await run(fail)


async def test_a_coroutine_is_cancelled():
    waiting = asyncio.create_task(run(asyncio_sleep))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def asyncio_sleep() -> None:
    await asyncio.sleep(60)


def test_the_config_names_functions_by_their_module():
    (tool,) = load([f"{HERE}:double"])
    assert (tool.name, tool.description, tool.read_only) == ("double", "Double a number.", False)
    (tool,) = load([f"{HERE}:look"])
    assert tool.read_only


@read_only
def look() -> str:
    """Look."""
    return ""


NUMBER = 7


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("nowhere", "there is no tool 'nowhere'"),
        (f"{HERE}:missing", "cannot be imported"),
        ("no.such.module:x", "cannot be imported"),
        (f"{HERE}:NUMBER", "is not a function"),
    ],
)
def test_what_is_no_function_is_told(named, why):
    with pytest.raises(ConfigError, match=why):
        load([named])


def test_an_installed_tool_is_found_by_its_entry_point(monkeypatch):
    from importlib.metadata import EntryPoint

    from agents.tools import functions

    point = EntryPoint(name="twice", value=f"{HERE}:double", group=functions.GROUP)
    monkeypatch.setattr(functions, "entry_points", lambda **_: [point])
    (tool,) = load(["twice"])
    assert tool.name == "twice"
