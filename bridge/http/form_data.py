"""Forms with files (`multipart/form-data`), read in one pass over what is bounded already.

A part is what stands between two boundaries, as it is: none is a form itself, however it is called.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bridge.domain.content import UNKNOWN_TYPE

LONGEST_HEAD = 4096
"""Bytes of what stands above a part."""

_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;",]{1,70}))', re.IGNORECASE)
_NAME = re.compile(r';\s*name=(?:"([^"]*)"|([^\s;"]+))', re.IGNORECASE)
_FILE = re.compile(r';\s*filename=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)
_TYPE = "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPart:
    """A field, or where it has a `filename`, a file."""

    name: str
    filename: str | None
    mime: str
    bytes: bytes


def form_parts(content_type: str, body: bytes, *, most: int) -> list[FormPart]:
    """Return the parts of a form. Raises `ValueError`: it is none, or has more than `most`."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise ValueError("the form has no boundary")
    boundary = (found[1] or found[2]).encode("latin-1", "replace")
    _, *chunks = (b"\r\n" + body).split(b"\r\n--" + boundary, most + 2)
    parts: list[FormPart] = []
    for chunk in chunks:
        if chunk.startswith(b"--"):
            return parts
        if len(parts) == most:
            raise ValueError(f"the form has more than {most} parts")
        parts.append(_part(chunk))
    raise ValueError("the form does not end")


def _part(chunk: bytes) -> FormPart:
    first, _, rest = chunk.partition(b"\r\n")
    head, blank, held = (b"\r\n" + rest).partition(b"\r\n\r\n")
    if first.strip() or not blank or len(head) > LONGEST_HEAD:
        raise ValueError("a part of the form cannot be read")
    fields = dict(_fields(head.decode("utf-8", "replace")))
    about = fields.get("content-disposition", "")
    file = _FILE.search(about)
    mime = fields.get("content-type", UNKNOWN_TYPE if file else _TYPE).partition(";")[0].strip()
    named = _NAME.search(about)
    return FormPart(
        name=_given(named) if named else "",
        filename=_given(file) if file else None,
        mime=mime,
        bytes=held,
    )


def _fields(head: str) -> Iterator[tuple[str, str]]:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()


def _given(found: re.Match[str]) -> str:
    """Return a value of a head: browsers write a quote in it as %22, curl with a backslash."""
    value = found[1] if found[1] is not None else found[2]
    return re.sub(r'\\(["\\])', r"\1", value).replace("%22", '"')
