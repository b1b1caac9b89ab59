"""Plain text reads as the text does."""

from channels.markdown.plain import render, size


def test_formatting_goes_and_addresses_stay():
    assert render("# *A* `b`\n\n- [c](https://d.e)\n\n> f") == "A b\n\n- c (https://d.e)\n\n> f"


def test_code_names_nobody_either():
    assert render("`@here`\n\n    <!here>") == "@\u200bhere\n\n<\u200b!here>"
    assert render("@**everyone**") == "@\u200beveryone"


def test_size_is_the_length():
    assert size("**abc**") == 3
