"""What is told about work in the background."""

import pytest

from bridge import background_texts


def test_a_line_says_what_it_is_how_long_and_what_it_used():
    told = background_texts.line(
        "ABCD", "Read **all**\nof it.", state="works", seconds=130, used="2 answers", by="Ada"
    )
    assert told == "- `ABCD` Read all of it (works, 2 minutes, 2 answers, Ada)"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(3, "less than a minute"), (60, "1 minute"), (7199, "119 minutes"), (7200, "2 hours")],
)
def test_how_long_it_works(seconds, said):
    told = background_texts.line("A", "x", state="works", seconds=seconds, used="", by="")
    assert f"(works, {said}, )" in told


def test_the_list_says_how_to_stop_it_and_what_is_over():
    assert background_texts.listed([], []) == background_texts.NOBODY_WORKS
    told = background_texts.listed(["- one"], ["- two"])
    assert told.index("- one") < told.index("/background stop") < told.index("- two")


def test_what_is_begun_and_stopped_is_one_line():
    assert background_texts.started("Do\n`it`") == "_In the background from now on: Do it_"
    assert background_texts.stopped_by("Ada", 1) == "_Ada stopped work in the background._"
    assert "2 pieces" in background_texts.stopped_by("Ada", 2)


def test_a_child_is_told_its_task_and_what_it_has_to_know():
    told = background_texts.prompt(" Do it. ", "The roof is red.")
    assert told.endswith("Do it.\n\nWhat you are told with it:\n\nThe roof is red.")
    assert background_texts.prompt("Do it.", " ").endswith("\n\nDo it.")


def test_a_report_says_what_it_is_of_and_which_files_there_are():
    told = background_texts.report("Do it.", "Done.", ["a.txt", "b.txt"], failed=False)
    assert "is done: “Do it”" in told
    assert told.endswith("a.txt, b.txt")
    failed = background_texts.report("Do it.", " ", [], failed=True)
    assert "could not be done" in failed
    assert "nothing to report" in failed


def test_a_question_says_what_it_belongs_to():
    assert background_texts.asked("Do *it*.", "Which?") == "“Do it”: Which?"
