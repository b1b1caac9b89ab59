"""Forms with files are read as clients write them, in time that grows as they do."""

import contextlib
import time

import pytest

from bridge.http.form_data import LONGEST_HEAD, form_parts

FORM = "multipart/form-data; boundary=B"
FIELD = b'Content-Disposition: form-data; name="title"'
FILE = b'Content-Disposition: form-data; name="f"; filename="a.txt"'


def body(*parts: tuple[bytes, bytes]) -> bytes:
    return b"".join(b"--B\r\n%s\r\n\r\n%s\r\n" % each for each in parts) + b"--B--\r\n"


def test_fields_and_files_are_told_apart_and_kept_byte_by_byte() -> None:
    every = bytes(range(256)) + b"\r\n\r\n--A\n\r"
    typed = FILE + b"\r\nContent-Type: image/png; x=y"
    field, plain, typed_one = form_parts(
        FORM, body((FIELD, "grüße".encode()), (FILE, b""), (typed, every)), most=3
    )
    assert (field.name, field.filename, field.bytes) == ("title", None, "grüße".encode())
    assert (plain.filename, plain.mime, plain.bytes) == ("a.txt", "application/octet-stream", b"")
    assert (typed_one.mime, typed_one.bytes) == ("image/png", every)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ('form-data; filename="Übersicht.txt"; name="f"', "Übersicht.txt"),
        ("form-data; name=f; filename=a.txt", "a.txt"),
        ('form-data; name="f"; filename="a\\"b%22c.txt"', 'a"b"c.txt'),
        ('form-data; name="f"; filename=""', ""),
    ],
)
def test_a_file_has_the_name_that_its_client_gave_it(head: str, name: str) -> None:
    (part,) = form_parts(FORM, body((f"content-disposition: {head}".encode(), b"x")), most=1)
    assert (part.name, part.filename) == ("f", name)


def test_a_mail_that_is_a_file_is_kept_whole() -> None:
    mail = b"Subject: x\r\n\r\nhello"
    head = FILE + b"\r\nContent-Type: message/rfc822"
    (part,) = form_parts(FORM, body((head, mail)), most=1)
    assert (part.mime, part.bytes) == ("message/rfc822", mail)


def test_a_boundary_may_be_quoted_and_something_may_stand_before_the_first() -> None:
    (part,) = form_parts(
        'Multipart/Form-Data; charset=x; Boundary="B"', b"hi\r\n" + body((FIELD, b"1")), most=1
    )
    assert part.bytes == b"1"
    assert not form_parts(FORM, b"--B--", most=1)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("multipart/form-data", body((FIELD, b"1"))),
        (FORM, b""),
        (FORM, b"--B\r\n" + FIELD + b"\r\n\r\nno end"),
        (FORM, b"--B\r\nno blank line\r\n--B--"),
        (FORM, b"--Bad\r\n\r\n1\r\n--B--"),
        (FORM, body((b"A: " + b"b" * LONGEST_HEAD, b"1"))),
        (FORM, body(*[(FIELD, b"1")] * 3)),
    ],
)
def test_what_cannot_be_read_is_refused(kind: str, given: bytes) -> None:
    with pytest.raises(ValueError, match="form"):
        form_parts(kind, given, most=2)


@pytest.mark.parametrize(
    "hostile",
    [
        b"--B\r\n\r\n\r\n" * 100_000 + b"--B--",
        b"--B\r\nContent-Disposition: form-data" + b"; a=b" * 200_000 + b"\r\n\r\nx\r\n--B--",
        b"--B\r\n" + b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n" * 20_000,
        body((b'Content-Disposition: form-data; filename="' + b"\\" * 4000, b"x")),
    ],
)
def test_no_form_takes_long(hostile: bytes) -> None:
    """Python's own parser of mails takes 20 seconds of the processor for some of these."""
    begun = time.process_time()
    with contextlib.suppress(ValueError):
        form_parts(FORM, hostile, most=100)
    assert time.process_time() - begun < 2
