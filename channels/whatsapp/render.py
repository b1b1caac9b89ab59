"""A part becomes a message as WhatsApp shows it: text, one file, or a quick reply."""

import re
from collections.abc import Callable
from datetime import timedelta

from bridge import texts
from bridge.delivery.splitting import split
from bridge.domain.content import Attachment, Option
from bridge.domain.errors import Rejected
from bridge.domain.parts import Button, Part
from bridge.domain.wording import Language
from channels.markdown.units import utf16
from channels.whatsapp import from_markdown, limits
from channels.whatsapp.client import Outgoing
from channels.whatsapp.config import Templates

LINK_LIFETIME = timedelta(hours=1)
MOST_LABEL = 60
"""Characters of a speaker's label."""

Link = Callable[[Attachment, timedelta], str | None]

_MARKS = re.compile(r"[*_~`\s]+")


def message(part: Part, templates: Templates, link: Link) -> Outgoing:
    """Return what to send. Raises `Rejected` when WhatsApp would not take it."""
    shown = from_markdown.render(part.text)
    file = _fitting(part.attachments, shown)
    url = link(file, LINK_LIFETIME) if file is not None else None
    if file is not None and url is not None:
        caption = _labelled(part, shown) if file.kind == "image" else ""
        return Outgoing(body=caption, media=url)
    told = [_told(each, part.language) for each in part.attachments]
    text = "\n".join(line for line in (shown, *told) if line)
    return _spoken(part, _labelled(part, text), templates)


def _spoken(part: Part, text: str, templates: Templates) -> Outgoing:
    if not text.strip():
        raise Rejected("there is nothing to show", code="empty")
    if part.buttons:
        text = f"{text}\n\n{_choices(part, limits.BODY - utf16(text) - 2)}"
    template = templates.buttons(len(part.buttons))
    if part.buttons and template and utf16(text) <= limits.TEMPLATE_BODY:
        return Outgoing(template=template, variables=_variables(text, part.buttons))
    if utf16(text) > limits.BODY:
        raise Rejected(f"longer than {limits.BODY} characters", code="21617")
    return Outgoing(body=text)


def words(text: str) -> tuple[str, ...]:
    """Return a text as the messages it takes."""
    pieces = split(text, limits.BODY, size=from_markdown.size)
    return tuple(from_markdown.render(piece.text) for piece in pieces)


# -- words ----------------------------------------------------------------------------------------


def _labelled(part: Part, text: str) -> str:
    if not part.speaker:
        return text
    label = _MARKS.sub(" ", part.speaker).strip()[:MOST_LABEL]
    return f"*{label}*\n{text}" if text else label


def _choices(part: Part, room: int) -> str:
    """List what can be typed instead of pressed; labels are cut where they do not fit."""
    full = _listed(part, MOST_LABEL)
    if utf16(full) <= room:
        return full
    spare = room - utf16(_listed(part, 0))
    return _listed(part, max(1, spare // (2 * len(part.buttons))))


def _listed(part: Part, most: int) -> str:
    options = [Option(id=each.value, label=_cut(each.label, most)) for each in part.buttons]
    return from_markdown.render(part.language.says(texts.numbered(options)))


def _cut(label: str, most: int) -> str:
    return label if len(label) <= most else label[: max(0, most - 1)] + "…"


def _variables(text: str, buttons: tuple[Button, ...]) -> tuple[str, ...]:
    """Return the body, then each button's title and value: the order in the templates."""
    pairs = ((_cut(each.label, limits.BUTTON_TITLE), each.value) for each in buttons)
    return (text, *(text for pair in pairs for text in pair))


# -- files ----------------------------------------------------------------------------------------


def _fitting(files: tuple[Attachment, ...], words: str) -> Attachment | None:
    """Return the one file that goes as a file; None when it can only be told of."""
    if len(files) != 1 or not _is_taken(files[0]):
        return None
    (file,) = files
    has_room = file.kind == "image" and utf16(words) <= limits.TEMPLATE_BODY
    return file if has_room or not words else None


def _is_taken(file: Attachment) -> bool:
    most = limits.IMAGE_BYTES if file.kind == "image" else limits.FILE_BYTES
    mime = file.mime.split(";", maxsplit=1)[0].strip()
    return mime in limits.SHOWN_MIMES and file.size <= most


def _told(file: Attachment, language: Language) -> str:
    return from_markdown.render(language.says(texts.file_elsewhere(file.name, file.size)))
