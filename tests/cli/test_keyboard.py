"""What is typed in a chat stays what it was typed as, and is kept for its owner alone."""

import stat

import pytest

from bridge.cli.keyboard import MOST_BYTES, TypedAhead, history, typed_ahead


def kept(data):
    return list(history(data).load_history_strings())


def test_it_is_kept_with_its_lines_and_nobody_else_can_read_it(tmp_path):
    (tmp_path / "terminal").mkdir()
    assert kept(tmp_path) == []
    history(tmp_path).store_string("one\ntwo")
    assert kept(tmp_path) == ["one\ntwo"]
    assert stat.S_IMODE((tmp_path / "terminal" / "history").stat().st_mode) == 0o600


def test_the_older_half_is_forgotten_when_it_gets_long(tmp_path):
    (tmp_path / "terminal").mkdir()
    for number in range(5):
        history(tmp_path).store_string(f"{number}" * (MOST_BYTES // 4))
    newest = kept(tmp_path)[0]
    assert newest == "4" * (MOST_BYTES // 4)
    assert (tmp_path / "terminal" / "history").stat().st_size < MOST_BYTES
    history(tmp_path).store_string("next")
    assert kept(tmp_path)[:2] == ["next", newest]


def test_where_it_cannot_be_kept_the_chat_goes_on(tmp_path):
    assert kept(tmp_path / "none") == []
    history(tmp_path / "none").store_string("one")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", TypedAhead()),
        ("hel", TypedAhead(rest="hel")),
        ("hello\n", TypedAhead(lines=("hello",))),
        ("one\ntwo\nthr", TypedAhead(lines=("one", "two"), rest="thr")),
        ("one\r\ntwo\rthr", TypedAhead(lines=("one", "two"), rest="thr")),
        ("\x1b[Aup\x07\n", TypedAhead(lines=("up",))),
        ("bye\n\x04", TypedAhead(lines=("bye",), is_over=True)),
        ("bye\n\x00never", TypedAhead(lines=("bye",), is_over=True)),
        ("üñ 🙂\n", TypedAhead(lines=("üñ 🙂",))),
    ],
)
def test_each_line_typed_ahead_was_ended_by_enter_and_the_rest_is_still_being_typed(typed, said):
    assert typed_ahead(typed) == said
