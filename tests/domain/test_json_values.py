"""Values are counted without being read, and what stands in texts is none."""

import json
import time

import pytest

from bridge.domain.json_values import SMALL, has_more_than


@pytest.mark.parametrize("one", ["[]", "{}", "1", '"a"', '{"a":1}'])
def test_many_of_anything_are_too_many(one):
    raw = ("[" + ",".join([one] * 20_000) + "]").encode()
    assert has_more_than(15_000, raw)
    assert not has_more_than(100_000, raw)


@pytest.mark.parametrize("words", ["[{,", '",[{', "\\", '\\",[', "\n,"])
def test_what_stands_in_a_text_is_not_counted(words):
    raw = json.dumps({"text": words * 50_000, "more": [1, 2]}).encode()
    assert not has_more_than(10, raw)


def test_an_open_text_is_one_to_its_end_and_hides_nothing_before_it():
    """What is no JSON is refused by whoever reads it; nobody reads beyond where it is none."""
    assert has_more_than(100, b"[," * SMALL + b'"' + b"[," * SMALL)
    assert not has_more_than(100, b'"' + b"[," * SMALL)
    assert not has_more_than(100, b'"' + b"[," * SMALL + b"\\")


@pytest.mark.parametrize("one", [b'"', b'\\"', b"\\", b'","', b'"\\'])
def test_a_text_that_never_ends_is_counted_at_once(one):
    """Whoever has a token may send one, and everybody waits for it."""
    raw = b"," * SMALL + b'"' + one * (1_048_576 // len(one))
    before = time.perf_counter()
    assert has_more_than(1_000, raw)
    assert time.perf_counter() - before < 2


def test_a_small_text_is_never_too_many():
    assert not has_more_than(10, b"[" * SMALL)
