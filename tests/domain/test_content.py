"""One message's worth of words and files."""

import pytest

from bridge.domain.content import Attachment, Content, file_name, kind_of, mime_of, name_of
from bridge.domain.ids import MediaId

PICTURE = Attachment(kind="image", name="a.png", mime="image/png", size=1, media=MediaId("m"))


@pytest.mark.parametrize("content", [Content(text="hi"), Content(attachments=(PICTURE,))])
def test_words_or_files_are_something(content):
    assert content


def test_neither_is_nothing():
    assert not Content()


@pytest.mark.parametrize(
    ("given", "mime"),
    [
        ("image/png", "image/png"),
        ("Audio/OGG; codecs=opus", "audio/ogg"),
        ("application/vnd.ms-excel", "application/vnd.ms-excel"),
        ("", "application/octet-stream"),
        ("png", "application/octet-stream"),
        ("text/html\r\nX-Evil: 1", "application/octet-stream"),
        ("image/" + "x" * 200, "application/octet-stream"),
    ],
)
def test_a_type_is_one_or_stands_for_bytes(given, mime):
    assert mime_of(given) == mime


@pytest.mark.parametrize(
    ("mime", "wanted", "kind"),
    [
        ("image/png", None, "image"),
        ("image/svg+xml", None, "file"),
        ("image/svg+xml", "image", "file"),
        ("image/jpeg", "file", "file"),
        ("image/jpeg", "voice", "image"),
        ("audio/ogg", None, "audio"),
        ("audio/ogg", "voice", "voice"),
        ("video/mp4", None, "video"),
        ("application/pdf", None, "file"),
        ("text/html", "image", "file"),
    ],
)
def test_how_a_file_is_shown_follows_from_its_type(mime, wanted, kind):
    assert kind_of(mime, wanted) == kind


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("cat.png", "cat.png"),
        ("Größe 1.pdf", "Größe 1.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\a.txt", "a.txt"),
        ("a\0b\x1b[31m\n.txt", "ab[31m.txt"),
        ("gpj.\u202eexe.txt", "gpj.exe.txt"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("", "file"),
        ("folder/", "file"),
        ('a<b>:"c|d?e*.txt', "a_b___c_d_e_.txt"),
        ("trailing. . ", "trailing"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("x" * 300, "x" * 200),
        ("猫" * 100 + ".png", "猫" * 65 + ".png"),
        ("half\ud800", "half"),
    ],
)
def test_a_name_holds_no_path_and_no_tricks(given, name):
    assert name_of(given) == name


@pytest.mark.parametrize(
    ("given", "kind", "mime", "name"),
    [
        ("", "voice", "audio/ogg", "voice.ogg"),
        ("", "file", "what/ever", "file"),
        ("cat", "image", "image/png", "cat.png"),
        ("cat.jpeg", "image", "image/png", "cat.jpeg"),
        ("Makefile", "file", "text/plain", "Makefile"),
    ],
)
def test_a_file_has_the_ending_of_its_type_unless_it_was_named(given, kind, mime, name):
    assert file_name(given, kind, mime) == name
