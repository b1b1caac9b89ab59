"""A part as Discord takes it: its text, its buttons, its files.

The rules:

- Nobody is mentioned, no preview of a link is unfolded, whatever the text says.
- A preview ends with a mark. It says that more is coming, and by it a preview whose id was lost
  (a process died while sending it) is known again.
- A part has one nonce for good, so that sending it twice shows it once.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import discord
from discord.http import MultipartParameters, handle_message_parameters

from bridge.domain.parts import Button, Part
from channels.discord.from_markdown import render
from channels.discord.limits import MAX_BUTTONS, MAX_CHARS, MAX_LABEL, MAX_NONCE

PREVIEW_MARK = " ▌"
NO_PREVIEWS, EPHEMERAL, SILENT = 1 << 2, 1 << 6, 1 << 12
"""Flags of messages: no links unfolded; seen by one person only; nobody was notified."""

UNSAFE_IN_LABELS = re.compile(r"[\\`*_~|<>\[\]#@:\n]")


def content(part: Part) -> str:
    """Return a part's whole text in Discord's dialect."""
    text = render(part.text)
    if part.priority == "preview":
        return text[: MAX_CHARS - len(PREVIEW_MARK)] + PREVIEW_MARK
    speaker = UNSAFE_IN_LABELS.sub("", part.speaker).strip()
    if not speaker:
        return text
    return f"**{speaker}**\n{text}" if text.strip() else speaker


def nonce(*names: str) -> str:
    """Return a name for what these name, short enough for Discord and the same for good."""
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:MAX_NONCE]


def nonce_of(part: Part) -> str:
    return nonce(*part.names)


def created(part: Part, place: str, files: Sequence[discord.File]) -> MultipartParameters:
    """Return the request that shows a part as a new message."""
    reference: Any = discord.utils.MISSING
    if part.reply_to is not None:
        reference = {"message_id": part.reply_to, "channel_id": place, "fail_if_not_exists": False}
    return handle_message_parameters(
        content=content(part),
        nonce=nonce_of(part),
        flags=discord.MessageFlags(suppress_embeds=True, suppress_notifications=part.silent),
        allowed_mentions=discord.AllowedMentions.none(),
        message_reference=reference,
        view=buttons(part.buttons) or discord.utils.MISSING,
        files=files or discord.utils.MISSING,
    )


def edited(part: Part, files: Sequence[discord.File]) -> MultipartParameters:
    """Return the request that changes a message into a part: what it had besides goes."""
    return handle_message_parameters(
        content=content(part),
        allowed_mentions=discord.AllowedMentions.none(),
        view=buttons(part.buttons),
        attachments=files,
    )


def buttons(offered: Sequence[Button]) -> discord.ui.View | None:
    """Return buttons as Discord shows them; None for none.

    They outlive us: a press is heard by the value it brings.
    """
    if not offered:
        return None
    view = discord.ui.View(timeout=None)
    for each in offered[:MAX_BUTTONS]:
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=each.label[:MAX_LABEL] or each.value, custom_id=each.value
        )
        view.add_item(button)
    return view


def whisper(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message as one that only the one who asked can see."""
    return message | {"flags": EPHEMERAL | NO_PREVIEWS}


def plain(text: str, offered: Sequence[Button] = ()) -> dict[str, Any]:
    view = buttons(offered)
    return {
        "content": text,
        "flags": NO_PREVIEWS,
        "allowed_mentions": discord.AllowedMentions.none().to_dict(),
        **({"components": view.to_components()} if view is not None else {}),
    }
