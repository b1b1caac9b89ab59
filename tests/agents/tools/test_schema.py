"""A function's signature and docstring say all that a model has to know."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from agents.tools.schema import arguments_of, describe, is_read_only, read_only, schema_of
from bridge.domain.errors import ConfigError


class Place(BaseModel):
    title: str
    floor: int = 0


def book(
    place: Place,
    title: str,
    kind: Literal["desk", "room"] = "desk",
    people: list[str] | None = None,
    hours: Annotated[int, Field(gt=0)] = 1,
) -> str:
    """Book a place.

    It is yours then.

    Args:
        place: Where it is.
        title (str): What it is called,
            in a few words.
        hours: For how long.

    Returns:
        The booking.
    """
    return ""


def test_the_description_is_the_docstring_without_its_sections():
    assert describe(book)[0] == "Book a place.\n\nIt is yours then."


def test_parameters_are_described_by_the_docstring():
    assert describe(book)[1] == {
        "place": "Where it is.",
        "title": "What it is called, in a few words.",
        "hours": "For how long.",
    }


def test_sphinx_describes_them_too():
    def look(where: str) -> str:
        """Look.

        :param str where: Where to look.
        :returns: What is there.
        """
        return ""

    assert describe(look) == ("Look.", {"where": "Where to look."})


def test_the_schema_has_types_defaults_and_what_is_required():
    schema = schema_of(arguments_of(book))
    assert schema["type"] == "object"
    assert schema["required"] == ["place", "title"]
    assert schema["properties"]["kind"] == {
        "default": "desk",
        "enum": ["desk", "room"],
        "type": "string",
    }
    assert schema["properties"]["hours"]["exclusiveMinimum"] == 0
    assert schema["properties"]["hours"]["description"] == "For how long."
    assert schema["additionalProperties"] is False


def test_a_parameter_called_title_is_no_title():
    schema = schema_of(arguments_of(book))
    assert "title" in schema["properties"]
    assert "title" in schema["$defs"]["Place"]["properties"]
    assert "title" not in schema


def untyped(x):
    return x


def many(*things: str) -> None: ...


def unknown(x: "Nowhere") -> None: ...  # noqa: F821 - that is the point


@pytest.mark.parametrize("function", [untyped, many, unknown])
def test_what_cannot_be_described_is_no_tool_and_it_says_why(function):
    with pytest.raises(ConfigError, match=f"{function.__name__} cannot be a tool"):
        arguments_of(function)


def test_a_function_says_itself_that_it_only_reads():
    assert not is_read_only(book)

    @read_only
    def look() -> str:
        return ""

    assert is_read_only(look)
