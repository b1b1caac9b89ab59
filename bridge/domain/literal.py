r"""Plain words as Markdown that shows exactly these words, sans I/O.

Whoever types `2*3*4`, `__init__.py` or `C:\tmp` without formatting means it to the letter. The
rules:

- Every sign that Markdown could take for a mark is escaped, wherever it stands: what is invisible
  before it is taken out later, and then it begins the line.
- An address stays as it is, so that it is still a link. A mark at its end is none of its own.
- No escape begins a formula: `\[` and `\(` are never written.
- Spaces that begin a line are made ones that stay; of empty lines in a row all but the first have
  such a space. What renders them writes plain spaces again where its app keeps them.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator

from bridge.domain.content import Content

NO_BREAK = "\u00a0"
FIRST = "&nbsp;"
"""The first space of a line, which a paragraph would lose if it were written as it is."""

TAB = 4 * NO_BREAK
FENCE = "```"
GOING_ON = "x"
"""Stands for code in the line that it is in, which is not empty."""

MOST_BRACKETS = 8
"""Brackets that may open in a text that is read as Markdown; more are written as numbers."""

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_ADDRESS = re.compile(
    r"(?<![a-z0-9+.\-])https?://(?:(?!&#?\w+;)[^\s<>\[\]\"`\\|\x00-\x1f])*"
    r"[^\s<>\[\]\"`\\|\x00-\x1f?!.,:;*_~'&()]",
    re.IGNORECASE,
)
_MARK = re.compile(r"[\\`*_~\]<>#+\-=|$&]|(?<=\d)[.)](?!\d)")
_MARKED = re.compile(r"[ \t]*(?:[-*+][ \t]|\d{1,9}[.)][ \t]|>|-#)|[ ]{0,3}#{1,6}[ \t]")
_QUOTING = re.compile(r"[ \t]*(?:>[ \t]?)++")
_TYPED = re.compile(
    r"^```[^`\n]{0,100}\n(?:(?!^```)[\s\S]){1,16000}^```[ \t]*$"
    r"|(?<!`)`[^`\n]{1,1000}`(?!`)"
    r"|\[[^\[\]\n`]{1,200}\]\(https?://[^\s()<>]{1,1000}\)",
    re.MULTILINE,
)
"""What is formatting also where people type to the letter."""

_EMPTY = re.compile(
    "[ \\t\\x00-\\x1f\\x7f-\\xa0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*"
)
"""A line of which nothing is seen."""

_WORDY = re.compile(r"\s*\w")
_HOLLOW = re.compile(
    r"<br\s{0,9}/?>|!\[\]\(\)"
    r"|^[ \t>]{0,99}(?P<fence>```+|~~~+)[ \t]*$(?:\n[ \t>]{0,99}(?=\n|\Z))*+"
    r"(?:\n[ \t>]{0,99}(?P=fence)[ \t]*$|\Z)",
    re.MULTILINE | re.IGNORECASE,
)
"""A break, a picture of nothing, a block of code without a line or a word behind its first mark."""
_MARGIN = re.compile(r"^[ \t>]*(?:#{1,6}(?=[ \t]|$))?")

_NOTHING = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Mn"})
_BLANK = frozenset(" \t\u00a0")
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
"""What cannot be seen, beside what Unicode calls a control or a format."""


def markdown(words: str) -> str:
    """Return Markdown that shows the words as they are, and whole lines of them."""
    return "\n".join(_spaced(map(_indented, escaped(words).split("\n"))))


def typed(words: str) -> Content:
    """Return what someone typed where nothing is formatted but by signs, as in the page.

    It is meant to the letter, as a command always is, but for code between ticks and links with a
    text; around these it is Markdown that shows the other words as they are.
    """
    if words.lstrip().startswith("/") or not _TYPED.search(words):
        return Content(text=words, literal=bool(words))
    pieces, at = [], 0
    for found in _TYPED.finditer(words):
        pieces += [escaped(words[at : found.start()]), found[0]]
        at = found.end()
    whole = "".join((*pieces, escaped(words[at:])))
    return Content(text=laid_out(whole, _TYPED))


def laid_out(markdown: str, code: re.Pattern[str]) -> str:
    """Return Markdown whose lines begin where they did, with all its empty lines.

    Lists, quotes and headings stay what they are, and so do a command and all that `code` finds.
    Lines of a quote begin where they did in it.
    """
    pieces, at = [], 0
    for found in code.finditer(markdown):
        before, margin = markdown[at : found.start()], ""
        if found[0].startswith(FENCE):
            kept = before.rstrip(" \t")
            before, margin = kept, before[len(kept) :]
        pieces += [_laid_out(f"{before}{GOING_ON}", begun=at > 0)[:-1], margin, found[0]]
        at = found.end()
    return "".join((*pieces, _laid_out(markdown[at:], begun=at > 0)))


def _laid_out(prose: str, *, begun: bool) -> str:
    """Return a stretch of the Markdown; the first of its lines may have `begun` before."""
    first, *more = _LINE_ENDS.sub("\n", prose).split("\n")
    if not begun and not first.lstrip().startswith("/"):
        first = _begun(first)
    return "\n".join((first, *_spaced(map(_begun, more))))


def _begun(line: str) -> str:
    """Return a line of Markdown that begins where it did, within a quote too."""
    quoted = _QUOTING.match(line)
    mark = quoted[0] if quoted is not None else ""
    words = line[len(mark) :]
    return mark + (words if _MARKED.match(words) else _indented(words))


def _spaced(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines; all empty ones but the first have something that is not seen in them."""
    empty = 0
    for line in lines:
        empty = empty + 1 if _EMPTY.fullmatch(line) else 0
        yield {0: line, 1: ""}.get(empty, FIRST)


def escaped(words: str) -> str:
    """Return a stretch of words, to be put into Markdown of ours, that shows them as they are."""
    words = _LINE_ENDS.sub("\n", words)
    written, end = [], 0
    for address in _ADDRESS.finditer(words):
        written += [_MARK.sub(r"\\\g<0>", words[end : address.start()]), address[0]]
        end = address.end()
    text = "".join((*written, _MARK.sub(r"\\\g<0>", words[end:])))
    return text if text.count("[") <= MOST_BRACKETS else text.replace("[", "&#91;")


def shows_nothing(markdown: str) -> bool:
    """Say whether nothing is left of Markdown once it is rendered: `<br>`, `# `, an empty block.

    Platforms take no text that is so.
    """
    if _WORDY.match(markdown):
        return False
    bare = _HOLLOW.sub("", html.unescape(markdown))
    return all(_EMPTY.fullmatch(_MARGIN.sub("", line)) for line in bare.split("\n"))


def _indented(line: str) -> str:
    """Return a line whose first spaces stay, whatever invisible characters are among them."""
    end = next((at for at, char in enumerate(line) if not _is_blank(char)), len(line))
    if _EMPTY.fullmatch(line) or _BLANK.isdisjoint(line[:end]):
        return line
    blanks = line[:end].replace("\t", TAB).replace(" ", NO_BREAK)
    return blanks.replace(NO_BREAK, FIRST, 1) + line[end:]


def _is_blank(char: str) -> bool:
    return char in _BLANK or char in _UNSEEN or unicodedata.category(char) in _NOTHING


def joined(contents: Iterable[Content]) -> Content:
    """Return what was said in pieces as one, each piece a paragraph.

    It is literal where all are, and holds words from outside where one does.
    """
    pieces = [each for each in contents if each]
    is_literal = all(each.literal for each in pieces if each.text)
    texts = (
        markdown(each.text) if each.literal and not is_literal else each.text for each in pieces
    )
    return Content(
        text="\n\n".join(text for text in texts if text),
        attachments=tuple(file for each in pieces for file in each.attachments),
        literal=is_literal and any(each.text for each in pieces),
        outside=any(each.outside for each in pieces),
    )
