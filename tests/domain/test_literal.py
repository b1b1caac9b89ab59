"""What is typed without formatting is shown to the letter, whatever Markdown makes of its signs."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.delivery.splitting import split
from bridge.domain import literal
from bridge.domain.content import Attachment, Content
from bridge.domain.ids import MediaId
from channels.discord import from_markdown as discord
from channels.markdown import plain, safe
from channels.markdown.document import Break, Link, Paragraph, Text
from channels.markdown.parse import parse
from channels.slack import from_markdown as slack
from channels.telegram import from_markdown as telegram
from channels.whatsapp import from_markdown as whatsapp
from tests.channels.markdown.test_copied import TICKED, of_slack, unescaped


def written(words: str) -> str:
    """At most one address, in ASCII: what is unusual in one is encoded, for safety."""
    before, http, after = words.partition("http")
    if not http:
        return words
    mark = re.match(r"(?:s?://)?", after)[0]
    rest = re.sub(r"https?:|:(?=/)|[^\x20-\x7e\n]|[\^{}]", "", after[len(mark) :])
    return before + http + mark + rest


SCRAPS = st.lists(
    st.one_of(
        st.text(max_size=4),
        st.sampled_from(
            [*"\\`*_~[]()<>#+-=|$&.!{}:;^\n\t 1", "http://", "https://a.b/c", "\\[", "\\(", "$$",
             "x^2", "1. ", "1) ", "    ", "&amp;", "&#35;", "[x] ", "[a]: b", "](", "---", "```",
             "\u200b"]
        ),
    ),
    max_size=25,
).map("".join).map(written)  # fmt: skip


def lines(words: str) -> list[str]:
    """The words as any place may show them: spaces at the ends of lines aside."""
    cleaned = safe.clean(literal._LINE_ENDS.sub("\n", words)).expandtabs(4).replace("\u00a0", " ")
    ended = "\n".join(line.rstrip() for line in cleaned.split("\n"))
    return ended.strip().split("\n")


def seen(source: str) -> str:
    """What the tree of a text shows, if it is nothing but words, lines and bare addresses."""
    shown = []
    for block in parse(source):
        assert isinstance(block, Paragraph), block
        pieces = []
        for node in block.inline:
            match node:
                case Text():
                    pieces.append(node.text)
                case Break():
                    pieces.append("\n")
                case Link(bare=True):
                    pieces.append("".join(each.text for each in node.inside))
                case _:
                    raise AssertionError(node)
        shown.append("".join(pieces))
    return "\n\n".join(shown)


@given(SCRAPS)
@example("¯\\_(ツ)_/¯ 2*3*4 __init__.py C:\\tmp\\_x")
@example("\\[ x=1 \\] and \\( y^2 \\), $x^2$, $$\nx = 1\n$$")
@example("- [ ] a\n1. b\n# c\n> d\n===\n|a|b|\n|-|-|\n\n    code")
@example("http://x/&copy;y*z* https://a_(b)_c*")
@example("\u200b# x")
@example("\u200b    0")
@example("    \x1f0")
@example(" \u180e   0")
@example("    \U00018d09")
@example("    \u0378")
def test_markdown_shows_exactly_the_words(words: str) -> None:
    shown = seen(literal.markdown(words)).replace("\u00a0", " ")
    flat = [re.sub(r"\s+", " ", line).strip() for line in lines(words)]
    assert [re.sub(r"\s+", " ", line).strip() for line in lines(shown)] == flat


@given(SCRAPS)
def test_a_stretch_among_other_words_is_shown_to_the_letter_too(words: str) -> None:
    words = re.sub(r"\s+", " ", safe.clean(words)).strip().replace("http", "")
    shown = plain.render(f"so **it** {literal.escaped(words)} **is**")
    assert re.sub(r"\s+", " ", shown) == f"so it {words} is".replace("  ", " ")


def test_an_address_is_still_a_link() -> None:
    source = literal.markdown("see https://en.wikipedia.org/wiki/A_(b)_c, a_b")
    links = [each.url for each in parse(source)[0].inline if isinstance(each, Link)]
    assert links == ["https://en.wikipedia.org/wiki/A_(b)_c"]


def test_the_beginnings_of_lines_stay_where_they_are() -> None:
    words = "def f():\n    return 1\n\n\tx"
    for render in SPACED:
        assert render(literal.markdown(words)) == words.expandtabs(4)
    shown = READERS[slack](literal.markdown(words)).replace("  \n", "\n")
    assert shown.replace("\u00a0", " ") == words.expandtabs(4)


def test_lines_of_a_quote_begin_where_they_did_in_it() -> None:
    text = "> if x:\n>   y\n> - a\n>   - b\n>> c\n>>   d"
    laid_out = literal.laid_out(text, TICKED)
    assert laid_out == "> if x:\n> &nbsp;\u00a0y\n> - a\n>   - b\n>> c\n>> &nbsp;\u00a0d"
    assert literal.laid_out(laid_out, TICKED) == laid_out


@pytest.mark.parametrize("words", ["a\n\n\nb", "a\n\n\n\n\n    b\n\nc\n\n\nd"])
def test_empty_lines_stay_as_many_as_they_were(words) -> None:
    for render in SPACED:
        assert render(literal.markdown(words)) == words
        assert render(literal.laid_out(words, TICKED)) == words
    shown = READERS[slack](literal.markdown(words)).replace("\u00a0", " ")
    assert [line.rstrip() for line in shown.split("\n")] == words.split("\n")


def test_lists_quotes_headings_and_commands_stay_what_they_are() -> None:
    text = "/stop\n- a\n  - b\n 1. c\n> d\n\n # e"
    assert literal.laid_out(text, TICKED) == text


@pytest.mark.parametrize("dialect", [discord, slack, telegram, whatsapp])
def test_no_piece_of_a_long_text_ends_within_an_escape(dialect) -> None:
    """A backslash that was parted from its sign would be shown."""
    source = literal.markdown("*_" * 900)
    for piece in split(source, 99, size=dialect.size):
        assert len(piece.text) - len(piece.text.rstrip("\\")) in {0, 2}


READERS = {
    telegram: lambda source: telegram.render(source).text,
    discord: lambda source: unescaped(discord.render(source)),
    slack: lambda source: of_slack(slack.render(source)),
    whatsapp: lambda source: whatsapp.render(source).replace("`", ""),
}


SPACED = [plain.render, READERS[telegram], READERS[discord], READERS[whatsapp]]
"""Their apps keep plain spaces; Slack's Markdown takes them for its own."""


@pytest.mark.parametrize("dialect", READERS)
@given(words=SCRAPS)
@example(words="¯\\_(ツ)_/¯ 2*3*4 __init__.py C:\\tmp\\_x")
@example(words="&lt; &amp;lt; <b> &#60;")
def test_every_dialect_shows_exactly_the_words(dialect, words: str) -> None:
    """As its reader sees them: marks are escaped, or as WhatsApp knows no escape, put in code."""
    words = safe.clean(words).replace("http", "").replace("`", "")
    shown = READERS[dialect](literal.markdown(words))
    flat = " ".join(words.replace("\u00a0", " ").split())
    assert " ".join(shown.replace("\u00a0", " ").split()) == flat


def test_what_came_in_pieces_is_one_text_with_all_files():
    file = Attachment(kind="image", name="a.png", mime="image/png", size=1, media=MediaId("m"))
    pieces = [Content(text="*a*", literal=True), Content(), Content(attachments=(file,))]
    assert literal.joined(pieces) == Content(text="*a*", literal=True, attachments=(file,))


def test_pieces_of_which_one_is_markdown_are_markdown_together():
    """What was typed stays as it was typed: its signs are escaped."""
    pieces = [Content(text="*a*", literal=True), Content(text="*b*")]
    assert literal.joined(pieces) == Content(text=f"{literal.markdown('*a*')}\n\n*b*")


def test_files_alone_are_no_text():
    assert literal.joined([]) == Content()


@pytest.mark.parametrize(
    "words", ["2*3*4 __init__.py C:\\tmp\\_x", "**so**", "# a\n- b", "```x", "/stop"]
)
def test_what_is_typed_without_code_and_links_is_meant_to_the_letter(words):
    assert literal.typed(words) == Content(text=words, literal=True)


@pytest.mark.parametrize("dialect", READERS)
def test_code_and_links_that_are_typed_are_such_and_the_rest_is_to_the_letter(dialect):
    words = "2*3*4 `a*b*c` __init__.py\n```py\n    x = 2*3\n\n\n```\n    _so_"
    told = literal.typed(words)
    assert not told.literal
    assert told.text.startswith("2\\*3\\*4 `a*b*c` \\_\\_init")
    shown = READERS[dialect](told.text)
    for each in ("2*3*4", "a*b*c", "__init__.py", "    x = 2*3"):
        assert each in shown
    assert "[a](https://b.c/d_e)" in literal.typed("*x* [a](https://b.c/d_e)").text


NOTHING = [
    "", " \n", "\u200b", "<br>", "<BR />\n<br>", "# ", "###", "> ", "> > \n>",
    "```\n```", "~~~\n~~~",
    "~~~\n\n~~~\n", "```", "```\n \n", "&nbsp;", "&#8203;", "&#x200b;<br>", "![]()",
    "> # \n> ```\n> ```",
]  # fmt: skip


@pytest.mark.parametrize("text", NOTHING)
def test_what_renders_to_nothing_is_known_for_that(text):
    assert literal.shows_nothing(text)


@pytest.mark.parametrize(
    "text",
    ["a", "# a", "-", "---", "```\nx\n```", "```x", "```py\n```", "&amp;", "<b>", "<!-- a -->",
     "\\",
     "\u2603", "[](http://a.b)", "````\n```\n````", "1.", "#hashtag", "<br>.", "`#`"],
)  # fmt: skip
def test_what_shows_anything_is_not_nothing(text):
    assert not literal.shows_nothing(text)


@example("```")
@given(st.sampled_from(NOTHING) | st.text(alphabet="ab#>`~ \n<br/>&;.", max_size=12))
def test_of_nothing_no_app_shows_a_word(text):
    if literal.shows_nothing(text):
        for dialect in (discord, slack, telegram, whatsapp):
            shown = dialect.render(text)
            assert not re.search(r"[^\W_]", getattr(shown, "text", shown))
