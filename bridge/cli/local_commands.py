"""What is typed for this terminal itself, sans I/O: send a file, save one, leave."""

import re
from dataclasses import dataclass

from bridge.cli import chat_texts

_LEAVING = re.compile(r"\s*/(quit|exit)\s*")
_COMMAND = re.compile(r"\s*/(file|save)(?:\s+(.*))?\s*", re.DOTALL)
_WORD = re.compile(r"""\s*(?:"(?P<double>[^"]+)"|'(?P<single>[^']+)'|(?P<bare>(?:\\.|\S)+))""")
_NUMBER = re.compile(r"\[?(?P<event>[0-9]{1,12})(?:\.(?P<which>[0-9]{1,2}))?\]?")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFile:
    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveFile:
    """`number` is that of an event, `which` of its files it is, from 1. `path` may be empty."""

    number: int
    which: int = 1
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
        return SendFile(path=word, text=rest) if word else Misspelt(usage=chat_texts.FILE_USAGE)
    number = _NUMBER.fullmatch(word)
    if number is None:
        return Misspelt(usage=chat_texts.SAVE_USAGE)
    which = int(number["which"] or 1)
    return SaveFile(number=int(number["event"]), which=which, path=_first(rest)[0])


def _first(text: str) -> tuple[str, str]:
    """Return the first word, as it is meant, and what follows."""
    found = _WORD.match(text)
    if found is None:
        return "", ""
    quoted = found["double"] or found["single"]
    word = quoted or _ESCAPED.sub(r"\1", found["bare"])
    return word, text[found.end() :].strip()
