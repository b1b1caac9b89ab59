"""Plain text reads as the text does."""

from channels.markdown.plain import render, size


def test_formatting_goes_and_addresses_stay():
    assert render("# *A* `b`\n\n- [c](https://d.e)\n\n> f") == "A b\n\n- c (https://d.e)\n\n> f"


def test_names_are_as_they_were_written():
    assert render("`@here`\n\n    <!here>") == "@here\n\n<!here>"
    assert render("@**everyone**") == "@everyone"


def test_size_is_the_length():
    assert size("**abc**") == 3
