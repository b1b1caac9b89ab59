"""A part as Slack's blocks, and everything else that one message takes.

The rules:

- The text is one `markdown` block, nobody mentioned; who spoke is a line of plain text before it.
  `text` beside the blocks is what notifications show.
- Buttons are `actions` blocks; each has an id of its own, its value comes back.
- A message carries the key of its part as metadata, so that it can be found when its outcome was
  unknown. Everybody in the workspace may read metadata: it is a hash, and says nothing.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2s
from typing import Any

from bridge.domain.parts import Button, Part, Reply
from channels.markdown import safe
from channels.markdown.document import Code
from channels.slack import from_markdown
from channels.slack.limits import MAX_BUTTON_TEXT, MAX_BUTTONS, MAX_FALLBACK, MAX_LABEL

Block = dict[str, Any]

METADATA_EVENT = "bridge_part"
IN_THREAD = "in:"
KEY_BYTES = 12


def key(part: Part) -> str:
    """Return what names a part at Slack: the same for every attempt, 24 characters."""
    return blake2s("\n".join(part.names).encode(), digest_size=KEY_BYTES).hexdigest()


def metadata(part: Part) -> dict[str, Any]:
    return {"event_type": METADATA_EVENT, "event_payload": {"key": key(part)}}


REPLY = {"event_type": "bridge_reply", "event_payload": {}}
"""Of what is answered to one person: whatever of ours has no metadata is a stream."""


def key_of(message: dict[str, Any]) -> str | None:
    """Return the key that a message of the history carries, None where Slack shows no metadata."""
    known = message.get("metadata")
    if not isinstance(known, dict) or known.get("event_type") != METADATA_EVENT:
        return None
    return str((known.get("event_payload") or {}).get("key", ""))


def blocks(part: Part) -> list[Block]:
    """Return a part's blocks; none where they were refused, which takes away what there was."""
    if part.is_plain:
        return []
    return [*_label(part), *_text(part.text), *_buttons(part.buttons)]


def text(part: Part) -> str:
    """Return what notifications show; all there is of a part whose blocks were refused."""
    words = from_markdown.whole(part.text) if part.is_plain else from_markdown.fallback(part.text)
    label = _speaker(part).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    both = ": ".join(each for each in (label, words) if each)
    return both if part.is_plain else both[:MAX_FALLBACK]


def comment(part: Part) -> str:
    """Return what is said with files. No switch keeps names in it from calling: they are code.

    So no tick of the text may stand beside them, which would end the code before the name.
    """
    pieces = list(safe.pieces(text(part)))
    if len(pieces) == 1 and not pieces[0][1]:
        return pieces[0][0]
    return "".join(f"`{each}`" if calls else each.replace("`", "'") for each, calls in pieces)


def _label(part: Part) -> Iterator[Block]:
    if speaker := _speaker(part):
        plain = {"type": "plain_text", "text": speaker, "emoji": False}
        yield {"type": "context", "elements": [plain]}


def _speaker(part: Part) -> str:
    """Return who spoke, on one line: a name is as little to be trusted as a text."""
    return " ".join(safe.clean(part.speaker).split())[:MAX_LABEL]


def _text(markdown: str) -> Iterator[Block]:
    for piece in from_markdown.pieces(markdown):
        if isinstance(piece, Code):
            code = {"type": "text", "text": piece.text}
            block = {"type": "rich_text_preformatted", "elements": [code]}
            yield {"type": "rich_text", "elements": [block]}
        elif piece.strip():
            yield {"type": "markdown", "text": piece}


def _buttons(buttons: Sequence[Button], thread: str = "") -> Iterator[Block]:
    """Yield the rows of buttons; with a thread, each press says that it is meant for that."""
    elements = [_button(button, number) for number, button in enumerate(buttons)]
    for row in range(0, len(elements), MAX_BUTTONS):
        named = {"block_id": f"{IN_THREAD}{thread}:{row}"} if thread else {}
        yield {"type": "actions", "elements": elements[row : row + MAX_BUTTONS], **named}


def _button(button: Button, number: int) -> Block:
    label = button.label.strip() or "…"
    short = label if len(label) <= MAX_BUTTON_TEXT else f"{label[: MAX_BUTTON_TEXT - 1]}…"
    return {
        "type": "button",
        "action_id": f"bridge-{number}",
        "text": {"type": "plain_text", "text": short, "emoji": True},
        "value": button.value,
    }


# -- replies --------------------------------------------------------------------------------------


def reply_blocks(reply: Reply, thread: str = "") -> list[Block]:
    """Return a reply's blocks; none where they were refused.

    Its buttons are for the thread, wherever the reply is shown.
    """
    return [] if reply.plain else [*_text(reply.text), *_buttons(reply.buttons, thread)]


def thread_of(block: str) -> str | None:
    """Return the thread that the buttons of a block are for; None where they name none."""
    if not block.startswith(IN_THREAD):
        return None
    return block.removeprefix(IN_THREAD).partition(":")[0]


def reply_text(reply: Reply) -> str:
    return from_markdown.whole(reply.text) if reply.plain else from_markdown.fallback(reply.text)


def ephemeral(reply: Reply) -> dict[str, Any]:
    """Return a reply as what a slash command is acknowledged with."""
    return {
        "response_type": "ephemeral",
        "text": reply_text(reply),
        "blocks": reply_blocks(reply),
    }
