"""Slack's block is Markdown that names nobody, and its text for notifications is short."""

import pytest

from channels.markdown.slack import fallback, render, size


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("snake_case _a_ \\_b\\_", "snake_case _a_ \\_b\\_"),
        ("a < b && c > d &amp;lt;", "a < b && c > d \\&lt;"),
        ("<!channel> `<!channel>`", "\\<\u200b!channel> `<\u200b!channel>`"),
        ("[a](<https://b.c/)d>)", "[a](https://b.c/%29d)"),
        ("a  \nb\nc", "a  \nb\nc"),
        ("# a #b #c \\#", "# a #b #c \\#"),
        ("* a\n* b", "* a\n* b"),
        ("\\- a\n\\=== b\n\\---", "\\- a\n=== b\n\\---"),
    ],
)
def test_a_line(source, expected):
    assert render(source) == expected


def test_a_table_larger_than_slack_takes_is_text():
    rows = "|a|b|\n|-|-|\n" + "|1|2|\n" * 100
    assert render(rows).startswith("```\na | b\n")
    assert render(rows[: -len("|1|2|\n") * 2]).startswith("| a | b |\n| --- | --- |\n")


def test_the_fallback_is_plain_escaped_and_names_nobody():
    assert (
        fallback("**a** <b> & <!here> @here") == "a &lt;b&gt; &amp; &lt;\u200b!here&gt; @\u200bhere"
    )


@pytest.mark.parametrize("scrap", ["word ", "<", "&", "**x** "])
def test_the_fallback_is_short(scrap):
    short = fallback(scrap * 4000)
    assert 2500 < len(short) <= 3000
    assert short.endswith("…")
    assert not short[:-1].endswith(("&", "&l", "&lt", "&am"))


def test_size_counts_what_is_sent():
    assert size("*a*") == 3
    assert size("<!x") == len("\\<\u200b!x")
