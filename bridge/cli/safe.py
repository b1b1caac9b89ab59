"""Untrusted text made safe for a terminal: nothing in it can move, recolour or reorder it."""

import json
import re

_ESCAPE = re.compile(
    r"(?:\x1b\]|\x9d).*?(?:\x07|\x1b\\|\x9c|$)"  # OSC: titles, links, clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f]).*?(?:\x1b\\|\x9c|$)"  # DCS, SOS, PM, APC
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # all but tab and line feed
    r"|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # bidirectional controls
    r"|[\u2028\u2029\ufeff\ufff9-\ufffb]"  # odd line ends, invisible marks
    r"|[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\uffa0]"
    r"|[\U000e0000-\U000e0fff]"  # fillers and tags: text nobody can see
)


def plain(text: str) -> str:
    """Return the text without escape sequences, control characters and bidi controls."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", _ESCAPE.sub("", text)).expandtabs(4)


def one_line(text: str, limit: int = 120) -> str:
    """Return the text, safe, on one line of at most `limit` characters."""
    flat = " ".join(plain(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def json_text(value: object, *, indent: int | None = None) -> str:
    """Return JSON that means the same, and holds nothing that a terminal would obey or hide."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return _CONTROL.sub(lambda found: json.dumps(found[0])[1:-1], text)


def sendable(text: str) -> str:
    """Return what was typed as text that can be sent: bytes that were no UTF-8 become marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
