"""What a page in a mail says, as plain text: what its reader sees, and where its links lead. Pure.

The rules:

- What a reader does not see is not read: scripts, styles, comments, and what is hidden or has no
  size. It would be read by the agent alone.
- A quote has a `>` before each of its lines, so that it is found as one (`quoting`).
- Nothing in it is fetched. A picture is what it is described as.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from channels.email.limits import MOST_HTML

UNREAD = frozenset(
    {"script", "style", "head", "title", "template", "object", "iframe", "svg", "math", "noscript"}
)
BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt"),
        *("fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header"),
        *("html", "li", "main", "nav", "ol", "pre", "section", "table", "tbody", "tr", "ul"),
    }
)
SPACED = frozenset({"p", "ul", "ol", "blockquote", "table", "pre", *(f"h{n}" for n in range(1, 7))})
"""Blocks with an empty line before and behind them."""

CELLS = frozenset({"td", "th"})
HIDDEN = re.compile(
    r"(?:display:none|visibility:hidden|opacity:0(?![.\d])|mso-hide:all"
    r"|font-size:0(?:px|pt|em|%)?(?=;|$)|max-height:0(?:px)?(?=;|$))"
)
LINKS = frozenset({"http", "https", "mailto"})
DEEPEST_QUOTE = 10
"""Quotes in each other that are marked: the marks of thousands, on each line, fit nowhere."""

_BLANKS = re.compile(r"[ \t\r\n\f]+")
_UNDECLARED = re.compile(r"^\s*<\?xml[^>]*\?>")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def text_of(html: str) -> str:
    """Return what a page says; "" where nothing can be seen in it."""
    page = _UNDECLARED.sub("", _ILLEGAL.sub("", html[:MOST_HTML]))
    try:
        root = document_fromstring(page, parser=HTMLParser(huge_tree=True, remove_comments=True))
    except (etree.LxmlError, ValueError):  # a page of nothing
        return ""
    return _Reader().read(root)


class _Reader:
    """Reads a tree from its beginning to its end; no depth of it takes more than its turn.

    A line is kept in pieces, and of links in each other the inner one counts: so each word is
    looked at as often in a page of a million marks as in one of ten.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._pieces: list[str] = []
        self._quotes = 0
        self._verbatim = 0
        self._link: tuple[str, int, int] | None = None
        self._unread: etree._Element | None = None

    def read(self, root: etree._Element) -> str:
        for event, element in etree.iterwalk(root, events=("start", "end")):
            if event == "start":
                self._begin(element)
            else:
                self._end(element)
        self._new_line()
        return "\n".join(_without_gaps(self._lines)).strip("\n")

    def _begin(self, element: etree._Element) -> None:
        if self._unread is not None:
            return
        if _is_unread(element):
            self._unread = element
            return
        name = element.tag
        if name in BLOCKS or name == "p":
            self._new_line(is_apart=name in SPACED)
        match name:
            case "br":
                self._new_line(is_break=True)
            case "hr":
                self._new_line()
                self._add("———")
                self._new_line()
            case "li":
                self._add("- ")
            case "img":
                self._say(element.get("alt") or "")
            case "a":
                self._lead()
                self._link = (_address(element.get("href") or ""), *self._here())
            case "blockquote":
                self._quotes += 1
            case "pre":
                self._verbatim += 1
            case _:
                pass
        if name in CELLS and self._pieces:
            self._add("| " if self._is_spaced() else " | ")
        self._say(element.text or "")

    def _end(self, element: etree._Element) -> None:
        if self._unread is element:
            self._unread = None
        elif self._unread is None:
            self._leave(str(element.tag))
        else:
            return
        self._say(element.tail or "")

    def _leave(self, name: str) -> None:
        if name == "a":
            self._lead()
        if name in BLOCKS or name == "p":
            self._new_line()
        if name == "blockquote":
            self._quotes -= 1
        if name == "pre":
            self._verbatim -= 1
        if name in SPACED:
            self._new_line(is_apart=True)

    def _here(self) -> tuple[int, int]:
        return len(self._lines), len(self._pieces)

    def _lead(self) -> None:
        """Say where the link that ends here leads, unless its own words do."""
        if self._link is None:
            return
        (address, line, piece), self._link = self._link, None
        own = self._pieces[piece:] if line == len(self._lines) else self._pieces
        words = " ".join([*self._lines[line:], "".join(own)])
        bare = address.removeprefix("mailto:").rstrip("/")
        if address and bare not in {each.strip("<>().,;").rstrip("/") for each in words.split()}:
            self._say(f" ({address})" if words.strip() else address)

    def _say(self, words: str) -> None:
        if self._verbatim:
            for number, line in enumerate(words.split("\n")):
                if number:
                    self._new_line(is_break=True)
                self._add(line)
            return
        said = _BLANKS.sub(" ", words)
        self._add(said.lstrip(" ") if not self._pieces or self._is_spaced() else said)

    def _add(self, piece: str) -> None:
        if piece:
            self._pieces.append(piece)

    def _is_spaced(self) -> bool:
        return self._pieces[-1].endswith(" ")

    def _new_line(self, *, is_apart: bool = False, is_break: bool = False) -> None:
        quote = "> " * min(self._quotes, DEEPEST_QUOTE)
        line = "".join(self._pieces).replace("\u00a0", " ").rstrip()
        if line.strip() or is_break:
            self._lines.append(f"{quote}{line}".rstrip())
        if is_apart and self._lines:
            self._lines.append(quote.rstrip())
        self._pieces = []


def _is_unread(element: etree._Element) -> bool:
    if not isinstance(element.tag, str) or element.tag in UNREAD or "hidden" in element.attrib:
        return True
    style = "".join((element.get("style") or "").lower().split())
    return bool(style and HIDDEN.search(style))


def _address(given: str) -> str:
    """Return where a link leads; "" where that is no address that people open."""
    address = "".join(given.split())
    try:
        return address if urlsplit(address).scheme.lower() in LINKS else ""
    except ValueError:
        return ""


def _without_gaps(lines: list[str]) -> Iterator[str]:
    """Yield the lines, of empty ones in a row the first."""
    before = ""
    for line in lines:
        if line.strip("> ") or before.strip("> "):
            yield line
        before = line
