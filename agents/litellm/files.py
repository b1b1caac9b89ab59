"""The attachments that a model is shown themselves: the newest pictures, documents and texts.

What a file is, its bytes say: providers refuse a PNG that is called a JPEG, and whoever sends one
may not know its type at all. Everything else a model knows by name, from the transcript.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

from agents.fitting import IMAGE, LINE, tokens
from agents.litellm.client import Abilities
from agents.litellm.openai_messages import Part
from agents.speaker_labels import bracketed, plain, unforged_result
from agents.tools.page import decoded, is_text
from agents.tools.tool import Picture, image_kind
from agents.transcript import Line, Told, cut
from bridge.domain.content import UNKNOWN_TYPE, Attachment
from bridge.domain.errors import NotFound
from bridge.domain.ids import MediaId
from bridge.ports.blobs import Blobs

MOST_FILES = 8
MOST_IMAGE_BYTES = 3_750_000
"""Anthropic takes 5 MB of a picture in base64, which is a third longer; others take more."""

MOST_DOCUMENT_BYTES = 10_000_000
MOST_TEXT_BYTES = 1_000_000
LONGEST_TEXT = 30_000
"""Characters of a text file."""

IMAGES = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "image/jpg", "image/pjpeg"}
)
PDF = "application/pdf"
UNTYPED = frozenset({"", UNKNOWN_TYPE, "binary/octet-stream", "application/binary"})
"""What is said of a file by whoever does not know its type."""

PDF_WITHIN = 1024
"""Bytes at the beginning of a PDF within which it says that it is one."""

PAGE = 2500
PAGE_BYTES = 100_000
"""Tokens of a page of a document, and bytes where its pages cannot be counted."""

_CHARSET = re.compile(r"; *charset=\"?([\w.:-]{1,40})", re.IGNORECASE)
_PAGES = re.compile(rb"/Type\s*/Page\b")


def shown(lines: Sequence[Line], able: Abilities) -> Sequence[Attachment]:
    """Return the newest files that a model takes, newest first."""
    told = [line for line in lines if isinstance(line, Told)]
    newest = [each for line in reversed(told) for each in line.files if _takes(each, able)]
    return list({each.media: each for each in newest}.values())[:MOST_FILES]


def _takes(file: Attachment, able: Abilities) -> bool:
    """Say whether a model may take a file, by the type that it was given."""
    if file.mime in IMAGES:
        return able.images and file.size <= MOST_IMAGE_BYTES
    if file.mime == PDF:
        return able.documents and file.size <= MOST_DOCUMENT_BYTES
    if file.mime in UNTYPED:
        return file.size <= MOST_DOCUMENT_BYTES
    return is_text(file.mime) and file.size <= MOST_TEXT_BYTES


async def parts(files: Sequence[Attachment], blobs: Blobs) -> Mapping[MediaId, Part | None]:
    """Return the files as parts of a message; one that is kept no more is left out.

    None stands for one that no model takes, whose type nobody said.
    """
    found: dict[MediaId, Part | None] = {}
    for file in files:
        with suppress(NotFound):
            found[file.media] = _part(file, await read(blobs, file.media))
    return found


async def read(blobs: Blobs, media: MediaId) -> bytes:
    return b"".join([chunk async for chunk in blobs.open(media)])


def _part(file: Attachment, body: bytes) -> Part | None:
    """Return a file as its bytes say what it is; its name and its sender may be wrong."""
    kind = mime_of(body)
    if is_text(file.mime) and (not kind or _is_utf8(body)):  # it may be about PDFs
        return _text(file, body)
    if kind == PDF:
        inline = {"file_data": _url(PDF, body), "filename": plain(file.name) or "document.pdf"}
        return {"type": "file", "file": inline, "pages": _pages(body)}
    if kind in IMAGES and len(body) > MOST_IMAGE_BYTES:
        return {"type": "text", "text": _noted(file.name, "is too large to be shown")}
    if kind in IMAGES:
        return {"type": "image_url", "image_url": {"url": _url(kind, body)}}
    if file.mime not in UNTYPED:
        return {"type": "text", "text": _noted(file.name, "cannot be read: it is broken")}
    return _text(file, body) if len(body) <= MOST_TEXT_BYTES and _is_utf8(body) else None


def _text(file: Attachment, body: bytes) -> Part:
    charset = _CHARSET.search(file.mime)
    text = cut(decoded(body, charset[1] if charset else ""), LONGEST_TEXT)
    return {"type": "text", "text": f"{_noted(file.name, 'says')}\n{unforged_result(text)}"}


def _is_utf8(body: bytes) -> bool:
    """Say whether these are words, to the last byte."""
    if b"\0" in body:
        return False
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def taken(name: str, part: Part, able: Abilities) -> Part:
    """Return a part, or what stands for it where a model does not take what it turned out to be."""
    takes = {"image_url": able.images, "file": able.documents}
    return part if takes.get(part["type"], True) else said_of(name)


def picture_part(picture: Picture) -> Part:
    return {"type": "image_url", "image_url": {"url": _url(picture.mime, picture.body)}}


def said_of(name: str) -> Part:
    """Return what stands for a file that the model's provider does not take."""
    text = bracketed(
        "the file", f"{plain(name)} cannot be shown to you: your provider does not take it"
    )
    return {"type": "text", "text": text}


def without_room(name: str) -> Part:
    return {
        "type": "text",
        "text": _noted(name, "is not shown: there is no room for it"),
    }


def cost(part: Part) -> int:
    """Return about how many tokens a part takes."""
    match part["type"]:
        case "text":
            return LINE + tokens(part["text"])
        case "file":
            return PAGE * int(part.get("pages", 1))
        case _:
            return IMAGE


def mime_of(body: bytes) -> str:
    """Return what bytes are, of the kinds that models take; empty for anything else."""
    return image_kind(body) or (PDF if b"%PDF-" in body[:PDF_WITHIN] else "")


def _pages(body: bytes) -> int:
    return max(len(_PAGES.findall(body)), len(body) // PAGE_BYTES, 1)


def _url(mime: str, body: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(body).decode()}"


def _noted(name: str, what: str) -> str:
    return bracketed("the file", f"{plain(name)} {what}")
