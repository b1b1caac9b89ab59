"""What reading a text as Markdown may cost: what is dear is shown as it was written."""

import pytest

from bridge.delivery.markdown_budget import (
    DEEPEST_BRACKETS,
    LONGEST,
    MOST_CELLS,
    MOST_NESTED_LINES,
    is_affordable,
)

MANY = DEEPEST_BRACKETS + 1


def table(columns: int, lines: int) -> str:
    row = "|".join(["a"] * columns)
    return "\n".join([row, "|".join(["---"] * columns), *[row] * (lines - 2)])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[a](b) " * 100,
        "- [ ] todo\n" * 100,
        "[" * DEEPEST_BRACKETS,
        "[" * (MANY // 2) + "\n\n" + "[" * (MANY // 2 + 1),
        "]" * 100 + "[" * DEEPEST_BRACKETS,
        table(10, 100),
        "> " * 10 + "a\n" + "line\n" * 500,
        "a" * LONGEST,
    ],
    ids=["nothing", "links", "tasks", "few", "by paragraph", "closed", "table", "quote", "long"],
)
def test_what_people_write_is_read(text):
    assert is_affordable(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * MANY,
        "[[a] " * MANY,
        table(80, MOST_CELLS // 80 + 1),
        ">" * 200 + "a\n" + "line\n" * (MOST_NESTED_LINES // 200),
        "- " * 200 + "a\n" + "line\n" * (MOST_NESTED_LINES // 100),
        ">" * 20 + "a\n" + "a\n" * 490,
        "a" * (LONGEST + 1),
    ],
    ids=["brackets", "half closed", "table", "quotes", "lists", "short lines", "too long"],
)
def test_what_would_be_too_dear_is_not(text):
    assert not is_affordable(text)
