"""What a hook is sent is read once, and bounded before that."""

import time
from contextlib import suppress

import pytest

from bridge.hooks.payload import DEEPEST, FORM, JSON, MOST_VALUES, Malformed, read, takes


def test_json_is_read():
    assert read(b'{"a": [1, 2.5, true, null, "\xc3\xa9"]}', JSON) == {
        "a": [1, 2.5, True, None, "é"]
    }


def test_a_form_has_its_json_in_a_field_or_is_its_fields():
    assert read(b"payload=%7B%22a%22%3A1%7D&x=2", FORM) == {"a": 1}
    assert read(b"command=%2Fgo&text=", FORM) == {"command": "/go", "text": ""}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no JSON"),
        (b"{'a': 1}", "character 1"),
        (b"\xff", "UTF-8"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"b": [{"a": 1, "a": 2}]}', "twice"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "deeper"),
        (b"[" * 5_000, "deeper"),
        (b"[" + b"0," * MOST_VALUES + b"0]", "more than"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "NaN"),
        (b"[1e999]", "too large"),
        (b"[" + b"1" * 5_000 + b"]", "too long"),
        (b"[1." + b"1" * 5_000 + b"]", "too long"),
    ],
)
def test_what_cannot_be_read_says_why(body, why):
    with pytest.raises(Malformed, match=why):
        read(body, JSON)


def test_a_form_that_cannot_be_read_says_why():
    for body, why in ((b"a=1&" * 200, "too many"), (b"a=1&a=2", "twice"), (b"payload=%7B", "JSON")):
        with pytest.raises(Malformed, match=why):
            read(body, FORM)


def test_brackets_in_words_are_no_depth():
    words = "[" * 200 + '\\"' + "{" * 200
    assert len(read(f'["{words}"]'.encode(), JSON)[0]) == 401


def test_the_worst_body_is_read_at_once():
    open_text = b'["' + b'\\"' * 130_000
    worst = [open_text, open_text + b'"]', b"[" + b'"",' * 19_000 + b'""]', b'"' * 262_144]
    for body in worst:
        before = time.perf_counter()
        with suppress(Malformed):
            read(body, JSON)
        assert time.perf_counter() - before < 5, body[:10]


@pytest.mark.parametrize(
    ("given", "json", "form"),
    [
        ("application/json", True, True),
        ("Application/JSON; charset=UTF-8", True, True),
        ("application/cloudevents+json", True, True),
        (FORM, False, True),
        ("application/json; charset=utf-16", False, False),
        ("text/json", False, False),
        ("", False, False),
    ],
)
def test_only_json_and_forms_where_they_come_are_taken(given, json, form):
    assert (takes(given, forms=False), takes(given, forms=True)) == (json, form)
