"""What people are told about their sessions: data stays data, and what to send is in the text."""

from bridge import session_texts


def test_a_list_names_what_to_send_for_each_and_marks_the_one_here() -> None:
    text = session_texts.sessions([("s_1", "Taxes", True), ("s_2", "", False)])
    assert text.splitlines() == [
        "- here: **Taxes**",
        "- untitled: `/switch s_2`",
        "",
        "`/new` begins another one.",
    ]


def test_what_someone_called_a_session_is_no_markup() -> None:
    assert session_texts.begun("*loud*").startswith("**loud** begins here")
    assert "**loud**" not in session_texts.sessions([("s_1", "**loud**", False)])


def test_files_are_named_and_long_words_are_cut() -> None:
    line = session_texts.said("Ada", "x" * 500, ["plan.pdf"], 300)
    assert line == f"**Ada:** {'x' * 299}… (plan.pdf)"
