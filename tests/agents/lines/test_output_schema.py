"""What an agent says over the wire is read once, and what is wrong with it is named."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from math import isfinite
from time import process_time
from typing import get_args, get_type_hints

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.lines.output_schema import (
    LINES,
    MOST_COST,
    MOST_TOKENS,
    USAGE,
    AskLine,
    CalledLine,
    EndedLine,
    PreviewLine,
    read,
    read_all,
)
from bridge.domain.errors import AgentFailed
from bridge.domain.events import Usage
from bridge.domain.run_output import Said
from bridge.domain.usage import total, used
from tests.agents.outside import ROOT

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def test_a_line_is_read_as_what_its_type_says() -> None:
    assert read(line(type="preview", text="Hel"), number=1) == PreviewLine(
        type="preview", text="Hel"
    )
    called = read(line(type="called", call="k", name="die", arguments={"sides": 6}), number=1)
    assert isinstance(called, CalledLine)
    assert called.arguments == {"sides": 6}


def test_each_thing_a_run_can_say_has_one_line_that_says_it() -> None:
    says = [get_type_hints(each.said)["return"] for each in LINES if hasattr(each, "said")]
    assert len(says) == len(get_args(Said))
    assert set(says) == set(get_args(Said))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"hello", "line 7 of what the agent wrote is bad: it is no JSON object in UTF-8"),
        (b"\xff\xfe", "no JSON object in UTF-8"),
        (b'{"type": "preview", "text": "\\ud800"}', "no JSON object in UTF-8"),
        (b"[" * 5_000, "no JSON object in UTF-8"),
        (b"[" * 100_000, "it holds more than 15000 values"),
        (b"[]", "is bad"),
        (b"{}", "it has no `type`"),
        (line(type="shout"), "its `type` is not known"),
        (line(type="ended", answer="x"), "'ended.answer' is not known"),
        (line(type="remark", text=1), "remark.text: Input should be a valid string"),
        (line(type="called", call="", name="x"), "called.call: String should have at least 1"),
        (line(type="called", call="a b", name="x"), "called.call: String should match"),
        (line(type="schedule", schedule="s", every=60, cron="* * * * *"), "one of `at`"),
        (line(type="schedule", schedule="s", every=1), "schedule.every"),
        (line(type="schedule", schedule="s", at="2030-01-01T09:00"), "schedule.at"),
        (line(type="ask"), "ask.text: Field required"),
        (line(type="ask", text="?", expires_in=0), "ask.expires_in"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(raw, why) -> None:
    with pytest.raises(AgentFailed) as failed:
        read(raw, number=7)
    assert why in str(failed.value)
    assert "line 7" in str(failed.value)


def test_a_time_that_is_too_far_away_is_told() -> None:
    far = read(line(type="schedule", schedule="s", at="9999-12-31T23:00:00-10:00"), number=1)
    with pytest.raises(AgentFailed, match="too far away"):
        far.said()


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


@pytest.mark.parametrize(
    ("given", "tokens", "cost"),
    [
        ('{"input_tokens": -4, "cost": -1}', 0, 0.0),
        ('{"input_tokens": NaN, "cost": NaN}', 0, None),
        ('{"input_tokens": Infinity, "cost": Infinity}', MOST_TOKENS, MOST_COST),
        ('{"input_tokens": "many", "cost": "$1"}', 0, None),
        ('{"input_tokens": true, "cost": false}', 0, None),
        ('{"input_tokens": 2.7, "cost": []}', 2, None),
        ('{"input_tokens": {}, "cost": 1e400, "model": 7}', 0, MOST_COST),
        ('{"input_tokens": 3.0, "cached_tokens": 2, "details": {"x": "y"}}', 3, None),
        ('{"input_tokens": "3.0", "cost": "0.5"}', 3, 0.5),
        ('{"prompt_tokens": 3}', 0, None),
        ("7.5", 0, None),
        ('"some"', 0, None),
        ("[1, 2]", 0, None),
    ],
)
def test_usage_that_cannot_be_so_ends_no_run(given, tokens, cost) -> None:
    ended = read(f'{{"type": "ended", "text": "x", "usage": {given}}}'.encode(), number=1)
    assert ended.usage.usage() == Usage(input_tokens=tokens, output_tokens=0, cost=cost)
    assert ended.usage.is_odd
    if given[0] == "{":
        line = read(f'{{"type": "usage", {given[1:]}'.encode(), number=1)
        assert line.said().usage == ended.usage.usage()


def test_usage_that_may_be_so_is_not_doubted() -> None:
    given = read(line(type="usage", input_tokens=3, output_tokens=4, cost=1, model="m"), number=1)
    assert not given.is_odd


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**20)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["usage", "ended", "yes", "approval", "2026-11-29", "\0", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KINDS = [get_args(each.model_fields["type"].annotation)[0] for each in LINES]
FIELDS = sorted({name for each in LINES for name in each.model_fields} - {"type"})


@given(
    kind=st.sampled_from(KINDS),
    fields=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
    usage=st.dictionaries(st.sampled_from(sorted(USAGE)), VALUES),
)
def test_any_value_in_any_field_is_read_or_refused_in_words(kind, fields, usage) -> None:
    """Nothing else is raised: so at most the run ends, as the page says."""
    for raw in (
        json.dumps({"type": kind, **fields}).encode(errors="surrogatepass"),
        json.dumps({"type": kind, **fields, "usage": usage}).encode(errors="surrogatepass"),
    ):
        try:
            said = read(raw, number=1)
        except AgentFailed:
            continue
        with suppress(AgentFailed):
            if isinstance(said, AskLine):
                assert said.asking(NOW).text
            elif isinstance(said, CalledLine):
                assert json.loads(said.said().arguments) == said.arguments


@given(usage=st.dictionaries(st.sampled_from(sorted(USAGE)), VALUES), times=st.integers(1, 9_999))
def test_no_usage_ends_a_run_and_its_sum_is_a_number(usage, times) -> None:
    raw = json.dumps({"type": "usage", **usage}).encode(errors="surrogatepass")
    assume(b"\\ud800" not in raw)
    spent = used(read(raw, number=1).usage())
    whole = total([spent] * min(times, 50))
    assert 0 <= whole.tokens < 2**53
    assert isfinite(whole.cost)
    assert 0 <= whole.cost < 1e12


@pytest.mark.parametrize(
    "raw",
    [
        b'{"type":"log","text":"",' + b",".join(b'"a%d":1' % n for n in range(100_000)) + b"}",
        b"[" + b",".join([b"{}"] * 300_000) + b"]",
        b'{"type":"called","call":"a","name":"b","arguments":{"a":[' + b"[]," * 300_000 + b"1]}}",
    ],
    ids=["fields", "lines", "arguments"],
)
def test_no_line_is_so_full_that_to_read_it_holds_anybody(raw) -> None:
    begun = process_time()
    for reading in (lambda: read(raw, number=1), lambda: read_all(raw)):
        with pytest.raises(AgentFailed, match="more than 15000 values"):
            reading()
    assert process_time() - begun < 0.3


def test_what_a_text_is_full_of_are_no_values() -> None:
    """A result may be a table, or JSON, of a hundred thousand values."""
    words = '[{"a": 1}], ' * 50_000
    assert read(line(type="returned", call="c", result=words), number=1).result == words
