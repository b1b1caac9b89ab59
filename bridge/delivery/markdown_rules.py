r"""What models write that CommonMark does not read: eight rules beside those of its parser.

Addresses written as they are (`https://example.org/a_b`) are read whole before emphasis is.
GitHub's rules, a little stricter: an address ends before a space, a quote or a bracket that
Markdown uses; punctuation at its end, and a closing parenthesis it did not open, are not its own.

Line breaks in HTML: models write `<br>` where Markdown has none, in tables above all. It is the
only tag that is read; any other is shown as it was written. In code it is code.

Spaces that begin a line: CommonMark drops them, for its paragraphs flow. In a chat a line is one,
and what was set in from the one above stays so.

Emphasis beside the punctuation of scripts that write no spaces: `**结论：**建议` is bold.
CommonMark asks for a space where a mark touches punctuation, and Chinese, Japanese and Korean have
none. The amendment of CommonMark for these scripts: next to one of their characters, punctuation
on the other side of a mark does not keep it from opening or closing.
Source: https://github.com/tats-u/markdown-cjk-friendly/blob/main/specification.md

Formulas in TeX, as models write them: `\( x \)`, `\[ x \]`, `$$ x $$` and `$x$`. Markdown would
take their backslashes for escapes and their marks for emphasis. The rules:

- A formula is read before anything else in it, and kept to the letter: as code.
- A simple one is written as people would without TeX: `\alpha \le x^2` becomes `α ≤ x²`.
- What has no sign of TeX in it is no formula: `\\[1\\]` is a bracket that was escaped.
- Money is no formula: a single `$` opens before what is no space, and closes after what is no space
  and before no digit.
- `\begin{align} … \end{align}` is one without further marks.

Names and products: `__init__.py`, `self.__dict__`, `__name__` (Python's own), `2*3*4`, `x**2` and
`C:\tmp\_x` are no emphasis, and have no escapes in them.

Rows of tables: GitHub splits code at a `|` in it, and drops the cells that a row has too many. Here
a `|` in code is a part of it, and the cells that are too many stand in the last one: nothing that
was said is lost.

Tasks: an item of a list that begins with `[ ]` or `[x]` has a box to tick there, as at GitHub.
"""

# ruff: noqa: RUF001, RUF002 - letters of other scripts are the point

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable
from functools import partial

from markdown_it import MarkdownIt
from markdown_it.common.utils import isWhiteSpace, unescapeAll
from markdown_it.parser_inline import ParserInline
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, escape, newline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from markdown_it.utils import EnvType

from bridge.domain.literal import NO_BREAK

# -- addresses written as they are ----------------------------------------------------------------

BEGINNING = re.compile(r"(?:^|[^a-z0-9+.-])(?P<scheme>https?)$", re.IGNORECASE)
LONGEST_SCHEME = 6
"""Characters looked back on: `https`, and what is before it."""

REST = re.compile(r"://[^\s<>\[\]\"`\\|\x00-\x1f]+")
TRAILING = "?!.,:;*_~'"
PARENTHESIS = ")"
ENTITY = re.compile(r"&#?\w+;$")


def bare_links(md: MarkdownIt, *, linked: bool = True) -> None:
    """Teach the parser to find them, as links or, where each is one by itself, as text."""
    md.inline.add_terminator_char(":")
    md.inline.ruler.before("linkify", "bare", partial(_bare, linked=linked))


def _bare(state: StateInline, silent: bool, *, linked: bool) -> bool:  # noqa: FBT001 - the parser's signature
    beginning = BEGINNING.search(state.pending[-LONGEST_SCHEME:])
    rest = REST.match(state.src, state.pos, state.posMax)
    if not beginning or not rest:
        return False
    written = _own(rest[0])
    if not written[3:]:
        return False
    if not silent:
        scheme = beginning["scheme"]
        state.pending = state.pending[: -len(scheme)]
        url = unescapeAll(scheme + written)
        if linked:
            _push_link(state, url)
        else:
            state.pending += url
    state.pos += len(written)
    return True


def _own(written: str) -> str:
    """Return the address without what belongs to the sentence around it."""
    surplus = written.count(")") - written.count("(")
    end = len(written)
    while end:
        last = written[end - 1]
        if last == PARENTHESIS and surplus > 0:
            surplus -= 1
        elif last not in TRAILING:
            break
        end -= 1
    entity = ENTITY.search(written, max(0, end - 32), end + 1)
    return written[: entity.start()] if entity else written[:end]


def _push_link(state: StateInline, url: str) -> None:
    opening = state.push("link_open", "a", 1)
    opening.attrs = {"href": state.md.normalizeLink(url)}
    opening.info = "bare"
    state.push("text", "", 0).content = url
    state.push("link_close", "a", -1)


# -- line breaks in HTML --------------------------------------------------------------------------

BREAK = re.compile(r"<br[ \t]{0,8}/?>[ \t]{0,8}\n?", re.IGNORECASE)


def line_breaks(md: MarkdownIt) -> None:
    """Teach the parser to find them."""
    md.inline.ruler.before("autolink", "html_break", _break)


def _break(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    found = BREAK.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.pending = state.pending.rstrip(" ")
        if found.end() < state.posMax and (state.pending or state.tokens):
            state.push("hardbreak", "br", 0)
    state.pos = found.end()
    return True


# -- spaces that begin a line ---------------------------------------------------------------------

SKIPPED = re.compile(r"\n([ \t]+)\Z")
MOST_MARGIN = 40
"""Spaces that are kept before a line."""

Rule = Callable[[StateInline, bool], bool]


def margins(md: MarkdownIt) -> None:
    """Teach the parser to keep them, as ones that stay: in a chat a line is a line."""
    md.inline.ruler.at("newline", _keeping(newline))
    md.inline.ruler.at("escape", _keeping(escape))


def _keeping(rule: Rule) -> Rule:
    def kept(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
        at = state.pos
        if not rule(state, silent):
            return False
        skipped = SKIPPED.search(state.src, at, state.pos)
        if skipped is not None and not silent and state.pos < state.posMax:
            spaces = skipped[1].expandtabs(4)[:MOST_MARGIN]
            state.pending += NO_BREAK * len(spaces)
        return True

    return kept


# -- emphasis beside punctuation ------------------------------------------------------------------

UNSPACED = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U0001b000-\U0001b16f\U0001f200-\U0001f2ff\U00020000-\U0003ffff]"
)


class _State(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: FBT001, N802, N803
        scanned = super().scanDelims(start, canSplitWord)
        after = start + scanned.length
        last = self.src[start - 1] if start else " "
        following = self.src[after] if after < self.posMax else " "
        if not canSplitWord:
            return scanned
        opens = _is_unspaced(last) and _is_punctuation(following)
        closes = _is_punctuation(last) and _is_unspaced(following)
        return Scanned(
            can_open=scanned.can_open or opens,
            can_close=scanned.can_close or closes,
            length=scanned.length,
        )


IN_PRODUCT = re.compile(r"(?a:(?<=\w)\*(?=\w)(?!\*)|(?<=\d)\*\*(?=\w)|(?<=\w)\*\*(?=\d))")
NAME = re.compile(
    r"__(?:(?:init|main|name|file|all|doc|dict|class|version)__(?!\w)"
    r"|[A-Za-z0-9]\w{0,60}?__(?=\.\w|\())"
)
OWN_NAME = re.compile(r"__[A-Za-z0-9]\w{0,60}?__(?!\w)")
PATH = re.compile(r"(?<![\w\\])[A-Za-z]:\\[A-Za-z0-9][^\s<>\"`|*?\[\]()$]*(?<![_~.,:;!'\\])")
LONGEST_DRIVE = 2
MOST_MARKS = 50
"""Marks before a product that are looked at: one that is open would be closed by its sign."""


def names(md: MarkdownIt) -> None:
    """Teach the parser to find them."""
    md.inline.ruler.before("escape", "path", _path)
    md.inline.ruler.before("emphasis", "name", _name)


def _path(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    """Take a path from behind its drive on, which is in what is pending."""
    drive = state.pos - LONGEST_DRIVE
    if state.src[state.pos] != "\\" or drive < 0 or not state.pending.endswith(":"):
        return False
    found = PATH.match(state.src, drive, state.posMax)
    return found is not None and _taken(state, found.end(), silent=silent)


def _name(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    at = state.pos
    if state.src[at] == "*":
        found = IN_PRODUCT.match(state.src, at, state.posMax)
        opens = found is not None and not any(
            each.marker == ord("*") for each in state.delimiters[-MOST_MARKS:]
        )
        return found is not None and opens and _taken(state, found.end(), silent=silent)
    before = state.src[at - 1] if at else ""
    if state.src[at] != "_" or before.isalnum() or before == "_":
        return False
    name = (OWN_NAME if before == "." else NAME).match(state.src, at, state.posMax)
    return name is not None and _taken(state, name.end(), silent=silent)


def _taken(state: StateInline, end: int, *, silent: bool) -> bool:
    """Take what is up to `end` as text."""
    if not silent:
        state.pending += state.src[state.pos : end]
    state.pos = end
    return True


class FriendlyInline(ParserInline):
    """Reads what lies in a line, with the amendment."""

    def parse(self, src: str, md: object, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)  # type: ignore[arg-type]
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def _is_unspaced(char: str) -> bool:
    return UNSPACED.match(char) is not None and not isWhiteSpace(ord(char))


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"


# -- formulas in TeX ------------------------------------------------------------------------------

LONGEST = 4_000
"""Characters of a formula: what goes on longer is none."""

SINGLE = re.compile(r"\$(?![\s$])[^$\n]{1,200}(?<!\s)\$(?!\d)")
BEGIN = r"\\begin\{[A-Za-z]{1,20}\*?\}"
OPENED_BY = re.compile(rf"[ ]{{0,3}}(?P<mark>\\\[|\$\$|{BEGIN})(?P<rest>[^\n]*)")
ENVIRONMENT = re.compile(BEGIN)
CLOSED_BY = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
MOST_LINES = 200
SIGN_OF_TEX = re.compile(r"(?<!\\)\\[A-Za-z]|[\^=]|_\{|\w_\w")

READABLE = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "theta": "θ", "lambda": "λ", "mu": "μ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "φ", "varphi": "φ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Omega": "Ω",
    "times": "×", "cdot": "·", "div": "÷", "pm": "±", "le": "≤", "leq": "≤", "ge": "≥",
    "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "equiv": "≡", "infty": "∞", "to": "→",
    "rightarrow": "→", "Rightarrow": "⇒", "in": "∈", "cup": "∪", "cap": "∩", "subset": "⊂",
    "forall": "∀", "exists": "∃", "partial": "∂", "nabla": "∇", "circ": "°", "ldots": "…",
    "cdots": "…", "dots": "…", "quad": " ", "log": "log", "ln": "ln", "sin": "sin", "cos": "cos",
    "tan": "tan", "exp": "exp", "max": "max", "min": "min",
}  # fmt: skip
RAISED = str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_RAISABLE = re.compile(r"[0-9+\-=()ni]+")
_LOWERABLE = re.compile(r"[0-9+\-=()]+")
_SCRIPT = re.compile(r"(?P<sign>[\^_])(?:\{(?P<group>[^{}]*)\}|(?P<one>[^\s{}\\]))")
_FRACTION = re.compile(r"\\frac\{(\w{1,12})\}\{(\w{1,12})\}")
_ROOT = re.compile(r"\\sqrt\{(\w{1,12})\}")
_TEXT = re.compile(r"\\(?:text|mathrm|mathbf|operatorname)\{([^{}\\$]*)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_SPACING = re.compile(r"\\[,;:! ]")


def formulas(md: MarkdownIt) -> None:
    """Teach the parser to find them."""
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    md.block.ruler.before("code", "formula", _block, interrupts)
    md.inline.add_terminator_char("$")
    md.inline.ruler.before("escape", "formula", _inline)


def readable(formula: str) -> str | None:
    """Return a simple formula as people write it without TeX, else None."""
    text = _TEXT.sub(r"\1", _SPACING.sub(" ", formula.strip()))
    text = _ROOT.sub(r"√\1", _FRACTION.sub(r"\1/\2", text))
    text = _COMMAND.sub(lambda found: READABLE.get(found[1], found[0]), text)
    text = _SCRIPT.sub(_script, text)
    return None if re.search(r"[\\^_{}$&`]", text) or "\n" in text else " ".join(text.split())


def _script(found: re.Match[str]) -> str:
    inside = found["group"] if found["group"] is not None else found["one"]
    if found["sign"] == "^" and _RAISABLE.fullmatch(inside):
        return inside.translate(RAISED)
    if found["sign"] == "_" and _LOWERABLE.fullmatch(inside):
        return inside.translate(LOWERED)
    return found[0]


# -- the parser's rules ---------------------------------------------------------------------------


def _inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    written, mark = _written(state.src, state.pos, state.posMax)
    inside = written[len(mark) : -len(mark)]
    begun = mark.startswith("\\begin")
    if not written or not (begun or SIGN_OF_TEX.search(inside)):
        return False
    if not silent:
        simple = None if begun else readable(inside)
        kind = ("text", "") if simple is not None else ("code_inline", "code")
        token = state.push(*kind, 0)
        token.content = simple if simple is not None else written
    state.pos += len(written)
    return True


def _written(source: str, start: int, end: int) -> tuple[str, str]:
    """Return the formula that begins at `start`, with its marks, and its opening mark; or "" twice.

    One that holds another opening is none, so that each character is looked at once or twice.
    """
    begun = ENVIRONMENT.match(source, start, end)
    mark = begun[0] if begun else source[start : start + 2]
    if begun or mark in CLOSED_BY:
        closing, first = _closing(mark), start + len(mark)
        close = source.find(closing, first, min(end, start + LONGEST))
        inside = source[first:close]
        found = close >= 0 and inside.strip() and mark not in inside
        return (source[start : close + len(closing)], mark) if found else ("", "")
    single = SINGLE.match(source, start, end)
    return (single[0], "$") if single else ("", "")


def _closing(mark: str) -> str:
    """Return what closes the formula that the mark opens."""
    return CLOSED_BY.get(mark) or mark.replace("begin", "end", 1)


def _block(state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001
    """Take the lines of a formula that begins and ends its own."""
    if state.is_code_block(line):
        return False
    start = state.bMarks[line] + state.tShift[line]
    opening = OPENED_BY.match(state.src, start, state.eMarks[line])
    if opening is None:
        return False
    last = _last_line(state, line, min(end, line + MOST_LINES), opening)
    if last is None or SIGN_OF_TEX.search(state.src, start, state.eMarks[last]) is None:
        return False
    if not silent:
        _push_block(state, line, last + 1)
    return True


def _last_line(state: StateBlock, line: int, end: int, opening: re.Match[str]) -> int | None:
    closing = _closing(opening["mark"])
    text = opening["rest"]
    for at in range(line, end):
        if at > line:
            if state.sCount[at] < state.blkIndent or state.isEmpty(at):
                return None
            text = state.src[state.bMarks[at] + state.tShift[at] : state.eMarks[at]]
        if opening["mark"] != "$$" and opening["mark"] in text:
            return None
        where = text.find(closing)
        if where >= 0:
            return at if not text[where + len(closing) :].strip() else None
    return None


def _push_block(state: StateBlock, line: int, end: int) -> None:
    written = state.getLines(line, end, state.blkIndent, keepLastLF=False).strip()
    state.line = end
    simple = None if ENVIRONMENT.match(written) else readable(written[2:-2])
    if simple is not None:
        state.push("paragraph_open", "p", 1)
        token = state.push("inline", "", 0)
        token.content, token.children = "", []
        token.meta["formula"] = simple
        state.push("paragraph_close", "p", -1)
        return
    token = state.push("fence", "code", 0)
    token.info = "latex"
    token.content = f"{written}\n"


# -- rows of tables -------------------------------------------------------------------------------

TICKS = re.compile("`+")
TICKS_OR_PIPE = re.compile(r"\\.|`+|\|", re.DOTALL)


def table_rows(md: MarkdownIt) -> None:
    """Teach the parser to lose nothing of them."""
    md.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})


def cells(line: str) -> list[str]:
    """Return the cells of a row. A `|` that is escaped, or in code, is a part of its cell."""
    inside = line.strip().removeprefix("|")
    runs: dict[int, list[int]] = {}
    for run in TICKS.finditer(inside):
        runs.setdefault(len(run[0]), []).append(run.start())
    found, start, at = [], 0, 0
    while sign := TICKS_OR_PIPE.search(inside, at):
        at = sign.end()
        if sign[0] == "|":
            found.append(inside[start : sign.start()])
            start = at
        elif sign[0][0] == "`":
            alike = runs.get(len(sign[0]), [])
            closing = bisect_left(alike, at)
            at = alike[closing] + len(sign[0]) if closing < len(alike) else at
    if inside[start:].strip():
        found.append(inside[start:])
    return [each.strip().replace("\\|", "|") for each in found]


def _table(state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001
    """Read a table as the parser does, then put what it dropped into its rows."""
    first = len(state.tokens)
    if not table(state, line, end, silent):
        return False
    row: list[Token] = []
    for token in state.tokens[first:]:
        match token.type:
            case "tr_open":
                row = []
            case "inline":
                row.append(token)
            case "tr_close":
                _fill(state, row)
            case _:
                pass
    return True


def _fill(state: StateBlock, row: list[Token]) -> None:
    line = (row[0].map or [0])[0]
    source = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
    found = cells(source)
    surplus = [each for each in found[len(row) - 1 :] if each]
    found[len(row) - 1 :] = [" | ".join(surplus)] if surplus else []
    for at, token in enumerate(row):
        token.content = found[at] if at < len(found) else ""


# -- tasks ----------------------------------------------------------------------------------------

TASK = re.compile(r"\[([ xX])\](?=[ ])")
BOXES = {" ": "☐", "x": "☑", "X": "☑"}
ITEM = ("list_item_open", "paragraph_open", "inline")


def tasks(md: MarkdownIt) -> None:
    """Teach the parser to draw their boxes."""
    md.core.ruler.push("tasks", _tasks)


def _tasks(state: StateCore) -> None:
    for opening, paragraph, inline in zip(
        state.tokens, state.tokens[1:], state.tokens[2:], strict=False
    ):
        if (opening.type, paragraph.type, inline.type) == ITEM and inline.children:
            words = inline.children[0]
            if words.type == "text" and (box := TASK.match(words.content)):
                words.content = BOXES[box[1]] + words.content[box.end() :]
