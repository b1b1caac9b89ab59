"""What the model wrote is read as a JSON object, or is malformed."""

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
    assert len(fit_name("x" * 200)) == LONGEST_NAME
