"""A text is read as CommonMark says, and nothing in it is lost on the way."""

import pytest

from channels.markdown.document import (
    Code,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Table,
    ThematicBreak,
    spelled,
)
from channels.markdown.parse import parse


def outline(blocks):
    """The tree as tuples, words only."""
    return [_outlined(block) for block in blocks]


def _outlined(block):
    match block:
        case Paragraph():
            return spelled(block.inline)
        case Heading():
            return f"h{block.level}", spelled(block.inline)
        case Code():
            return "code", block.language, block.text
        case Quote():
            return "quote", *outline(block.blocks)
        case Listing():
            return block.start, block.mark, *(outline(item) for item in block.items)
        case Table():
            return "table", *([spelled(cell) for cell in row] for row in block.rows)
        case ThematicBreak():
            return ("rule",)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\nb", ["a\nb"]),
        ("# a #\nb\n===", [("h1", "a"), ("h1", "b")]),
        ("a *b\nc*\n---", [("h2", "a b c")]),
        ("```py x\na\n\nb\n```", [("code", "py", "x\na\n\nb")]),
        ("````\n```\n````", [("code", "", "```")]),
        ("~~~\nunclosed", [("code", "", "unclosed")]),
        ("    a\n      b", [("code", "", "a\n  b")]),
        ("```\n\n```", []),
        ("> a\n> > b\nc", [("quote", "a", ("quote", "b\nc"))]),
        ("- a\n  - b\n\n    c\n- [ ] d", [(None, "-", ["a", (None, "-", ["b", "c"])], ["☐ d"])]),
        ("- [x] d\n- [X] e", [(None, "-", ["☑ d"], ["☑ e"])]),
        ("7) a\n9) b", [(7, ")", ["a"], ["b"])]),
        ("- ```py\n  x\n  ```", [(None, "-", [("code", "py", "x")])]),
        ("a\n\n* * *\n\nb", ["a", ("rule",), "b"]),
        ("|a|b|\n|-|-|\n|`x\\|y`|\n", [("table", ["a", "b"], ["x|y"])]),
        ("|a|b|\n|-|-|\n||c|", [("table", ["a", "b"], ["", "c"])]),
        ("<details>\n<b>x</b>\n</details>", ["<details>\n<b>x</b>\n</details>"]),
        ("<script>\nalert()\n</script>", ["<script>\nalert()\n</script>"]),
        ("a<br>b <br/> c<BR />\nd", ["a\nb\nc\nd"]),
        ("<br>\n\na<br>", ["a"]),
        ("`a<br>b` a\\<br>b <bra>", ["a<br>b a<br>b <bra>"]),
        ("```\na<br>b\n```", [("code", "", "a<br>b")]),
        ("# a<br>b", [("h1", "a b")]),
        ("**a<br>**<br>- b", ["a\n\n- b"]),
        ("a <!-- b --> c &lt;d&gt; &copy;", ["a <!-- b --> c <d> ©"]),
        ("", []),
        ("\u200b\n\n\u2060", []),
    ],
)
def test_blocks(source, expected):
    assert outline(parse(source)) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[a][x]\n\n[x]: https://a.b 'title'", ["a (https://a.b)"]),
        ("![a][x]\n\n[x]: https://a.b", ["a (https://a.b)"]),
        ("[x]: https://a.b", ["[x]: https://a.b"]),
        ("[a][x] [y]", ["[a][x] [y]"]),
        ("[x]\n\n[x]: https://a.b\n[X]: https://c.d", ["x (https://a.b)", "[X]: https://c.d"]),
        ("> [x]: tg://a\n\nb", [("quote", "[x]: tg://a"), "b"]),
    ],
)
def test_a_definition_is_in_its_link_or_shown(source, expected):
    assert outline(parse(source)) == expected


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", ">", "- > "])
def test_what_is_nested_too_deep_is_shown_as_text(mark):
    text = str(outline(parse(mark * 200 + "end\n\n" + "after")))
    assert "end" in text
    assert "'after'" in text


def test_a_text_is_read_once():
    assert parse("some *text*") is parse("some *text*")
