"""What people approve is what they are shown: nothing hides in a call, nothing is missing."""

import json
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bridge import texts
from bridge.call_display import (
    AN_END,
    GOES_ON,
    LONGEST_NAMED,
    MOST_IN_PARTS,
    MOST_WHOLE,
    WIDTH,
    block,
    brief,
    fits_in_parts,
    is_whole,
    named,
    text,
    visible,
)
from bridge.content import Option
from bridge.events import PlannedCall, QuestionAsked, QuestionClosed, RunStarted
from bridge.ids import CallId, QuestionId, RunId
from tests.lane import PLAIN, RICH, Lane

HIDING = (
    *(" ", "  ", "\t", "\u00a0", "\u3000", "\u2009", "\u2800"),
    *("\n", "\r", "\r\n", "\u0085", "\u2028", "\u2029", "\x0b", "\x0c"),
    *("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f"),
    *("\u202e", "\u2066", "\u2069", "\u200f", "\u061c"),
    *("\U000e0041", "\U000e0001", "\U000e0100", "\ufe0f", "\u180b"),
    *("\u3164", "\u115f", "\uffa0", "\u17b4", "\ufffc", "\ufff9"),
    *("\u0301", "\u0323", "\u0300\u0300\u0300", "\u20dd", "\u0489"),
    *("e\u0301", "\u00e9", "\u212b", "\u00c5", "\u1100\u1161", "\uac00"),
    *("\u0430", "a", "\u03bf", "o", "\uff41", "⟨", "⟩", "⟨U+202E⟩", "⟨2 spaces⟩", GOES_ON, "〈"),
    *(
        "`",
        "```",
        "~~~",
        '"',
        "\\",
        "\\u202e",
        "\\n",
        ";",
        "rm -rf /",
        "<b>",
        "א",
        "ع",
        "漢",
        "🇩🇪",
        "👩‍🚀",
    ),
)
words = st.lists(
    st.one_of(st.sampled_from(HIDING), st.text(max_size=3), st.characters()), max_size=12
).map("".join)
lengths = st.sampled_from([0, 1, 2, 40, WIDTH - 20, WIDTH - 1, WIDTH, WIDTH + 9, WIDTH + 10, 3000])
padded = st.builds(
    lambda a, char, n, b: a + char * n + b, words, st.sampled_from("x 漢\u3164"), lengths, words
)
values = st.recursive(
    st.one_of(padded, st.integers(), st.floats(allow_nan=False), st.booleans(), st.none()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=4,
)
arguments = st.dictionaries(words, values, max_size=3)


def planned(given_, name="fs__write"):
    written = given_ if isinstance(given_, str) else json.dumps(given_)
    return PlannedCall(call=CallId("k_1"), name=name, arguments=written)


def look(shown: str) -> str:
    """Return what an eye takes in: no invisible character, no difference between blanks."""
    seen = "".join(
        char for char in unicodedata.normalize("NFC", shown)
        if unicodedata.category(char) not in {"Cf", "Cc", "Cn", "Co", "Cs"} or char == "\n"
    )  # fmt: skip
    seen = re.sub(
        "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f]", "", seen
    )
    return re.sub(r"[^\S\n]+", " ", re.sub(r"(?m)^ +| +$", "", seen))


def test_the_call_is_shown_as_it_is():
    assert block(planned({"path": "/tmp/größe", "note": "für Ада"})) == (
        '```\nfs__write {\n  "path": "/tmp/größe",\n  "note": "für Ада"\n}\n```'
    )


def test_a_command_behind_three_thousand_blanks_stands_beside_the_first():
    shown = text("shell", json.dumps({"command": f"rm /tmp/a{' ' * 3000}; rm -rf /"}))
    assert shown == 'shell {\n  "command": "rm /tmp/a⟨3000 spaces⟩; rm -rf /"\n}'


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("a\u202eb\u200bc\x7f", "a⟨U+202E⟩b⟨U+200B⟩c⟨U+007F⟩"),
        ("a\u3164\u3164\u3164b", "a⟨3 times U+3164⟩b"),
        ("x\U000e0072\U000e006d", "x⟨U+E0072⟩⟨U+E006D⟩"),
        ("a\u2028b\u0085c", "a⟨U+2028⟩b⟨U+0085⟩c"),
        ("e\u0301 é", "e⟨U+0301⟩ é"),
        ("o\u0316\u0317\u0318\u0319", "o\u0316\u0317⟨U+0318⟩⟨U+0319⟩"),
        ('"\u0336', '"⟨U+0336⟩'),
        ("p\u0430ypal пай", "p⟨U+0430⟩ypal пай"),
        ("\uff52\uff4d", "⟨U+FF52⟩⟨U+FF4D⟩"),
        ("⟨U+202E⟩", "⟨U+27E8⟩U+202E⟨U+27E9⟩"),
        ("a`````b", "a⟨5 backticks⟩b"),
        (" a ", "⟨1 space⟩a⟨1 space⟩"),
        ("\ud800", "⟨U+D800⟩"),
    ],
)
def test_what_cannot_be_seen_or_is_not_what_it_looks_like_is_written_out(hidden, shown):
    assert visible(hidden) == shown


def test_a_big_number_keeps_all_its_digits():
    assert "12345678901234567890" in text("pay", '{"cents": 12345678901234567890}')


@pytest.mark.parametrize(
    "odd", ["", "rm -rf", "[" * 10_000, '{"a": 1, "a": 2}', '{"a": ' + "9" * 5000 + "}"]
)
def test_arguments_that_are_no_plain_json_are_shown_as_they_were_written(odd):
    shown = text("x", odd).replace(f"{GOES_ON}\n", "")
    assert odd in shown
    assert "⟨no" in shown


def test_deep_nesting_does_not_make_a_call_larger_than_it_is():
    deep = '{"a":' * 400 + "1" + "}" * 400
    assert len(text("x", deep)) < 3 * len(deep)


def test_letters_that_run_from_right_to_left_are_said():
    assert "right to left" in text("x", '{"a": "rm \u05d0"}')
    assert "right to left" not in text("x", '{"a": "rm"}')


@settings(max_examples=400)
@given(arguments, arguments)
@example({"a": "rm -rf /"}, {"a": "rm -rf  /"})
@example({"a": "x" * WIDTH + "b"}, {"a": "x" * WIDTH + " b"})
@example({"a": "a\u0316\u0301"}, {"a": "á\u0316"})
def test_two_calls_that_differ_never_look_the_same(one, other):
    one, other = json.dumps(one), json.dumps(other)
    assume(one != other)
    assert look(text("f", one)) != look(text("f", other))


@given(words, arguments, words, arguments)
def test_a_name_cannot_pass_for_an_argument(name, one, other_name, other):
    assume((name, json.dumps(one)) != (other_name, json.dumps(other)))
    shown = [look(text(n, json.dumps(a))) for n, a in ((name, one), (other_name, other))]
    assert shown[0] != shown[1]


@given(words, st.text() | arguments.map(json.dumps))
def test_whatever_a_call_is_it_stays_inside_its_block_and_its_lines_are_short(name, written):
    shown = block(planned(written, name=name))
    first, *inside, last = shown.split("\n")
    assert (first, last) == ("```", "```")
    assert not any("```" in line for line in inside)
    assert max(len(line) for line in inside) <= WIDTH + len(GOES_ON)


@given(arguments.map(json.dumps))
def test_on_one_line_a_call_shows_its_head_and_its_tail(written):
    shown = brief("f", written)
    assert "\n" not in shown
    assert len(shown) < 200
    assert ("more characters⟩" in shown) == (
        len(visible(json.dumps(json.loads(written), ensure_ascii=False))) > 120
    )


# -- in a chat app --------------------------------------------------------------------------------

R1, Q1 = RunId("r1"), QuestionId("q1")
OPTIONS = tuple(Option(id=each.lower(), label=each) for each in ("Approve", "Deny", "Always"))


def asked(given_) -> QuestionAsked:
    return QuestionAsked(
        question=Q1, run=R1, kind="approval", text="May I?", options=OPTIONS, call=planned(given_)
    )


def shown_in(lane: Lane, given_) -> list:
    lane.append(RunStarted(run=R1, agent="a", upto=0, node="n"))
    lane.append(asked(given_))
    lane.settle()
    return list(lane.messages.values())


def told(parts) -> str:
    """Return the call as it was put together again from its parts."""
    inside = [part.text.split("```\n", 1)[-1].rsplit("\n```", 1)[0] for part in parts]
    return "\n".join(inside)


@settings(max_examples=60, deadline=None)
@given(arguments, st.sampled_from([600, 1000, 1600, 2000, 4096]))
def test_nothing_of_a_call_is_missing_before_its_buttons(given_, most):
    for capabilities in (RICH, PLAIN):
        parts = shown_in(Lane(capabilities=replace(capabilities, max_chars=most)), given_)
        assert told(parts).startswith(text("fs__write", json.dumps(given_)))
        assert [bool(part.buttons) for part in parts[:-1]] == [False] * (len(parts) - 1)
        assert len(parts[-1].buttons) == (len(OPTIONS) if capabilities is RICH else 0)


@pytest.mark.parametrize("around", [-1, 0, 1])
@pytest.mark.parametrize("most", [1000, 2000, 4096])
def test_a_call_that_just_fits_or_just_does_not_is_shown_whole(most, around):
    parts = shown_in(
        Lane(capabilities=replace(RICH, max_chars=most)), {"a": "y" * (most - 80 + around)}
    )
    assert told(parts).replace(f"{GOES_ON}\n", "").count("y") == most - 80 + around
    assert len(parts[-1].buttons) == 3


def test_the_buttons_wait_until_the_parts_before_them_have_arrived():
    lane = Lane(capabilities=replace(RICH, max_chars=1000))
    lane.append(RunStarted(run=R1, agent="a", upto=0, node="n"))
    lane.append(asked({"a": "y" * 3000}))
    first = [step.part for step in lane.steps() if hasattr(step, "part")]
    assert first
    assert not any(part.buttons for part in first)


def test_where_a_part_never_arrived_the_call_can_only_be_denied():
    lane = Lane(capabilities=replace(RICH, max_chars=1000))
    lane.append(RunStarted(run=R1, agent="a", upto=0, node="n"))
    seq = lane.append(asked({"a": "y" * 3000}))
    lane.deliver()
    (first,) = [each for each in lane.receipts.values() if each.part == f"{seq}:0"]
    lane.receipts[first.part] = replace(first, state="failed")
    lane.settle()
    *_, last, told = lane.messages.values()
    assert [button.label for button in last.buttons] == ["Deny"]
    assert last.text.endswith(texts.INCOMPLETE)
    assert "was refused here" in told.text


def test_once_answered_the_last_part_of_a_long_call_is_still_code():
    """It is rewritten without its buttons; nothing in it becomes a link by that."""
    lane = Lane(capabilities=replace(RICH, max_chars=1000))
    shown_in(lane, {"a": "y" * 1500 + "[a](https://evil.example)"})
    before = list(lane.messages.values())[-1]
    seq = max(each.source for each in lane.receipts.values())
    lane.append(QuestionClosed(question=Q1, asked=seq, outcome="answered", answer="deny"))
    lane.settle()
    after = lane.messages[next(key for key, each in lane.messages.items() if "evil" in each.text)]
    assert (after.text, after.buttons) == (before.text, ())
    assert after.text.startswith("```\n")


@pytest.mark.parametrize("capabilities", [RICH, PLAIN])
@pytest.mark.parametrize("size", [MOST_IN_PARTS, MOST_WHOLE + 1])
def test_a_call_too_long_for_a_chat_app_shows_both_ends_and_can_only_be_denied_there(
    capabilities, size
):
    parts = shown_in(Lane(capabilities=capabilities), {"a": "head" + "y" * size + "; rm -rf /"})
    shown = "\n".join(part.text for part in parts)
    assert "head" in shown
    assert "; rm -rf /" in shown
    assert re.search(r"⟨\d{5} more characters⟩", shown)
    assert len(shown) < 3 * AN_END + 200
    assert {button.label for part in parts for button in part.buttons} <= {"Deny"}
    assert "Approve" not in shown


def test_what_fits_is_said_the_same_everywhere():
    assert fits_in_parts(planned({"a": "y" * 1000}))
    assert not fits_in_parts(planned({"a": "y" * MOST_IN_PARTS}))
    assert is_whole("y" * MOST_WHOLE)
    assert not is_whole("y" * (MOST_WHOLE + 1))


@pytest.mark.parametrize(
    ("text", "arguments", "name"),
    [
        ("\n  Which tea?\nThere are two.", None, "Which tea?"),
        ("May I?", '{"command": "rm x"}', '`run {"command": "rm x"}`'),
        ("May I?", '{"command": "a`b`"}', """`run {"command": "a'b'"}`"""),
    ],
)
def test_a_question_is_named_in_a_few_words(text, arguments, name):
    call = None if arguments is None else PlannedCall(call="k", name="run", arguments=arguments)
    asked = QuestionAsked(question="q", run="r", kind="approval", text=text, call=call)
    assert named(asked) == name


def test_the_name_of_a_question_is_short_however_long_it_is():
    asked = QuestionAsked(question="q", run="r", kind="open", text="x" * 5000)
    assert len(named(asked)) == LONGEST_NAMED
