"""Slack's block is Markdown that names nobody, and its text for notifications is short."""

import pytest

from channels.markdown.document import Code
from channels.slack.from_markdown import fallback, pieces, render, size


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("snake_case _a_ \\_b\\_", "snake_case _a_ \\_b\\_"),
        ("a < b && c > d &amp;lt;", "a < b && c > d \\&lt;"),
        ("<!channel> `<!channel>`", "&lt;!channel> &lt;!channel>"),
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
    assert fallback("**a** <b> & <!here> @here") == "a &lt;b&gt; &amp; &lt;!here&gt; @here"


@pytest.mark.parametrize("scrap", ["word ", "<", "&", "**x** "])
def test_the_fallback_is_short(scrap):
    short = fallback(scrap * 4000)
    assert 2500 < len(short) <= 3000
    assert short.endswith("…")
    assert not short[:-1].endswith(("&", "&l", "&lt", "&am"))


def test_size_counts_what_is_sent():
    assert size("*a*") == 3
    assert size("<!here>") == len("&lt;!here>")


def test_a_line_break_in_a_cell_stays_in_its_row():
    assert render("|a|b|\n|-|-|\n|c<br>d|e|").endswith("| c / d | e |")


CALLING = "```\n<@U0ABC> <!here>\n```"


@pytest.mark.parametrize(
    ("source", "around"),
    [
        (f"a\n\n{CALLING}\n\nb", ["a", "b"]),
        ("1. a\n2. b\n\n   X\n\n   c\n3. d\n4. e", ["1. a\n2. b", "c\n\n3. d\n4. e"]),
        ("- a\n  - X\n  - b\n- c", ["- a\n  -", "- b\n\n- c"]),
        ("> a\n>\n> X\n>\n> b", ["> a", "> b"]),
        ("> - a\n>\n>   X", ["> - a"]),
    ],
)
def test_code_that_would_call_somebody_is_an_element_of_its_own_to_the_letter(source, around):
    lines = source.split("\n")
    for at, line in enumerate(lines):
        if "X" in line:
            margin = " " * line.index("X") if ">" not in line else line.replace("X", "")
            first, *rest = CALLING.split("\n")
            lines[at] = "\n".join([line.replace("X", first), *(margin + each for each in rest)])
    found = list(pieces("\n".join(lines)))
    assert [each for each in found if isinstance(each, Code)] == [Code(text="<@U0ABC> <!here>")]
    assert [each for each in found if isinstance(each, str)] == around
