"""A part as Telegram takes it: a text with entities, rows of buttons, and how its files go.

Nothing here knows the client library. The text is formatted by entities, never by a parse mode:
nothing in it needs escaping, and what a model writes cannot break it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

from bridge.content import Attachment
from bridge.errors import Rejected
from bridge.ids import RunId
from bridge.parts import Button, Part
from channels.markdown.telegram import Entity, Formatted, render
from channels.markdown.units import utf16
from channels.telegram.limits import (
    ALBUM,
    MAX_ALERT,
    MAX_BUTTON_BYTES,
    MAX_BUTTONS,
    MAX_ENTITIES,
    MAX_PHOTO,
)

Way = Literal["photo", "voice", "audio", "video", "document"]
"""How a file is sent; anything may go as a document."""

ROW_CHARS = 28
ROW_BUTTONS = 4
"""Short labels share a row, as long as a telephone shows them whole."""

VOICE = frozenset({"audio/ogg", "audio/opus", "audio/mpeg", "audio/mp4", "audio/x-m4a"})
AUDIO = frozenset({"audio/mpeg", "audio/mp3", "audio/mp4", "audio/x-m4a", "audio/m4a"})
PHOTO = frozenset({"image/jpeg", "image/png", "image/webp"})
VIDEO = frozenset({"video/mp4"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    attachment: Attachment
    way: Way


def shown(part: Part) -> Formatted:
    """Return the text with the speaker above it, in bold; the name alone where there is no text."""
    body = render(part.text)
    if not part.speaker:
        return body
    if not body.text:
        return Formatted(text=part.speaker, entities=())
    label = Entity(kind="bold", offset=0, length=utf16(part.speaker))
    shift = label.length + 1
    moved = [
        Entity(
            kind=each.kind,
            offset=each.offset + shift,
            length=each.length,
            url=each.url,
            language=each.language,
        )
        for each in body.entities
    ]
    text = f"{part.speaker}\n{body.text}"
    return Formatted(text=text, entities=(label, *moved)[:MAX_ENTITIES])


def alert(text: str) -> str:
    """Return a reply as the plain text of an alert, cut where Telegram would refuse it."""
    plain = render(text).text
    return plain if len(plain) <= MAX_ALERT else f"{plain[: MAX_ALERT - 1]}…"


def rows(buttons: Sequence[Button]) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons in rows. Raises `Rejected` for what Telegram would not take."""
    if len(buttons) > MAX_BUTTONS:
        raise Rejected(f"more than {MAX_BUTTONS} buttons", code="too_many_buttons")
    if any(len(button.value.encode()) > MAX_BUTTON_BYTES for button in buttons):
        raise Rejected("a button says too much", code="button_value")
    done: list[tuple[Button, ...]] = []
    for button in buttons:
        last = done[-1] if done else ()
        if last and _share_a_row((*last, button)):
            done[-1] = (*last, button)
        else:
            done.append((button,))
    return tuple(done)


def _share_a_row(row: Sequence[Button]) -> bool:
    return len(row) <= ROW_BUTTONS and sum(len(button.label) for button in row) <= ROW_CHARS


def uploads(attachments: Sequence[Attachment]) -> tuple[Upload, ...]:
    """Return how the files go in one call: an album takes one kind, or photos with videos.

    Whatever does not fit together goes as documents. Raises `Rejected` for more than an album.
    """
    if len(attachments) > ALBUM:
        raise Rejected(f"more than {ALBUM} files", code="too_many_files")
    ways = [way_of(each) for each in attachments]
    kinds = {"visual" if way in {"photo", "video"} else way for way in ways}
    if len(ways) > 1 and (len(kinds) > 1 or kinds == {"voice"}):
        ways = ["document"] * len(ways)
    return tuple(
        Upload(attachment=each, way=way) for each, way in zip(attachments, ways, strict=True)
    )


def way_of(attachment: Attachment) -> Way:
    """Return how a single file goes: natively where Telegram can, else as a document."""
    match attachment.kind:
        case "image" if attachment.mime in PHOTO and attachment.size <= MAX_PHOTO:
            return "photo"
        case "voice" if attachment.mime in VOICE:
            return "voice"
        case "voice" | "audio" if attachment.mime in AUDIO:
            return "audio"
        case "video" if attachment.mime in VIDEO:
            return "video"
        case _:
            return "document"


def draft_id(run: RunId | None) -> int:
    """Return the number of a run's draft: never zero, and the same for the whole run."""
    return crc32((run or "").encode()) % 0x7FFF_FFFF + 1
