r"""Formulas in TeX, as models write them: `\( x \)`, `\[ x \]`, `$$ x $$` and `$x$`.

Markdown would take their backslashes for escapes and their marks for emphasis. The rules:

- A formula is read before anything else in it, and kept to the letter: as code.
- A simple one is written as people would without TeX: `\alpha \le x^2` becomes `α ≤ x²`.
- What has no sign of TeX in it is no formula: `\\[1\\]` is a bracket that was escaped.
- Money is no formula: a single `$` opens before what is no space, and closes after what is no space
  and before no digit.
"""

# ruff: noqa: RUF001, RUF002 - letters of other scripts are the point

import re

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

LONGEST = 4_000
"""Characters of a formula: what goes on longer is none."""

SINGLE = re.compile(r"\$(?![\s$])[^$\n]{1,200}(?<!\s)\$(?!\d)")
OPENING = re.compile(r"[ ]{0,3}(?P<mark>\\\[|\$\$)(?P<rest>[^\n]*)")
CLOSING = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
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
    if not written or SIGN_OF_TEX.search(inside) is None:
        return False
    if not silent:
        simple = readable(inside)
        token = state.push("text" if simple is not None else "code_inline", "", 0)
        token.content = simple if simple is not None else written
    state.pos += len(written)
    return True


def _written(source: str, start: int, end: int) -> tuple[str, str]:
    """Return the formula that begins at `start`, with its marks, and its opening mark; or "" twice.

    One that holds another opening is none, so that each character is looked at once or twice.
    """
    mark = source[start : start + 2]
    if mark in CLOSING:
        close = source.find(CLOSING[mark], start + 2, min(end, start + LONGEST))
        inside = source[start + 2 : close]
        found = close >= 0 and inside.strip() and mark not in inside
        return (source[start : close + 2], mark) if found else ("", "")
    single = SINGLE.match(source, start, end)
    return (single[0], "$") if single else ("", "")


def _block(state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001
    """Take the lines of a formula that begins and ends its own."""
    if state.is_code_block(line):
        return False
    start = state.bMarks[line] + state.tShift[line]
    opening = OPENING.match(state.src, start, state.eMarks[line])
    if opening is None:
        return False
    last = _last_line(state, line, min(end, line + MOST_LINES), opening)
    if last is None or SIGN_OF_TEX.search(state.src, start, state.eMarks[last]) is None:
        return False
    if not silent:
        _push(state, line, last + 1)
    return True


def _last_line(state: StateBlock, line: int, end: int, opening: re.Match[str]) -> int | None:
    closing = CLOSING[opening["mark"]]
    text = opening["rest"]
    for at in range(line, end):
        if at > line:
            if state.sCount[at] < state.blkIndent or state.isEmpty(at):
                return None
            text = state.src[state.bMarks[at] + state.tShift[at] : state.eMarks[at]]
        if opening["mark"] == "\\[" and "\\[" in text:
            return None
        where = text.find(closing)
        if where >= 0:
            return at if not text[where + len(closing) :].strip() else None
    return None


def _push(state: StateBlock, line: int, end: int) -> None:
    written = state.getLines(line, end, state.blkIndent, keepLastLF=False).strip()
    state.line = end
    simple = readable(written[2:-2])
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
