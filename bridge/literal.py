r"""Plain words as Markdown that shows exactly these words, sans I/O.

Whoever types `2*3*4`, `__init__.py` or `C:\tmp` without formatting means it to the letter. The
rules:

- Every sign that Markdown could take for a mark is escaped, wherever it stands: what is invisible
  before it is taken out later, and then it begins the line.
- An address stays as it is, so that it is still a link. A mark at its end is none of its own.
- No escape begins a formula: `\[` and `\(` are never written.
- Spaces that begin a line are made ones that stay; empty lines in a row become one.
"""

import re
import unicodedata
from collections.abc import Iterable

from bridge.content import Content

NO_BREAK = "\u00a0"
FIRST = "&nbsp;"
"""The first space of a line, which a paragraph would lose if it were written as it is."""

TAB = 4 * NO_BREAK
MOST_BRACKETS = 8
"""Brackets that may open in a text that is read as Markdown; more are written as numbers."""

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_ADDRESS = re.compile(
    r"(?<![a-z0-9+.\-])https?://(?:(?!&#?\w+;)[^\s<>\[\]\"`\\|\x00-\x1f])*"
    r"[^\s<>\[\]\"`\\|\x00-\x1f?!.,:;*_~'&()]",
    re.IGNORECASE,
)
_MARK = re.compile(r"[\\`*_~\]<>#+\-=|$&]|(?<=\d)[.)](?!\d)")
_NOTHING = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Mn"})
_BLANK = frozenset(" \t\u00a0")
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
"""What cannot be seen, beside what Unicode calls a control or a format."""


def markdown(words: str) -> str:
    """Return Markdown that shows the words as they are, and whole lines of them."""
    return "\n".join(map(_indented, escaped(words).split("\n")))


def escaped(words: str) -> str:
    """Return a stretch of words, to be put into Markdown of ours, that shows them as they are."""
    words = _LINE_ENDS.sub("\n", words)
    written, end = [], 0
    for address in _ADDRESS.finditer(words):
        written += [_MARK.sub(r"\\\g<0>", words[end : address.start()]), address[0]]
        end = address.end()
    text = "".join((*written, _MARK.sub(r"\\\g<0>", words[end:])))
    return text if text.count("[") <= MOST_BRACKETS else text.replace("[", "&#91;")


def _indented(line: str) -> str:
    """Return a line whose first spaces stay, whatever invisible characters are among them."""
    end = next((at for at, char in enumerate(line) if not _is_blank(char)), len(line))
    if end == len(line) or _BLANK.isdisjoint(line[:end]):
        return line
    blanks = line[:end].replace("\t", TAB).replace(" ", NO_BREAK)
    return blanks.replace(NO_BREAK, FIRST, 1) + line[end:]


def _is_blank(char: str) -> bool:
    return char in _BLANK or char in _UNSEEN or unicodedata.category(char) in _NOTHING


def joined(contents: Iterable[Content]) -> Content:
    """Return what was said in pieces as one, each piece a paragraph; literal where all are."""
    pieces = [each for each in contents if each]
    is_literal = all(each.literal for each in pieces if each.text)
    texts = (
        markdown(each.text) if each.literal and not is_literal else each.text for each in pieces
    )
    return Content(
        text="\n\n".join(text for text in texts if text),
        attachments=tuple(file for each in pieces for file in each.attachments),
        literal=is_literal and any(each.text for each in pieces),
    )
