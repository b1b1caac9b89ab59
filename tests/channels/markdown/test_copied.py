"""What people copy out of a message is what the agent wrote, to the letter, in every dialect."""

# ruff: noqa: RUF001 - letters of other scripts are the point

import re
import sys
import unicodedata
from itertools import takewhile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.domain import literal
from channels.discord import from_markdown as discord
from channels.markdown import plain
from channels.markdown.document import Code, Listing, Quote
from channels.markdown.parse import parse
from channels.slack import from_markdown as slack
from channels.telegram.render import formatted
from channels.whatsapp import from_markdown as whatsapp

ADDRESSES = [
    "https://www.youtube.com/@MrBeast",
    "https://web.archive.org/web/2020/https://example.org/a_b",
    "https://api.example.com/v1/users/{user_id}/posts?x=^a",
    "https://cdn.example/@here/maps@1.2.3",
    "https://en.wikipedia.org/wiki/Foo_(bar)",
    "https://example.org/?q=a*b*c&r=~x~y",
    "https://ja.wikipedia.org/wiki/日本語",
    "http://localhost:8080/#/__a__/b_c",
    "https://example.org/a%20b;c=1,2!x/@channel.io",
    "https://mastodon.example/@ada/1",
]
WORDS = [
    "@types/node",
    "@scope/pkg@1.2.3",
    "@here/maps",
    "@channel.io/x",
    "node_modules/@types/node/index.d.ts",
    "./src/@core/a-b",
    "ada@here.com",
    "all.of.us@channel.example",
    "git@github.com:org/repo.git",
    "snake_case_name.py",
    "/usr/lib/x86_64/lib.so.1",
    "a/b/c.tar.gz",
]
CODE = [
    "cat ~/.ssh/config && ls *.py **/*.md",
    "__init__.py _x_ *y* ~z~ ~~w~~ ||v||",
    "C:\\tmp\\_x\\*",
    "echo `date` > $HOME/x",
    "`whoami`",
    "<!DOCTYPE html><#if x><@macro/>",
    "@here @everyone @channel @Override",
    "<!-- a --> &amp; &lt;b&gt; <b>",
    'print(f"{a!r:>10}")  # 1. - > |',
    "a ``b'' c",
    "\\frac{a}{b} $x$ \\[ y \\]",
    "https://x.example/@everyone tg://resolve?domain=x",
    'rm -rf -- "$dir"/[0-9]*.log',
    "日本語 _変数_ = 'あ'",
]
FENCES = ["```bash\nnpm i @here/maps\n```", "```\na `b` *c*\n```"]
FORMULAS = ["\\( \\frac{a_1}{b^2} \\)", "$$\\begin{bmatrix} 1 & 0 \\\\ 0 & 1 \\end{bmatrix}$$"]

WHERE = st.sampled_from(
    [
        "so {} it is",
        "**so {} it** is",
        "- {}\n- b",
        "1. a\n   - [ ] {}\n   - [x] c",
        "> > {}\n>\n> b",
        "# Of {}",
        "| a | b |\n|---|---|\n| {} | 1 |",
        "*a* ~~{} c~~ d",
        "**结论：**建议 {} です。",
        "({}, that is)",
    ]
)
CODE_LINES = st.lists(st.sampled_from([*CODE, "    indented", ""]), min_size=1, max_size=4).map(
    "\n".join
)
AROUND = st.sampled_from(
    ["{}", "- a\n\n{2}\n- b", "1. a\n   - b\n\n{5}\n\n2. c", "> a\n>\n{>}\n> b"]
)


def placed(around, block):
    """A block where a document has room for one."""
    for mark, margin in (("{2}", "  "), ("{5}", "     "), ("{>}", "> ")):
        if mark in around:
            return around.replace(mark, "\n".join(margin + line for line in block.split("\n")))
    return around.replace("{}", block)


TICKED = re.compile(r"(?<!`)(`{1,4})(?!`)(.*?)(?<!`)\1(?!`)", re.DOTALL)


def unescaped(text, marks=r"\\([!-/:-@\[-`{-~])"):
    """The words of Discord's Markdown, which knows no names of signs, with its code as it is."""
    pieces, end = [], 0
    for code in TICKED.finditer(text):
        pieces += [_words(text[end : code.start()], marks), code[2]]
        end = code.end()
    return "".join((*pieces, _words(text[end:], marks)))


def of_slack(text):
    """The words of Slack's Markdown, in which a bracket is written by its name."""
    return unescaped(text, r"\\([!-/:-@\[-`{-~])|&lt;")


def _words(text, marks):
    return re.sub(marks, lambda found: found[1] or "<", text)


READERS = {
    "telegram": lambda source: formatted(source).text,
    "discord": lambda source: unescaped(discord.render(source)),
    "slack": lambda source: of_slack(slack.render(source)),
    "whatsapp": whatsapp.render,
    "plain": plain.render,
}


def added(source, shown):
    """The invisible characters that are shown and were not written."""
    unseen = {each for each in shown if unicodedata.category(each) == "Cf" or each == "\u200a"}
    return unseen - set(source)


@pytest.mark.parametrize("dialect", READERS)
@given(where=WHERE, word=st.sampled_from([*ADDRESSES, *WORDS]))
def test_an_address_a_package_and_a_path_are_copied_as_they_were_written(dialect, where, word):
    source = where.format(word)
    shown = READERS[dialect](source)
    assert word in shown
    assert not added(source, shown)


PEOPLE = ["@everyone", "@here", "@channel", "@ada_lovelace", "<@123>", "<!channel>", "<#123>"]
LETTERS = st.text(alphabet="ab1 ,.;é日😀\u00df", max_size=12)
COPIED = ["user@host", "ssh://git@example.org/a.git", "a+b@c-d.example", "pkg:npm/%40types/node"]
TEXT = st.lists(
    st.one_of(LETTERS, st.sampled_from([*ADDRESSES, *WORDS, *COPIED, *PEOPLE])), max_size=8
).map(" ".join)


@pytest.mark.parametrize("dialect", READERS)
@given(text=TEXT)
def test_any_words_with_addresses_packages_mail_and_names_are_copied_as_they_were_written(
    dialect, text
):
    shown = READERS[dialect](literal.markdown(text))
    if dialect == "whatsapp":  # which shows a word with a mark as code
        shown = shown.replace("`", "")
    if dialect in {"discord", "slack"}:  # in which an address is between brackets
        shown = re.sub(r"<(https?://[^>\s]+)>", r"\1", shown)
    assert " ".join(shown.split()) == " ".join(text.split())


@given(text=TEXT)
def test_nobody_is_called_by_any_of_them(text):
    shown = formatted(literal.markdown(text))
    units = shown.text.encode("utf-16-le")
    for each in sorted(shown.entities, key=lambda each: -each.offset):
        if each.kind == "code":
            units = units[: 2 * each.offset] + units[2 * (each.offset + each.length) :]
    left = re.sub(r"https?://\S+|\S+\.\w+/\S*", "", units.decode("utf-16-le"))
    assert not re.search(r"(?<!\w)@[a-z]\w{2,}", left)
    for written in (discord.render(literal.markdown(text)), slack.render(literal.markdown(text))):
        left = re.sub(r"<https?://[^>]*>", "", TICKED.sub("", written))
        assert not re.search(r"(?<!\w)@(everyone|here|channel)(?![\w/.])|<[@#!]", left)


@pytest.mark.parametrize("dialect", READERS)
@given(where=WHERE, code=st.sampled_from(CODE))
@example(where="so {} it is", code="`whoami`")
def test_code_in_a_line_is_copied_as_it_was_written(dialect, where, code):
    cell = code.replace("|", "\\|") if where.startswith("|") else code
    source = where.format(f"``` {cell} ```")
    shown = READERS[dialect](source)
    assert (
        code.replace("|", "\\|") if where.startswith("|") and dialect == "slack" else code
    ) in shown
    assert not added(source, shown)


def copied(dialect, source):
    if dialect == "slack":  # its reader knows CommonMark
        return "\n".join(codes(parse(slack.render(source))))
    shown = READERS[dialect](source)
    quoted = dialect in {"discord", "plain"} and source.startswith(">")
    return "\n".join(re.sub("^> ?", "", line) for line in shown.split("\n")) if quoted else shown


def codes(blocks):
    for block in blocks:
        match block:
            case Code():
                yield block.text
            case Quote():
                yield from codes(block.blocks)
            case Listing():
                for item in block.items:
                    yield from codes(item)
            case _:
                pass


@pytest.mark.parametrize("dialect", READERS)
@given(around=AROUND, code=CODE_LINES)
@example(around="1. a\n   - b\n\n{5}\n\n2. c", code="def f():\n    return 1\n\nf()")
@example(around="{}", code="    indented\nwords")
def test_a_block_of_code_is_copied_as_it_was_written(dialect, around, code):
    source = placed(around, f"````py\n{code}\n````")
    shown = copied(dialect, source)
    if code.strip():
        assert code.strip("\n") in shown.replace("\u00a0", " ")
    assert not added(source, shown)


@pytest.mark.parametrize("dialect", READERS)
@given(around=AROUND, inner=st.sampled_from(FENCES))
def test_code_in_code_is_copied_as_it_was_written(dialect, around, inner):
    source = placed(around, f"````md\n# A\n\n{inner}\n````")
    shown = copied(dialect, source)
    assert inner in shown
    assert "# A" in shown
    assert not added(source, shown)


@pytest.mark.parametrize("dialect", READERS)
@pytest.mark.parametrize("formula", FORMULAS)
@given(where=WHERE)
def test_a_formula_is_copied_as_it_was_written(dialect, formula, where):
    source = where.format(formula)
    shown = READERS[dialect](source)
    assert formula in shown
    assert not added(source, shown)


@pytest.mark.parametrize("dialect", ["telegram", "discord", "whatsapp", "plain"])
@pytest.mark.parametrize("before", ["a", "```\nx\n```"])
@pytest.mark.parametrize("block", ["```\ncode\n```", "- item", "> quote", "# head"])
@pytest.mark.parametrize("empty", [1, 2, 3, 5])
def test_as_many_lines_are_empty_before_a_block_as_were_typed(dialect, before, block, empty):
    typed = f"{before}{(empty + 1) * chr(10)}{block}"
    shown = (READERS | {"discord": discord.render})[dialect](
        literal.laid_out(typed, re.compile("```[^`]*```"))
    )
    lines = shown.split("\n")
    at = next(n for n, line in enumerate(lines) if re.search("code|item|quote|head", line))
    at -= lines[at - 1] == "```"
    assert list(takewhile(lambda line: not line, reversed(lines[:at]))) == [""] * empty


# -- work -----------------------------------------------------------------------------------------


def calls(render, text):
    count = 0

    def counted(_frame, event, _arg):
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        render(text)
    finally:
        sys.setprofile(None)
    return count


SCRAPS = [
    "@a/b ",
    "@abc ",
    "node_modules/@a/b ",
    "`a` ",
    "`` ` `` ",
    "```\n```` ",
    "- ```\n  x\n  ```\n",
]
SCRAPS += [
    "\\(x_1\\) ",
    "> - [ ] a\n",
    "**a：**b",
    "https://a.b/@c ",
    "a@b.c ",
    "```\nx\n```\n",
    "@",
]


@pytest.mark.parametrize("dialect", READERS)
@pytest.mark.parametrize("scrap", SCRAPS)
def test_work_grows_with_the_length_and_not_with_its_square(dialect, scrap):
    few, many = (scrap * count for count in (60, 600))
    assert calls(READERS[dialect], many) <= 14 * calls(READERS[dialect], few) + 5000
