"""Discord formats what was formatted, unfolds no link, and is shown nothing it would take amiss."""

import pytest

from channels.discord.from_markdown import render, size


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("__init__.py", "\\_\\_init\\_\\_.py"),
        ("a \\_\\_b\\_\\_ c_d_e", "a \\_\\_b\\_\\_ c\\_d\\_e"),
        ("||a|| | b", "\\|\\|a\\|\\| | b"),
        (">>> a", "> > > a"),
        ("\\>>> a", "\\>>> a"),
        ("-# a", "\\-# a"),
        ("\\~~a~~ ~b", "\\~\\~a\\~\\~ ~b"),
        ("<:smile:1> <a:x:2> <t:3:R> </cmd:4>", "\\<:smile:1> \\<a:x:2> \\<t:3:R> \\</cmd:4>"),
        ("C:\\Users\\x", "C:\\\\Users\\\\x"),
        ("a!\\[b](https://c.d)", "a!\\[b\\](<https://c.d>)"),
        ("a\\![b](https://c.d)", "a\\![b](<https://c.d>)"),
        ("[a\\]b](https://c.d)", "a\\]b (<https://c.d>)"),
        ("[\\*Test\\*](https://c.d)", "\\*Test\\* (<https://c.d>)"),
        ("[a_b_c](https://c.d)", "[a_b_c](<https://c.d>)"),
        ("[`a_b`](https://c.d)", "[`a_b`](<https://c.d>)"),
        ("[see https://c.d](https://c.d)", "see https\\://c.d (<https://c.d>)"),
        ("[m](mailto:a@b.c)", "m (mailto:a@b.c)"),
        ("*a* **b** foo*bar*baz", "_a_ **b** foo*bar*baz"),
    ],
)
def test_a_line(source, expected):
    assert render(source) == expected


def test_code_cannot_end_its_block_and_has_a_language_discord_knows():
    assert render("````c++ x\n```\n````") == "` x\n``` `"
    assert render("```` ``` ````") == "` ``` `"
    assert render("```{.py}\na\n```") == "```\n{.py}\na\n```"


def test_a_wide_table_is_told():
    cell = "x" * 90
    assert render(f"|a|b|\n|-|-|\n|{cell}|*c*|") == f"**a**: {cell}\n**b**: _c_"


def test_size_counts_code_points_as_written():
    assert size("😀") == 1
    assert size("2*") == len("2\\*")
