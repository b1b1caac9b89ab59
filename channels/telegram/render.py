"""A part as Telegram takes it: a text with entities, rows of buttons, and how its files go.

Nothing here knows the client library. The text is formatted by entities, never by a parse mode:
nothing in it needs escaping, and what a model writes cannot break it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from zlib import crc32

from bridge.domain.content import Attachment
from bridge.domain.errors import FileRefused, FormRefused
from bridge.domain.ids import RunId
from bridge.domain.parts import Button, Part
from channels.markdown import plain
from channels.markdown.units import utf16
from channels.telegram import from_markdown
from channels.telegram.from_markdown import Entity, Formatted, Kind
from channels.telegram.limits import (
    ALBUM,
    MAX_ALERT,
    MAX_BUTTON_BYTES,
    MAX_BUTTONS,
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


def size(text: str) -> int:
    """Return how much of a message a text takes."""
    return from_markdown.size(text)


def formatted(text: str) -> Formatted:
    """Return a Markdown text as it is shown."""
    return from_markdown.render(text)


def shown(part: Part) -> Formatted:
    """Return the text with the speaker above it, in bold; the name alone where there is no text."""
    return bare(part.text, part.speaker) if part.is_plain else _labelled(part)


def bare(text: str, speaker: str = "") -> Formatted:
    """Return a text without any formatting, but for what keeps a name from calling anybody."""
    lines = [line for line in (speaker, plain.render(text)) if line]
    return uncalled("\n".join(lines))


def uncalled(text: str, otherwise: Kind | None = None) -> Formatted:
    """Return a text with every name in it as code, and the rest of it as another kind.

    Telegram looks for names in any text, but not in code; which is copied as it was written.
    """
    entities: list[Entity] = []
    offset = 0
    for piece, calls in from_markdown.called(text):
        kind, length = "code" if calls else otherwise, utf16(piece)
        margin = utf16(piece) - utf16(piece.lstrip())
        core = utf16(piece.strip())
        if kind is not None and core:
            entities.append(Entity(kind=kind, offset=offset + margin, length=core))
        offset += length
    return Formatted(text=text, entities=tuple(entities))


def _labelled(part: Part) -> Formatted:
    body = from_markdown.render(part.text)
    if not part.speaker:
        return body
    if not body.text:
        return uncalled(part.speaker)
    label = uncalled(part.speaker, "bold")
    shift = utf16(part.speaker) + 1
    moved = [replace(each, offset=each.offset + shift) for each in body.entities]
    text = f"{part.speaker}\n{body.text}"
    return Formatted(text=text, entities=from_markdown.most_valuable((*label.entities, *moved)))


def alert(text: str) -> str:
    """Return a reply as the plain text of an alert, cut where Telegram would refuse it."""
    plain = formatted(text).text
    return plain if len(plain) <= MAX_ALERT else f"{plain[: MAX_ALERT - 1]}…"


def rows(buttons: Sequence[Button]) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons in rows. Raises `FormRefused` for what Telegram would not take."""
    if len(buttons) > MAX_BUTTONS:
        raise FormRefused(f"more than {MAX_BUTTONS} buttons", code="too_many_buttons")
    if any(len(button.value.encode()) > MAX_BUTTON_BYTES for button in buttons):
        raise FormRefused("a button says too much", code="button_value")
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

    Whatever does not fit together goes as documents. Raises `FileRefused` for more than an album.
    """
    if len(attachments) > ALBUM:
        raise FileRefused(f"more than {ALBUM} files", code="too_many_files")
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
