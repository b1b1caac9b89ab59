"""What people and agents say to each other: Markdown text, attachments, buttons."""

from dataclasses import dataclass
from typing import Literal

from bridge.ids import MediaId

AttachmentKind = Literal["image", "voice", "audio", "video", "file"]


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
