"""Lines as a terminal and a pipe show them."""

# ruff: noqa: RUF001 - letters of other scripts are the point

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from bridge.cli.render import Painter, preview_rows, unadorned
from bridge.cli.view import Line


def painted(line, **options):
    settings = {"force_terminal": False, "width": 60, "markup": False, "emoji": False, **options}
    return Painter(Console(file=io.StringIO(), highlight=False, **settings)).line(line)


def test_a_message_stands_under_who_said_it():
    line = Line(look="said", speaker="Ada · browser", text="**so** it is")
    assert painted(line).split("\n") == ["", "Ada · browser", "  so it is".ljust(60), ""]


def test_plain_words_are_shown_to_the_letter_below_what_they_are_about():
    line = Line(look="said", speaker="Ada", text="2*3*4 __x__", literal=True, about="Bob: [a]\nb")
    rows = [row.strip() for row in painted(line).splitlines()]
    assert rows == ["", "Ada", "▌ Bob: [a] b", "2*3*4 __x__"]
    assert unadorned(line) == "Ada: > Bob: [a] b\n2*3*4 __x__"


def test_html_and_square_brackets_are_words_like_any_other():
    out = painted(Line(look="answer", text="List<String> <b>x</b> [red]y[/red] :smile:"))
    assert "List<String> <b>x</b> [red]y[/red] :smile:" in out


def test_a_link_says_where_it_leads_and_is_no_terminal_link():
    out = painted(Line(look="answer", text="[here](https://example.org/x)"), force_terminal=True)
    assert "https://example.org/x" in out
    assert "\x1b]8" not in out


def test_files_stand_below_the_words_each_on_its_line():
    line = Line(look="said", speaker="Ada", text="look", files=("[1] a*b*.png", "[2] c.pdf"))
    rows = [row.strip() for row in painted(line).splitlines()]
    assert rows == ["", "Ada", "look", "[1] a*b*.png", "[2] c.pdf"]
    assert unadorned(line) == "Ada: look\n[1] a*b*.png\n[2] c.pdf"
    alone = Line(look="said", speaker="Ada", text="", files=("[1] \x1b[2Ja.png",))
    assert [row.strip() for row in painted(alone).splitlines()] == ["", "Ada", "[1] a.png"]
    assert unadorned(alone) == "Ada: [1] a.png"


def test_no_escape_of_a_message_or_a_name_reaches_the_terminal():
    evil = "\x1b]0;t\x07\x1b[2Jx\u202ey"
    for look in ("said", "answer", "interim", "aside", "question", "tool"):
        line = Line(look=look, speaker=f"A{evil}", text=f"`{evil}` {evil}\n\n```\n{evil}\n```")
        for out in (painted(line), unadorned(line)):
            assert "\x1b" not in out
            assert "\u202e" not in out
            assert "xy" in out


def test_a_tool_is_one_line_however_much_it_says():
    out = painted(Line(look="tool", text="search " + "very long\n" * 200))
    assert len(out.strip().splitlines()) <= 3


def test_in_a_pipe_markdown_stays_as_it_was_written():
    assert (
        unadorned(Line(look="answer", speaker="echo", text="**a**\n\n- b")) == "echo: **a**\n\n- b"
    )
    assert unadorned(Line(look="tool", text="dice {}")) == "[dice {}]"


def test_of_a_long_preview_the_last_rows_are_shown_wrapped():
    text = "\n".join(f"row {number}" for number in range(50)) + "\n" + "word " * 10
    rows = preview_rows(text, 20, rows=4)
    assert rows == ["row 49", "word word word word", "word word word word", "word word"]
    assert all(len(row) <= 20 for row in rows)


def test_what_is_said_stands_apart_and_small_lines_stay_together():
    painter = Painter(Console(file=io.StringIO(), width=40))
    said = Line(look="said", speaker="A", text="x")
    tool = Line(look="tool", text="t")
    out = "".join(painter.line(line) for line in (tool, tool, said, tool, tool, said))
    assert [line.strip() for line in out.split("\n")] == [
        "⚙ t", "⚙ t", "", "A", "x", "", "⚙ t", "⚙ t", "", "A", "x", "",
    ]  # fmt: skip


def test_lines_stay_lines():
    out = painted(Line(look="said", speaker="Ada", text="12 High Street\nSpringfield"))
    assert [row.strip() for row in out.splitlines()] == ["", "Ada", "12 High Street", "Springfield"]


def test_an_older_line_says_its_day_too():
    now = datetime.now(UTC).astimezone()
    today = painted(Line(look="said", speaker="Ada", text="x", at=now))
    assert f"Ada  {now:%H:%M}\n" in today
    old = painted(Line(look="said", speaker="Ada", text="x", at=now - timedelta(days=400)))
    assert f"Ada  {now - timedelta(days=400):%Y-%m-%d %H:%M}\n" in old


def test_an_answer_being_written_looks_like_the_whole_one_will():
    painter = Painter(Console(file=io.StringIO(), width=40))
    rows = painter.preview("**so** it is\nand `so`\n\n```\ncode", rows=3)
    assert [row.strip() for row in rows][-1] == "code"
    assert "**" not in "".join(painter.preview("**so** it is"))
    assert len(painter.preview("x " * 50_000)) <= 12
    assert "\x1b" not in "".join(painter.preview("\x1b[2Jx"))


@pytest.mark.parametrize("text", ["- one\n- two", "1. one"])
def test_a_list_in_front_has_no_more_room_above_it_than_words(text):
    reply = Painter(Console(file=io.StringIO(), width=60)).reply(text).split("\n")
    assert not reply[0].strip()
    assert reply[1].strip()


@pytest.mark.parametrize(
    "text",
    [
        "__init__.py 2*3*4 x**2 snake_case_name",
        "self.__dict__ C:\\tmp\\_x\\_y",
        "see https://a.b/_c_d_?x=*y* ok",
        "so \\( \\int x_{a} \\) is",
        "$$\\frac{a_1}{b^2} \\\\ 1$$",
    ],
)
def test_names_addresses_and_formulas_are_as_they_were_written(text):
    assert text in painted(Line(look="answer", text=text))


def test_a_simple_formula_is_readable_and_emphasis_stands_beside_any_punctuation():
    rows = painted(Line(look="answer", text="\\[\na = b^2\n\\]\n\n**结论：**建议"))
    assert "a = b²" in rows
    assert "*" not in rows


def test_a_task_has_a_box():
    rows = painted(Line(look="answer", text="- [x] a\n- [ ] **b**\n- [x]c")).splitlines()
    assert [row.strip(" •·") for row in rows if row.strip(" •·")] == ["☑ a", "☐ b", "[x]c"]


def test_a_line_break_in_html_is_one():
    rows = painted(Line(look="answer", text="a<br>b `c<br>d`")).splitlines()
    assert [row.strip() for row in rows if row.strip()] == ["·", "a", "b c<br>d"]
