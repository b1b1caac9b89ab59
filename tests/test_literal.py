"""What is typed without formatting is shown to the letter, whatever Markdown makes of its signs."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge import literal
from bridge.splitting import split
from channels.markdown import discord, plain, safe, slack, telegram, whatsapp
from channels.markdown.document import Break, Link, Paragraph, Text
from channels.markdown.parse import parse


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
    """The words as any place may show them: spaces at the ends and empty lines in a row aside."""
    cleaned = safe.clean(literal._LINE_ENDS.sub("\n", words)).expandtabs(4).replace("\u00a0", " ")
    ended = "\n".join(line.rstrip() for line in cleaned.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", ended).strip().split("\n")


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
def test_markdown_shows_exactly_the_words(words: str) -> None:
    shown = seen(literal.markdown(words)).replace("\u00a0", " ")
    flat = [re.sub(r"\s+", " ", line).strip() for line in lines(words)]
    assert [re.sub(r"\s+", " ", line).strip() for line in lines(shown)] == flat


@given(SCRAPS)
def test_a_stretch_among_other_words_is_shown_to_the_letter_too(words: str) -> None:
    words = re.sub(r"\s+", " ", safe.clean(words)).strip().replace("http", "")
    shown = plain.render(f"so **it** {literal.escaped(words)} **is**")
    assert re.sub(r"\s+", " ", shown) == safe.defuse(f"so it {words} is".replace("  ", " "))


def test_an_address_is_still_a_link() -> None:
    source = literal.markdown("see https://en.wikipedia.org/wiki/A_(b)_c, a_b")
    links = [each.url for each in parse(source)[0].inline if isinstance(each, Link)]
    assert links == ["https://en.wikipedia.org/wiki/A_(b)_c"]


def test_the_beginnings_of_lines_stay_where_they_are() -> None:
    shown = plain.render(literal.markdown("def f():\n    return 1\n\n\tx"))
    assert shown.replace("\u00a0", " ") == "def f():\n    return 1\n\n    x"


@pytest.mark.parametrize("dialect", [discord, slack, telegram, whatsapp])
def test_no_piece_of_a_long_text_ends_within_an_escape(dialect) -> None:
    """A backslash that was parted from its sign would be shown."""
    source = literal.markdown("*_" * 900)
    for piece in split(source, 99, size=dialect.size):
        assert len(piece.text) - len(piece.text.rstrip("\\")) in {0, 2}


def unescaped(text: str) -> str:
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text.replace(safe.BREAKER, ""))


READERS = {
    telegram: lambda source: telegram.render(source).text,
    discord: lambda source: unescaped(discord.render(source)),
    slack: lambda source: unescaped(slack.render(source)),
    whatsapp: lambda source: whatsapp.render(source).replace("`", ""),
}


@pytest.mark.parametrize("dialect", READERS)
@given(words=SCRAPS)
@example(words="¯\\_(ツ)_/¯ 2*3*4 __init__.py C:\\tmp\\_x")
def test_every_dialect_shows_exactly_the_words(dialect, words: str) -> None:
    """As its reader sees them: marks are escaped, or as WhatsApp knows no escape, put in code."""
    words = safe.clean(words).replace("http", "").replace("`", "").replace(safe.BREAKER, "")
    shown = READERS[dialect](literal.markdown(words)).replace(safe.BREAKER, "")
    flat = " ".join(words.replace("\u00a0", " ").split())
    assert " ".join(shown.replace("\u00a0", " ").split()) == flat
