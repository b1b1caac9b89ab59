"""What a mail holds: its words, the pictures and files beside them, and what cannot be read. Pure.

The rules:

- Of the same thing in several forms the plain text is read, else the page.
- A part that is no text, or that has a name, is a file. So is a mail in a mail.
- Bytes are text as the mail says, else as UTF-8, else as Windows-1252; a charset that Python knows
  by another name has it in `CHARSETS`. Nothing is left out because a byte fits nowhere.
- What is encrypted, packed as Outlook packs it, elsewhere, empty or too much, is told in a line.
- No mail takes Python's own reader long, whatever it is made of: headers are cut, and one of too
  many lines and boundaries, or parts, is not taken apart.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32
from itertools import islice

from bridge.domain.content import AttachmentKind, kind_of, mime_of, name_of
from channels.email.addresses import decoded, whole
from channels.email.html_text import text_of
from channels.email.limits import (
    DEEPEST,
    LONGEST_CONTENT_HEADER,
    MOST_HTML,
    MOST_LINES,
    MOST_OBJECTS,
    MOST_PARTS,
    MOST_STEPS,
)

CHARSETS = {
    "ansi": "cp1252",
    "cp-850": "cp850",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "latin-1": "cp1252",
    "shift_jis": "cp932",
    "unicode-1-1-utf-7": "utf-7",
    "us-ascii": "cp1252",
    "windows-874": "cp874",
    "x-gbk": "gb18030",
    "x-sjis": "cp932",
    "x-unknown": "utf-8",
    "x-user-defined": "utf-8",
}
"""Names of charsets as mails write them, and what is meant: what it is a part of, where it is."""

UNFIT = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
"""What Python knows as charsets and no mail is written in; one of them takes hours."""

ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
MAILS = frozenset({"message/rfc822", "message/global"})
PACKED = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

AN_ENCRYPTED_MAIL = "an encrypted mail"
A_PACKED_MAIL = "something in Outlook's own form (winmail.dat)"
AN_EMPTY_FILE = "an empty file"
ELSEWHERE = "something that is elsewhere, or in several mails"
MORE_PARTS = "a mail of too many parts"
MORE_WORDS = "the end of a very long mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFile:
    """A file in a mail: `number` is that of its part, as `Message.walk` counts them."""

    number: int
    kind: AttachmentKind
    name: str
    mime: str
    size: int


@dataclass(slots=True, kw_only=True)
class Held:
    """What is in a mail. `unread`: what of it cannot be shown, each with an article."""

    texts: list[str] = field(default_factory=list)
    files: list[PartFile] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return whole("\n\n".join(each.strip("\n") for each in self.texts if each.strip()))

    def lacks(self, what: str) -> None:
        """Note what cannot be shown, once."""
        if what not in self.unread:
            self.unread.append(what)


class _Bounded(Compat32):
    """Cuts what is said of a part: Python's reader takes the square of its length for it."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        is_long = name.lower().startswith("content-") and len(value) > LONGEST_CONTENT_HEADER
        return name, value[:LONGEST_CONTENT_HEADER] if is_long else value


BOUNDED = _Bounded()


def message_of(raw: bytes) -> Message:
    """Return a mail taken apart. Whoever has not asked `is_bearable` gives its head alone."""
    found: Message = message_from_bytes(raw, policy=BOUNDED)
    return found


def is_bearable(raw: bytes) -> bool:
    """Say whether a mail is taken apart in bounded time and memory."""
    small = raw.lower()
    lines = raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
    objects = raw.count(b"\n--") + raw.count(b"\r--")
    if b"delivery-status" in small:  # each of its paragraphs is one
        objects += sum(map(raw.count, (b"\n\n", b"\n\r\n", b"\r\r")))
    steps = lines * (1 + small.count(b"boundary"))
    return lines <= MOST_LINES and objects <= MOST_OBJECTS and steps <= MOST_STEPS


def held(message: Message) -> Held:
    """Return all that is in a mail."""
    found = Held()
    numbers = {id(part): number for number, part in enumerate(message.walk())}
    if len(numbers) > MOST_PARTS:
        found.lacks(MORE_PARTS)
    _Reading(found, numbers).read(message, 0)
    return found


def part_of(message: Message, number: int) -> bytes | None:
    """Return the bytes of a part; None where there is none of this number."""
    for each, part in enumerate(message.walk()):
        if each == number:
            return _bytes(part)
    return None


class _Reading:
    def __init__(self, found: Held, numbers: dict[int, int]) -> None:
        self._found = found
        self._numbers = numbers

    def read(self, part: Message, depth: int) -> None:
        kind = part.get_content_type()
        if depth > DEEPEST or self._numbers[id(part)] >= MOST_PARTS:
            self._found.lacks(MORE_PARTS)
            return
        if kind in ENCRYPTED and _smime(part) != "signed-data":
            self._found.lacks(AN_ENCRYPTED_MAIL)
        elif kind.startswith("multipart/") and not part.is_multipart():
            self._found.texts.append(_text_of(part))  # it has no boundary, or not the one it says
        elif kind == "multipart/alternative":
            self._alternatives(_children(part), depth)
        elif kind.startswith("multipart/"):
            for each in _children(part):
                self.read(each, depth + 1)
        elif kind in SIGNATURES:
            pass
        elif kind in PACKED:
            self._found.lacks(A_PACKED_MAIL)
        elif _is_words(part):
            self._say(part, words_of(part))
        else:
            self._keep(part)

    def _say(self, part: Message, words: str) -> None:
        self._found.texts.append(words)
        if len(_bytes(part)) > MOST_HTML:
            self._found.lacks(MORE_WORDS)

    def _alternatives(self, forms: Sequence[Message], depth: int) -> None:
        """Read one form of the words; what of the others is no form of them is read, too."""
        plain = [each for each in forms if _is_form(each, "text/plain")]
        pages = [each for each in forms if _is_form(each, "text/html", "multipart/related")]
        others = [each for each in forms if each not in plain and each not in pages]
        words = words_of(plain[0]) if plain else ""
        if words.strip():
            self._say(plain[0], words)
            self._beside(pages, depth)
        elif pages:
            self.read(pages[-1], depth + 1)
        for each in others:
            self.read(each, depth + 1)

    def _beside(self, pages: Sequence[Message], depth: int) -> None:
        """Read the pictures of a page whose words are read already."""
        for page in pages:
            for each in _children(page):
                if not _is_form(each, "text/html", "multipart/alternative"):
                    self.read(each, depth + 1)

    def _keep(self, part: Message) -> None:
        body, mime, name = _bytes(part), mime_of(part.get_content_type()), file_name_of(part)
        if not body:
            is_mail = part.get_content_maintype() == "message"
            self._found.lacks(ELSEWHERE if is_mail else AN_EMPTY_FILE)
            return
        file = PartFile(
            number=self._numbers[id(part)],
            kind=kind_of(mime),
            name=name,
            mime=mime,
            size=len(body),
        )
        self._found.files.append(file)


def _children(part: Message) -> Sequence[Message]:
    payload = part.get_payload()
    if not part.is_multipart():
        return []
    return [each for each in islice(payload, MOST_PARTS + 1) if isinstance(each, Message)]


def _is_form(part: Message, *kinds: str) -> bool:
    return part.get_content_type() in kinds and not _is_attached(part)


def _is_words(part: Message) -> bool:
    return _is_form(part, "text/plain", "text/html", "text/enriched") and not part.get_filename()


def _is_attached(part: Message) -> bool:
    return str(part.get("content-disposition", "")).strip().lower().startswith("attachment")


def _smime(part: Message) -> str:
    return str(part.get_param("smime-type") or "").lower()


def file_name_of(part: Message) -> str:
    """Return what a file is called; "" where nobody named it."""
    try:
        given = decoded(str(part.get_filename() or ""))
    except (ValueError, LookupError, TypeError):
        given = ""
    if not given and part.get_content_type() in MAILS:
        inner = next(iter(_children(part)), None)
        given = f"{decoded(str(inner.get('subject', '')) if inner else '') or 'mail'}.eml"
    return name_of(given) if given else ""


def _bytes(part: Message) -> bytes:
    if part.get_content_type() in MAILS:
        return b"".join(each.as_bytes() for each in _children(part))
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


# -- words ----------------------------------------------------------------------------------------


def words_of(part: Message) -> str:
    """Return what a part of text says."""
    text = _text_of(part)
    if part.get_content_type() == "text/html":
        return text_of(text)
    if str(part.get_param("format") or "").lower() == "flowed":
        is_deleted = str(part.get_param("delsp") or "").lower() == "yes"
        return "\n".join(_flowed(text, is_deleted=is_deleted))
    return text


def _text_of(part: Message) -> str:
    body = _bytes(part)
    if len(body) > MOST_HTML:  # behind a line: within a character it could not be read
        body = body[: body.rfind(b"\n", 0, MOST_HTML) + 1 or MOST_HTML]
    return text_in(body, _charset(part))


def _charset(part: Message) -> str:
    try:
        return str(part.get_content_charset() or "").strip().lower()
    except (ValueError, LookupError, TypeError):
        return ""


def _codec(charset: str) -> str:
    """Return what Python calls a charset; "" for what is none of mails."""
    name = CHARSETS.get(charset, charset)
    try:
        return "" if codecs.lookup(name).name in UNFIT else name
    except (LookupError, ValueError):
        return name


def text_in(body: bytes, charset: str) -> str:
    """Return bytes as text, whatever is said of them."""
    for mark, meant in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if body.startswith(mark):
            return body.decode(meant, errors="replace")
    name = _codec(charset)
    # What is said to be no more than ASCII is often UTF-8, and nothing else reads as that.
    for each in ("utf-8", name) if name in {"cp1252", ""} else (name, "utf-8"):
        try:
            return body.decode(each)
        except (LookupError, UnicodeError, ValueError):
            continue
    try:
        return body.decode(name or "cp1252", errors="replace")
    except (LookupError, UnicodeError, ValueError):
        return body.decode("cp1252", errors="replace")


def _flowed(text: str, *, is_deleted: bool) -> Iterator[str]:
    """Yield the lines as they were before they were broken. Source: RFC 3676, 4.2."""
    whole, depth = "", 0
    for line in re.split(r"\r\n|\r|\n", text):
        marks = len(line) - len(line.lstrip(">"))
        stuffed = line[marks:].removeprefix(" ") if not line.startswith("-- ") else line
        if whole and (marks != depth or stuffed == "-- "):
            yield f"{'>' * depth}{' ' if depth else ''}{whole}"
            whole = ""
        depth = marks
        is_soft = stuffed.endswith(" ") and stuffed != "-- "
        whole += stuffed[:-1] if is_soft and is_deleted else stuffed
        if not is_soft:
            yield f"{'>' * depth}{' ' if depth and whole else ''}{whole}"
            whole = ""
    if whole:
        yield f"{'>' * depth}{' ' if depth else ''}{whole}"
