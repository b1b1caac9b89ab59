"""What Discord writes in messages, as Markdown: its own notations become words.

The rules:

- Mentions become names, custom emoji their names, timestamps a date and a time in UTC, mentions of
  commands the commands. Nothing is touched in code, where Discord shows it as it was written.
- Being called by name is no part of what one is told: our own mention is left out at both ends.
- The rest of Discord's dialect reads the same in Markdown, or can be read as it stands.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

CODE = re.compile(r"```.*?```|``.+?``|`[^`\n]+`", re.DOTALL)
NOTATION = re.compile(
    r"<(?:@!?(?P<user>\d+)|@&(?P<role>\d+)|#(?P<room>\d+)|a?:(?P<emoji>\w+):\d+"
    r"|/(?P<command>[^:<>\n]+):\d+|t:(?P<time>-?\d{1,12})(?::\w)?)>"
)
CALLED = "\0"
"""Stands for our own mention while the ends are cleared of it."""

ENDS = re.compile(rf"\A(?:[\s,:]*+{CALLED})+[\s,:]*|(?<![\s,{CALLED}])[\s,]*+(?:{CALLED}\s*+)++\Z")


class Names(Protocol):
    """What the notations of one message stand for; None where that is not known. `me`: our name."""

    @property
    def me(self) -> str: ...

    def user(self, user: str) -> str | None: ...

    def role(self, role: str) -> str | None: ...

    def room(self, room: str) -> str | None: ...

    def is_me(self, *, user: str = "", role: str = "") -> bool: ...


def markdown(text: str, names: Names) -> str:
    """Return a message's text as Markdown."""
    written = _outside_code(
        text.replace(CALLED, ""), lambda part: NOTATION.sub(lambda each: _word(each, names), part)
    )
    return ENDS.sub("", written).replace(CALLED, f"@{names.me}").strip()


def calls(text: str, names: Names) -> bool | None:
    """Say whether a text calls us by name; None where it does not name us at all.

    Whoever quotes a message that did, does not.
    """
    quoted = [
        line.lstrip().startswith(">")
        for line in text.split("\n")
        for each in NOTATION.finditer(line)
        if names.is_me(user=each["user"] or "", role=each["role"] or "")
    ]
    return not all(quoted) if quoted else None


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    pieces, at = [], 0
    for code in CODE.finditer(text):
        pieces += [change(text[at : code.start()]), code[0]]
        at = code.end()
    return "".join((*pieces, change(text[at:])))


def _word(notation: re.Match[str], names: Names) -> str:
    match notation.lastgroup, notation[notation.lastgroup or 0]:
        case "user", user:
            return CALLED if names.is_me(user=user) else f"@{names.user(user) or 'someone'}"
        case "role", role:
            return CALLED if names.is_me(role=role) else f"@{names.role(role) or 'some role'}"
        case "room", room:
            return f"#{names.room(room) or 'another room'}"
        case "emoji", emoji:
            return f":{emoji}:"
        case "command", command:
            return f"/{command}"
        case "time", time:
            return _moment(int(time)) or notation[0]
    return notation[0]


def _moment(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""
