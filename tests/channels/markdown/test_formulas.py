"""A formula survives to the letter; a simple one is written as people write it."""

# ruff: noqa: RUF001 - letters of other scripts are the point

import pytest

from channels.markdown.discord import render as discord
from channels.markdown.document import Code
from channels.markdown.formulas import readable
from channels.markdown.parse import parse
from channels.markdown.plain import render as plain

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
