"""What lines of IRC say and how they are written: nobody's words become a command."""

import pytest
from bridgehead_irc.lines import (
    MAX_BYTES,
    MOST_LINES,
    SPEECH_BYTES,
    Line,
    folded,
    heard,
    parse,
    plain_login,
    size,
    speech,
    written,
)
from hypothesis import given
from hypothesis import strategies as st


def test_a_line_is_read_with_its_tags_its_sender_and_its_words():
    line = parse(b"@account=ada;time=2026-01-01T00:00:00.000Z :Ada!~a@host PRIVMSG #x :a :b\r\n")
    assert line == Line(
        command="PRIVMSG",
        params=("#x", "a :b"),
        nick="Ada",
        host="~a@host",
        tags={"account": "ada", "time": "2026-01-01T00:00:00.000Z"},
    )


@pytest.mark.parametrize("raw", [b"\r\n", b"   \r\n", b":only.a.server\r\n", b"@tag\r\n", b":"])
def test_what_says_nothing_is_nothing(raw):
    assert parse(raw) is None


def test_words_in_another_encoding_are_read_as_well_as_can_be():
    line = parse(":a!b@c PRIVMSG x :café".encode("latin-1"))
    assert line is not None
    assert line.last == "café"


def test_a_tag_is_unescaped_as_its_rules_say():
    line = parse(rb"@a=1\:2\s3\\4\q;b PING x")
    assert line is not None
    assert line.tags == {"a": "1;2 3\\4q", "b": ""}


@pytest.mark.parametrize("words", ["a\r\nQUIT", "a\nQUIT", "a\0b", "\x01VERSION\x01"])
def test_words_with_a_control_character_are_never_written(words):
    with pytest.raises(ValueError, match="control character"):
        written("PRIVMSG", "ada", words)


@pytest.mark.parametrize("target", ["", "a b", ":a"])
def test_neither_is_a_target_that_would_be_two(target):
    with pytest.raises(ValueError, match="a parameter"):
        written("PRIVMSG", target, "hello")


def test_nor_a_line_that_is_too_long():
    with pytest.raises(ValueError, match="bytes"):
        written("PRIVMSG", "ada", "x" * MAX_BYTES)


@given(st.text())
def test_what_is_shown_of_any_text_is_written_each_line_by_itself(text):
    for line in speech(text):
        raw = written("PRIVMSG", "ada", line)
        assert raw.count(b"\r") == raw.count(b"\n") == 1
        assert not set(raw[:-2]) & {*range(32), 127} - {32}
        assert len(line.encode()) <= SPEECH_BYTES


@given(st.text(alphabet="ab \u00e9\U0001f600", min_size=1, max_size=3000))
def test_nothing_of_a_long_line_is_lost_but_spaces(text):
    assert "".join(speech(text)).replace(" ", "") == text.replace(" ", "")


def test_a_text_is_as_large_as_the_lines_that_it_takes():
    assert size("") == 0
    assert size("x" * 10) == 10
    assert size("a\nb\nc") == 2 * SPEECH_BYTES + 1
    assert size("x" * MOST_LINES * SPEECH_BYTES) == MOST_LINES * SPEECH_BYTES
    assert size("é" * SPEECH_BYTES) == 2 * SPEECH_BYTES


def test_colours_and_bells_are_no_words():
    assert heard("\x02bold\x02 \x0304,12red\x03 \x04ff0000x\x0f \x07\x1fa") == "bold red x a"


def test_names_are_compared_as_the_server_does():
    assert folded("[Ada]^É") == "{ada}^É"
    assert folded("[Ada]", "ascii") == "[ada]"


def test_a_long_password_is_sent_in_pieces():
    assert plain_login("a", "b") == ("YQBhAGI=",)
    exact = plain_login("a", "b" * (300 - 4))
    assert [len(each) for each in exact] == [400, 1]
    assert exact[-1] == "+"
