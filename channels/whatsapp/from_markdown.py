"""WhatsApp's formatting: `*b*`, `_i_`, `~s~`, code, lists, quotes; no links, no tables, no nesting.

A mark opens only after what is no letter or digit and before what is no space, and closes the other
way round, in one line, and nothing formats inside code. So a style that cannot stand there is left
out, and a word with a mark that could format is written as code, with all that is written without
a space beside it: people copy it as it is. No code can hold three ticks, which end it: a word with
three is no code, and where a block has them it is code only from one to the next. Three ticks among
words would end where a block of code begins, which would no longer be one: beside a block they are
written apart, "` ` `".
Source: https://faq.whatsapp.com/539178204879377
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import groupby

from channels.markdown import grid, safe
from channels.markdown.document import (
    Break,
    Code,
    Heading,
    Inline,
    Link,
    Styled,
    Table,
    Text,
    Verbatim,
)
from channels.markdown.layout import Dialect, compose, margins
from channels.markdown.parse import REMEMBERED, parse
from channels.markdown.units import utf16

FENCE = "```"
WIDEST_TABLE = 36
"""Columns that a phone shows in one line of monospaced text."""

MARKS = {"bold": "*", "italic": "_", "strikethrough": "~", "code": "`"}

OPENING = re.compile(r"(?<![*_~`])(?:(?<=[^\W_])[*_~`])?+[*_~`]++(?=[^\s*_~`])")
"""A run of marks, each run looked at once: behind a letter its first mark opens nothing."""

CLOSING = re.compile(r"(?<=\S)[*_~`](?![^\W_])")
WORD = re.compile(r"\S+")
STRETCH = re.compile(r"\s+|\S+")
LINE = re.compile(r"^\*(?=[ \t]|$)", re.MULTILINE)
"""What would begin a list."""

INNER = re.compile(r"^[ \t]*```(?!`)(?:(?!```)[\s\S])*```(?!`)[ \t]*$", re.MULTILINE)
"""Blocks of code in code, which are shown as blocks."""

HAS_MARK = re.compile(r"[*_~`\n]")
HAS_TICK = re.compile(r"[`\n]")

STRAY = re.compile("`{3,}")
HELD = "\ufdd0"
"""Stands for one of three ticks and more among words; it is no character, and in no text."""

Run = tuple[str, str]
"""A style's name, `code`, `raw` or nothing, and the text that has it."""


@lru_cache(maxsize=REMEMBERED)
def render(text: str) -> str:
    """Return the text in WhatsApp's formatting. No text calls anybody there."""
    shown = compose(parse(text), WHATSAPP)
    if HELD not in shown:
        return shown
    if FENCE not in shown:
        return shown.replace(HELD, "`")
    return re.sub(f"{HELD}+", _apart, shown)


def _apart(ticks: re.Match[str]) -> str:
    return " ".join("`" * len(ticks[0]))


def _held(text: str) -> str:
    return STRAY.sub(lambda ticks: HELD * len(ticks[0]), text)


def size(text: str) -> int:
    """Return the length in UTF-16 code units."""
    return utf16(render(text))


# -- in a line ------------------------------------------------------------------------------------


def _inline(nodes: Inline) -> str:
    return margins(_written(_runs(nodes, "")))


def _heading(heading: Heading) -> str:
    return _written(_runs((Styled(style="bold", inside=heading.inline),), ""))


def _runs(nodes: Inline, style: str) -> Iterator[Run]:
    """Yield the text with the outermost style that it lies in; code has its own."""
    for node in nodes:
        match node:
            case Text():
                for text, calls in safe.pieces(node.text, safe.ACTING):
                    yield "code" if calls else style, text
            case Break():
                yield "", "\n"
            case Verbatim():
                yield "code", node.text
            case Styled():
                yield from _runs(node.inside, style or node.style)
            case Link(bare=True):
                yield "raw", node.url
            case Link():
                yield from (*_runs(node.inside, style), ("", " ("), ("raw", node.url), ("", ")"))


def _written(runs: Iterable[Run]) -> str:
    """Write each run: styled where a style can be seen, else as it is."""
    joined = _joined((style, text if style == "raw" else _held(text)) for style, text in runs)
    for parted in (joined, _unglued(joined)):
        with suppress(_Glued):
            return _all(_joined(parted))
    return "".join(text for _, text in joined)


class _Glued(Exception):
    """A mark that would format stands where no code can begin, or end."""


def _joined(runs: Iterable[Run]) -> list[Run]:
    """Return the runs with neighbours of one style in one."""
    return [
        (style, "".join(text for _, text in group))
        for style, group in groupby(runs, key=lambda run: run[0])
    ]


def _all(runs: list[Run]) -> str:
    written = [""]
    for at, (style, text) in enumerate(runs):
        following = runs[at + 1][1][:1] if at + 1 < len(runs) else ""
        written.append(_run(style, text, before=written[-1][-1:], after=following))
    return "".join(written)


def _unglued(runs: list[Run]) -> Iterator[Run]:
    """Yield the runs with each word that lies in several of them as code."""
    word: list[Run] = []
    for style, text in runs:
        for stretch in STRETCH.findall(text):
            if not stretch.isspace():
                word.append((style, stretch))
                continue
            yield from _whole_word(word)
            word = []
            yield style, stretch
    yield from _whole_word(word)


def _whole_word(word: list[Run]) -> list[Run]:
    return word if len(word) <= 1 else [("code", "".join(text for _, text in word))]


def _run(style: str, text: str, *, before: str, after: str) -> str:
    if style == "raw" or (style == "code" and HELD in text):
        return text
    if style == "code" and "`" in text and _is_free(before) and _is_free(after):
        return _code_with_ticks(text)
    core = text.strip() if style != "code" else text
    spoils = HAS_TICK if style == "code" else HAS_MARK
    if style and core and not spoils.search(core):
        start = text.index(core)
        left, right = text[:start], text[start + len(core) :]
        if _is_free(left[-1:] or before) and _is_free(right[:1] or after):
            mark = MARKS[style]
            return f"{left}{mark}{core}{mark}{right}"
    if style == "code" and next(_openings(text, after), None) is not None:
        sides = ("" if _is_free(each) else " " for each in (before, after))
        return f"{next(sides)}{_run('code', text, before='', after='')}{next(sides)}"
    return _harmless(text, before, after)


def _code_with_ticks(text: str) -> str:
    """Return code in a line that holds ticks, written as a block is; none where it holds three."""
    if HELD in text:
        return text
    edges = (" " if text[end] == "`" else "" for end in (0, -1))
    return f"{FENCE}{next(edges)}{text}{next(edges)}{FENCE}"


def _is_free(neighbour: str) -> bool:
    """Say whether a mark may stand next to it: it is no mark itself, and part of no word."""
    return not neighbour.isalnum() and neighbour not in {"*", "_", "~", "`", HELD}


def _harmless(text: str, before: str, after: str) -> str:
    """Return the text with no mark in it that could open a style: a word with one is code."""
    openings = set(_openings(text, after))
    written, end = [], 0
    for word in WORD.finditer(text) if openings else ():
        start, stop = word.span()
        left, right = text[start - 1 : start] if start else before, text[stop : stop + 1] or after
        if openings.isdisjoint(range(start, stop)) or HELD in word[0]:
            continue
        if not (_is_free(left) and _is_free(right)):
            raise _Glued
        code = _code_with_ticks(word[0]) if "`" in word[0] else f"`{word[0]}`"
        written += [text[end:start], code]
        end = stop
    written.append(text[end:])
    harmless = "".join(written)
    return LINE.sub("`*`", harmless) if before in {"", "\n"} else harmless


def _openings(text: str, after: str) -> Iterator[int]:
    """Yield where a run of marks begins that opens a style, for the same mark closes it later."""
    at = 0
    for line in (text + after).split("\n"):
        last = {found[0]: found.start() for found in CLOSING.finditer(line)}
        for run in OPENING.finditer(line):
            if any(last.get(mark, -1) >= run.end() for mark in set(run[0])):
                yield at + run.end() - 1
        at += len(line) + 1


# -- blocks ---------------------------------------------------------------------------------------


def _code(code: Code) -> str:
    """Return a block; what is a block within it already stays as it is, for none holds another."""
    inner = list(INNER.finditer(code.text))
    if INNER.sub("", code.text).count(FENCE):
        return _torn(code.text)
    written, end = [], 0
    for block in inner:
        written += [_fenced(code.text[end : block.start()].strip("\n")), block[0]]
        end = block.end()
    written.append(_fenced(code.text[end:].strip("\n") if inner else code.text))
    return "\n".join(filter(None, written))


def _torn(text: str) -> str:
    """Return code that has three ticks in it, which end a block and begin the next.

    Not a letter of it is changed. Our own marks go where most of it is shown as code, and so that
    none is left open for what follows.
    """
    pieces = text.split(FENCE)
    first, second = (sum(map(len, pieces[at::2])) for at in (0, 1))
    opening, closing = (f"{FENCE}\n", "") if first >= second else ("", "")
    if len(pieces) % 2 == (1 if opening else 0):
        closing = f"\n{FENCE}"
    return f"{opening}{text}{closing}"


def _fenced(text: str) -> str:
    return f"{FENCE}\n{text}\n{FENCE}" if text.strip() else ""


def _table(table: Table) -> str:
    if columns := grid.aligned(table, WIDEST_TABLE):
        return _code(Code(text=columns))
    return "\n".join(map(_inline, grid.told(table)))


WHATSAPP = Dialect(
    inline=_inline,
    heading=_heading,
    code=_code,
    table=_table,
    rule="———",
    blank_quote="> ",
    margin_on_code=False,
    quote_on_code=False,
)
