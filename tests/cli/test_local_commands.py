"""What is typed for the terminal itself."""

import pytest

from bridge.cli.chat_texts import COMMANDS, HELP
from bridge.cli.local_commands import Leave, Misspelt, SaveFile, SendFile, typed


@pytest.mark.parametrize(
    ("line", "path", "text"),
    [
        ("/file a.png", "a.png", ""),
        ("/file ./a.png look at this", "./a.png", "look at this"),
        ("  /file   a.png   look  ", "a.png", "look"),
        ('/file "my cat.png" look', "my cat.png", "look"),
        ("/file 'my cat.png' look", "my cat.png", "look"),
        (r"/file my\ cat.png look", "my cat.png", "look"),
        ("/file a.png two\nlines", "a.png", "two\nlines"),
        ("/file it's.png", "it's.png", ""),
    ],
)
def test_a_file_is_sent_with_what_follows_its_path(line, path, text):
    assert typed(line) == SendFile(path=path, text=text)


@pytest.mark.parametrize(
    ("line", "number", "which", "path"),
    [
        ("/save 1", 1, 1, ""),
        ("/save 120000 there.png", 120000, 1, "there.png"),
        ('/save 81.2 "my cats"', 81, 2, "my cats"),
        ("/save [81.2]", 81, 2, ""),
    ],
)
def test_a_file_is_saved_by_its_number(line, number, which, path):
    assert typed(line) == SaveFile(number=number, which=which, path=path)


@pytest.mark.parametrize(
    "line", ["/file", "/file ", "/save", "/save cat.png", "/save -1", "/save 1."]
)
def test_what_is_misspelt_is_told_how_it_is_written(line):
    assert isinstance(typed(line), Misspelt)


@pytest.mark.parametrize("line", ["/quit", " /exit\n"])
def test_it_is_left_by_a_word(line):
    assert typed(line) == Leave()


@pytest.mark.parametrize("line", ["/quitter", "/quit now", "quit"])
def test_what_only_resembles_it_is_said(line):
    assert typed(line) is None


@pytest.mark.parametrize("line", ["hello", "/status", "/files a", "/filed", "say /file a", "/"])
def test_everything_else_is_something_to_be_said(line):
    assert typed(line) is None


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_what_is_completed_and_helped_with_is_understood(name):
    assert typed(f"/{name}") is not None
    assert f"/{name} " in HELP
