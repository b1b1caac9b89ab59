"""A table is aligned where it fits, and told row by row where it does not."""

from channels.markdown.document import spelled
from channels.markdown.grid import aligned, told, width
from channels.markdown.parse import parse


def table(source):
    (found,) = parse(source)
    return found


def lines(source):
    return [spelled(line) for line in told(table(source))]


WIDE = "| name | what |\n|-|-|\n| a | [x](https://a.b) |\n| b |\n|| c |"


def test_columns_are_aligned_by_what_characters_take():
    expected = "a  | 中文\n---+-----\nbb | e\u0301\nc"
    assert aligned(table("|a|中文|\n|-|-|\n|bb|e\u0301|\n|c|"), 20) == expected


def test_a_table_too_wide_is_not_aligned():
    assert aligned(table(WIDE), 10) is None
    assert aligned(table(WIDE), 40) is not None


def test_rows_are_told_as_keys_and_values():
    assert lines(WIDE) == ["name: a", "what: x (https://a.b)", "", "name: b", "", "what: c"]


def test_a_key_without_any_value_is_told_all_the_same():
    assert lines("|a|b|\n|-|-|\n|x|\n") == ["b", "", "a: x"]
    assert lines("|a|b|\n|-|-|\n") == ["a | b"]


def test_long_keys_are_not_repeated():
    assert lines(f"|{'k' * 40}|b|\n|-|-|\n|x|y|\n") == [f"{'k' * 40} | b", "x | y"]


def test_width_counts_columns():
    assert [width(each) for each in ("ab", "中", "e\u0301", "")] == [2, 2, 1, 0]


def test_a_line_break_in_a_cell_stays_in_its_line():
    source = "| day | open |\n|-|-|\n| Mon<br>Tue | 9-5<br/>**only** |"
    assert aligned(table(source), 40).split("\n")[2] == "Mon / Tue | 9-5 / only"
    assert lines(source) == ["day: Mon / Tue", "open: 9-5 / only"]
