"""What people and agents say to each other: Markdown text, attachments, buttons."""

import re
from dataclasses import dataclass
from typing import Literal

from bridge.ids import MediaId

AttachmentKind = Literal["image", "voice", "audio", "video", "file"]

UNKNOWN_TYPE = "application/octet-stream"
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What every chat app and browser shows as a picture; other images are files there."""

LONGEST_NAME, LONGEST_ENDING = 200, 16
"""Bytes of a file's name; file systems allow 255."""

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_MISLEADING = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_NOT_IN_NAMES = re.compile(r'[<>:"|?*]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file kept in the `Blobs` port. `size` is in bytes."""

    kind: AttachmentKind
    name: str
    mime: str
    size: int
    media: MediaId


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One message's worth of Markdown and files. The text is untrusted whoever wrote it."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text or self.attachments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer that can be chosen: what comes back (`id`) and what people read (`label`)."""

    id: str
    label: str


# -- files ----------------------------------------------------------------------------------------


def mime_of(given: str) -> str:
    """Return a media type in small letters and without parameters; one for bytes if it is none."""
    mime = given.partition(";")[0].strip().lower()
    return mime if _TYPE.fullmatch(mime) else UNKNOWN_TYPE


def kind_of(mime: str, wanted: AttachmentKind | None = None) -> AttachmentKind:
    """Return how a file of this type is shown. Sound may be a voice message, anything a file."""
    if wanted == "file" or mime in PICTURES:
        return wanted if wanted == "file" else "image"
    match mime.partition("/")[0]:
        case "audio":
            return "voice" if wanted == "voice" else "audio"
        case "video":
            return "video"
        case _:
            return "file"


def name_of(given: str, otherwise: str = "file") -> str:
    """Return a file's name that can be shown, and saved in any folder: no paths, no tricks.

    What hides or reorders text is taken out. Of a long name the beginning and the ending stay.
    """
    last = re.split(r"[/\\]", given)[-1]
    shown = _NOT_IN_NAMES.sub("_", " ".join(_MISLEADING.sub("", last).split())).strip(". ")
    return _shortened(shown) or otherwise


def _shortened(name: str) -> str:
    if len(name.encode()) <= LONGEST_NAME:
        return name
    stem, dot, last = name.rpartition(".")
    ending = dot + last if stem and len(last.encode()) < LONGEST_ENDING else ""
    cut = name.encode()[: LONGEST_NAME - len(ending.encode())]
    return cut.decode(errors="ignore").rstrip(". ") + ending
