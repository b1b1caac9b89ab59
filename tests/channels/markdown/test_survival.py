"""Nothing that can be read, and no address, is lost in any dialect; whatever the text is."""

import re
import sys
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.discord import from_markdown as discord
from channels.markdown import plain
from channels.markdown.document import (
    Break,
    Code,
    Heading,
    Link,
    Listing,
    Paragraph,
    Quote,
    Styled,
    Table,
    Text,
    ThematicBreak,
    Verbatim,
)
from channels.markdown.parse import MARKDOWN, parse
from channels.markdown.safe import ANGLED, MENTION
from channels.slack import from_markdown as slack
from channels.telegram import from_markdown as telegram
from channels.whatsapp import from_markdown as whatsapp
from tests.channels.markdown.samples import ANYTHING, DOCUMENT, URLS, letters

ADDRESS = re.compile(r"https?://\S+")
CODE = re.compile(r"\\`|(?:(?<!`)|(?<=\\`))(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
"""Code, which an escaped tick does not begin."""

DIALECTS = [discord, plain, slack, telegram, whatsapp]


def rendered(dialect, source):
    """What is shown, and where it leads, in one string."""
    shown = dialect.render(source)
    if isinstance(shown, str):
        return shown
    return f"{shown.text} {' '.join(each.url for each in shown.entities)}"


def words(tokens):
    """What CommonMark shows of a text, by the library's own reading, and where it leads."""
    for token in tokens:
        if token.type in {"text", "code_inline", "fence", "code_block"}:
            yield token.content
        elif token.type == "definition":
            yield f"[{token.meta['label']}]: "
        yield from words(token.children or ())


def is_subsequence(small, large):
    remaining = iter(large)
    return all(each in remaining for each in small)


@given(source=DOCUMENT)
def test_every_word_survives_in_its_order(source):
    for dialect in DIALECTS:
        tokens = [token for token in MARKDOWN.parse(source) if token.type != "definition"]
        expected = letters("".join(words(tokens)))
        got = letters(
            dialect.render(source).text if dialect is telegram else dialect.render(source)
        )
        if "|---|" not in source:
            assert is_subsequence(expected, got)
        else:
            assert not set(expected) - set(got)


@example(source="~~~~alpha~~~~ https://a.example.org/")
@example(source="```python see https://a.example.org/ first\nx = 1\n```")
@given(source=DOCUMENT)
def test_every_address_survives(source):
    for dialect in DIALECTS:
        got = unquote(rendered(dialect, source)).replace("\\", "")
        for url in re.findall(r"https://[a-z-]+\.example\.org/[\w?=&#@%/-]*(?:\(bar\))?", source):
            assert unquote(url).rstrip("_").replace("&amp;", "&") in got


@pytest.mark.parametrize(
    ("source", "margins"),
    [
        ("Poem:\n  roses\n\tred", [0, 2, 4]),
        ("- one\n  goes on\n    deeper", [0, 2, 4]),
        ("a\\\n  b  \n   **c**", [0, 2, 3]),
        ("A heading\n  of two lines\n===", [0]),
        ("a" + "\n" + 999 * " " + "b", [0, 40]),
    ],
)
def test_a_line_that_goes_on_keeps_the_spaces_that_begin_it(source, margins):
    """An agent's lines are lines in a chat, set in as they were written."""
    for dialect in DIALECTS:
        lines = rendered(dialect, source).replace("\u00a0", " ").split("\n")
        assert [len(line) - len(line.lstrip()) for line in lines] == margins, dialect


@given(source=DOCUMENT | ANYTHING)
@example(source="@EVERYONE_")
@example(source="`@EVERYONE")
@example(source="`:@EVERYONE")
@example(source="@EVERYONE@EVERYONE")
@example(source="@EVERYONE<@0>")
@example(source="<!channel><!here>")
@example(source="<@U1|@here>@channel@here_@everyone")
@example(source="``` ```` ```@everyone")
@example(source="`` ` ``@everyone`<@0>`<!here>")
@example(source="`@everyone<!channel>`")
@example(source="<@0>tg://resolve?domain=x<!here>")
@example(source="a.@here@everyone@")
def test_any_text_renders_to_what_is_safe(source):
    for dialect in DIALECTS:
        shown = rendered(dialect, source)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\ud800-\udfff\x00-\x08\r]", shown)
        if dialect in {discord, slack}:
            prose = CODE.sub(" ", re.sub(r"\\`(?=`)", " ", shown))
            assert not MENTION.search(ADDRESS.sub(" ", prose))
        if dialect is slack:
            assert not ANGLED.search(shown)
        assert dialect.size(source) >= 0


@given(source=DOCUMENT | ANYTHING)
def test_slack_reads_again_what_was_read(source):
    """Its block is standard Markdown: what we write must read as what we had."""
    again = slack.render(source).replace("\u200b", "")
    assert without_lt(plain.render(again)) == without_lt(plain.render(source))


def without_lt(text):
    """Return the letters of a text but those of `&lt;`, which in code stands for itself here."""
    found = "".join(letters(text))
    while "lt" in found:
        found = found.replace("lt", "")
    return found


@given(source=DOCUMENT | ANYTHING)
def test_the_tree_keeps_its_rules(source):
    check_blocks(parse(source))


def check_blocks(blocks):
    for block in blocks:
        match block:
            case Paragraph() | Heading():
                assert block.inline
                check_inline(block.inline, set())
            case Code():
                assert block.text.strip()
                assert len(block.language.split()) <= 1
            case Quote():
                check_blocks(block.blocks)
            case Listing():
                for item in block.items:
                    check_blocks(item)
            case Table():
                for row in block.rows:
                    assert len(row) <= len(block.rows[0])
                    for cell in row:
                        check_inline(cell, set())
            case ThematicBreak():
                pass


def check_inline(nodes, around):
    for node, following in zip(nodes, (*nodes[1:], None), strict=True):
        match node:
            case Text():
                assert node.text
                assert not isinstance(following, Text)
            case Verbatim():
                assert node.text
            case Styled():
                assert node.style not in around
                assert not isinstance(node.inside[0], Break)
                assert not isinstance(node.inside[-1], Break)
                check_inline(node.inside, {*around, node.style})
            case Link():
                assert "link" not in around
                assert re.match("(https?://.|mailto:)", node.url, re.IGNORECASE)
                check_inline(node.inside, {*around, "link"})
            case Break():
                pass


# -- work -----------------------------------------------------------------------------------------

BAD = [
    "[",
    "*",
    "> ",
    ">",
    "- ",
    "![",
    "`",
    "`a",
    "<",
    "_a ",
    "**a ",
    "[a](",
    "![a][",
    "a*",
    "~~a",
    "|",
    "&",
    "[a\n",
]
BAD += [
    "[a]: b\n",
    "1. ",
    "\u200b",
    "@",
    "https://",
    "https://a.b/) ",
    "[a](x:y) ",
    "*a*_b_",
    "(",
    "\\",
    "#",
    "\n>",
]
BAD += [
    "[b.com](https://a.c) ",
    "www.",
    "\u200d",
    "😀\ufe0f",
    "| a ",
    "a.",
    "https://a.b/&",
    "\U0001f3f4\U000e0061",
]


def calls(text):
    """How many functions it takes to render a text in all dialects: work without a clock."""
    count = 0

    def counted(_frame, event, _arg):
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        for dialect in DIALECTS:
            dialect.render(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("scrap", BAD)
def test_work_grows_with_the_length_and_not_with_its_square(scrap):
    assert calls(scrap * 1000) <= 14 * calls(scrap * 100) + 5000


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.__name__.split(".")[-1])
@pytest.mark.parametrize(
    "source",
    [
        "> " * 20_000 + "end",
        "[" * 20_000,
        "*" * 20_000 + "a" + "*" * 20_000,
        "".join("  " * n + "- x\n" for n in range(200)),
        "|" + "a|" * 500 + "\n|" + "-|" * 500 + "\n" + "|b\n" * 2000,
        "|" + "k" * 2000 + "|b|\n|-|-|\n" + "|a\n" * 2000,
        "|" + "k" * 30 + "|b|\n|-|-|\n" + f"|{'a' * 200}\n" * 500,
        "![" * 2000 + "a" + "](https://b.c)" * 2000,
    ],
    ids=range(8),
)
def test_what_is_written_stays_in_proportion(dialect, source):
    assert len(rendered(dialect, source)) <= 30 * len(source) + 1000


@settings(max_examples=30)
@given(url=URLS, text=st.sampled_from(["x", "**x**", "`x`"]))
def test_a_link_shows_its_address_where_there_are_no_links(url, text):
    assert f"x ({url})" in plain.render(f"[{text}]({url})").replace("%40", "@")
    assert f"({url})" in whatsapp.render(f"[{text}]({url})").replace("%40", "@")
