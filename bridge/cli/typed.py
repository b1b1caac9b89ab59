"""What is typed for this terminal itself, sans I/O: send a file, save one, leave."""

import re
from dataclasses import dataclass

COMMANDS = (
    ("file", "send a file: /file PATH, then what to say with it"),
    ("save", "save a file that was sent: /save NUMBER, then where to"),
    ("quit", "leave, as /exit and Ctrl-D do"),
)
HELP = "\n".join(
    [
        "In this terminal, too:",
        *(f"  /{name} {text}" for name, text in COMMANDS),
        "  Alt-Enter or Ctrl-J begins a new line; what is pasted stays one message",
    ]
)

_LEAVING = re.compile(r"\s*/(quit|exit)\s*")
_COMMAND = re.compile(r"\s*/(file|save)(?:\s+(.*))?\s*", re.DOTALL)
_WORD = re.compile(r"""\s*(?:"(?P<double>[^"]+)"|'(?P<single>[^']+)'|(?P<bare>(?:\\.|\S)+))""")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFile:
    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveFile:
    """`number` counts the files of the session, from 1. `path` may be empty."""

    number: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Misspelt:
    """`usage` says how it is written."""

    usage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """The person is done here."""


Typed = SendFile | SaveFile | Misspelt | Leave


def typed(text: str) -> Typed | None:
    """Return what a line asks of the terminal, None when it is something to be said.

    A path may be quoted, or have its spaces escaped, as terminals write it that a file is
    dropped on.
    """
    if _LEAVING.fullmatch(text):
        return Leave()
    command = _COMMAND.fullmatch(text)
    if command is None:
        return None
    word, rest = _first(command[2] or "")
    if command[1] == "file":
        usage = 'write: /file PATH, with a text after it if you like; "quote it" if it has spaces'
        return SendFile(path=word, text=rest) if word else Misspelt(usage=usage)
    if not word.isdecimal() or len(word) > len("9999"):
        return Misspelt(usage="write: /save and the number of the file, with a place if you like")
    return SaveFile(number=int(word), path=_first(rest)[0])


def _first(text: str) -> tuple[str, str]:
    """Return the first word, as it is meant, and what follows."""
    found = _WORD.match(text)
    if found is None:
        return "", ""
    quoted = found["double"] or found["single"]
    word = quoted or _ESCAPED.sub(r"\1", found["bare"])
    return word, text[found.end() :].strip()
