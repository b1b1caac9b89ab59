"""What Discord writes in messages, as Markdown: its own notations become words.

The rules:

- Mentions become names, custom emoji their names, timestamps a date and a time in UTC, mentions of
  commands the commands. Whoever bears a name chose it: nothing in it is markup or a link.
- Nothing is touched in code, where Discord shows it as it was written.
- Being called by name is no part of what one is told: our own mention is left out at both ends.
- Blanks that begin a line and empty lines in a row are kept, which Markdown would lose.
- The rest of Discord's dialect reads the same in Markdown, or can be read as it stands.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from bridge.domain import literal
from bridge.domain.display_names import clean_name

CODE = re.compile(r"```.*?```|``.+?``|`[^`\n]+`", re.DOTALL)
NOTATION = re.compile(
    r"<(?:@!?(?P<user>[0-9]{1,20})|@&(?P<role>[0-9]{1,20})|#(?P<room>[0-9]{1,20})|a?:(?P<emoji>\w+):[0-9]+"
    r"|/(?P<command>[^:<>\n]+):[0-9]+|t:(?P<time>-?[0-9]{1,12})(?::\w)?)>"
)
QUOTE = re.compile(r"^ *>>> [\s\S]*|^ *> [^\n]*", re.MULTILINE)
"""A quoted line, or all that follows; a sign without a space behind it quotes nothing."""

CALLED = "\0"
"""Stands for our own mention while the ends are cleared of it."""

EMPTY = re.compile(r"\A(?:[^\S\n]*\n)+")
"""Lines without words before the first that has some."""

ENDS = re.compile(rf"\A(?:[\s,:]*+{CALLED})+[\s,:]*|(?<![\s,{CALLED}])[\s,]*+(?:{CALLED}\s*+)++\Z")


class MentionNames(Protocol):
    """What the notations of one message stand for; None where that is not known. `me`: our name."""

    @property
    def me(self) -> str: ...

    def user(self, user: str) -> str | None: ...

    def role(self, role: str) -> str | None: ...

    def room(self, room: str) -> str | None: ...

    def is_me(self, *, user: str = "", role: str = "") -> bool: ...


def markdown(text: str, names: MentionNames) -> str:
    """Return a message's text as Markdown."""
    written = _outside_code(
        text.replace(CALLED, ""), lambda part: NOTATION.sub(lambda each: _word(each, names), part)
    )
    said = ENDS.sub("", written).replace(CALLED, f"@{names.me}").rstrip()
    return literal.laid_out(EMPTY.sub("", said), CODE)


def calls(text: str, names: MentionNames) -> bool | None:
    """Say whether a text calls us by name; None where it does not name us at all.

    Whoever quotes a message that did, or shows it as code, does not.
    """
    if not _names_us(text, names):
        return None
    return _names_us(QUOTE.sub("", _outside_code(text, str, code="")), names)


def _names_us(text: str, names: MentionNames) -> bool:
    return any(
        names.is_me(user=each["user"] or "", role=each["role"] or "")
        for each in NOTATION.finditer(text)
    )


def _outside_code(text: str, change: Callable[[str], str], code: str | None = None) -> str:
    """Return the text changed where it is no code, with `code` where it is, if that is given."""
    pieces, at = [], 0
    for found in CODE.finditer(text):
        pieces += [change(text[at : found.start()]), found[0] if code is None else code]
        at = found.end()
    return "".join((*pieces, change(text[at:])))


def _word(notation: re.Match[str], names: MentionNames) -> str:
    match notation.lastgroup, notation[notation.lastgroup or 0]:
        case "user", user:
            return CALLED if names.is_me(user=user) else f"@{_plain(names.user(user), 'someone')}"
        case "role", role:
            return CALLED if names.is_me(role=role) else f"@{_plain(names.role(role), 'some role')}"
        case "room", room:
            return f"#{_plain(names.room(room), 'another room')}"
        case "emoji", emoji:
            return f":{emoji}:"
        case "command", command:
            return f"/{literal.escaped(command)}"
        case "time", time:
            return _moment(int(time)) or notation[0]
        case _:
            return notation[0]


def _plain(name: str | None, otherwise: str) -> str:
    """Return a name that somebody else chose, as Markdown that shows it and does nothing."""
    return literal.escaped(clean_name(name or "")) or otherwise


def _moment(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""
