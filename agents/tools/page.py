"""What a fetched file says, as text: of HTML the words and links, of a binary file its type."""

from collections.abc import Sequence
from html.parser import HTMLParser

from agents.tools.charset import MARKS, decoded

UNSEEN = frozenset({"script", "style", "noscript", "template", "svg", "head", "iframe", "object"})
BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset"),
        *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li"),
        *("main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul"),
    }
)
CELLS = frozenset({"td", "th"})
HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
TEXTUAL = ("text/", "application/json", "application/xml", "application/javascript")
TEXTUAL_ENDS = ("+json", "+xml", "/yaml", "/x-yaml", "/toml")


def readable(body: bytes, mime: str, charset: str = "") -> str:
    """Return the text of a file. `mime` may be empty: then the bytes have to say."""
    if mime in {"text/html", "application/xhtml+xml"} or (not mime and _looks_like_html(body)):
        return text_of(decoded(body, charset))
    marked = body.startswith(tuple(mark for mark, _ in MARKS))
    if is_text(mime) or (not mime and (marked or b"\0" not in body[:1000])):
        return decoded(body, charset)
    return f"[A file of type {mime or 'unknown'}, {len(body)} bytes; it cannot be shown as text.]"


def is_text(mime: str) -> bool:
    return mime.startswith(TEXTUAL) or mime.endswith(TEXTUAL_ENDS)


def _looks_like_html(body: bytes) -> bool:
    return body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))


def text_of(html: str) -> str:
    """Return the words of an HTML page, block by block, its links behind their words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._unseen: list[str] = []
        self._links: list[str] = []
        self.title = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title"
        if tag in UNSEEN:
            self._unseen.append(tag)
        elif tag == "body":
            self._unseen.clear()
        elif tag in BLOCKS:
            if self._unseen == ["head"]:
                self._unseen.clear()  # as in a browser, it ends where a body begins
            self._break(HEADINGS.get(tag, "- " if tag == "li" else ""))
        elif tag in CELLS and self._line.strip():
            self._line += " | "
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False
        if self._unseen and tag == self._unseen[-1]:
            self._unseen.pop()
        elif tag in BLOCKS:
            self._break()
        elif tag == "a" and self._links:
            link = self._links.pop()
            if link.startswith(("http://", "https://")) and not self._unseen:
                self._line += f" ({link})"

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._unseen:
            words = " ".join(data.split())
            space = " " if data[:1].isspace() and self._line[-1:].strip() else ""
            self._line += space + words + (" " if words and data[-1:].isspace() else "")

    def _break(self, beginning: str = "") -> None:
        if self._line.strip(" -#"):
            self._lines.append(self._line.strip())
        self._line = beginning

    def text(self) -> str:
        self._break()
        title = " ".join(self.title.split())
        return "\n".join([*([f"# {title}", ""] if title else []), *self._lines])
