"""A tool's schema is offered in a shape that every provider takes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.tools.shape import NOT_AT_THE_TOP, fit_schema

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
