"""What a fetched file says, as text: of HTML the words and links, of a binary file its type. Pure.

The rules:

- Every character of a page is looked at a few times at most, whatever the page is.
- A page may say anything, so this is also a program (`main`), which is run in a process of its own
  with limits (`agents.tools.fetch`). It needs nothing but Python's standard library.
- What is packed is unpacked, to as much as is read of a page at most.
- Bytes are text as a browser takes them: by a byte order mark, else by what the server says, else
  by what the page says, else as UTF-8, else as Windows-1252.
"""

import html
import json
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

MOST_BYTES = 2_000_000
GZIP = b"\x1f\x8b"
PAGES = frozenset({"text/html", "application/xhtml+xml"})
LOOKED_AT = 4096
"""Bytes of a page that may say which character set it is in."""

UNSEEN = frozenset({"template", "svg", "object", "math"})
RAW = frozenset({"script", "style", "noscript", "iframe", "noembed", "noframes", "xmp"})
"""Elements that are passed over as far as their end, whatever is in them."""

WORDS_ONLY = frozenset({"title", "textarea"})
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
PACKED = frozenset({"gzip", "x-gzip", "deflate"})

BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
WINDOWS = "windows-1252"
AS_WINDOWS = frozenset({"iso-8859-1", "iso8859-1", "latin-1", "latin1", "ascii", "us-ascii"})
"""What browsers read as Windows-1252, as pages that say so mean it."""

_META = re.compile(rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_NAME = re.compile(r"[^\s/>]*")
_ATTRIBUTE = re.compile(
    r"[\s/]*(?:([^\s/>=][^\s/>=]*|=)(?:\s*=\s*(?:(\")|(')|([^\s>]*)))?)?", re.DOTALL
)
_LONG_NUMBER = re.compile(r"&#(?:\d{8,}|[xX][0-9a-fA-F]{8,});?")


def readable(body: bytes, mime: str, charset: str = "", packing: str = "") -> str:
    """Return the text of a file. `mime` may be empty: then the bytes have to say."""
    if packing and packing != "identity":
        if packing not in PACKED:
            return f"[It is packed as {packing}, which cannot be read.]"
        body = _unpacked(body)
    elif body.startswith(GZIP) and (is_text(mime) or mime in PAGES):  # packed, and not said so
        body = _unpacked(body)
    if mime in PAGES or (not mime and _looks_like_html(body)):
        return text_of(decoded(body, charset, is_page=True))
    if is_text(mime) or (not mime and b"\0" not in body[:1000]):
        return decoded(body, charset)
    return f"[A file of type {mime or 'unknown'}, {len(body)} bytes; it cannot be shown as text.]"


def is_text(mime: str) -> bool:
    return mime.startswith(TEXTUAL) or mime.endswith(TEXTUAL_ENDS)


def _looks_like_html(body: bytes) -> bool:
    return body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))


def _unpacked(body: bytes) -> bytes:
    """Return what is packed, or as much of it as there is and may be."""
    for bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        try:
            return zlib.decompressobj(bits).decompress(body, MOST_BYTES)
        except zlib.error:
            continue
    return body


def decoded(body: bytes, charset: str = "", *, is_page: bool = False) -> str:
    """Return bytes as text, in the character set that they or whoever brought them names."""
    for mark, named in BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(named, errors="replace")
    meta = _META.search(body[:LOOKED_AT]) if is_page and not charset else None
    named = (meta[1].decode() if meta else charset).strip().lower()
    if meta and named.startswith("utf-16"):
        named = "utf-8"  # it could not have been read so far if it were so
    if named in AS_WINDOWS:
        named = WINDOWS
    with suppress(LookupError, UnicodeError, ValueError):  # no character set is called so
        if named:
            return body.decode(named, errors="replace")
    return _guessed(body)


def _guessed(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        is_cut = error.reason == "unexpected end of data"
        return body.decode("utf-8" if is_cut else WINDOWS, errors="replace")


def text_of(page: str) -> str:
    """Return the words of an HTML page, block by block, its links behind their words."""
    reader = _Reader()
    for token in tokens(page):
        reader.take(token)
    return reader.text()


# -- tokens ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Start:
    tag: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class End:
    tag: str


Token = Text | Start | End


def tokens(page: str) -> Iterator[Token]:
    """Yield what a page is made of. A comment, tag or script without an end goes to the page's."""
    at, unended = 0, set[str]()
    while at < len(page):
        opening = page.find("<", at)
        if opening < 0:
            yield Text(_words(page[at:]))
            return
        if opening > at:
            yield Text(_words(page[at:opening]))
        at = opening + 1
        first = page[at : at + 1]
        if first in {"!", "?"}:
            at = _after_comment(page, at)
        elif first == "/":
            name = _NAME.match(page, at + 1)
            assert name is not None
            at = _after(page, ">", name.end())
            yield End(name[0].lower())
        elif first.isascii() and first.isalpha():
            start, at = _tag(page, at)
            yield start
            if start.tag in RAW | WORDS_ONLY and start.tag not in unended:
                end = _end_of(page, start.tag, at)
                if end is None:
                    unended.add(start.tag)
                    at = len(page) if start.tag in {"script", "style"} else at
                else:
                    if start.tag in WORDS_ONLY:
                        yield Text(_words(page[at:end]))
                    at = end
        else:
            yield Text("<")


def _after(page: str, what: str, at: int) -> int:
    found = page.find(what, at)
    return len(page) if found < 0 else found + len(what)


def _after_comment(page: str, at: int) -> int:
    if page.startswith("!--", at):
        return at + 4 if page.startswith("!-->", at) else _after(page, "-->", at + 3)
    return _after(page, ">", at)


def _tag(page: str, at: int) -> tuple[Start, int]:
    """Return a tag with its link, and where it ends."""
    name = _NAME.match(page, at)
    assert name is not None
    tag, at, href = name[0].lower(), name.end(), ""
    while at < len(page):
        if page[at] == ">":
            return Start(tag, href), at + 1
        found = _ATTRIBUTE.match(page, at)
        assert found is not None
        value, at = found[4] or "", max(found.end(), at + (not found[0]))
        if quote := found[2] or found[3]:
            end = page.find(quote, at)
            if end < 0:
                break
            value, at = page[at:end], end + 1
        if tag == "a" and not href and (found[1] or "").lower() == "href":
            href = _words(value)
    return Start(tag, href), len(page)


def _end_of(page: str, tag: str, at: int) -> int | None:
    found = re.compile(rf"</{tag}(?=[\s/>])", re.IGNORECASE).search(page, at)
    return found.start() if found else None


def _words(text: str) -> str:
    return html.unescape(_LONG_NUMBER.sub("\ufffd", text)) if "&" in text else text


# -- reading --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reader:
    title: list[str] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)
    _line: list[str] = field(default_factory=list)
    _unseen: list[str] = field(default_factory=list)
    _links: list[str] = field(default_factory=list)
    _in_title: bool = False

    def take(self, token: Token) -> None:
        match token:
            case Start(tag=tag, href=href):
                self._start(tag, href)
            case End(tag=tag):
                self._end(tag)
            case Text(text=text) if self._in_title:
                self.title.append(text)
            case Text(text=text):
                if not self._unseen:
                    self._add(text)

    def _start(self, tag: str, href: str) -> None:
        self._in_title = tag == "title" and not self._unseen
        if tag in UNSEEN:
            self._unseen.append(tag)
        elif tag == "body":
            self._unseen.clear()
        elif tag in BLOCKS:
            self._break(HEADINGS.get(tag, "- " if tag == "li" else ""))
        elif tag in CELLS and any(each.strip() for each in self._line[-2:]):
            self._line.append(" | ")
        elif tag == "a":
            self._links.append(href)

    def _end(self, tag: str) -> None:
        self._in_title = False
        if self._unseen and tag == self._unseen[-1]:
            self._unseen.pop()
        elif tag in BLOCKS:
            self._break()
        elif tag == "a" and self._links:
            link = self._links.pop()
            if link.startswith(("http://", "https://")) and not self._unseen:
                self._line.append(f" ({link})")

    def _add(self, data: str) -> None:
        words = " ".join(data.split())
        before = self._line[-1][-1:].strip() if self._line else ""
        space = " " if data[:1].isspace() and before else ""
        if added := space + words + (" " if words and data[-1:].isspace() else ""):
            self._line.append(added)

    def _break(self, beginning: str = "") -> None:
        line = "".join(self._line)
        if line.strip(" -#"):
            self._lines.append(line.strip())
        self._line = [beginning] if beginning else []

    def text(self) -> str:
        self._break()
        title = " ".join("".join(self.title).split())
        return "\n".join([*([f"# {title}", ""] if title else []), *self._lines])


# -- as a program ---------------------------------------------------------------------------------


def main() -> None:
    """Read a line of JSON with what is known of a file and what this may use, then the file."""
    wanted = json.loads(sys.stdin.buffer.readline())
    _limit(seconds=wanted.pop("seconds"), most_memory=wanted.pop("memory"))
    text = readable(sys.stdin.buffer.read(), **wanted)
    sys.stdout.buffer.write(text.encode("utf-8", errors="replace"))


def _limit(*, seconds: int, most_memory: int) -> None:
    try:
        import resource  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (most_memory, most_memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
