"""What people approve is what they are shown: nothing hides in a call, nothing is missing."""

# ruff: noqa: RUF001 - letters that look like others are the point

import json
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bridge import texts
from bridge.delivery import call_display
from bridge.delivery.call_display import (
    AN_END,
    GOES_ON,
    LONGEST_NAMED,
    MOST_IN_PARTS,
    WIDTH,
    block,
    brief,
    fits_in_parts,
    named,
    text,
    under,
    visible,
)
from bridge.domain.content import Option
from bridge.domain.events import (
    MOST_WHOLE,
    PlannedCall,
    QuestionAsked,
    QuestionClosed,
    RunStarted,
    is_whole,
)
from bridge.domain.ids import CallId, QuestionId, RunId
from bridge.domain.look_alikes import looks, skeleton, twins
from channels.discord import from_markdown as discord
from channels.slack import from_markdown as slack
from channels.telegram import from_markdown as telegram
from channels.whatsapp import from_markdown as whatsapp
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


TWINS = twins() | {
    char: plain
    for char in map(chr, range(0x80, 0x1FBFA))
    if len(plain := unicodedata.normalize("NFKC", char)) == 1 and "!" <= plain <= "~"
}
"""Characters that look like one of ASCII."""

BY_PLAIN = {
    plain: [char for char, each in TWINS.items() if each == plain] for plain in TWINS.values()
}


@pytest.mark.parametrize(
    "odd",
    [
        "аса",
        "сор",
        "ⲥⲟⲣ",
        "ɡit",
        "ɑpp",
        "ᴏk",
        "a․b",
        "a∕b",
        "a⁄b",
        "a‐b",
        "a−b",
        "aǀb",
        "aʼb",
        "aꞏb",
        "a；b",
        "a＆b",
        "a｜b",
        "a＄b",
        "a＞b",
        "a：b",
        "сор_1",
        "её",
        "ﬁle",
        "a–b",
        "“a”",
        "ᎪᎠᎪ",
        "ꓮ",
        "it’s",
        "и3",
        "3и",
        "й0",
        "ФО1",
        "\u05e1\u05d5",
        "r\u05d5",
        "7\u05e1",
        "file\u0665",
        "\u0665",
        "1\u06f5",
        "\u0e50",
        "x\u0e50",
        "a\u0966",
        "и\u0665",
        "\u0627\u0647",
        "\U0001f170\U0001f171",
        "\U0001f15b\U0001f162",
        "\U0001f1f1\U0001f1f8",
        "rm \u30fcrf",
        "rm\u30fcrf",
        "\u4e28",
        "\uff89etc",
        "\u05f4a",
        "ᴦm",
        "ʒ",
        "ж\ua4d7",
        "サ\u0660",
        "nג",
        "\u055a",
    ],
)
def test_what_looks_like_plain_letters_and_signs_and_is_none_is_told(odd):
    assert "⟨" in visible(odd)


@pytest.mark.parametrize(
    "word",
    ["привет", "документ_2024.pdf", "Ада", "Ελλάδα", "καλημέρα", "漢字", "größe", "naïve",
     "żółw", "Đà Nẵng", "日本語。", "한국어", "🚀", "बहुत", "👍🏽", "—",
     "שלום", "سلام", "٢٠٢٦", "สวัสดี", "サーバー1", "第一", "из"],
)  # fmt: skip
def test_words_of_any_language_stay_readable(word):
    assert visible(word) == word


def test_a_word_that_reads_as_latin_is_told_to_be_none_and_stays_readable():
    assert visible("rm текст.txt") == "rm ⟨Cyrillic⟩текст.txt"
    assert visible("отчёт_1") == "⟨Cyrillic⟩отчёт_1"
    assert visible("и τo το") == "и ⟨U+03C4⟩o ⟨Greek⟩το"


@given(st.data())
def test_two_texts_that_look_the_same_are_shown_so_that_they_do_not(data):
    plain = data.draw(st.text(st.sampled_from([*BY_PLAIN, " ", "q", "7"]), min_size=1, max_size=8))
    one, other = (
        "".join(data.draw(st.sampled_from([char, *BY_PLAIN.get(char, [])])) for char in plain)
        for _ in range(2)
    )
    assume(one != other)
    assert skeleton(one) == skeleton(other)
    assert looks(visible(one)) != looks(visible(other))


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
@example(json.dumps({"\u200b" * 90: "x" * 9000 + "\u200b" * 90}))
def test_on_one_line_a_call_shows_its_head_and_its_tail(written):
    shown = brief("f", written)
    assert "\n" not in shown
    assert len(shown) < 200
    assert ("more characters⟩" in shown) == (
        len(visible(json.dumps(json.loads(written), ensure_ascii=False))) > 120
    )


@pytest.fixture
def read(monkeypatch):
    """How many characters were looked at one by one."""
    lengths = []
    looked = call_display.visible

    def counted(written):
        lengths.append(len(written))
        return looked(written)

    monkeypatch.setattr(call_display, "visible", counted)
    call_display.text.cache_clear()
    return lengths


LONG = "\u0441\u043e\u0440 " * ((MOST_WHOLE - 20) // 4)
LONG_CALLS = [json.dumps({"a": LONG}, ensure_ascii=False), LONG, " " * MOST_WHOLE]


@pytest.mark.parametrize("written", LONG_CALLS, ids=["JSON", "none", "blanks"])
def test_one_line_of_a_long_call_and_whether_it_fits_take_no_time_to_speak_of(written, read):
    """Work without a clock: a card, a list of questions and a press ask it on the loop."""
    shown = brief("f", written)
    assert "more characters⟩" in shown or not written.strip()
    assert not fits_in_parts(PlannedCall(call="k", name="f", arguments=written))
    call_display.block(PlannedCall(call="k", name="f", arguments=written))
    assert sum(read) <= 3 * AN_END


@given(st.text(min_size=1_001, max_size=1_100))
def test_two_long_calls_with_other_ends_differ_on_one_line(ending):
    one, other = (brief("f", f"{'x' * 4_000}{each}") for each in (ending, ending[::-1]))
    assert (one == other) == (visible(ending[-60:]) == visible(ending[::-1][-60:]))


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
@example({"a": "漢" * 3500}, 2000)
def test_nothing_of_a_call_is_missing_before_its_buttons(given_, most):
    """Of one that is too long for a chat app only the ends are shown: it can only be denied."""
    is_shown = fits_in_parts(planned(given_))
    for capabilities in (RICH, PLAIN):
        parts = shown_in(Lane(capabilities=replace(capabilities, max_chars=most)), given_)
        if not is_shown:
            assert {each.label for part in parts for each in part.buttons} <= {"Deny"}
            continue
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


# -- below an agent's words -----------------------------------------------------------------------

TRICKY = '{"c":"[ls](http://a.b/rm-rf) *x* __y__ &amp; ||z|| ~~k~~ \\\\] $$ --> `q`"}'
WORDS = [
    "May I?", "", "```\nls", "~~~\nls", "````\nls", "- x\n  ```\n  ls", "> ```\n> ls", "```\rls",
    "a\r\n```\r\nls", "```\nls\u2028```", "```\nls\x0c```", " ```\nls", "a \\[ b", "$$ a", "a ` b",
    "a [b](", "a <http://", "a **b", "||a", "- a", "1. a\n   - b", "> b", "| a |\n|---|", "<!-- a",
    '[x]: http://a "b', "<pre>", "<script>", "<![CDATA[", "# a", "a\\", "    a",
]  # fmt: skip


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("dialect", [telegram, discord, slack, whatsapp])
def test_no_words_of_a_question_change_how_its_call_is_shown(words, dialect):
    planned = PlannedCall(call=CallId("k"), name="shell", arguments=TRICKY)

    def shown(markdown: str) -> str:
        rendered = dialect.render(markdown)
        return getattr(rendered, "text", rendered)

    alone = shown(block(planned)).strip()
    assert alone in shown(under(words, planned))
