"""What an agent says over the wire is read once, and what is wrong with it is named."""

import json

import pytest

from agents.lines.said import (
    LINES,
    MOST_COST,
    MOST_TOKENS,
    AskLine,
    CalledLine,
    EndedLine,
    PreviewLine,
    read,
    read_all,
)
from bridge.errors import AgentFailed
from tests.agents.outside import ROOT


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def test_a_line_is_read_as_what_its_type_says() -> None:
    assert read(line(type="preview", text="Hel"), number=1) == PreviewLine(
        type="preview", text="Hel"
    )
    called = read(line(type="called", call="k", name="die", arguments={"sides": 6}), number=1)
    assert isinstance(called, CalledLine)
    assert called.arguments == {"sides": 6}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"hello", "line 7 of what the agent wrote is bad: it is no JSON object in UTF-8"),
        (b"\xff\xfe", "no JSON object in UTF-8"),
        (b'{"type": "preview", "text": "\\ud800"}', "no JSON object in UTF-8"),
        (b"[" * 100_000, "no JSON object in UTF-8"),
        (b"[]", "is bad"),
        (b"{}", "it has no `type`"),
        (line(type="shout"), "its `type` is not known"),
        (line(type="ended", answer="x"), "'ended.answer' is not known"),
        (line(type="remark", text=1), "remark.text: Input should be a valid string"),
        (line(type="called", call="", name="x"), "called.call: String should have at least 1"),
        (line(type="called", call="a b", name="x"), "called.call: String should match"),
        (line(type="usage", cost=-1), "usage.cost"),
        (b'{"type": "usage", "cost": NaN}', "usage.cost"),
        (line(type="ask"), "ask.text: Field required"),
        (line(type="ask", text="?", expires_in=0), "ask.expires_in"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(raw, why) -> None:
    with pytest.raises(AgentFailed) as failed:
        read(raw, number=7)
    assert why in str(failed.value)
    assert "line 7" in str(failed.value)


def test_what_was_wrong_is_not_repeated() -> None:
    """It is shown to people, and may hold what is not for them."""
    with pytest.raises(AgentFailed) as failed:
        read(line(type="remark", text=["s3cret"], kind="s3cret"), number=1)
    assert "s3cret" not in str(failed.value)


def test_many_mistakes_are_counted_and_not_all_told() -> None:
    raw = line(type="ended", a=1, b=2, c=3, d=4, e=5)
    with pytest.raises(AgentFailed, match=r"and 2 more$"):
        read(raw, number=1)


def test_nul_is_taken_out_of_texts() -> None:
    assert read(line(type="ended", text="a\0b"), number=1) == EndedLine(type="ended", text="ab")


def test_a_body_is_one_line_or_a_list_of_them() -> None:
    one = line(type="ended", text="x")
    assert read_all(one) == read_all(b" [" + one + b"]") == (EndedLine(type="ended", text="x"),)
    assert read_all(b"[]") == ()
    asked = read_all(b"[" + line(type="ask", text="?") + b"," + one + b"]")
    assert [type(each) for each in asked] == [AskLine, EndedLine]
    with pytest.raises(AgentFailed, match=r"what the agent sent is bad: 1\.remark\.text"):
        read_all(b"[" + one + b"," + line(type="remark", text=1) + b"]")


def test_the_page_names_every_line_and_every_field() -> None:
    whole = (ROOT / "docs" / "process-agents.md").read_text()
    page = whole.partition("## What the program writes")[2].partition("### What it is answered")[0]
    for each in LINES:
        name = each.model_fields["type"].annotation.__args__[0]
        (row,) = [row for row in page.splitlines() if row.startswith(f"| `{name}` |")]
        fields = set(each.model_fields) - {"type"}
        assert {field for field in fields if f"`{field}`" not in row} == set(), name


def test_a_byte_order_mark_in_front_means_nothing() -> None:
    raw = b"\xef\xbb\xbf" + line(type="ended", text="x")
    assert read(raw, number=1) == EndedLine(type="ended", text="x")
    assert read_all(raw) == (EndedLine(type="ended", text="x"),)


def test_usage_that_nobody_has_is_taken_for_the_most_that_is() -> None:
    raw = line(type="usage", input_tokens=10**20, output_tokens=7, cost=1e300)
    read_line = read(raw, number=1)
    assert read_line.input_tokens == MOST_TOKENS
    assert read_line.output_tokens == 7
    assert read_line.cost == MOST_COST
