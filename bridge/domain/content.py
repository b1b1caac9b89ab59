"""What people and agents say to each other: Markdown text, attachments, buttons."""

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from bridge.domain.ids import MediaId
from bridge.domain.wording import Wording, wording_of

AttachmentKind = Literal["image", "voice", "audio", "video", "file"]

UNKNOWN_TYPE = "application/octet-stream"
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What every chat app and browser shows as a picture; other images are files there."""

ENDINGS = {
    "application/json": ".json",
    "application/msword": ".doc",
    "application/pdf": ".pdf",
    "application/rtf": ".rtf",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/x-tgsticker": ".tgs",
    "application/zip": ".zip",
    "audio/aac": ".aac",
    "audio/amr": ".amr",
    "audio/flac": ".flac",
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/webm": ".weba",
    "audio/x-m4a": ".m4a",
    "audio/x-wav": ".wav",
    "image/bmp": ".bmp",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "image/tiff": ".tiff",
    "image/webp": ".webp",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "video/3gpp": ".3gp",
    "video/mp4": ".mp4",
    "video/mpeg": ".mpeg",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}
"""How files of a type are called where nobody named them."""

LONGEST_NAME, LONGEST_ENDING = 200, 16
"""Bytes of a file's name; file systems allow 255."""

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_MISLEADING = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_ENDING = re.compile(r"\.\w{1,8}$")
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
    """One message's worth of Markdown and files. The text is untrusted whoever wrote it.

    `literal`: the text is plain words, meant to the letter, and no Markdown. `wording`: the bridge
    itself says it, and this is how to say it in other languages; the text is the English of it.
    `outside`: among the words are some that its sender did not write, forwarded or of an app, say.
    """

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    literal: bool = False
    outside: bool = False
    wording: Wording | None = field(default=None, compare=False, repr=False)

    def __bool__(self) -> bool:
        return bool(self.text or self.attachments)


def ours(text: str) -> Content:
    """Return what the bridge itself says, as it is kept."""
    return Content(text=text, wording=wording_of(text))


LONGEST_QUOTE = 1_000
"""Characters that are kept of what a message is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a message is about that was said elsewhere, in plain words, and who said that."""

    author: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer that can be chosen: what comes back (`id`) and what people read (`label`)."""

    id: str
    label: str


_REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def in_order(text: str) -> str:
    """Return a text without the characters that have others shown in another order."""
    return _REORDERING.sub("", text)


def on_one_line(option: Option) -> Option:
    """Return an option whose label is one line in which nothing else is said, in its order."""
    label = " ".join(in_order(option.label).split())
    return replace(option, label=label or option.id)


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


def file_name(given: str, kind: AttachmentKind, mime: str) -> str:
    """Return the name of a file that someone sent, with the ending that its type has.

    A name that was given to a file of no special kind stays: `Makefile` has no ending.
    """
    known = ENDINGS.get(mime_of(mime), "")
    if not given:
        return kind + known
    return given if kind == "file" or _ENDING.search(given) else given + known


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
