"""What a message at Slack says, as content: its words, and all that stands beside them.

Where `rich_text` is missing, the text is read, and of the blocks what the text does not say too: an
app's text is often only the beginning. Attachments are messages that are passed on, what was pasted
(a table comes so), and what apps show; a link that Slack unfolds is not what anyone said.
Source: https://docs.slack.dev/reference/block-kit, https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bridge import texts
from bridge.domain import literal
from bridge.domain.content import Content
from channels.slack import blocks, to_markdown
from channels.slack.blocks import Json, MentionNames, dicts

DEEPEST = 4
"""Messages that are passed on with a message, one within the other."""

WORDLESS = "a message that has no words"
ESCAPED = re.compile(r"\\([^\w\s])")
MARKS = re.compile(r"(?<![^\W_])[*_~`]+(?=\S)|(?<=\S)[*_~`]+(?![^\W_])")
"""Signs that may format the word that they stand at."""

PLAIN = frozenset({"", "file_share", "me_message", "thread_broadcast"})
"""Subtypes of what people write, whose names tell nobody what came."""


def told(message: Json, names: MentionNames) -> Content:
    """Return all that a message says; of one without words or files that it came, and its kind."""
    found = content(message, names)
    is_something = message.get("text") or message.get("files") or any(shared_files(message))
    if found or is_something:  # our name alone, say
        return found
    subtype = str(message.get("subtype") or "")
    what = f"something that Slack calls {literal.escaped(repr(subtype))}"
    return Content(text=texts.unreadable(WORDLESS if subtype in PLAIN else what))


def content(message: Json, names: MentionNames, depth: int = DEEPEST) -> Content:
    """Return all that a message says, but for its files that can be fetched."""
    text = _own(message, names)
    if message.get("subtype") == "me_message" and text:
        words = literal.markdown(text.text) if text.literal else text.text
        text = replace(text, text=f"_{words}_", literal=False)
    before, after = blocks.other_than_rich_text(message)
    said = _squeezed(literal.markdown(text.text) if text.literal else text.text)
    beside = [
        [Content(text=each, outside=True) for each in _shown(found, names) if not _says(said, each)]
        for found in (before, after)
    ]
    attached = [Content(text=each, outside=True) for each in _attached(message, names, depth)]
    lost = [Content(text=line, outside=True) for line in _lost(message)]
    found = literal.joined([*beside[0], text, *beside[1], *attached, *lost])
    if found or message.get("files") or not (message.get("blocks") or message.get("attachments")):
        return found
    return Content(text=texts.unreadable(WORDLESS))


def _own(message: Json, names: MentionNames) -> Content:
    elements = blocks.rich_text(message)
    if elements:
        return blocks.written(elements, names)
    text = str(message.get("text") or "")
    known = {**names.people, names.me: names.people.get(names.me, names.me)}
    return to_markdown.content(to_markdown.without(text, names.me) if names.me else text, known)


def _shown(found: Iterable[Json], names: MentionNames) -> Iterator[str]:
    return filter(None, (blocks.shown(each, names) for each in found))


def _squeezed(text: str) -> str:
    """Return a text without what formats it, to find out whether another says it too."""
    bare = MARKS.sub("", ESCAPED.sub(r"\1", text.casefold()))
    return f" {' '.join(bare.split())} "


def _says(said: str, words: str) -> bool:
    squeezed = _squeezed(words)
    return bool(squeezed.strip()) and squeezed in said


# -- what is attached -----------------------------------------------------------------------------

UNFOLDED = (
    "app_unfurl_url", "from_url", "is_app_unfurl", "is_reply_unfurl", "original_url",
)  # fmt: skip
"""Fields of an attachment that Slack or an app makes of a link."""

SHARED = ("is_share", "is_msg_unfurl")
"""Fields of one that is a message."""

NO_PREVIEW = "[no preview available]"
"""The words of an attachment that has none: a table comes with them."""


def _attached(message: Json, names: MentionNames, depth: int) -> Iterator[str]:
    for each in dicts(message.get("attachments")):
        if _is_shared(each):
            yield from _shared(each, names, depth)
        elif not _is_unfolded(each):
            yield attachment(each, names) or texts.unreadable("an attachment")


def pasted(message: Json) -> Iterator[object]:
    """Yield the blocks of what was pasted into a message, such as a table."""
    for each in dicts(message.get("attachments")):
        if not (_is_shared(each) or _is_unfolded(each)):
            yield each.get("blocks")


def _is_shared(attached: Json) -> bool:
    return any(attached.get(field) for field in SHARED)


def _is_unfolded(attached: Json) -> bool:
    return any(attached.get(field) for field in UNFOLDED)


def _shared(attached: Json, names: MentionNames, depth: int) -> Iterator[str]:
    """Yield a message that is passed on, as a quote with its author."""
    author = str(attached.get("author_name") or attached.get("author_subname") or "")
    told = literal.joined(
        content(each, MentionNames(people=names.people), depth - 1)
        for each in (_inner(attached) if depth else ())
    )
    words = literal.markdown(told.text) if told.literal else told.text
    if not words and not attached.get("files"):
        words = _plain(attached.get("fallback")) or texts.unreadable("a message")
    head = [f"**{literal.escaped(author)}:**"] if author else []
    whole = "\n".join([*head, *([words] if words else [])])
    if whole:
        yield "\n".join(f"> {line}".rstrip() for line in whole.split("\n"))


def unfolded(message: Json, names: MentionNames) -> Iterator[str]:
    """Yield what Slack or an app shows of the links in a message."""
    for each in dicts(message.get("attachments")):
        if _is_unfolded(each) and not _is_shared(each):
            yield attachment(each, names)


def attachment(attached: Json, names: MentionNames) -> str:
    """Return what an attachment shows, as an alert does; "" where it has no words.

    What in it is not as Slack documents it is left out.
    """
    lines = [_marked(attached.get(each), names) for each in ("pretext", "author_name", "title")]
    lines += [_plain(attached.get("title_link")), _marked(attached.get("text"), names)]
    for each in dicts(attached.get("fields")):
        pair = [_marked(each.get(side), names) for side in ("title", "value")]
        lines.append(": ".join(filter(None, pair)))
    for each in dicts(attached.get("actions")):
        lines += [_plain(each.get("text")), _plain(each.get("url"))]
    said = "\n".join(filter(None, [*lines, _marked(attached.get("footer"), names)]))
    whole = "\n\n".join(filter(None, [said, *_shown(dicts(attached.get("blocks")), names)]))
    if whole:
        return whole
    fallback = attached.get("fallback")
    return "" if fallback == NO_PREVIEW else _plain(fallback)


def _marked(words: object, names: MentionNames) -> str:
    return to_markdown.markdown(words, names.people) if isinstance(words, str) else ""


def _plain(words: object) -> str:
    return literal.escaped(to_markdown.unescaped(words)) if isinstance(words, str) else ""


def _inner(attached: Json) -> Iterator[Json]:
    """Yield what an attachment holds, as messages."""
    found = [
        each["message"]
        for each in dicts(attached.get("message_blocks"))
        if isinstance(each.get("message"), dict)
    ]
    if any(each.get("blocks") for each in found):
        yield from found
    else:
        yield {"text": attached.get("text") or "", "blocks": attached.get("blocks") or []}


# -- files ----------------------------------------------------------------------------------------


def shared_files(message: Json) -> Iterator[Json]:
    for attached in dicts(message.get("attachments")):
        if _is_shared(attached):
            yield from dicts(attached.get("files"))


UNFIT_FILES = {
    "tombstone": "a file that was deleted",
    "hidden_by_limit": "a file that is too old for this workspace",
}
"""Modes of files that cannot be had."""

ELSEWHERE = "external"
"""The mode of a file that is kept outside of Slack: its address is told."""


def _lost(message: Json) -> Iterator[str]:
    for file in (*dicts(message.get("files")), *shared_files(message)):
        mode = file.get("mode")
        if mode in UNFIT_FILES:
            yield texts.unreadable(UNFIT_FILES[mode])
        elif mode == ELSEWHERE:
            name = literal.escaped(str(file.get("title") or file.get("name") or "a file"))
            address = file.get("external_url") or file.get("permalink") or ""
            yield f"{name}: {address}" if address else texts.unreadable("a file kept elsewhere")
