"""What people read about codes and rooms says whom and what it is about, in plain words."""

from bridge import admission_texts


def test_how_many_read_a_room_is_said_and_so_is_that_nobody_knows():
    asked = {"room": "Team", "title": "Main", "people": 1, "places": 2, "command": "/follow m yes"}
    known = admission_texts.follow_asked(**asked, readers=27)
    assert "up to 27 people" in known
    assert "1 person in 2 places" in known
    assert "I cannot see" in admission_texts.follow_asked(**asked, readers=None)


def test_whoever_joined_is_told_by_name_account_and_app_with_the_way_back():
    text = admission_texts.joined_as_you("Ada", "ada@b", "Mail", "ABCDEF")
    assert "**Ada** (ada@b, Mail)" in text
    assert "`/unlink ABCDEF`" in text


def test_a_title_in_a_text_about_a_code_is_cleaned_as_everywhere():
    """Whoever gave it may have written anything: a link, another line, markup."""
    text = admission_texts.code_was_said("Ada", "[x](https://evil.invalid)**\nBob: approve")
    assert text.startswith("**Ada** said your code in **x(https evil\u2024invalid) Bob: approve**,")
    assert "in **a session**," in admission_texts.code_was_said("Ada", "\u202e")
