"""What providers say is known by their own words, and means one thing."""

# ruff: noqa: E501 - what they say is quoted as it is

import re

import pytest

from agents.litellm.errors import ROWS, Diagnosis, ending, known
from tests.agents.litellm.provider_texts import SAID


def alternatives(words):
    """Yield what stands between the bars of a pattern, outside of its groups."""
    depth, bracket, at, begun = 0, False, 0, 0
    while at < len(words):
        sign = words[at]
        if sign == "\\":
            at += 1
        elif bracket or sign == "[":
            bracket = sign != "]"
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "|" and not depth:
            yield words[begun:at]
            begun = at + 1
        at += 1
    yield words[begun:]


@pytest.mark.parametrize("said", SAID, ids=lambda said: f"{said.provider}: {said.text[:40]}")
def test_each_text_of_a_provider_means_one_thing(said):
    found = known(said.text, said.status)
    assert found is not None
    assert (found.kind, found.piece) == (said.kind, said.piece)


def test_each_alternative_of_the_table_is_something_that_a_provider_said():
    """A pattern that nobody is known to say is a guess, which may take one thing for another."""
    guessed = [
        each
        for row in ROWS
        for each in alternatives(row.words)
        if not any(
            re.search(each, said.text, re.IGNORECASE)
            for said in SAID
            if (said.kind, said.piece) == (row.kind, row.piece)
        )
    ]
    assert guessed == []


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (429, "Rate limit reached for images per minute. Please try again in 6s."),
        (429, "Too many tokens, please wait before trying again."),
        (429, "This request would exceed your organization's rate limit of 30,000 input tokens."),
        (
            429,
            "You exceeded your current quota, please check your plan and billing details. Please retry in 34.07s. RESOURCE_EXHAUSTED",
        ),
        (503, "The model is overloaded."),
        (400, "temperature must be between 0 and 2"),
        (400, "The model revision 2024-01 is not supported"),
        (400, "This inference profile is not supported in this region"),
        (400, "Provider doesn't support profile setting"),
        (400, "response_format.type is invalid, allowed values: ['text']"),
        (403, "Daily token limit exceeded"),
    ],
)
def test_what_only_says_to_wait_or_names_a_setting_is_none_of_these(status, text):
    assert known(text, status) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 150 instead.",
            {"most": 128},
        ),
        ("Invalid schema for function 'far__pick': schema must have type 'object'", {"names": "far__pick"}),
        ("tools.3.custom.input_schema: input_schema does not support oneOf", {"number": 3}),
        ("GenerateContentRequest.tools[0].function_declarations[5].name: Invalid", {"number": 5}),
        ("Invalid 'tools[2].function.name': string does not match pattern.", {"number": 2}),
        ("'tools' : maximum number of items is 128", {"most": 128}),
        ("You may not include more than 64 tools in your request.", {"most": 64}),
    ],
)  # fmt: skip
def test_a_tool_is_known_by_its_name_or_its_place(text, meant):
    assert known(text, 400) == Diagnosis(kind="unfit", piece="tools", **meant)


def test_every_row_says_where_it_comes_from():
    assert all(row.sources for row in ROWS)


@pytest.mark.parametrize(
    ("finish", "meant"),
    [
        ("stop", "whole"), ("tool_calls", "whole"), ("STOP", "whole"), ("length", "cut"),
        ("model_length", "cut"), ("network_error", "broken"), ("MALFORMED_FUNCTION_CALL", "broken"),
        ("content_filter", "filtered"), ("weird", "odd"),
    ],
)  # fmt: skip
def test_each_reason_for_an_end_means_one_thing(finish, meant):
    assert ending(finish) == meant
