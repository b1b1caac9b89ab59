"""The attachments that a model is shown themselves: the newest pictures, documents and texts.

Everything else it knows by name, from the transcript.
"""

import base64
from collections.abc import Mapping, Sequence

from agents.labels import bracketed, plain, unforged_result
from agents.litellm.library import Abilities
from agents.litellm.wire import Part
from agents.tools.page import is_text
from agents.transcript import Line, Told, cut
from bridge.content import Attachment
from bridge.errors import NotFound
from bridge.ids import MediaId
from bridge.ports import Blobs

MOST_FILES = 8
MOST_IMAGE_BYTES = 5_000_000
"""Anthropic takes no larger picture; others take a little more."""

MOST_DOCUMENT_BYTES = 10_000_000
MOST_TEXT_BYTES = 1_000_000
LONGEST_TEXT = 30_000
"""Characters of a text file."""

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
PDF = "application/pdf"


def shown(lines: Sequence[Line], able: Abilities) -> Sequence[Attachment]:
    """Return the newest files that a model takes, newest first."""
    told = [line for line in lines if isinstance(line, Told)]
    newest = [each for line in reversed(told) for each in line.files if _takes(each, able)]
    return list({each.media: each for each in newest}.values())[:MOST_FILES]


def _takes(file: Attachment, able: Abilities) -> bool:
    if file.mime in IMAGES:
        return able.images and file.size <= MOST_IMAGE_BYTES
    if file.mime == PDF:
        return able.documents and file.size <= MOST_DOCUMENT_BYTES
    return is_text(file.mime) and file.size <= MOST_TEXT_BYTES


async def parts(files: Sequence[Attachment], blobs: Blobs) -> Mapping[MediaId, Part]:
    """Return the files as parts of a message; one that is kept no more is left out."""
    found: dict[MediaId, Part] = {}
    for file in files:
        try:
            body = await read(blobs, file.media)
        except NotFound:
            continue
        found[file.media] = _part(file, body)
    return found


async def read(blobs: Blobs, media: MediaId) -> bytes:
    return b"".join([chunk async for chunk in blobs.open(media)])


def _part(file: Attachment, body: bytes) -> Part:
    if file.mime in IMAGES:
        return {"type": "image_url", "image_url": {"url": _url(file.mime, body)}}
    if file.mime == PDF:
        inline = {"file_data": _url(PDF, body), "filename": plain(file.name)}
        return {"type": "file", "file": inline}
    text = cut(body.decode(errors="replace"), LONGEST_TEXT)
    header = bracketed("the file", f"{plain(file.name)} says")
    return {"type": "text", "text": f"{header}\n{unforged_result(text)}"}


def _url(mime: str, body: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(body).decode()}"
