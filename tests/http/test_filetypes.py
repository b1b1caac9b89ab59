"""How files that anyone may have sent are served to browsers and platforms."""

import pytest

from bridge.http.filetypes import disposition, served_type


@pytest.mark.parametrize(
    ("mime", "served"),
    [
        ("image/png", "image/png"),
        ("IMAGE/JPEG", "image/jpeg"),
        ("audio/ogg; codecs=opus", "audio/ogg"),
        ("video/mp4", "video/mp4"),
        ("application/pdf", "application/pdf"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("application/xhtml+xml", "application/octet-stream"),
        ("text/xml", "application/octet-stream"),
        ("text/javascript", "application/octet-stream"),
        ("multipart/x-mixed-replace", "application/octet-stream"),
        ("audio/x\r\nX: y", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_only_types_that_cannot_run_are_told(mime: str, served: str) -> None:
    assert served_type(mime) == served


@pytest.mark.parametrize(
    ("mime", "how"),
    [
        ("image/png", "inline"),
        ("audio/mpeg", "inline"),
        ("video/mp4", "inline"),
        ("application/pdf", "attachment"),
        ("text/plain", "attachment"),
        ("text/html", "attachment"),
    ],
)
def test_only_pictures_sound_and_films_are_shown_in_place(mime: str, how: str) -> None:
    assert disposition("a", mime).startswith(f"{how}; ")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.png", "inline; filename=\"a b.png\"; filename*=UTF-8''a%20b.png"),
        ('a".png', "inline; filename=\"a_.png\"; filename*=UTF-8''a_.png"),
        ("größe.png", "inline; filename=\"gr__e.png\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.png"),
        ("a\r\nX: y", "inline; filename=\"aX_ y\"; filename*=UTF-8''aX_%20y"),
        ("../x.png", "inline; filename=\"x.png\"; filename*=UTF-8''x.png"),
        ("100%.png", "inline; filename=\"100_.png\"; filename*=UTF-8''100%25.png"),
        ("", "inline; filename=\"file\"; filename*=UTF-8''file"),
    ],
)
def test_a_name_stays_in_its_header(name: str, header: str) -> None:
    assert disposition(name, "image/png") == header
    assert disposition(name, "image/png").isascii()
