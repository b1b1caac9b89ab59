"""What the model wrote is read as a JSON object, or is malformed."""

import re

import pytest

from agents.tools.tool import LONGEST_NAME, Malformed, fit_name, parse


def test_nothing_at_all_is_an_empty_object():
    assert parse("") == parse("{}") == {}


@pytest.mark.parametrize(
    "written",
    [
        "{",
        "[1]",
        "null",
        '"x"',
        "[" * 100_000,
        "{}{}",
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e400}',
    ],
)
def test_what_is_no_object_is_malformed(written):
    with pytest.raises(Malformed):
        parse(written)


def test_a_name_fits_every_provider():
    assert fit_name("files.read/all") == "files_read_all"
    assert fit_name("multi_tool_use.parallel") == "multi_tool_use_parallel"
    for name in ("", "1st", "x" * 240, "größe", "🎉", "a b\n"):
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", fit_name(name)), name
        assert fit_name(name) == fit_name(name)
    assert fit_name("x" * 240) != fit_name("x" * 241)
    assert len(fit_name("x" * 240)) == LONGEST_NAME
