"""Addresses, emphasis and formulas are read as people write them."""

# ruff: noqa: RUF001 - letters of other scripts are the point

import pytest
from markdown_it import MarkdownIt

from bridge.delivery.markdown_rules import bare_links, readable
from channels.discord.from_markdown import render as discord
from channels.markdown.document import Code, Link, Listing, Table
from channels.markdown.marks import Marks, marked, ticked
from channels.markdown.parse import parse
from channels.markdown.plain import render as plain
from channels.whatsapp.from_markdown import render as whatsapp
from tests.channels.whatsapp.test_from_markdown import is_styled


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://a.b/c_d_e, then", "https://a.b/c_d_e"),
        ("(https://a.b/c_(d))", "https://a.b/c_(d)"),
        ("*https://a.b/c*d*", "https://a.b/c*d"),
        ("https://a.b/?x=1&y=2&amp;z=3", "https://a.b/?x=1&y=2&z=3"),
        ("https://a.b/c&lt; d", "https://a.b/c"),
        ('"https://a.b/c"', "https://a.b/c"),
        ("HTTPS://a.b", "HTTPS://a.b"),
        ("x:https://a.b", "https://a.b"),
        ("http://例え.jp/é", "http://xn--r8jz45g.jp/%C3%A9"),
        ("https://a.b/K\u00e4se", "https://a.b/K\u00e4se"),
        ("<https://a.b/K\u00e4se>", "https://a.b/K\u00e4se"),
    ],
)
def test_an_address_in_a_sentence(text, url):
    (link,) = [node for node in _all(parse(text)[0].inline) if isinstance(node, Link)]
    assert (link.url, link.bare) == (url, True)


@pytest.mark.parametrize(
    "text", ["https://", "xhttps://a.b", "https:/a.b", "\\https", "`https://a.b`", "https://."]
)
def test_what_is_no_address(text):
    assert not [node for node in _all(parse(text)[0].inline) if isinstance(node, Link)]


def _all(nodes):
    for node in nodes:
        yield node
        yield from _all(getattr(node, "inside", ()))


@pytest.mark.parametrize(
    "text",
    [
        "**结论：**建议",
        "他说**「你好」**。",
        "これは**「重要」**です",
        "~~（旧）~~新",
        "한국어**(강조)**입니다",
        "*强调，*后面",
    ],
)
def test_it_is_emphasis(text):
    assert is_styled(parse(text)[0].inline)


@pytest.mark.parametrize("text", ["2**(3)**4", "a*(b)*c", "snake_（x）_case"])
def test_elsewhere_commonmark_decides(text):
    assert not is_styled(parse(text)[0].inline)


def test_no_mark_is_left_to_be_read():
    assert "*" not in whatsapp("**结论：**建议")


MATRIX = r"\[ A = \begin{bmatrix} 1 & 0 \\ 0 & 1 \end{bmatrix} \]"


@pytest.mark.parametrize(
    "formula", [MATRIX, "$$\n\\int_0^1 x\n- 2_3 * 4 * 5\n$$", "\\[\n1. \\frac{a+1}{b}\n\\]"]
)
def test_a_formula_of_its_own_is_kept_to_the_letter(formula):
    assert parse(f"so\n{formula}\nthus")[1] == Code(text=formula, language="latex")


@pytest.mark.parametrize(
    "formula", [r"\( \int x_{a} \)", r"$\frac{a+b}{c^d}$", r"\[ \vec{x}*a*b \]"]
)
def test_one_in_a_line_is_code_to_the_letter(formula):
    assert discord(f"Let {formula} be.") == f"Let `{formula}` be."


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"\( \alpha \le x^2 \)", "α ≤ x²"),
        ("$E=mc^2$", "E=mc²"),
        (r"$$ \frac{a}{b} + \sqrt{2} $$", "a/b + √2"),
        (r"\(x_1 \ne x_{10}\)", "x₁ ≠ x₁₀"),
        ("\\[\na = b\n\\]", "a = b"),
    ],
)
def test_a_simple_one_is_written_without_tex(source, shown):
    assert plain(source) == shown


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "US$5, then $6 = cheap",
        "`\\(x^2\\)`",
        "a $PATH and $HOME_DIR",
    ],
)
def test_money_and_code_are_no_formulas(text):
    assert plain(text) == text.strip("`")


@pytest.mark.parametrize("text", ["\\[1\\]", "\\(also\\)", "\\[x\\]: y"])
def test_escaped_brackets_are_brackets(text):
    assert plain(text) == text.replace("\\", "")


def test_what_is_not_simple_is_not_made_readable():
    assert readable(r"\begin{x} a \end{x}") is None
    assert readable("x^{a+b}") is None


COMMONMARK = Marks(escaped=str, link=lambda _link, inside: inside, code=ticked)
ALIGNED = "\\begin{align}\na &= b \\\\\nc_1 &= d*e*f\n\\end{align}"


def test_a_formula_without_marks_around_it_is_kept_to_the_letter():
    assert parse(f"so\n\n{ALIGNED}\n\nthus")[1] == Code(text=ALIGNED, language="latex")
    assert parse(f"- so\n\n  {ALIGNED.replace(chr(10), chr(10) + '  ')}")[0].items[0][1] == Code(
        text=ALIGNED, language="latex"
    )
    matrix = "\\begin{bmatrix} 1 & 0 \\\\ 0 & 1 \\end{bmatrix}"
    assert discord(f"Let {matrix} be.") == f"Let `{matrix}` be."


@pytest.mark.parametrize(
    "text", ["so \\begin{align} a", "\\begin{a} x \\end{b}", "\\begin{align}\n\na"]
)
def test_one_that_never_ends_is_text(text):
    assert plain(text) == text


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ("| `a|b` | c |", "`a|b` / c"),
        ("`a|b` | c", "`a|b` / c"),
        ("| ``a|`b`` | c |", "``a|`b`` / c"),
        ("| `a\\|b` | c |", "`a|b` / c"),
        ("| a | b | c | d |", "a / b | c | d"),
        ("| a | b | | d", "a / b | d"),
        ("| ` | a |", "` / a"),
        ("| a \\| b | c |", "a | b / c"),
        ("| `C:\\` | `x` |", "`C:\\` / `x`"),
        ("| a |", "a /"),
        ("| | c |", "/ c"),
    ],
)
@pytest.mark.parametrize("before", ["", "> ", "- "])
def test_nothing_that_a_row_says_is_lost(before, row, shown):
    margin = before.replace("-", " ")
    found = parse(f"{before}| x | y |\n{margin}|---|---|\n{margin}{row}\n")[0]
    while not isinstance(found, Table):
        found = found.items[0][0] if isinstance(found, Listing) else found.blocks[0]
    told = " / ".join(marked(cell, COMMONMARK) for cell in (*found.rows[1], ())[:2])
    assert told.strip() == shown


@pytest.mark.parametrize(
    "text",
    [
        "__init__.py", "2*3*4", "a*b*c", "x**2 + y**2", "2**3**4",
        "C:\\tmp\\_x", "self.__dict__ is",
        'if __name__ == "__main__":', "obj.__init__()", "__call__(x)", "(C:\\a\\_b, D:\\c\\_d)",
    ],
)  # fmt: skip
def test_names_products_and_paths_are_no_emphasis(text):
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**A**pplication *P*rogramming", "**A**pplication *P*rogramming"),
        ("__so it is__. Yes", "**so it is**. Yes"),
        ("__so__ it", "**so** it"),
        ("**2*3** *a*", "**2\\*3** _a_"),
        ("**C:\\tmp\\_x** a\\_b", "**C:\\\\tmp\\\\\\_x** a\\_b"),
        ("micro**service**", "micro**service**"),
    ],
)
def test_other_marks_in_and_around_words_are_emphasis(text, shown):
    assert discord(text) == shown


def test_a_line_break_in_html_is_one_and_no_other_tag_is_read():
    assert plain("a<br>b <br/>\nc `<br>` <b>d</b>") == "a\nb\nc <br> <b>d</b>"
    assert plain("a<br>") == "a"


def test_where_addresses_are_text_they_are_text_to_the_letter():
    reader = MarkdownIt("commonmark")
    bare_links(reader, linked=False)
    assert (
        reader.renderInline("see https://a.b/_c_d_, _so_") == "see https://a.b/_c_d_, <em>so</em>"
    )
