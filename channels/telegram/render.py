"""A part as Telegram takes it: a text with entities, rows of buttons, and how its files go.

Nothing here knows the client library. The text is formatted by entities, never by a parse mode:
nothing in it needs escaping, and what a model writes cannot break it.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal
from zlib import crc32

from bridge.content import Attachment
from bridge.errors import FileRefused, FormRefused
from bridge.ids import RunId
from bridge.parts import Button, Part
from channels.markdown import plain
from channels.markdown import telegram as markdown
from channels.markdown.safe import BREAKER
from channels.markdown.telegram import Entity, Formatted
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

NAME = re.compile(r"(?<!\w)@(?=[a-z]\w{2,31})", re.IGNORECASE)
"""What calls a person: people's names have five letters and more, a few bots' four."""

ADDRESS = re.compile(
    r"https?://\S+|(?<![\w@.-])(?:[\w-]+\.)+(?:com|org|net|dev|app|io|[a-z]{2})/\S*", re.IGNORECASE
)
"""What Telegram takes for an address, whole."""

PACKAGE = re.compile(r"(?<![\w/@.])@[a-z0-9][\w.-]*/[a-z0-9][\w.-]*(?:@[\w.-]*\w)?", re.IGNORECASE)
"""A package of a scope, as `@types/node`."""

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
    """Return how much of a message a text takes, with what is put into it here."""
    return markdown.size(text) + text.count("@")


def formatted(text: str) -> Formatted:
    """Return a Markdown text as it is shown."""
    return uncalled(markdown.render(text))


def shown(part: Part) -> Formatted:
    """Return the text with the speaker above it, in bold; the name alone where there is no text."""
    if part.is_plain:
        lines = (part.speaker, plain.render(part.text))
        return Formatted(text="\n".join(line for line in lines if line), entities=())
    return uncalled(_labelled(part))


def uncalled(given: Formatted) -> Formatted:
    """Keep every @name from calling anybody.

    Telegram looks neither into addresses nor into code: an address stays as it is, the name of a
    package becomes code, and any other name is broken up.
    """
    if "@" not in given.text:
        return given
    given = replace(given, entities=_with_packages(given))
    addresses = [found.span() for found in ADDRESS.finditer(given.text)]
    names = [
        utf16(given.text[: found.end()])
        for found in NAME.finditer(given.text)
        if not any(begin <= found.start() < end for begin, end in addresses)
        and not _in_code(utf16(given.text[: found.start()]), given.entities)
    ]
    if not names:
        return given
    text = given.text.encode("utf-16-le", "surrogatepass")
    ends = [0, *(2 * name for name in names), len(text)]
    pieces = [text[start:end].decode("utf-16-le", "surrogatepass") for start, end in pairwise(ends)]
    return Formatted(
        text=BREAKER.join(pieces),
        entities=tuple(_stretched(each, names) for each in given.entities),
    )


def _with_packages(given: Formatted) -> tuple[Entity, ...]:
    """Return the entities, and one of code for each package that lies in none."""
    found = list(given.entities)
    for package in PACKAGE.finditer(given.text):
        begin, length = utf16(given.text[: package.start()]), utf16(package[0])
        apart = all(
            each.offset + each.length <= begin or begin + length <= each.offset
            for each in given.entities
        )
        if apart and len(found) < MAX_ENTITIES:
            found.append(Entity(kind="code", offset=begin, length=length))
    return tuple(sorted(found, key=lambda each: (each.offset, -each.length)))


def _in_code(offset: int, entities: Sequence[Entity]) -> bool:
    return any(
        each.kind in {"code", "pre"} and each.offset <= offset < each.offset + each.length
        for each in entities
    )


def _stretched(entity: Entity, names: Sequence[int]) -> Entity:
    """Return an entity over the same words, where one unit was put in at each of `names`."""
    start = entity.offset + bisect_right(names, entity.offset)
    end = entity.offset + entity.length
    return replace(entity, offset=start, length=end + bisect_left(names, end) - start)


def _labelled(part: Part) -> Formatted:
    body = markdown.render(part.text)
    if not part.speaker:
        return body
    if not body.text:
        return Formatted(text=part.speaker, entities=())
    label = Entity(kind="bold", offset=0, length=utf16(part.speaker))
    shift = label.length + 1
    moved = [replace(each, offset=each.offset + shift) for each in body.entities]
    text = f"{part.speaker}\n{body.text}"
    return Formatted(text=text, entities=(label, *moved)[:MAX_ENTITIES])


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
