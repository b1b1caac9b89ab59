"""Schemas are offered as every provider takes them; arguments are read as a schema wants them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.tools.json_schema import NOT_AT_THE_TOP, fit_schema, fitted

A, B = {"type": "string"}, {"type": "integer"}


def test_what_is_an_object_stays_what_it_is():
    schema = {"type": "object", "properties": {"a": A}, "required": ["a"]}
    assert fit_schema(schema) == schema


def test_alternatives_are_offered_together_and_only_what_all_want_is_wanted():
    one = {"properties": {"a": A, "b": B}, "required": ["a", "b"]}
    other = {"properties": {"a": A}, "required": ["a"]}
    assert fit_schema({"type": "object", "anyOf": [one, other]}) == {
        "type": "object",
        "properties": {"a": A, "b": B},
        "required": ["a"],
    }


def test_of_what_holds_together_all_is_wanted():
    parts = [{"properties": {"a": A}, "required": ["a"]}, {"$ref": "#/$defs/B"}]
    defs = {"B": {"properties": {"b": B}, "required": ["b"]}}
    found = fit_schema({"allOf": parts, "$defs": defs})
    assert found["properties"] == {"a": A, "b": B}
    assert found["required"] == ["a", "b"]


@pytest.mark.parametrize(
    "schema", [None, True, [], {}, {"type": "array"}, {"properties": None}, {"anyOf": "x"},
               {"$ref": "#/$defs/x", "$defs": {"x": {"$ref": "#/$defs/x"}}}],
)  # fmt: skip
def test_what_is_no_object_becomes_one(schema):
    found = fit_schema(schema)
    assert found["type"] == "object"
    assert isinstance(found["properties"], dict)


def test_alternatives_that_refer_to_each_other_are_not_followed_for_ever():
    """Fifty that name themselves are a hundred million million, eight levels deep."""
    for key in ("allOf", "anyOf", "oneOf"):
        loop = {key: [{"$ref": "#/$defs/a"}] * 50, "properties": {"x": {}}}
        found = fit_schema({"$ref": "#/$defs/a", "$defs": {"a": loop}})
        assert "x" in found["properties"]


def test_a_schema_of_a_million_values_is_cut():
    found = fit_schema({"properties": {f"p{number}": {} for number in range(1_000_000)}})
    assert 0 < len(found["properties"]) < 30_000


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.sampled_from(["object", "#/$defs/a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "required", "anyOf", "allOf", "$ref", "$defs", "a"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_a_server_offers_is_an_object_of_whole_characters(schema):
    found = fit_schema(schema)
    assert found["type"] == "object"
    assert isinstance(found["properties"], dict)
    assert set(found.get("required", ())) <= set(found["properties"])
    assert not set(found) & set(NOT_AT_THE_TOP)
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()


INTEGER, NUMBER, BOOLEAN, STRING = ({"type": t} for t in ("integer", "number", "boolean", "string"))
LIST = {"type": "array", "items": INTEGER}
OBJECT = {"type": "object", "properties": {"x": INTEGER}}
MAYBE = {"anyOf": [INTEGER, {"type": "null"}]}


@pytest.mark.parametrize(
    ("schema", "written", "read"),
    [
        (INTEGER, "3", 3), (INTEGER, " -3 ", -3), (INTEGER, "3.0", 3), (NUMBER, "3", 3),
        (NUMBER, "0.5", 0.5), (BOOLEAN, "false", False), (BOOLEAN, "True", True),
        (LIST, '["1", 2]', [1, 2]), (LIST, ["1"], [1]), (OBJECT, '{"x": "1"}', {"x": 1}),
        (MAYBE, "3", 3), (MAYBE, "null", None), ({"type": ["integer", "null"]}, "3", 3),
        ({"$ref": "#/$defs/Many"}, '["1"]', [1]), ({"anyOf": [OBJECT, LIST]}, '["1"]', [1]),
    ],
)  # fmt: skip
def test_a_text_becomes_what_it_says_where_that_is_wanted(schema, written, read):
    whole = {"type": "object", "properties": {"a": schema}, "$defs": {"Many": LIST}}
    found = fitted({"a": written, "b": "1"}, whole)
    assert found == {"a": read, "b": "1"}
    assert type(found["a"]) is type(read)
    assert fitted(found, whole) == found


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        (STRING, "00713"), (STRING, "true"), ({"type": ["string", "integer"]}, "3"),
        ({"anyOf": [INTEGER, STRING]}, "3"), ({"anyOf": [INTEGER, {}]}, "3"), ({}, "3"),
        (True, "3"), (None, "3"), ({"enum": [1]}, "3"), ({"$ref": "#/$defs/None"}, "3"),
        (INTEGER, "three"), (INTEGER, "3.5"), (INTEGER, "true"), (INTEGER, ""),
        (INTEGER, "9" * 9999), (NUMBER, "NaN"), (NUMBER, "1e999"), (BOOLEAN, "1"), (LIST, "1, 2"),
        (OBJECT, "[1]"), (INTEGER, '1, "b": 2'), (INTEGER, '1}, {"a": 1'), (LIST, "[" * 5000),
    ],
)  # fmt: skip
def test_anything_else_stays_as_it_was_written(schema, written):
    whole = {"type": "object", "properties": {"a": schema}}
    assert fitted({"a": written}, whole) == {"a": written}


@pytest.mark.parametrize(
    "schema", [{}, {"type": "object"}, {"type": "object", "properties": []}, {"$ref": "#"}]
)
def test_a_schema_that_says_nothing_changes_nothing(schema):
    assert fitted({"a": "3"}, schema) == {"a": "3"}


def test_a_schema_that_holds_itself_is_looked_into_only_so_far():
    tree = {"type": "object", "properties": {"n": INTEGER, "down": {"$ref": "#"}}}
    deep = {"n": "1"}
    for _ in range(50):
        deep = {"n": "1", "down": deep}
    found = fitted(deep, tree)
    assert found["n"] == 1
    assert fitted({"a": "1"}, {"$ref": "#/a", "a": {"$ref": "#/a"}}) == {"a": "1"}
